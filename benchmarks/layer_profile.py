"""The measuring process of the profile: each layer's time for one micro-batch, in one thread."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

import cnn
from benchmarks.process import Job, Measurement, answer, samples
from cnn.parallel import worker_pool
from cnn.summary import layer_summaries
from cnn.types import Array
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.kernels import kernels_in_use
from pipeline.common.recipes import make_loss, make_model

Times = list[list[float]]


def measure(job: Job) -> Measurement:
    """Return each layer's operations and its median times, in seconds an image."""
    kernels_in_use(job.setting["kernels"])  # or it raises
    model = make_model(job.case.layers)
    model.build(INPUT_SHAPE, np.random.default_rng(0))
    loss = make_loss(job.case.loss)
    images, labels = samples(job.case.micro_batch_size)
    forward: Times = [[] for _ in model.layers]
    backward: Times = [[] for _ in model.layers]
    first = next(index for index, layer in enumerate(model.layers) if layer.params)
    with worker_pool(workers=1, executor=None):  # BLAS and memory as in training
        end = perf_counter() + job.seconds
        while perf_counter() < end or len(forward[0]) < 3:
            outputs, caches = _forward(model, images, forward)
            _, doutputs = loss(outputs, labels)
            _backward(model, first, doutputs, caches, backward)
    lines = layer_summaries(model.layers, INPUT_SHAPE)
    return {
        "layers": [
            {
                "layer": line.kind,
                "output_shape": list(line.output_shape),
                "forward_operations": 2 * line.multiply_adds,
                "backward_operations": 2 * line.multiply_adds * (1 if index == first else 2),
                "forward_seconds": float(np.median(forward[index])) / len(images),
                "backward_seconds": float(np.median(backward[index] or 0.0)) / len(images),
            }
            for index, line in enumerate(lines)
        ]
    }


def _forward(model: cnn.Sequential, x: Array, times: Times) -> tuple[Array, list[Any]]:
    rng, caches = np.random.default_rng(0), []
    for layer, taken in zip(model.layers, times, strict=True):
        start = perf_counter()
        x, cache = layer.forward_pass(x, True, rng)
        taken.append(perf_counter() - start)
        caches.append(cache)
    return x, caches


def _backward(model: cnn.Sequential, first: int, dy: Array, caches: list[Any], times: Times) -> None:
    """Go back as training does: the first layer with parameters computes no gradient of its input."""
    for index in reversed(range(first, len(caches))):
        layer = model.layers[index]
        start = perf_counter()
        if index == first:
            layer.parameter_gradients(dy, caches[index])
        else:
            dy, _ = layer.backward_pass(dy, caches[index])
        times[index].append(perf_counter() - start)


if __name__ == "__main__":
    answer(measure)
