"""Schedules: how the learning rate changes during training.

A schedule is a function of progress, which is 0 at the first step and 1 at the end. So it depends neither on
the batch size nor on the number of epochs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi
from typing import ClassVar

from cnn.checks import number_between
from cnn.config import Configured


class Schedule(Configured, ABC):
    """The learning rate as a function of progress."""

    family: ClassVar[str] = "schedule"

    @abstractmethod
    def __call__(self, progress: float) -> float:
        """Return the learning rate at this progress, from 0 to 1."""


@dataclass
class ConstantRate(Schedule):
    """Keep the learning rate as it is.

    Args:
        rate: the learning rate.

    Raises:
        TypeError: if `rate` is not a number.
        ValueError: if it is not positive.
    """

    rate: float

    def __post_init__(self) -> None:
        self.rate = _positive(self, "rate", self.rate)

    def __call__(self, progress: float) -> float:
        """Return the rate."""
        return self.rate


@dataclass
class StepDecay(Schedule):
    """Multiply the learning rate by a factor at certain points: peak · factor^(number of points passed).

    Args:
        peak: the highest learning rate, at the start.
        factor: in (0, 1).
        points: values of progress in [0, 1).

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if a number is out of range.

    Example:
        >>> schedule = StepDecay(1.0, factor=0.1, points=(0.5, 0.75))
        >>> [round(schedule(progress), 6) for progress in (0.0, 0.5, 0.8)]
        [1.0, 0.1, 0.01]

    Source:
        He, Zhang, Ren, Sun: Deep residual learning, CVPR 2016, section 3.4.
    """

    peak: float
    factor: float = 0.1
    points: tuple[float, ...] = (0.5, 0.75)

    def __post_init__(self) -> None:
        self.peak = _positive(self, "peak", self.peak)
        self.factor = number_between("StepDecay", "factor", self.factor, 0, 1, open_low=True)
        if not isinstance(self.points, list | tuple):
            raise TypeError(f"StepDecay: points must be a list of numbers, received {self.points!r}.")
        self.points = tuple(number_between("StepDecay", "points", point, 0, 1) for point in self.points)

    def __call__(self, progress: float) -> float:
        """Return the rate after the points passed so far."""
        rate = self.peak
        for _ in filter(lambda point: progress >= point, self.points):
            rate = rate * self.factor
        return rate


@dataclass
class CosineDecay(Schedule):
    """Rise in a straight line to the peak, then fall along half a cosine.

    For progress p below w (the warm-up): peak · p / w. After it, with q = (p − w) / (1 − w):
    end + (peak − end) · (1 + cos(π q)) / 2.

    Args:
        peak: the highest learning rate.
        warm_up: w, the share of training in which the rate rises, in [0, 1).
        end: the learning rate at the end, in [0, peak).

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if a number is out of range.

    Example:
        >>> schedule = CosineDecay(1.0, warm_up=0.2)
        >>> [round(schedule(progress), 3) for progress in (0.1, 0.2, 0.6, 1.0)]
        [0.5, 1.0, 0.5, 0.0]

    Source:
        Loshchilov, Hutter: SGDR, ICLR 2017, arXiv:1608.03983; warm-up: Goyal and others, arXiv:1706.02677.
    """

    peak: float
    warm_up: float = 0.0
    end: float = 0.0

    def __post_init__(self) -> None:
        self.peak = _positive(self, "peak", self.peak)
        self.warm_up = number_between("CosineDecay", "warm_up", self.warm_up, 0, 1)
        self.end = number_between("CosineDecay", "end", self.end, 0, self.peak)

    def __call__(self, progress: float) -> float:
        """Return the rate on the way up or down."""
        if progress < self.warm_up:
            return self.peak * progress / self.warm_up
        return _half_cosine(self.peak, self.end, (progress - self.warm_up) / (1 - self.warm_up))


@dataclass
class OneCycle(Schedule):
    """Rise along half a cosine to the peak, then fall along another to nearly nothing.

    Args:
        peak: the highest learning rate.
        warm_up: the share of training in which the rate rises, in (0, 1).
        start: the learning rate at the start, in [0, peak); None is peak / 25.
        end: the learning rate at the end, in [0, peak); None is peak / 10,000.

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if a number is out of range.

    Example:
        >>> schedule = OneCycle(1.0, warm_up=0.3)
        >>> [round(schedule(progress), 4) for progress in (0.0, 0.3, 1.0)]
        [0.04, 1.0, 0.0001]

    Source:
        Smith, Topin: Super-convergence, arXiv:1708.07120.
    """

    peak: float
    warm_up: float = 0.3
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        self.peak = _positive(self, "peak", self.peak)
        self.warm_up = number_between("OneCycle", "warm_up", self.warm_up, 0, 1, open_low=True)
        for name in ("start", "end"):
            if getattr(self, name) is not None:
                setattr(self, name, number_between("OneCycle", name, getattr(self, name), 0, self.peak))

    def __call__(self, progress: float) -> float:
        """Return the rate on the way up or down."""
        if progress < self.warm_up:
            start = self.peak / 25 if self.start is None else self.start
            return _half_cosine(start, self.peak, progress / self.warm_up)
        end = self.peak / 10_000 if self.end is None else self.end
        return _half_cosine(self.peak, end, (progress - self.warm_up) / (1 - self.warm_up))


def _half_cosine(first: float, last: float, progress: float) -> float:
    return last + (first - last) * (1 + cos(pi * progress)) / 2


def _positive(schedule: Schedule, name: str, value: float) -> float:
    return number_between(type(schedule).__name__, name, value, 0, open_low=True)


SCHEDULES: dict[str, type[Schedule]] = {
    kind.__name__: kind for kind in (ConstantRate, StepDecay, CosineDecay, OneCycle)
}
"""Every schedule under its name, for schedules that are read from plain data."""
