"""Layers, losses, a schedule, an augmentation and initialisers as users of the library write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from cnn import Augmentation, Layer, Loss, ReLU, Schedule, Sequential, SoftmaxCrossEntropy
from cnn.types import Array, Gradients, Shape, Targets


def small(shape: Shape, rng: np.random.Generator) -> Array:
    return rng.normal(scale=0.1, size=shape)


def twice(value: Any) -> Any:
    return 2 * value


class Scale(Layer):
    """A plain class that keeps what its constructor received: y = factor · x."""

    def __init__(self, factor: float = 2.0) -> None:
        super().__init__()
        self.factor = factor

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, None]:
        return x.dtype.type(self.factor) * x, None

    def backward_pass(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        return dy.dtype.type(self.factor) * dy, {}


class Power(Scale):
    """A plain class that tells itself what its constructor needs: y = 2^exponent · x."""

    def __init__(self, exponent: int) -> None:
        super().__init__(2.0**exponent)

    def to_config(self) -> dict[str, Any]:
        return {"layer": "Power", "exponent": int(np.log2(self.factor))}


@dataclass(eq=False)
class Slope(Layer):
    """A dataclass with a parameter: y = slope · x, with a slope for each channel."""

    start: float = 1.0

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        self.params["slope"] = np.full(input_shape[-1:], self.start, np.float32)
        return input_shape

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        return self.param("slope", like=x) * x, x

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        slope = (dy * cache).reshape(-1, dy.shape[-1]).sum(axis=0)
        return self.param("slope", like=dy) * dy, {"slope": slope}


@dataclass
class Twice(Loss):
    """A loss that holds another one, and a function."""

    of: Loss = field(default_factory=SoftmaxCrossEntropy)
    change: Callable[..., Any] = twice

    def __call__(
        self, outputs: Array, targets: Targets, batch_size: int | None = None
    ) -> tuple[float, Array]:
        value, gradient = self.of(outputs, targets, batch_size)
        return self.change(value), self.change(gradient)


class Weighted(Loss):
    """A plain class with an array."""

    def __init__(self, weights: list[float]) -> None:
        self.weights = np.array(weights)

    def __call__(
        self, outputs: Array, targets: Targets, batch_size: int | None = None
    ) -> tuple[float, Array]:
        weights = self.weights[targets][:, None].astype(outputs.dtype)
        value, gradient = SoftmaxCrossEntropy()(outputs, targets, batch_size)
        return value, weights * gradient


class AbsoluteError(Loss):
    """A class without an `__init__`, whose targets are numbers in the shape of the outputs."""

    def __call__(
        self, outputs: Array, targets: Targets, batch_size: int | None = None
    ) -> tuple[float, Array]:
        difference = outputs - targets
        total = (batch_size or len(outputs)) * outputs[0].size
        return float(abs(difference).sum()) / total, np.sign(difference) / total


class Halving(Schedule):
    """A plain class that keeps what its constructor received under other names."""

    def __init__(self, peak: float, every: float) -> None:
        self.peak = peak
        self._every = every

    def __call__(self, progress: float) -> float:
        return float(self.peak * 0.5 ** (progress // self._every))


@dataclass
class Line(Schedule):
    peak: float

    def __call__(self, progress: float) -> float:
        return self.peak * (1.01 - progress)


class Noise(Augmentation):
    numbers: ClassVar[int] = 1

    def __init__(self, size: float) -> None:
        self.size = size
        self.calls = 0

    def __call__(self, x: Array, draws: Array) -> Array:
        self.calls += 1
        changed: Array = x + x.dtype.type(self.size) * draws[:, :, None, None].astype(x.dtype)
        return changed


class Derived(ReLU):
    """A layer that derives from one of the library's."""


class Forgetful(ReLU):
    """A layer whose constructor forgets that of Layer."""

    def __init__(self) -> None:
        pass


class Doubled(Sequential):
    """A model with a forward pass of its own."""

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, list[Any]]:
        y, caches = super().forward_pass(x, training, rng)
        return 2 * y, caches
