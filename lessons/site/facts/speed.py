"""Facts about speed: the shipped way of a layer beside the obvious one, measured when the site is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from timeit import Timer

import numpy as np

import cnn
from cnn.layers.channels import sum_channels
from cnn.parallel import one_blas_thread
from cnn.types import Array
from lessons.kit.tables import table
from pipeline.common.machine import machine

REPEATS = 5  # of a measurement, of which the fastest counts


def convolution() -> str:
    """Return how long a convolution of one image and of many takes with a loop in Python and as it ships."""
    layer = cnn.Conv2D(8, 3)
    layer.build((14, 14, 8), np.random.default_rng(0))
    return _measured(_convolution(layer, images=1), _convolution(layer, images=32))


def _convolution(layer: cnn.Conv2D, images: int) -> str:
    x, params = _images(images, 14, 14, 8), layer.params
    np.testing.assert_allclose(looped_convolution(x, **params), layer.forward_pass(x)[0], atol=1e-4)
    rows = [
        ("a loop over the 12·12 places", lambda: looped_convolution(x, **params)),
        ("`Conv2D.forward_pass`", lambda: layer.forward_pass(x)),
    ]
    what = "one image" if images == 1 else f"{images} images"
    return _table(f"{what} of 14×14×8, 8 filters of 3×3", rows)


def pooling() -> str:
    """Return how long max-pooling takes window by window and place by place."""
    x, layer = _images(1, 28, 28, 8), cnn.MaxPool2D(2)
    np.testing.assert_array_equal(looped_pooling(x), layer.forward_pass(x)[0])
    rows = [
        ("a loop over the 14·14 windows", lambda: looped_pooling(x)),
        ("`MaxPool2D.forward_pass`, a loop over the 4 places", lambda: layer.forward_pass(x)),
    ]
    return _measured(_table("one image of 28×28×8, windows of 2×2", rows))


def dense() -> str:
    """Return how long a dense layer takes for a micro-batch, sample by sample and at once."""
    x, layer = _images(32, 3136), cnn.Dense(256)
    layer.build((3136,), np.random.default_rng(0))
    rows = [
        ("32 samples, one after the other", lambda: [layer.forward_pass(x[i : i + 1]) for i in range(32)]),
        ("32 samples at once", lambda: layer.forward_pass(x)),
    ]
    return _measured(_table("3,136 inputs, 256 units", rows))


def batch_normalisation() -> str:
    """Return how long the sum of each channel takes."""
    x = _images(32, 14, 14, 32)
    np.testing.assert_allclose(x.sum(axis=(0, 1, 2)), sum_channels(x), rtol=1e-3)
    rows = [
        ("`x.sum(axis=(0, 1, 2))`", lambda: x.sum(axis=(0, 1, 2))),
        ("`sum_channels(x)`", lambda: sum_channels(x)),
    ]
    return _measured(_table("32 maps of 14×14×32", rows))


def looped_convolution(x: Array, weight: Array, bias: Array) -> Array:
    """Return the convolution of images with filters, one place after the other; no padding, stride 1."""
    h_f, w_f, _, n_f = weight.shape
    n, h, w, _ = x.shape
    y = np.empty((n, h - h_f + 1, w - w_f + 1, n_f), x.dtype)
    for p, q in product(range(y.shape[1]), range(y.shape[2])):
        y[:, p, q] = np.tensordot(x[:, p : p + h_f, q : q + w_f], weight, axes=3) + bias
    return y


def looped_pooling(x: Array) -> Array:
    """Return the maxima of windows of 2×2, one window after the other."""
    n, h, w, c = x.shape
    y = np.empty((n, h // 2, w // 2, c), x.dtype)
    for p, q in product(range(h // 2), range(w // 2)):
        y[:, p, q] = x[:, 2 * p : 2 * p + 2, 2 * q : 2 * q + 2].max(axis=(1, 2))
    return y


def _images(*shape: int) -> Array:
    return np.random.default_rng(0).random(shape, dtype=np.float32) + 1


def _table(what: str, ways: Sequence[tuple[str, Callable[[], object]]]) -> str:
    with one_blas_thread():
        seconds = [_fastest(way) for _, way in ways]
    rows = [
        [name, f"{1e6 * time:,.0f} µs", f"{seconds[0] / time:.1f}"]
        for (name, _), time in zip(ways, seconds, strict=True)
    ]
    return table([what, "time", "times as fast"], rows, numbers=2)


def _measured(*tables: str) -> str:
    note = f"Measured on one thread of {machine()['processor']} when this page was built."
    return "\n\n".join([*tables, note])


def _fastest(way: Callable[[], object]) -> float:
    timer = Timer(way)
    number, _ = timer.autorange(lambda *_: None)
    return min(timer.repeat(REPEATS, max(1, number // 8))) / max(1, number // 8)
