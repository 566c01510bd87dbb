"""What a network reads in a picture, or in one of its digits, and whether that is sure enough to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import cnn
from pipeline.common.images import ImageSet
from pipeline.common.params import Predict
from pipeline.folder import read_picture
from pipeline.photograph import Digit


@dataclass(frozen=True)
class Reading:
    """What the network reads in one digit, or in a whole picture.

    Attributes:
        seen: what the network saw, `[h, w]` or `[h, w, 3]`.
        probabilities: the probability of each class, by its name.
        doubt: why this is no answer; empty if it is one.
        line: the number of the line in which it is written, from 0.
    """

    seen: NDArray[np.uint8]
    probabilities: Mapping[str, float]
    doubt: str
    line: int = 0

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
    image_set: ImageSet,
    parameters: Predict,
) -> Reading:
    """Read one digit, and several copies of it that are changed a little.

    What is truly a digit stays the same digit when it is moved, turned or drawn with another pen; of what
    only resembles one, or two, the network changes its mind.

    Args:
        digit: a digit found in a photograph.
        model: the trained network.
        image_set: what it was trained on.
        parameters: how the copies are changed, and how probable an answer must be.

    Returns:
        The averaged probabilities, and why they are no answer.
    """
    copies = changed_copies(digit.picture, parameters)
    probabilities = model.predict_proba(image_set.normalise(copies)).mean(axis=0)
    doubt = _doubt_about_shape(digit, parameters)
    if not doubt and probabilities.max() < parameters.least_probability:
        doubt = "the network wavers"
    named = zip(image_set.class_names, map(float, probabilities), strict=True)
    return Reading(digit.picture, dict(named), doubt, digit.line)


def read_whole(path: Path, model: cnn.Sequential, image_set: ImageSet) -> Reading:
    """Read a whole picture, brought into the form of the images that the network was trained on.

    Args:
        path: the picture, of any size and colours.
        model: the trained network.
        image_set: what it was trained on.

    Raises:
        PipelineError: if there is no such file, or it cannot be read as a picture.
    """
    size, _, channels = model.built_for()
    seen = read_picture(path, size, channels)
    [probabilities] = model.predict_proba(image_set.normalise(seen[None]))
    return Reading(seen, dict(zip(image_set.class_names, map(float, probabilities), strict=True)), doubt="")


def _doubt_about_shape(digit: Digit, parameters: Predict) -> str:
    """Say why a shape may be no digit; nothing if nothing speaks against it."""
    if digit.cut_off:
        return "it is cut off by the edge of the picture"
    if digit.width > parameters.widest:
        return "it is wider than a digit"
    if digit.filled > parameters.fullest and digit.width > parameters.narrow:  # a 1 fills its box
        return "it is a filled area, not strokes"
    if digit.parts > parameters.most_parts:
        return "it has more parts than a digit"
    return ""


def changed_copies(picture: NDArray[np.uint8], parameters: Predict) -> NDArray[np.uint8]:
    """Return a digit `[28, 28]` and changed copies of it, `[n, 28, 28]`."""
    turn, scale, shift = parameters.turn, parameters.scale, parameters.shift
    moves = [
        (0.0, 1.0, 0.0, 0.0),
        (turn, 1, 0, 0),
        (-turn, 1, 0, 0),
        (0, 1 + scale, 0, 0),
        (0, 1 - scale, 0, 0),
    ]
    moves += [(0, 1, dx, dy) for dx, dy in ((shift, 0), (-shift, 0), (0, shift), (0, -shift))]
    copies = []
    for angle, size, dx, dy in moves:
        matrix = cv2.getRotationMatrix2D((13.5, 13.5), angle, size)
        matrix[:, 2] += np.array([dx, dy])
        copies.append(cv2.warpAffine(picture, matrix, picture.shape))
    pen = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for other in (cv2.dilate(picture, pen), cv2.erode(picture, pen)):
        blend = cv2.addWeighted(picture, 1 - parameters.pen, other, parameters.pen, 0)
        copies.append(blend)
    return np.array(copies, np.uint8)
