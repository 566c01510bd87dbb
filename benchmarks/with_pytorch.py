"""The measuring process of PyTorch: the usual loop, over images that lie in memory in its own layout.

PyTorch is imported in the functions, so that the tests can import this module without it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from time import perf_counter
from typing import Any

import numpy as np

import cnn
from benchmarks.process import Clock, Job, Measurement, answer, peak_memory, samples, time_prediction
from benchmarks.twin import check_twin, optimiser_of, twin_of
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.recipes import make_loss, make_model, make_optimiser

# PyTorch predicts in batches of the fastest of these sizes. It compiles each of them, so there are few.
# Batches of 50 were tried in twelve processes, beside 125 and 1,000, and were never the fastest.
BATCH_SIZES = (125, 250, 500, 1000)
TRIED = 1000  # images with which the sizes are compared

Timed = tuple[Clock, Measurement]


def train(twin: Any, job: Job) -> Timed:
    """Time training steps: forward, loss, backward and the optimiser's step."""
    import torch

    loss = make_loss(job.case.loss)
    if not isinstance(loss, cnn.SoftmaxCrossEntropy):
        raise TypeError(f"Only SoftmaxCrossEntropy has a counterpart here, received {loss}.")
    cross_entropy = torch.nn.CrossEntropyLoss(label_smoothing=loss.label_smoothing)
    optimiser = optimiser_of(make_optimiser(job.case.optimiser), twin.train())
    images, labels = samples(job.case.images)
    size = job.case.batch_size
    batches = list(zip(_laid_out(images, job).split(size), torch.from_numpy(labels).split(size), strict=True))

    def loss_of(batch: Any, batch_labels: Any) -> Any:
        return cross_entropy(twin(batch), batch_labels)

    compute = torch.compile(loss_of) if job.setting["compiled"] else loss_of

    def step(batch: Any, batch_labels: Any) -> None:
        optimiser.zero_grad(set_to_none=True)
        compute(batch, batch_labels).backward()
        optimiser.step()

    for batch in batches[:2]:
        step(*batch)  # compiles
    clock = Clock(job.seconds)
    for batch in cycle(batches):
        step(*batch)
        clock.tick()
        if clock.done:
            break
    return clock, {}


def predict(twin: Any, job: Job) -> Timed:
    """Time predictions of all images, in batches of the fastest size."""
    import torch

    images = _laid_out(samples(job.case.images)[0], job)
    forward = _inference(twin, job)

    def classes(some: Any, size: int) -> Any:
        return torch.cat([forward(batch).argmax(1) for batch in some.split(size)])

    def trial(size: int) -> float:
        classes(images[:size], size)  # compiles
        return min(_seconds(lambda: classes(images[:TRIED], size)) for _ in range(2))

    fastest = min(BATCH_SIZES, key=trial)
    return time_prediction(lambda: classes(images, fastest), job.seconds), {"batch_size": fastest}


def latency(twin: Any, job: Job) -> Timed:
    """Time predictions of a single image."""
    import torch

    image = _laid_out(samples(1)[0], job)
    forward = _inference(twin, job)

    def probabilities() -> Any:
        return torch.softmax(forward(image), 1)

    probabilities()  # compiles
    clock = Clock(job.seconds)
    while not clock.done:
        probabilities()
        clock.tick()
    return clock, {}


def measure(job: Job) -> Measurement:
    """Carry out the job."""
    import torch

    torch.set_num_threads(job.threads)
    before = peak_memory()
    model = make_model(job.case.layers)
    model.build(INPUT_SHAPE, np.random.default_rng(0))
    twin = twin_of(model)
    check_twin(model, twin, samples(4)[0])
    twin = twin.to(memory_format=_memory_format(job))
    if job.case.task == "train":
        clock, facts = train(twin, job)
    else:
        with torch.inference_mode():
            clock, facts = {"predict": predict, "latency": latency}[job.case.task](twin.eval(), job)
    return clock.summary() | {"memory": peak_memory(), "memory_before": before} | facts


def _laid_out(images: Any, job: Job) -> Any:
    """Return images as a tensor `[n, c, h, w]`, in the job's memory layout."""
    import torch

    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=_memory_format(job))


def _memory_format(job: Job) -> Any:
    import torch

    return torch.channels_last if job.setting["layout"] == "channels_last" else torch.contiguous_format


def _inference(twin: Any, job: Job) -> Any:
    """Return the network to predict with; if compiled, its weights are constants ("freezing")."""
    import torch

    compiled = job.setting["compiled"]
    return torch.compile(twin, dynamic=False, options={"freezing": True}) if compiled else twin


def _seconds(call: Callable[[], Any]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


if __name__ == "__main__":
    answer(measure)
