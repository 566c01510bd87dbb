"""The measuring process of the breakdown: what the time of a training step goes into, in one thread.

The steps are those of `fit`, with an executor that runs each micro-batch at once and keeps its time; what is
left of a step is the main thread's part. Of a micro-batch, some parts are then timed by themselves:

- products: the matrix products of convolutions and dense layers, on arrays of the same shapes and memory
  order;
- copies: the convolutions' patches, padding included, which are copied between these products;
- calls: what Python and NumPy take where there is next to nothing to compute: a micro-batch of one image of
  the smallest size that the network takes, less its products and copies.

The rest is element-wise work.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import cnn
from benchmarks.cases import BATCHES
from benchmarks.clock import answer, samples
from benchmarks.job import Case, Job, Measurement
from benchmarks.with_cnn import ENDLESS
from cnn.layers.windows import Windows, fit_windows
from cnn.parallel import worker_pool
from cnn.types import Array, Shape
from pipeline.common.kernels import check_kernels
from pipeline.common.model_params import INPUT_SHAPE
from pipeline.common.recipes import make_loss, make_model, make_optimiser

LEAST = 3  # repetitions of everything


class Replay(NamedTuple):
    """What products and copies took, in seconds, and how much was multiplied."""

    products: float
    copies: float
    turns: int  # how many products
    operations: int  # multiplications and additions


class InTurn(Executor):
    """Runs everything at once, in the caller's thread.

    Attributes:
        seconds: how long each call took.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call, and return what it gave."""
        future: Future[Any] = Future()
        start = perf_counter()
        future.set_result(call(*args, **kwargs))
        self.seconds.append(perf_counter() - start)
        return future


class MainThread(cnn.Callback):
    """Keeps how long each step took beside its micro-batches, and ends the training in time.

    Args:
        micro_batches: where they run.
        seconds: how long to train, at least.

    Attributes:
        seconds: how long the main thread's part took, step by step.
    """

    def __init__(self, micro_batches: InTurn, seconds: float) -> None:
        self.seconds: list[float] = []
        self._micro_batches = micro_batches
        self._done = 0
        self._last = perf_counter()
        self._end = self._last + seconds

    def on_step_end(self, training: cnn.Training) -> None:
        """Take the micro-batches' time from the step's."""
        now = perf_counter()
        inside = sum(self._micro_batches.seconds[self._done :])
        self.seconds.append(now - self._last - inside)
        self._done, self._last = len(self._micro_batches.seconds), now
        training.stopped = now >= self._end and len(self.seconds) >= LEAST


def measure(job: Job) -> Measurement:
    """Return the seconds that each part takes, an image."""
    check_kernels(job.setting["kernels"])
    case = job.case
    side = smallest_side(make_model(case.layers))
    micro_batch, main_thread, parts = _measure(case, INPUT_SHAPE, case.batch_size, job.seconds)
    smallest, _, inside = _measure(case, (side, side, INPUT_SHAPE[2]), 1, job.seconds / 4)
    count = min(case.micro_batch_size, case.batch_size)
    calls = smallest - inside.products - inside.copies
    return {
        "products": parts.products / count,
        "copies": parts.copies / count,
        "calls": calls / count,
        "rest": (micro_batch - parts.products - parts.copies - calls) / count,
        "main_thread": main_thread / case.batch_size,
        "operations": parts.operations / count,
        "calls_of_products_and_copies": (
            (inside.products + inside.copies) / inside.turns * parts.turns / count if parts.turns else 0.0
        ),
        "smallest_side": side,
    }


def smallest_side(model: cnn.Sequential) -> int:
    """Return the side of the smallest square image that the model takes.

    Example:
        >>> smallest_side(cnn.Sequential([cnn.Conv2D(2, 3), cnn.MaxPool2D(2), cnn.Flatten(), cnn.Dense(2)]))
        4
    """

    def fits(side: int) -> bool:
        try:
            model.output_shape((side, side, INPUT_SHAPE[2]))
        except ValueError:
            return False
        return True

    return next(filter(fits, range(1, INPUT_SHAPE[0] + 1)))


def _measure(case: Case, shape: Shape, batch_size: int, seconds: float) -> tuple[float, float, Replay]:
    """Return the times of a micro-batch and of the main thread's part of a step, and what it multiplies."""
    model = make_model(case.layers)
    model.build(shape, np.random.default_rng(0))
    images, labels = samples(BATCHES * batch_size)
    micro_batches = InTurn()
    main_thread = MainThread(micro_batches, seconds)
    model.fit(
        np.ascontiguousarray(images[:, : shape[0], : shape[1]]),
        labels,
        epochs=ENDLESS,
        optimiser=make_optimiser(case.optimiser),
        loss=make_loss(case.loss),
        batch_size=batch_size,
        micro_batch_size=case.micro_batch_size,
        executor=micro_batches,
        callbacks=[main_thread],
    )
    replays = _replays(model, min(batch_size, case.micro_batch_size), seconds)
    return float(np.median(micro_batches.seconds)), float(np.median(main_thread.seconds)), replays


def _replays(model: cnn.Sequential, images: int, seconds: float) -> Replay:
    """Go through the products and copies of a micro-batch again and again, and return the medians."""
    found: list[Replay] = []
    with worker_pool(workers=1, executor=None):  # BLAS and memory as in training
        end = perf_counter() + seconds
        while perf_counter() < end or len(found) < LEAST:
            found.append(replay(model, images))
    products, copies, turns, operations = zip(*found, strict=True)
    return Replay(float(np.median(products)), float(np.median(copies)), turns[0], operations[0])


def replay(model: cnn.Sequential, images: int) -> Replay:
    """Go through the products and copies of a micro-batch, with numbers that mean nothing.

    As in training, the first layer with parameters needs no gradient of its input.

    Example:
        >>> model = cnn.Sequential([cnn.Conv2D(2, 3), cnn.Flatten(), cnn.Dense(5)])
        >>> shape = model.build((4, 4, 1), np.random.default_rng(0))
        >>> replay(model, 10).operations == 10 * 2 * (2 * (2 * 2 * 2 * 9) + 3 * (8 * 5))
        True
    """
    shape = model.built_for()
    found = [Replay(0.0, 0.0, 0, 0)]
    input_wanted = False
    for layer in model.layers:
        output_shape = layer.output_shape(shape)
        x, dy = (np.ones((images, *some), np.float32) for some in (shape, output_shape))
        if isinstance(layer, cnn.Conv2D):
            found += _convolution(layer, x, dy, input_wanted)
        elif isinstance(layer, cnn.Dense):
            found += _dense(layer, x, dy, input_wanted)
        input_wanted = input_wanted or bool(layer.params)
        shape = output_shape
    products, copies, turns, operations = map(sum, zip(*found, strict=True))
    return Replay(products, copies, turns, operations)


def _convolution(layer: cnn.Conv2D, x: Array, dy: Array, input_wanted: bool) -> list[Replay]:
    weight = layer.params["weight"]
    n_f, c = layer.filters, x.shape[3]
    windows = fit_windows(layer.kind, x.shape[1:3], *layer.receptive_window(x.shape[1:]), layer.padding)
    y, dx = np.empty_like(dy), np.empty_like(x)
    filters = weight.reshape(-1, n_f)
    back = np.ascontiguousarray(weight.transpose(0, 1, 3, 2)).reshape(-1, c)
    replays = [
        _patches(windows, x, lambda block, rows: np.matmul(rows, filters, out=y[block].reshape(-1, n_f))),
        _patches(windows, x, lambda block, rows: rows.T @ dy[block].reshape(-1, n_f)),
    ]
    if input_wanted:
        around = windows.transposed()
        replays.append(
            _patches(around, dy, lambda block, rows: np.matmul(rows, back, out=dx[block].reshape(-1, c)))
        )
    return replays


def _patches(windows: Windows, x: Array, multiply: Callable[[slice, Array], Array]) -> Replay:
    """Go through the patches, and tell the products from the copies between them."""
    products, turns, operations = 0.0, 0, 0
    start = perf_counter()
    for block, rows in windows.patches(x):
        before = perf_counter()
        product = multiply(block, rows)
        products += perf_counter() - before
        turns += 1
        operations += 2 * rows.size * product.shape[1]
    return Replay(products, perf_counter() - start - products, turns, operations)


def _dense(layer: cnn.Dense, x: Array, dy: Array, input_wanted: bool) -> list[Replay]:
    weight = layer.params["weight"]
    factors = [(x, weight), (x.T, dy)] + ([(dy, weight.T)] if input_wanted else [])
    replays = []
    for left, right in factors:
        start = perf_counter()
        product = left @ right
        replays.append(Replay(perf_counter() - start, 0.0, 1, 2 * left.size * product.shape[1]))
    return replays


if __name__ == "__main__":
    answer(measure)
