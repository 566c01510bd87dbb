"""What every optimiser is: clipping, weight decay, memory, and the loop over the parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from cnn.checks import number_between
from cnn.schedules import Schedule
from cnn.types import Array, Gradients

# Parameters are updated so many numbers at a time: gradient, memory and what lies between then stay in a
# core's second-level cache, where a large parameter would go to main memory and back a dozen times.
PIECE = 32_768


@dataclass(eq=False, kw_only=True)
class Optimiser(ABC):
    """The frame of every optimiser: clipping, weight decay and the loop; a subclass adds its formula.

    An optimiser keeps its memory from one `fit` to the next: make a new one for a new model.

    Args:
        learning_rate: η, a number or a schedule.
        weight_decay: λ; λ · w is added to the gradient of each weight (not of biases, scales and shifts).
        clip_norm: the gradients' largest length √(Σ g²), over all parameters together; longer ones are
            shortened to it. None clips nothing.

    Attributes:
        steps: how many steps have been taken.
        memory: what the formula remembers from step to step: kind → parameter → array.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> from cnn import SGD
        >>> sgd = SGD(learning_rate=0.1)
        >>> sgd.update({"weight": np.array([1.0])}, {"weight": np.array([2.0])})
        {'weight': array([0.8])}
    """

    learning_rate: float | Schedule
    weight_decay: float = 0.0
    clip_norm: float | None = None
    steps: int = field(init=False, repr=False, default=0)
    memory: dict[str, dict[str, Array]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        owner = type(self).__name__
        if not isinstance(self.learning_rate, Schedule):
            self.learning_rate = number_between(owner, "learning_rate", self.learning_rate, 0, open_low=True)
        self.weight_decay = number_between(owner, "weight_decay", self.weight_decay, 0)
        if self.clip_norm is not None:
            self.clip_norm = number_between(owner, "clip_norm", self.clip_norm, 0, open_low=True)

    def update(self, params: dict[str, Array], grads: Gradients, progress: float = 0.0) -> dict[str, Array]:
        """Take one step.

        Args:
            params: the parameters under their names; they are not changed.
            grads: their gradients under the same names.
            progress: how far training has come, from 0 to 1; schedules depend on it.

        Returns:
            The new parameters, in the number types of the old ones.

        Raises:
            ValueError: if names or shapes differ.
        """
        if params.keys() != grads.keys():
            raise ValueError(
                f"There must be one gradient for each of {sorted(params)}, received {sorted(grads)}."
            )
        self.steps += 1
        rate, shrink = self.rate_at(progress), self._clip_factor(grads)
        updated = {name: np.empty(value.shape, value.dtype) for name, value in params.items()}
        for name, value in params.items():
            memory = [self._recall(kind, name, value) for kind in self.kinds]
            for new, old, grad, *kept in _pieces(updated[name], value, grads[name], *memory):
                step = self._decayed(name, old, grad if shrink == 1 else grad * shrink)
                new[...] = self.update_one(name, old, step, rate, *kept)
        return updated

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of memory that the formula needs."""
        return ()

    @abstractmethod
    def update_one(self, name: str, value: Array, grad: Array, rate: float, *memory: Array) -> Array:
        """Return a parameter's new value: the optimiser's formula, number by number.

        Args:
            name: the parameter's name.
            value: the parameter, or a piece of it.
            grad: its gradient, clipped and decayed.
            rate: η at this step.
            memory: what is remembered of it, in the order of `kinds`; it is brought up to date in place.
        """

    def rate_at(self, progress: float) -> float:
        """Return the learning rate η at this progress."""
        rate = self.learning_rate
        return rate(progress) if isinstance(rate, Schedule) else rate

    def _clip_factor(self, grads: Gradients) -> float:
        if self.clip_norm is None:
            return 1.0
        norm = sqrt(sum(float(np.square(grad, dtype=np.float64).sum()) for grad in grads.values()))
        return min(1.0, self.clip_norm / norm) if norm > 0 else 1.0

    def _decayed(self, name: str, value: Array, grad: Array) -> Array:
        return grad + self.weight_decay * value if self.weight_decay and is_weight(name) else grad

    def _recall(self, kind: str, name: str, like: Array) -> Array:
        """Return what is remembered of a parameter, zeros at first."""
        remembered = self.memory.setdefault(kind, {}).setdefault(name, np.zeros(like.shape, like.dtype))
        if remembered.shape != like.shape:
            raise ValueError(
                f"The optimiser remembers {name} with the shape {remembered.shape}, received {like.shape}: "
                "make a new optimiser for another model."
            )
        return remembered


def _pieces(*arrays: Array) -> Iterator[list[Array]]:
    """Go through arrays of one shape side by side, some numbers at a time."""
    flat = [array.reshape(-1) for array in arrays]
    for first in range(0, flat[0].size, PIECE):
        yield [array[first : first + PIECE] for array in flat]


def is_weight(name: str) -> bool:
    """Tell weights, which decay, from biases, scales and shifts, which do not.

    Example:
        >>> is_weight("0.weight"), is_weight("0.bias")
        (True, False)
    """
    return name.rpartition(".")[2] == "weight"
