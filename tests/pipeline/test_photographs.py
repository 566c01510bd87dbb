"""Digits are found and read in photographs of each kind; what is no digit gets no answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import cnn
from pipeline.common import paths
from pipeline.common.images import ImageSet
from pipeline.common.model import load_model
from pipeline.common.params import load_predict
from pipeline.photograph import Digit, read_digits
from pipeline.reading import Reading, read
from tests.pipeline.photographs import KINDS, NOT_DIGITS, Scene
from tests.pipeline.pictures import Bytes, correlation, real_digits
from tests.pipeline.workspace import PROCESSED, ROOT

HARDER = {  # the shares of these that are read; of all others nine in ten
    "notebook on a table": 0.8,
    "squared paper": 0.75,
    "form's boxes": 0.7,
    "finger in the corner": 0.8,
    "crumpled paper": 0.85,
    "several in a row": 0.85,
    "sheet on a light table": 0.85,
}
MISTAKEN = {  # the shares of these that are taken for digits; of the others hardly any is
    "letter": 0.4,
    "printed letter": 0.4,
    "written word": 0.6,
    "punctuation": 0.4,
    "scribble": 0.25,
    "face": 0.25,
    "only ruling": 0.35,
    "two written over each other": 0.5,  # which may look like a third
}


def found_in(scene: Scene, digits: Bytes, seed: int, folder: Path) -> list[Digit]:
    """Draw one picture of the digits, and return what is found in it."""
    return read_digits(scene.save(list(digits), np.random.default_rng(seed), folder / "picture"))


def resembles(found: Digit, drawn: Bytes) -> bool:
    """Tell whether a digit is the one that was drawn, whatever the width of the pen."""
    blurred = (
        np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), np.uint8) for picture in (found.picture, drawn)
    )
    return correlation(*blurred) > 0.75


@pytest.mark.parametrize(
    "kind",
    [
        "alone on paper",
        "punch holes",
        "in a drawn box",
        "circled",
        "caption below",
        "several in a row",
        "in a shadow",
        "dark line along the edge",
        "sheet on a dark table",
        "tablet drawing with transparency",
    ],
)
def test_what_is_found_in_a_photograph_are_the_digits_that_were_drawn(kind: str, tmp_path: Path) -> None:
    scene, (images, _) = KINDS[kind], real_digits()
    digits = np.random.default_rng(0).permutation(images)[:4]
    right = 0
    for first in range(0, len(digits), scene.digits):
        drawn = digits[first : first + scene.digits]
        found = found_in(scene, drawn, first, tmp_path)
        right += len(found) == len(drawn) and sum(map(resembles, found, drawn))

    assert right >= len(digits) - 1


class Network(NamedTuple):
    """A trained network and digits that it has not been trained with."""

    model: cnn.Sequential
    image_set: ImageSet
    images: Bytes
    labels: NDArray[np.uint8]

    def readings(self, digits: Sequence[Digit]) -> list[Reading]:
        parameters = load_predict(ROOT / paths.PARAMETERS)
        return [read(digit, self.model, self.image_set, parameters) for digit in digits]


@pytest.fixture(scope="module")
def network() -> Network:
    """The network that the pipeline trained, and its test digits."""
    if not (ROOT / paths.MODEL).exists():
        pytest.skip("needs the trained network: make repro")
    images, labels = (np.load(ROOT / PROCESSED / f"test-{part}.npy") for part in ("images", "labels"))
    return Network(*load_model(ROOT / paths.MODEL), images, labels)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_digits_are_read_in_photographs_as_without(kind: str, tmp_path: Path, network: Network) -> None:
    """Of sixty digits, nearly all that the network reads directly are read, be it as unsure."""
    scene, order = KINDS[kind], np.random.default_rng(len(kind)).permutation(len(network.images))
    directly = read_alike = 0
    for first in range(0, 60, scene.digits):
        chosen = order[first : first + scene.digits]
        truth = network.labels[chosen]
        direct = network.model.predict(network.image_set.normalise(network.images[chosen])) == truth
        readings = network.readings(found_in(scene, network.images[chosen], first, tmp_path))
        directly += direct.sum()
        if len(readings) == len(truth):
            most_probable = np.array([int(reading.ranking[0]) for reading in readings])
            read_alike += (direct & (most_probable == truth)).sum()

    assert read_alike >= HARDER.get(kind, 0.9) * directly


@pytest.mark.slow
@pytest.mark.parametrize("kind", NOT_DIGITS)
def test_what_is_no_digit_gets_no_answer(kind: str, tmp_path: Path, network: Network) -> None:
    scene, rng = NOT_DIGITS[kind], np.random.default_rng(len(kind))
    of_class = [network.images[network.labels == digit] for digit in range(10)]
    answered = 0
    for seed in range(40):
        classes = rng.choice(10, scene.digits, replace=False)  # two digits over each other are not the same
        digits = np.array([rng.choice(of_class[digit]) for digit in classes])
        readings = network.readings(found_in(scene, digits, seed, tmp_path))
        answered += any(reading.answer for reading in readings)

    assert answered <= 40 * MISTAKEN.get(kind, 0.1)
