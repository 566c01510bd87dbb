"""Batch normalisation: every channel gets mean 0 and variance 1, then a scale and a shift of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnn.checks import channels_last, check_float_array, number_between
from cnn.layers.base import Layer
from cnn.layers.channels import repeat_channels, sum_channels
from cnn.types import Array, Gradients, Shape


class BatchNormCache(NamedTuple):
    """What the backward pass of batch normalisation needs."""

    centred: Array  # x − μ; centred / deviation, which is x̂, would be one more array of this size to compute
    deviation: Array  # √(σ² + ε)
    statistics: dict[str, Array] | None  # the micro-batch's, or None if the running ones were used


def check_count(count: int) -> None:
    """Refuse so many values of each channel in training.

    Raises:
        ValueError: if there are fewer than two: the variance would be 0, the output the shift, and dx 0.
    """
    if count < 2:
        raise ValueError(
            f"BatchNorm expects two or more values of each channel in training, received {count}: train with "
            "more samples at a time (batch_size, micro_batch_size)."
        )


@dataclass(eq=False)
class BatchNorm(Layer):
    """Bring each channel to mean 0 and variance 1, then scale and shift it.

    y = scale · (x − μ) / √(σ² + ε) + shift

    In training μ and σ² are the mean and the variance of the channel over the micro-batch (all axes but
    the last). At inference they are running averages of those statistics:
    running ← momentum · running + (1 − momentum) · statistic, once for each micro-batch. Of a single value
    nothing would be left to learn from: it is its own mean. So training with one value a channel is refused.

    Args:
        momentum: how slowly the running averages change, in [0, 1); PyTorch's momentum of 0.1, which is the
            share of the new statistic, is 0.9 here.
        epsilon: ε, which prevents a division by zero.

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
        self.momentum = number_between(self.kind, "momentum", self.momentum, 0, 1)
        self.epsilon = number_between(self.kind, "epsilon", self.epsilon, 0, open_low=True)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Start with scale 1, shift 0, running mean 0 and running variance 1."""
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
        check_float_array(self.kind, x, "n … c")
        scale, shift = self.param("scale", like=x), self.param("shift", like=x)
        if x.shape[-1] != len(scale):
            raise ValueError(
                f"BatchNorm was built for {len(scale)} channels, received {x.shape[-1]} in {x.shape}"
                f"{channels_last(x.shape, scale.shape)}."
            )
        sample, count = x.shape[1:], x.size // len(scale)
        if training:
            check_count(count)
        mean = sum_channels(x) / count if training else self._running("mean", like=x)
        centred = x - repeat_channels(mean, sample)
        variance = sum_channels(centred**2) / count if training else self._running("variance", like=x)
        deviation = np.sqrt(variance + x.dtype.type(self.epsilon))
        y = centred * repeat_channels(scale / deviation, sample)
        y += repeat_channels(shift, sample)
        statistics = {"mean": mean, "variance": variance} if training else None
        return y, BatchNormCache(centred, deviation, statistics)

    def backward_pass(self, dy: Array, cache: BatchNormCache) -> tuple[Array, Gradients]:
        """Carry dy back; in training also through the mean and the variance, since they depend on x.

        With x̂ = (x − μ) / √(σ² + ε) and g = dy · scale / √(σ² + ε):

        - dscale = Σ dy · x̂ and dshift = Σ dy
        - dx = g − mean(g) − x̂ · mean(g · x̂), where mean(g) is dshift / count · scale / √(σ² + ε), and
          mean(g · x̂) the same with dscale; at inference μ and σ² are constants, and dx = g.
        """
        centred, deviation, statistics = cache
        sample, count = dy.shape[1:], dy.size // len(deviation)
        grads = {"scale": sum_channels(dy * centred) / deviation, "shift": sum_channels(dy)}
        factor = repeat_channels(self.param("scale", like=dy) / deviation, sample)
        if statistics is None:
            return dy * factor, grads
        dx = centred * repeat_channels(grads["scale"] / (-count * deviation), sample)
        dx -= repeat_channels(grads["shift"] / count, sample)
        dx += dy
        dx *= factor
        return dx, grads

    def _running(self, name: str, like: Array) -> Array:
        return self.state[name].astype(like.dtype, copy=False)

    def batch_statistics(self, cache: BatchNormCache) -> dict[str, Array]:
        """Return the micro-batch's mean and variance; nothing after a pass at inference."""
        return cache.statistics or {}

    def update_state(self, statistics: dict[str, Array]) -> None:
        """Move the running averages towards a micro-batch's mean and variance."""
        for name, statistic in statistics.items():
            running = self.state[name]
            moved = self.momentum * running + (1 - self.momentum) * statistic
            self.state[name] = moved.astype(running.dtype, copy=False)
