"""Optimisers: how a step of training follows from the gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from dataclasses import KW_ONLY, dataclass, field
from math import sqrt
from pathlib import Path
from typing import ClassVar

import numpy as np

from cnn.checks import number_between, whole_number
from cnn.config import Configured, Kinds, from_config, plain
from cnn.custom import given_objects, made_again, own_parts, warn_to_keep
from cnn.habits import check_object, in_brief
from cnn.schedules import SCHEDULES, Schedule
from cnn.storage import of_class, read_arrays, reason, write_arrays
from cnn.types import Array, Gradients

# Parameters are updated in pieces of this many numbers: a piece with its gradient and state stays in a core's
# second-level cache. A whole large parameter would go to main memory and back a dozen times.
PIECE = 32_768


@dataclass(eq=False)
class Optimiser(Configured, ABC):
    """The frame of every optimiser: clipping, weight decay and the loop; a subclass adds its formula.

    An optimiser keeps its state from one `fit` to the next: make a new one for a new model.

    Args:
        learning_rate: η, a number or a schedule; the only argument that needs no name.
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

    family: ClassVar[str] = "optimiser"

    learning_rate: float | Schedule = 0.001
    _: KW_ONLY
    weight_decay: float = 0.0
    clip_norm: float | None = None
    steps: int = field(init=False, repr=False, default=0)
    state: dict[str, dict[str, Array]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        owner = type(self).__name__
        if callable(self.learning_rate) or isinstance(self.learning_rate, str):
            expected = "a number, or an object such as OneCycle(0.01) whose class derives from Schedule"
            check_object(f"{owner}: learning_rate must be {expected}", self.learning_rate, Schedule)
        else:
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
            TypeError: if a parameter or gradient is not an array, or the learning rate not a number.
            ValueError: if names or shapes differ, or `progress` or the learning rate is out of range.
        """
        if params.keys() != grads.keys():
            raise ValueError(
                f"There must be one gradient for each of {sorted(params)}, received {sorted(grads)}."
            )
        for name, value in params.items():
            for what, array in (("parameter", value), ("gradient", grads[name])):
                if not isinstance(array, np.ndarray | np.generic):  # sums are generic if w has no axes
                    raise TypeError(f"The {what} {name} must be a NumPy array, received {in_brief(array)}.")
            if grads[name].shape != value.shape:
                raise ValueError(
                    f"The gradient of {name} must have its shape, {list(value.shape)}, received "
                    f"{list(grads[name].shape)}."
                )
        rate, shrink = self.rate_at(progress), self._clip_factor(grads)
        self.steps += 1
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
        """Return the learning rate η at this progress.

        Raises:
            TypeError: if the rate, such as that of a schedule of your own, is not a number.
            ValueError: if it is negative or not finite, or `progress` does not lie from 0 to 1.
        """
        if not (isinstance(progress, int | float | np.number) and 0 <= progress <= 1):
            raise ValueError(f"{type(self).__name__}: progress must lie from 0 to 1, received {progress}.")
        rate = self.learning_rate
        if not isinstance(rate, Schedule):
            return number_between(type(self).__name__, "learning_rate", rate, 0)
        return number_between(type(rate).__name__, f"the rate at progress {progress:.4g}", rate(progress), 0)

    def save(self, path: str | Path) -> None:
        """Write the optimiser and its state to an `.npz` file, to go on with a training later.

        Save the model beside it. Another program loads both, and its `fit` goes on to the same bits as a
        second `fit` in this program would. Each `fit` is a training of its own: a schedule starts anew, and
        so do shuffling, augmentation and dropout. Give the second `fit` another `seed`, so that it does not
        draw the same random numbers again. To go on with a single training, use Checkpoint.

        Raises:
            TypeError: if a hyperparameter is not plain data, such as a number, a schedule or a function.
            ValueError: if the file could not be loaded again.
            OSError: if the file cannot be written; a file that was there stays as it was.

        Warns:
            UserWarning: if the optimiser or its schedule is not the library's; it says how to load the file.

        Example:
            >>> from tempfile import TemporaryDirectory
            >>> sgd = SGD(learning_rate=0.1, momentum=0.9)
            >>> w = sgd.update({"w": np.array([1.0])}, {"w": np.array([1.0])})
            >>> with TemporaryDirectory() as folder:
            ...     sgd.save(f"{folder}/optimiser.npz")
            ...     again = Optimiser.load(f"{folder}/optimiser.npz")
            >>> again.update(w, {"w": np.array([1.0])})["w"].round(2)
            array([0.71])
        """
        own, config = own_parts([self], KINDS), plain("", self)
        header = {"optimiser": config, "steps": self.steps}
        if own:
            made_again(config, KINDS, own)
            header |= {"custom": list(own)}
        arrays = {f"{slot}/{name}": kept for slot, held in self.state.items() for name, kept in held.items()}
        write_arrays(Path(path), "cnn optimiser", header, arrays)
        warn_to_keep("Optimiser", path, own)

    @of_class
    @classmethod
    def load(cls, path: str | Path, custom: Iterable[object] = ()) -> Optimiser:
        """Read an optimiser that `save` wrote.

        Args:
            path: the file.
            custom: the classes and functions in it that are not the library's, such as `[MySchedule]`.

        Raises:
            FileNotFoundError: if there is no such file.
            TypeError: if `custom` holds something else.
            ValueError: if it is not an optimiser, or a damaged one, or `custom` lacks something; or if it
                is not one of the class whose `load` is called.
        """
        header, arrays = read_arrays(Path(path), "cnn optimiser")
        own = given_objects("Optimiser", path, header, custom, KINDS)
        try:
            optimiser: Optimiser = from_config(header["optimiser"], "optimiser", KINDS, own)
            optimiser.steps = whole_number("Optimiser", "steps", header["steps"], minimum=0)
            optimiser._take_state(arrays)
        except Exception as error:  # a header from elsewhere may hold anything
            raise ValueError(f"{path} does not hold a whole optimiser: {reason(error)}") from error
        if not isinstance(optimiser, cls):
            raise ValueError(
                f"{path} holds an optimiser {type(optimiser).__name__}, expected {cls.__name__}: load it by "
                "Optimiser.load."
            )
        return optimiser

    def _take_state(self, arrays: dict[str, Array]) -> None:
        for flat_name, array in arrays.items():
            slot, _, name = flat_name.partition("/")
            self.state.setdefault(slot, {})[name] = array
        shapes = [{name: one.shape for name, one in held.items()} for held in self.state.values()]
        if self.state.keys() not in (set(), set(self.slots)) or any(one != shapes[0] for one in shapes):
            raise ValueError(f"{type(self).__name__} needs other arrays than {', '.join(arrays)}.")

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


@dataclass(eq=False)
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

    learning_rate: float | Schedule = 0.01
    _: KW_ONLY
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


OPTIMISERS: dict[str, type[Optimiser]] = {kind.__name__: kind for kind in (SGD, RMSProp, Adam, AdamW)}
"""Every optimiser under its name, for optimisers that are read from plain data."""

KINDS: Kinds = {"optimiser": OPTIMISERS, "schedule": SCHEDULES}
