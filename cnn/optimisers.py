"""Optimisers: how a step of training follows from the gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from cnn.checks import number_between
from cnn.schedules import Schedule
from cnn.types import Array, Gradients

# Parameters are updated in pieces of this many numbers: a piece with its gradient and state stays in a core's
# second-level cache. A whole large parameter would go to main memory and back a dozen times.
PIECE = 32_768


@dataclass(eq=False, kw_only=True)
class Optimiser(ABC):
    """The frame of every optimiser: clipping, weight decay and the loop; a subclass adds its formula.

    An optimiser keeps its state from one `fit` to the next: make a new one for a new model.

    Args:
        learning_rate: η, a number or a schedule.
        weight_decay: λ; λ · w is added to the gradient of each parameter that decays.
        clip_norm: the greatest length √(Σ g²) of all gradients together; longer ones are shortened to it.
            None clips nothing.

    Attributes:
        steps: how many steps have been taken.
        state: the arrays that the formula keeps from step to step: slot → parameter → array.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> sgd = SGD(learning_rate=0.1)
        >>> sgd.update({"w": np.array([1.0])}, {"w": np.array([2.0])})
        {'w': array([0.8])}
    """

    learning_rate: float | Schedule
    weight_decay: float = 0.0
    clip_norm: float | None = None
    steps: int = field(init=False, repr=False, default=0)
    state: dict[str, dict[str, Array]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        owner = type(self).__name__
        if not isinstance(self.learning_rate, Schedule):
            self.learning_rate = number_between(owner, "learning_rate", self.learning_rate, 0, open_low=True)
        self.weight_decay = number_between(owner, "weight_decay", self.weight_decay, 0)
        if self.clip_norm is not None:
            self.clip_norm = number_between(owner, "clip_norm", self.clip_norm, 0, open_low=True)

    def update(
        self,
        params: dict[str, Array],
        grads: Gradients,
        progress: float = 0.0,
        decays: Collection[str] | None = None,
    ) -> dict[str, Array]:
        """Take one step.

        Args:
            params: the parameters under their names; they are not changed.
            grads: their gradients under the same names.
            progress: how far training has come, from 0 to 1; schedules depend on it.
            decays: the names of the parameters to which weight decay applies, such as
                `Sequential.decays`; None means all.

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
            weight_decay = self.weight_decay if decays is None or name in decays else 0.0
            state = [self._state_of(slot, name, value) for slot in self.slots]
            for new, old, grad, *kept in _pieces(updated[name], value, grads[name], *state):
                clipped = grad if shrink == 1 else grad * shrink
                new[...] = self.update_with_decay(old, clipped, rate, weight_decay, *kept)
        return updated

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the arrays that the formula keeps for each parameter."""
        return ()

    def update_with_decay(
        self, value: Array, grad: Array, rate: float, weight_decay: float, *state: Array
    ) -> Array:
        """Return a parameter's new value: λ · w is added to the gradient, then the formula is applied."""
        return self.update_one(value, grad + weight_decay * value if weight_decay else grad, rate, *state)

    @abstractmethod
    def update_one(self, value: Array, grad: Array, rate: float, *state: Array) -> Array:
        """Return a parameter's new value: the optimiser's formula, number by number.

        Args:
            value: the parameter, or a piece of it.
            grad: its gradient.
            rate: η at this step.
            state: the parameter's arrays in the order of `slots`; they are updated in place.
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

    def _state_of(self, slot: str, name: str, like: Array) -> Array:
        """Return the array that is kept for a parameter, zeros at first."""
        kept = self.state.setdefault(slot, {}).setdefault(name, np.zeros(like.shape, like.dtype))
        if kept.shape != like.shape:
            raise ValueError(
                f"The optimiser's state of {name} has the shape {kept.shape}, received {like.shape}: "
                "make a new optimiser for another model."
            )
        return kept


def _pieces(*arrays: Array) -> Iterator[list[Array]]:
    """Go through arrays of the same shape together, some numbers at a time."""
    flat = [array.reshape(-1) for array in arrays]
    for first in range(0, flat[0].size, PIECE):
        yield [array[first : first + PIECE] for array in flat]


@dataclass(eq=False, kw_only=True)
class SGD(Optimiser):
    """Step against the gradient, with momentum μ if wanted.

    v ← μ · v + g, then w ← w − η · v, or with Nesterov's look ahead w ← w − η · (g + μ · v)

    Args:
        learning_rate: η, a number or a schedule.
        momentum: μ, in [0, 1).
        nesterov: whether to look ahead.
        weight_decay: as in Optimiser.
        clip_norm: as in Optimiser.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range, or `nesterov` is True without momentum.

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
    def slots(self) -> tuple[str, ...]:
        """The velocity, if there is momentum."""
        return ("velocity",) if self.momentum else ()

    def update_one(self, value: Array, grad: Array, rate: float, *state: Array) -> Array:
        """Return the parameter after one step downhill."""
        if not self.momentum:
            return value - rate * grad
        (velocity,) = state
        velocity *= self.momentum
        velocity += grad
        direction = grad + self.momentum * velocity if self.nesterov else velocity
        return value - rate * direction


@dataclass(eq=False, kw_only=True)
class RMSProp(Optimiser):
    """Divide each gradient by its recent size.

    s ← ρ · s + (1 − ρ) · g², then w ← w − η · g / (√s + ε)

    Args:
        learning_rate: η, a number or a schedule.
        decay: ρ, in [0, 1).
        epsilon: ε, which prevents a division by zero.
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
    def slots(self) -> tuple[str, ...]:
        """The gradient's mean square."""
        return ("square",)

    def update_one(self, value: Array, grad: Array, rate: float, *state: Array) -> Array:
        """Return the parameter after a step whose size hardly depends on the gradient's size."""
        (square,) = state
        square *= self.decay
        square += (1 - self.decay) * grad * grad
        return value - rate * grad / (np.sqrt(square) + self.epsilon)


@dataclass(eq=False, kw_only=True)
class Adam(Optimiser):
    """Step against the mean of recent gradients, divided by their recent size.

    m ← β₁ · m + (1 − β₁) · g and v ← β₂ · v + (1 − β₂) · g². Both start at zero and are too small at first;
    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) correct that at step t. Then w ← w − η · m̂ / (√v̂ + ε).

    Args:
        learning_rate: η, a number or a schedule.
        beta_1: β₁, in [0, 1).
        beta_2: β₂, in [0, 1).
        epsilon: ε, which prevents a division by zero.
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

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.beta_1 = number_between(type(self).__name__, "beta_1", self.beta_1, 0, 1)
        self.beta_2 = number_between(type(self).__name__, "beta_2", self.beta_2, 0, 1)
        self.epsilon = number_between(type(self).__name__, "epsilon", self.epsilon, 0, open_low=True)

    @property
    def slots(self) -> tuple[str, ...]:
        """The gradient's mean and mean square, m and v."""
        return "mean", "square"

    def update_one(self, value: Array, grad: Array, rate: float, *state: Array) -> Array:
        """Return the parameter after one step."""
        mean, square = state
        mean *= self.beta_1
        mean += (1 - self.beta_1) * grad
        square *= self.beta_2
        square += (1 - self.beta_2) * grad * grad
        unbiased_rate = rate / (1 - self.beta_1**self.steps)  # divides a number instead of the array m
        unbiased_square = square / (1 - self.beta_2**self.steps)
        change: Array = unbiased_rate * mean / (np.sqrt(unbiased_square) + self.epsilon)
        return value - change


@dataclass(eq=False, kw_only=True)
class AdamW(Adam):
    """Adam with weight decay outside of the gradient: w ← w − η · λ · w, then Adam's step.

    Args:
        learning_rate: η, a number or a schedule.
        beta_1: β₁, in [0, 1).
        beta_2: β₂, in [0, 1).
        epsilon: ε, which prevents a division by zero.
        weight_decay: λ.
        clip_norm: as in Optimiser.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> adamw = AdamW(learning_rate=0.1, weight_decay=0.5)
        >>> adamw.update({"w": np.array([1.0])}, {"w": np.array([0.0])})["w"].round(6)
        array([0.95])

    Source:
        Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019, arXiv:1711.05101.
    """

    weight_decay: float = 0.01

    def update_with_decay(
        self, value: Array, grad: Array, rate: float, weight_decay: float, *state: Array
    ) -> Array:
        """Return a parameter's new value: the parameter itself is made smaller, then Adam's step is taken."""
        return self.update_one(
            (1 - rate * weight_decay) * value if weight_decay else value, grad, rate, *state
        )
