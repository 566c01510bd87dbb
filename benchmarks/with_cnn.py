"""The measuring process of cnn: the calls that a user makes, timed."""

from __future__ import annotations

import numpy as np

import cnn
from benchmarks.process import Clock, Job, Measurement, answer, peak_memory, samples, time_prediction
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.kernels import kernels_in_use
from pipeline.common.recipes import make_loss, make_model, make_optimiser

ENDLESS = 1_000_000  # epochs, so that a schedule hardly leaves its beginning; the clock ends the training


class StepClock(cnn.Callback):
    """Times each training step, and ends the training when enough has been measured."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def on_step_end(self, training: cnn.Training) -> None:
        """Note that a step has ended."""
        self._clock.tick()
        training.stopped = self._clock.done


def train(model: cnn.Sequential, job: Job) -> Clock:
    """Time the steps of `fit`."""
    case = job.case
    images, labels = samples(case.images)
    clock = Clock(job.seconds)
    model.fit(
        images,
        labels,
        epochs=ENDLESS,
        optimiser=make_optimiser(case.optimiser),
        loss=make_loss(case.loss),
        batch_size=case.batch_size,
        micro_batch_size=case.micro_batch_size,
        workers=job.threads,
        callbacks=[StepClock(clock)],
        progress=False,
    )
    return clock


def predict(model: cnn.Sequential, job: Job) -> Clock:
    """Time `predict` of all images."""
    images, _ = samples(job.case.images)
    return time_prediction(lambda: model.predict(images, workers=job.threads), job.seconds)


def latency(model: cnn.Sequential, job: Job) -> Clock:
    """Time `predict_proba` of a single image."""
    images, _ = samples(1)
    clock = Clock(job.seconds)
    while not clock.done:
        model.predict_proba(images, workers=job.threads)
        clock.tick()
    return clock


def measure(job: Job) -> Measurement:
    """Carry out the job."""
    kernels = kernels_in_use(job.setting["kernels"])
    before = peak_memory()
    model = make_model(job.case.layers)
    model.build(INPUT_SHAPE, np.random.default_rng(0))
    clock = {"train": train, "predict": predict, "latency": latency}[job.case.task](model, job)
    return clock.summary() | {"memory": peak_memory(), "memory_before": before, "kernels": kernels}


if __name__ == "__main__":
    answer(measure)
