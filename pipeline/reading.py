"""What the network reads in a digit of a photograph, and whether that is sure enough to be an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

import cnn
from pipeline.common.images import Normalisation
from pipeline.common.params import Predict
from pipeline.photograph import Digit


@dataclass(frozen=True)
class Reading:
    """What the network reads in one digit.

    Attributes:
        seen: the digit as the network saw it, `[28, 28]`.
        probabilities: the probability of each class, by its name, averaged over slightly changed copies.
        doubt: why this is no answer; empty if it is one.
    """

    seen: NDArray[np.uint8]
    probabilities: Mapping[str, float]
    doubt: str

    @property
    def ranking(self) -> list[str]:
        """The classes, the most probable one first."""
        return sorted(self.probabilities, key=self.probabilities.__getitem__, reverse=True)

    @property
    def answer(self) -> str | None:
        """The most probable class, or None if it is unsure."""
        return None if self.doubt else self.ranking[0]


def read(
    digit: Digit,
    model: cnn.Sequential,
    normalisation: Normalisation,
    classes: Sequence[str],
    parameters: Predict,
) -> Reading:
    """Read one digit, and several copies of it that are changed a little.

    What is truly a digit stays the same digit when it is moved, turned or drawn with another pen; of what only
    resembles one, or two, the network changes its mind.

    Args:
        digit: a digit found in a photograph.
        model: the trained network.
        normalisation: how bytes become the numbers that the network sees.
        classes: the names of the classes.
        parameters: how the copies are changed, and how probable an answer must be.

    Returns:
        The averaged probabilities, and why they are no answer.
    """
    copies = changed_copies(digit.picture, parameters)
    probabilities = model.predict_proba(normalisation.apply(copies)).mean(axis=0)
    doubt = digit.doubt
    if not doubt and probabilities.max() < parameters.least_probability:
        doubt = "two readings compete" if np.sort(probabilities)[-2] > 0.1 else "it resembles no digit well"
    named = zip(classes, map(float, probabilities), strict=True)
    return Reading(digit.picture, dict(named), doubt)


def changed_copies(picture: NDArray[np.uint8], parameters: Predict) -> NDArray[np.uint8]:
    """Return a digit `[28, 28]` and copies of it that are turned, scaled, shifted, thicker and thinner, `[n, 28, 28]`."""
    turn, scale, shift = parameters.turn, parameters.scale, parameters.shift
    moves = [(0.0, 1.0, 0.0, 0.0), (turn, 1, 0, 0), (-turn, 1, 0, 0), (0, 1 + scale, 0, 0), (0, 1 - scale, 0, 0)]
    moves += [(0, 1, dx, dy) for dx, dy in ((shift, 0), (-shift, 0), (0, shift), (0, -shift))]
    copies = []
    for angle, size, dx, dy in moves:
        matrix = cv2.getRotationMatrix2D((13.5, 13.5), angle, size)
        matrix[:, 2] += dx, dy
        copies.append(cv2.warpAffine(picture, matrix, picture.shape))
    pen = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for changed in (cv2.dilate(picture, pen), cv2.erode(picture, pen)):
        copies.append(cv2.addWeighted(picture, 1 - parameters.pen, changed, parameters.pen, 0))
    return np.array(copies)
