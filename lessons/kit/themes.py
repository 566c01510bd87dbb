"""The colours of both themes, and the scale that each role's colour makes: one meaning per colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn.types import Array


@dataclass(frozen=True)
class Theme:
    """The colours on one kind of page; all text and every role contrasts with the page at least 4.5 : 1.

    Attributes:
        name: what files drawn in it are called by.
        page: what the figure lies on.
        ink: text and lines.
        quiet: text and lines of less weight.
        zero: zero in a picture; the other end of each role's scale, and grid lines.
        negative: below zero in a picture, whatever the role: "in the red".
        activation: the role of inputs and activations.
        parameter: the role of weights and biases.
        output: the role of logits, probabilities and answers.
        gradient: the role of gradients.
    """

    name: str
    page: str
    ink: str
    quiet: str
    zero: str
    negative: str
    activation: str
    parameter: str
    output: str
    gradient: str


# Chosen so that the roles and what is negative stay apart under protanopia, deuteranopia and tritanopia too.
LIGHT = Theme(
    name="light",
    page="#ffffff",
    ink="#1b1f24",
    quiet="#57606a",
    zero="#f0f2f5",
    negative="#f25545",
    activation="#0b62d6",
    parameter="#7d6000",
    output="#00634c",
    gradient="#86107f",
)
DARK = Theme(
    name="dark",
    page="#1e2129",
    ink="#e6e8ec",
    quiet="#a9b1bd",
    zero="#282c36",
    negative="#ff5a48",
    activation="#8ccbff",
    parameter="#ffd95a",
    output="#3be0a8",
    gradient="#e07bff",
)


LEAST = 0.2
"""The strength of the smallest number that is not 0, where single numbers stand in coloured cells."""


def shade(values: Array, colour: str, theme: Theme) -> NDArray[np.uint8]:
    """Return colours for numbers from −1 (the theme's negative) through 0 to 1 (the colour).

    Args:
        values: the numbers, of any shape; NaN becomes transparent.
        colour: that of 1.
        theme: where the colours of 0 and −1 come from.

    Returns:
        Red, green, blue and opacity on a new last axis.

    Example:
        >>> shade(np.array([-1.0, 0.0, 1.0, np.nan]), LIGHT.activation, LIGHT).tolist()
        [[242, 85, 69, 255], [240, 242, 245, 255], [11, 98, 214, 255], [240, 242, 245, 0]]
    """
    low, zero, high = (np.array([*_parts(name)]) for name in (theme.negative, theme.zero, colour))
    strength = np.nan_to_num(values)[..., None].astype(np.float64)
    colours = zero + np.abs(strength) * (np.where(strength < 0, low, high) - zero)
    opacity = np.where(np.isnan(values), 0, 255)[..., None]
    return np.concatenate((np.rint(colours), opacity), axis=-1).astype(np.uint8)


def told_from_zero(shares: Array) -> Array:
    """Return numbers from −1 to 1 with all but 0 moved away from it, so that an eye tells a small one from 0.

    Example:
        >>> told_from_zero(np.array([-1.0, 0.0, 0.75])).tolist()
        [-1.0, 0.0, 0.8]
    """
    return np.sign(shares) * (LEAST + (1 - LEAST) * np.abs(shares))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21.

    Example:
        >>> contrast("#000000", "#ffffff")
        21.0

    Source:
        W3C: Web content accessibility guidelines 2.2, success criterion 1.4.3.
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(colour: NDArray[np.uint8]) -> str:
    """Return black or white, whichever reads better on this red, green and blue: 4.5 : 1 at least."""
    background = "#" + bytes(colour[:3]).hex()
    return max("#000000", "#ffffff", key=lambda text: contrast(text, background))


def _luminance(colour: str) -> float:
    shares = (part / 255 for part in _parts(colour))
    linear = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _parts(colour: str) -> bytes:
    """Return red, green and blue of a colour written as `#rrggbb`."""
    return bytes.fromhex(colour.removeprefix("#"))
