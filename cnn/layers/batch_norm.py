"""Batch normalisation: every channel with mean 0 and variance 1, then a scale and a shift of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnn.checks import check_float_array, number_between
from cnn.layers.base import Layer
from cnn.layers.channels import repeat_channels, sum_channels
from cnn.types import Array, Gradients, Shape


class BatchNormCache(NamedTuple):
    """What the way back through batch normalisation needs.

    Not x̂ = centred / deviation itself: that would be one more array of the input's size to compute.
    """

    centred: Array  # x − μ
    deviation: Array
    statistics: dict[str, Array] | None  # the micro-batch's own, or None where the running ones were used


@dataclass(eq=False)
class BatchNorm(Layer):
    """Bring each channel to mean 0 and variance 1, then scale and shift it.

    y = scale · (x − μ) / √(σ² + ε) + shift

    In training μ and σ² are the mean and the variance of the channel over the micro-batch at hand (all
    axes but the last); at inference they are running averages of those seen in training:
    running ← momentum · running + (1 − momentum) · seen.

    Args:
        momentum: how slowly the running averages follow, in [0, 1); they move once per micro-batch.
        epsilon: ε, which keeps the division away from zero.

    Shapes: x and y `[n, …, c]`; scale, shift, running mean and variance `[c]`.

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if a hyperparameter is out of range.

    Example:
        >>> norm = BatchNorm()
        >>> norm.build((1,), np.random.default_rng(0))
        (1,)
        >>> norm.forward_pass(np.array([[1.0], [3.0]]), training=True)[0].round(3)
        array([[-1.],
               [ 1.]])

    Source:
        Ioffe, Szegedy: Batch normalization, ICML 2015, arXiv:1502.03167.
    """

    momentum: float = 0.9
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        self.momentum = number_between(self.name, "momentum", self.momentum, 0, 1)
        self.epsilon = number_between(self.name, "epsilon", self.epsilon, 0, open_low=True)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Start with scale 1 and shift 0, as if the data had mean 0 and variance 1."""
        output_shape = self.output_shape(input_shape)
        shapes = self.parameter_shapes(input_shape)
        self.params["scale"] = np.ones(shapes["scale"], np.float32)
        self.params["shift"] = np.zeros(shapes["shift"], np.float32)
        self.state["mean"] = np.zeros(input_shape[-1:], np.float32)
        self.state["variance"] = np.ones(input_shape[-1:], np.float32)
        return output_shape

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return `(c,)` for the scale and the shift."""
        return {"scale": input_shape[-1:], "shift": input_shape[-1:]}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        if not input_shape:
            raise ValueError(
                "BatchNorm expects samples with a last axis of channels, received single numbers."
            )
        return input_shape

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, BatchNormCache]:
        """Normalise with the micro-batch's statistics in training, with the running ones at inference."""
        check_float_array(self.name, x, "n … c")
        scale, shift = self.param("scale", like=x), self.param("shift", like=x)
        if x.shape[-1] != len(scale):
            raise ValueError(
                f"BatchNorm was built for {len(scale)} channels, received {x.shape[-1]} in shape {x.shape}."
            )
        sample, count = x.shape[1:], x.size // len(scale)
        mean = sum_channels(x) / count if training else self._running("mean", like=x)
        centred = x - repeat_channels(mean, sample)
        variance = sum_channels(centred**2) / count if training else self._running("variance", like=x)
        deviation = np.sqrt(variance + x.dtype.type(self.epsilon))
        y = centred * repeat_channels(scale / deviation, sample)
        y += repeat_channels(shift, sample)
        seen = {"mean": mean, "variance": variance} if training else None
        return y, BatchNormCache(centred, deviation, seen)

    def backward_pass(self, dy: Array, cache: BatchNormCache) -> tuple[Array, Gradients]:
        """Send dy back, in training also through the mean and the variance, which depend on x.

        With g = dy · scale / √(σ² + ε) and x̂ = (x − μ) / √(σ² + ε), dx = g − mean(g) − x̂ · mean(g · x̂); at
        inference μ and σ² are constants and dx = g. dscale = Σ dy · x̂ and dshift = Σ dy, so that
        mean(g · x̂) is dscale / count, times scale / √(σ² + ε).
        """
        centred, deviation, seen = cache
        sample, count = dy.shape[1:], dy.size // len(deviation)
        grads = {"scale": sum_channels(dy * centred) / deviation, "shift": sum_channels(dy)}
        factor = repeat_channels(self.param("scale", like=dy) / deviation, sample)
        if seen is None:
            return dy * factor, grads
        dx = centred * repeat_channels(grads["scale"] / (-count * deviation), sample)
        dx -= repeat_channels(grads["shift"] / count, sample)
        dx += dy
        dx *= factor
        return dx, grads

    def _running(self, name: str, like: Array) -> Array:
        return self.state[name].astype(like.dtype, copy=False)

    def observations(self, cache: BatchNormCache) -> dict[str, Array]:
        """Return the mean and the variance of the micro-batch, if it was one of training."""
        return cache.statistics or {}

    def remember(self, observations: dict[str, Array]) -> None:
        """Move the running averages towards a micro-batch's mean and variance."""
        for name, seen in observations.items():
            running = self.state[name]
            moved = self.momentum * running + (1 - self.momentum) * seen
            self.state[name] = moved.astype(running.dtype, copy=False)
