"""Weight averaging: a model whose weights are the average of those that training passed through."""

from __future__ import annotations

import numpy as np

from cnn.checks import number_between
from cnn.training import Callback, Training
from cnn.types import Array


class WeightAverage(Callback):
    """Average parameters and state over the steps, recent ones more; validate and keep the average.

    After step t, with d the decay and w the array: average ← average + (1 − d) / (1 − dᵗ) · (w − average),
    which is the mean of the arrays of all steps so far, each weighted d times as much as the one after it.
    Training goes on with the arrays themselves. Validation, what callbacks see after an epoch, and the model
    in the end have the averages.

    Args:
        decay: d, in [0, 1); the average reaches back about 1 / (1 − d) steps.

    Raises:
        TypeError: if `decay` is not a number.
        ValueError: if it is out of range; at the start of training, if it has another WeightAverage.

    Example:
        >>> WeightAverage(0.999)
        WeightAverage(0.999)

    Source:
        Polyak, Juditsky: Acceleration of stochastic approximation by averaging, SIAM Journal on Control and
        Optimization 30, 1992; the decay: Tarvainen, Valpola: Mean teachers, NeurIPS 2017, arXiv:1703.01780.
    """

    def __init__(self, decay: float) -> None:
        self.decay = number_between("WeightAverage", "decay", decay, 0, 1)
        self._mass = 0.0  # 1 − dᵗ
        self._averages: dict[str, Array] = {}
        self._trained: dict[str, Array] = {}

    def __repr__(self) -> str:
        return f"WeightAverage({self.decay})"

    def on_fit_start(self, training: Training) -> None:
        """Start afresh."""
        if sum(isinstance(callback, WeightAverage) for callback in training.callbacks) > 1:
            raise ValueError("A training has room for one WeightAverage, received several: leave one.")
        self._mass, self._averages, self._trained = 0.0, {}, {}

    def on_epoch_start(self, training: Training) -> None:
        """Put the trained arrays back, where the averages took their place."""
        training.model.assign(self._trained)

    def on_step_end(self, training: Training) -> None:
        """Move the averages towards the arrays as they are now."""
        self._mass = self.decay * self._mass + (1 - self.decay)
        share = (1 - self.decay) / self._mass
        for name, array in (training.model.params | training.model.state).items():
            if name not in self._averages:
                self._averages[name] = array.copy()
            difference = array - self._averages[name]
            difference *= share
            self._averages[name] += difference

    def on_validation_start(self, training: Training) -> None:
        """Put copies of the averages into the model: whoever keeps them must not see them move."""
        self._trained = training.model.params | training.model.state
        training.model.assign({name: average.copy() for name, average in self._averages.items()})

    def arrays(self) -> dict[str, Array]:
        """Return the averages, the trained arrays, and the mass of all weights so far."""
        averages = {f"average {name}": average for name, average in self._averages.items()}
        trained = {f"trained {name}": array for name, array in self._trained.items()}
        return averages | trained | {"mass": np.array(self._mass)}

    def restore(self, arrays: dict[str, Array]) -> None:
        """Take them back."""
        self._mass = float(arrays["mass"])
        homes = {"average": self._averages, "trained": self._trained}
        for name, array in arrays.items():
            kind, _, flat_name = name.partition(" ")
            if kind in homes:
                homes[kind][flat_name] = array
