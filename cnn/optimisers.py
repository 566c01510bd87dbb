"""Optimisers: how a step of training follows from the gradients."""

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


@dataclass(eq=False, kw_only=True)
class SGD(Optimiser):
    """Walk downhill, with momentum μ if wanted.

    v ← μ · v + g, then w ← w − η · v, or with Nesterov's look ahead w ← w − η · (g + μ · v)

    Args:
        learning_rate: η, a number or a schedule.
        momentum: μ, in [0, 1).
        nesterov: whether to look ahead.
        weight_decay: as in Optimiser.
        clip_norm: as in Optimiser.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range, or `nesterov` is asked for without momentum.

    Example:
        >>> sgd = SGD(learning_rate=0.1, momentum=0.9)
        >>> w, g = {"w": np.array([1.0])}, {"w": np.array([1.0])}
        >>> w = sgd.update(w, g)
        >>> sgd.update(w, g)["w"].round(2)
        array([0.71])

    Source:
        Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum, ICML 2013.
    """

    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.momentum = number_between("SGD", "momentum", self.momentum, 0, 1)
        if not isinstance(self.nesterov, bool):
            raise TypeError(f"SGD: nesterov must be True or False, received {self.nesterov!r}.")
        if self.nesterov and not self.momentum:
            raise ValueError("SGD: nesterov needs momentum, received momentum 0.")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The velocity, if there is momentum."""
        return ("velocity",) if self.momentum else ()

    def update_one(self, name: str, value: Array, grad: Array, rate: float, *memory: Array) -> Array:
        """Return the parameter one step further down."""
        if not self.momentum:
            return value - rate * grad
        (velocity,) = memory
        velocity *= self.momentum
        velocity += grad
        step = grad + self.momentum * velocity if self.nesterov else velocity
        return value - rate * step


@dataclass(eq=False, kw_only=True)
class RMSProp(Optimiser):
    """Divide each gradient by its recent size.

    s ← ρ · s + (1 − ρ) · g², then w ← w − η · g / (√s + ε)

    Args:
        learning_rate: η, a number or a schedule.
        decay: ρ, in [0, 1).
        epsilon: ε, which keeps the division away from zero.
        weight_decay: as in Optimiser.
        clip_norm: as in Optimiser.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> RMSProp(learning_rate=0.1, decay=0.75).update({"w": np.array([1.0])}, {"w": np.array([4.0])})
        {'w': array([0.8])}

    Source:
        Tieleman, Hinton: Lecture 6.5, Neural networks for machine learning, 2012.
    """

    decay: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.decay = number_between("RMSProp", "decay", self.decay, 0, 1)
        self.epsilon = number_between("RMSProp", "epsilon", self.epsilon, 0, open_low=True)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The gradient's mean square."""
        return ("square",)

    def update_one(self, name: str, value: Array, grad: Array, rate: float, *memory: Array) -> Array:
        """Return the parameter after a step whose size hardly depends on the gradient's."""
        (square,) = memory
        square *= self.decay
        square += (1 - self.decay) * grad * grad
        return value - rate * grad / (np.sqrt(square) + self.epsilon)


@dataclass(eq=False, kw_only=True)
class Adam(Optimiser):
    """Follow the mean of recent gradients, divided by their recent size, both corrected for starting at zero.

    m ← β₁ · m + (1 − β₁) · g and v ← β₂ · v + (1 − β₂) · g²; at step t
    w ← w − η · m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ)

    Args:
        learning_rate: η, a number or a schedule.
        beta_1: β₁, in [0, 1).
        beta_2: β₂, in [0, 1).
        epsilon: ε, which keeps the division away from zero.
        weight_decay: as in Optimiser.
        clip_norm: as in Optimiser.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> Adam(learning_rate=0.1).update({"w": np.array([1.0])}, {"w": np.array([-123.0])})["w"].round(6)
        array([1.1])

    Source:
        Kingma, Ba: Adam, ICLR 2015, arXiv:1412.6980, algorithm 1.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.beta_1 = number_between(type(self).__name__, "beta_1", self.beta_1, 0, 1)
        self.beta_2 = number_between(type(self).__name__, "beta_2", self.beta_2, 0, 1)
        self.epsilon = number_between(type(self).__name__, "epsilon", self.epsilon, 0, open_low=True)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The gradient's mean and mean square, m and v."""
        return "mean", "square"

    def update_one(self, name: str, value: Array, grad: Array, rate: float, *memory: Array) -> Array:
        """Return the parameter after one step."""
        mean, square = memory
        mean *= self.beta_1
        mean += (1 - self.beta_1) * grad
        square *= self.beta_2
        square += (1 - self.beta_2) * grad * grad
        unbiased_rate = rate / (1 - self.beta_1**self.steps)  # m̂'s divisor: a number instead of an array
        unbiased_square = square / (1 - self.beta_2**self.steps)
        step: Array = unbiased_rate * mean / (np.sqrt(unbiased_square) + self.epsilon)
        return value - step


@dataclass(eq=False, kw_only=True)
class AdamW(Adam):
    """Adam with weight decay beside the gradient instead of in it: w ← w − η · λ · w, then Adam's step.

    Args:
        learning_rate: η, a number or a schedule.
        beta_1: β₁, in [0, 1).
        beta_2: β₂, in [0, 1).
        epsilon: ε, which keeps the division away from zero.
        weight_decay: λ; only weights decay, not biases, scales and shifts.
        clip_norm: as in Optimiser.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> adamw = AdamW(learning_rate=0.1, weight_decay=0.5)
        >>> adamw.update({"weight": np.array([1.0])}, {"weight": np.array([0.0])})["weight"].round(6)
        array([0.95])

    Source:
        Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019, arXiv:1711.05101.
    """

    weight_decay: float = 0.01

    def update_one(self, name: str, value: Array, grad: Array, rate: float, *memory: Array) -> Array:
        """Return the parameter after its decay and one step."""
        kept = (1 - rate * self.weight_decay) * value if is_weight(name) else value
        return super().update_one(name, kept, grad, rate, *memory)

    def _decayed(self, name: str, value: Array, grad: Array) -> Array:
        return grad


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
