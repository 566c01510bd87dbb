"""Schedules: how the learning rate changes while training goes on.

A schedule is a function of progress, which runs from 0 at the first step to 1 at the end, so that it does
not depend on batch size or number of epochs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi

from cnn.checks import number_between


class Schedule(ABC):
    """The learning rate as a function of progress.

    Example:
        >>> ConstantRate(0.1)(progress=0.5)
        0.1
    """

    @abstractmethod
    def __call__(self, progress: float) -> float:
        """Return the learning rate at this progress, from 0 to 1."""


@dataclass
class ConstantRate(Schedule):
    """Keep the learning rate as it is.

    Args:
        rate: the learning rate.

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if `rate` is not positive.

    Example:
        >>> ConstantRate(0.1)(0.9)
        0.1
    """

    rate: float

    def __post_init__(self) -> None:
        self.rate = _rate(self, "rate", self.rate)

    def __call__(self, progress: float) -> float:
        """Return the rate."""
        return self.rate


@dataclass
class StepDecay(Schedule):
    """Multiply the learning rate by a factor at certain points: rate · factor^(points passed).

    Args:
        rate: the learning rate at the start.
        factor: what it is multiplied by, in (0, 1).
        points: when, as progress in [0, 1).

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

    rate: float
    factor: float = 0.1
    points: tuple[float, ...] = (0.5, 0.75)

    def __post_init__(self) -> None:
        self.rate = _rate(self, "rate", self.rate)
        self.factor = number_between("StepDecay", "factor", self.factor, 0, 1, open_low=True)
        if not isinstance(self.points, list | tuple):
            raise TypeError(f"StepDecay: points must be a list of numbers, received {self.points!r}.")
        self.points = tuple(number_between("StepDecay", "points", point, 0, 1) for point in self.points)

    def __call__(self, progress: float) -> float:
        """Return the rate after the points passed so far."""
        rate = self.rate
        for _ in filter(lambda point: progress >= point, self.points):
            rate = rate * self.factor
        return rate


@dataclass
class CosineDecay(Schedule):
    """Rise in a straight line, then fall along half a cosine.

    For progress p below w (the warm-up): rate · p / w. After it, with q = (p − w) / (1 − w):
    last + (rate − last) · (1 + cos(π q)) / 2.

    Args:
        rate: the highest learning rate.
        warm_up: w, the share of training that rises, in [0, 1).
        last: the learning rate at the end, in [0, rate).

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

    rate: float
    warm_up: float = 0.0
    last: float = 0.0

    def __post_init__(self) -> None:
        self.rate = _rate(self, "rate", self.rate)
        self.warm_up = number_between("CosineDecay", "warm_up", self.warm_up, 0, 1)
        self.last = number_between("CosineDecay", "last", self.last, 0, self.rate)

    def __call__(self, progress: float) -> float:
        """Return the rate on the way up or down."""
        if progress < self.warm_up:
            return self.rate * progress / self.warm_up
        return _half_cosine(self.rate, self.last, (progress - self.warm_up) / (1 - self.warm_up))


@dataclass
class OneCycle(Schedule):
    """Rise along half a cosine to the peak, then fall along another to nearly nothing.

    Args:
        peak: the highest learning rate.
        rise: the share of training that rises, in (0, 1).
        start_divisor: how far below the peak training starts.
        end_divisor: how far below the peak it ends.

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if a number is out of range.

    Example:
        >>> schedule = OneCycle(0.002, rise=0.3)
        >>> [round(schedule(progress), 6) for progress in (0.0, 0.3, 1.0)]
        [8e-05, 0.002, 0.0]

    Source:
        Smith, Topin: Super-convergence, arXiv:1708.07120.
    """

    peak: float
    rise: float = 0.3
    start_divisor: float = 25.0
    end_divisor: float = 10_000.0

    def __post_init__(self) -> None:
        self.peak = _rate(self, "peak", self.peak)
        self.rise = number_between("OneCycle", "rise", self.rise, 0, 1, open_low=True)
        self.start_divisor = number_between("OneCycle", "start_divisor", self.start_divisor, 1)
        self.end_divisor = number_between("OneCycle", "end_divisor", self.end_divisor, 1)

    def __call__(self, progress: float) -> float:
        """Return the rate on the way up or down."""
        if progress < self.rise:
            return _half_cosine(self.peak / self.start_divisor, self.peak, progress / self.rise)
        fall = (progress - self.rise) / (1 - self.rise)
        return _half_cosine(self.peak, self.peak / self.end_divisor, fall)


def _half_cosine(first: float, last: float, progress: float) -> float:
    return last + (first - last) * (1 + cos(pi * progress)) / 2


def _rate(schedule: Schedule, name: str, value: float) -> float:
    return number_between(type(schedule).__name__, name, value, 0, open_low=True)
