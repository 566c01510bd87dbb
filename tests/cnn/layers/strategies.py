"""Random layers and inputs that fit them, for Hypothesis."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from cnn import (
    GELU,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Rescale,
    Sigmoid,
    Softmax,
    Standardise,
    Tanh,
)
from cnn.layers.padding import Padding
from cnn.layers.windows import BLOCK_BYTES
from cnn.types import Array, Pair, Shape
from tests.cnn.layers import oracles

FLOATS = (np.float32, np.float64)


class Case(NamedTuple):
    """A layer, not built yet, the shape of an input that it can take (n included), and a seed for numbers."""

    layer: Layer
    input_shape: Shape
    seed: int

    def built(self) -> tuple[Layer, np.random.Generator]:
        """The layer, with random numbers for all of its parameters, and a generator for more."""
        rng = np.random.default_rng(self.seed)
        self.layer.build(self.input_shape[1:], rng)
        for name, value in self.layer.params.items():
            self.layer.params[name] = rng.standard_normal(value.shape, dtype=np.float32)
        return self.layer, rng


class WindowCase(NamedTuple):
    """A window over images, with the padding in a layer's form and as pixels on each side."""

    input_shape: Shape
    size: Pair
    stride: Pair
    padding: Padding
    seed: int

    @property
    def image(self) -> Pair:
        return self.input_shape[1], self.input_shape[2]

    @property
    def pads(self) -> tuple[Pair, Pair]:
        return oracles.pads_of(self.padding, self.image, self.size, self.stride)


def small_integers(rng: np.random.Generator, shape: Shape, dtype: Any) -> Array:
    """Numbers from −3 to 3: sums and products of them are exact in either type, and equal ones are common."""
    return rng.integers(-3, 4, shape).astype(dtype)


seeds = st.integers(0, 2**32 - 1)
block_sizes = st.sampled_from([1, 300, 2_000, BLOCK_BYTES])  # a row of windows, some rows, images, all images
dtypes = st.sampled_from(FLOATS)


def pairs(smallest: int, largest: Pair) -> st.SearchStrategy[Pair]:
    return st.tuples(st.integers(smallest, largest[0]), st.integers(smallest, largest[1]))


def paddings(largest: Pair) -> st.SearchStrategy[Padding]:
    """Every form of padding, with at most so many rows and columns on one side."""
    (rows, columns), either = largest, min(largest)
    return st.one_of(
        st.sampled_from(["valid", "same"]),
        st.integers(0, either),
        st.tuples(pairs(0, (rows, rows)), pairs(0, (columns, columns))),
    )


@st.composite
def window_cases(draw: st.DrawFn, largest_padding: int | None = None) -> WindowCase:
    """Windows of all sizes, overlapping or with gaps, in images that they tile or do not.

    Padding reaches up to `largest_padding`; None stays below the window's size, as pooling wants it.
    """
    size = draw(pairs(1, (4, 4)))
    below = (size[0] - 1, size[1] - 1)
    padding = draw(paddings(below if largest_padding is None else (largest_padding, largest_padding)))
    given_pads = ((0, 0), (0, 0)) if padding == "same" else oracles.pads_of(padding, (0, 0), size, (1, 1))
    h, w = (
        draw(st.integers(1 if padding == "same" else max(1, extent - sum(pads)), 7))
        for extent, pads in zip(size, given_pads, strict=True)
    )
    n, c = draw(pairs(1, (3, 3)))
    return WindowCase((n, h, w, c), size, draw(pairs(1, (5, 5))), padding, draw(seeds))


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    window = draw(window_cases(largest_padding=5))
    layer = Conv2D(draw(st.integers(1, 3)), window.size, stride=window.stride, padding=window.padding)
    return Case(layer, window.input_shape, window.seed)


@st.composite
def pools(draw: st.DrawFn, kind: type[MaxPool2D] | type[AveragePool2D]) -> Case:
    window = draw(window_cases())
    return Case(kind(window.size, window.stride, window.padding), window.input_shape, window.seed)


@st.composite
def standardisations(draw: st.DrawFn) -> Case:
    """One number for all channels, or one for each, and this for the mean and the deviation apart."""
    shape = draw(anything)
    mean, deviation = (
        draw(st.one_of(numbers, st.tuples(*[numbers] * shape[-1])))
        for numbers in (st.floats(-3, 3), st.floats(0.25, 4))
    )
    return Case(Standardise(mean, deviation), shape, draw(seeds))


def cases(layers: st.SearchStrategy[Layer], shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[Case]:
    return st.builds(Case, layers, shapes, seeds)


rows = array_shapes(min_dims=2, max_dims=2, max_side=5)
images = array_shapes(min_dims=4, max_dims=4, max_side=4)
anything = array_shapes(min_dims=2, max_dims=4, max_side=4)
# Statistics of fewer than four numbers are nearly singular: no finite difference follows them.
several = anything.map(lambda shape: (shape[0] + 3, *shape[1:]))

CASES: dict[str, st.SearchStrategy[Case]] = {
    "Rescale": cases(st.builds(Rescale, st.sampled_from([-2, 1 / 255, 1]), st.floats(-3, 3)), anything),
    "Standardise": standardisations(),
    "Conv2D": convolutions(),
    "MaxPool2D": pools(MaxPool2D),
    "AveragePool2D": pools(AveragePool2D),
    "GlobalAveragePool2D": cases(st.builds(GlobalAveragePool2D), images),
    "BatchNorm": cases(
        st.builds(BatchNorm, momentum=st.floats(0, 0.99), epsilon=st.floats(1e-5, 1e-2)), several
    ),
    "Dropout": cases(st.builds(Dropout, rate=st.floats(0, 0.9)), anything),
    "Flatten": cases(st.builds(Flatten), anything),
    "Dense": cases(st.builds(Dense, units=st.integers(1, 4)), rows),
    "ReLU": cases(st.builds(ReLU), anything),
    "LeakyReLU": cases(st.builds(LeakyReLU, slope=st.floats(0, 0.9)), anything),
    "Sigmoid": cases(st.builds(Sigmoid), anything),
    "Tanh": cases(st.builds(Tanh), anything),
    "GELU": cases(st.builds(GELU), anything),
    "Softmax": cases(st.builds(Softmax), anything),
}
"""For each kind of layer its cases."""
