import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.common.errors import PipelineError
from pipeline.common.images import Normalisation, load_normalisation, load_part


def test_bytes_are_normalised_to_mean_0_and_deviation_1() -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)

    normalised = Normalisation.measured_on("mnist", images).apply(images)

    assert normalised.dtype == np.float32
    assert normalised.shape == (50, 28, 28, 1)
    assert normalised.mean(dtype=np.float64) == pytest.approx(0, abs=1e-6)
    assert normalised.std(dtype=np.float64) == pytest.approx(1, abs=1e-6)


def test_the_constants_are_exact_where_the_sums_exceed_32_bits() -> None:
    images = np.full((100, 28, 28), 255, np.uint8)  # their squares add up to 5.1e9
    images[0, 0, 0] = 0
    n = images.size

    measured = Normalisation.measured_on("mnist", images)

    assert measured == Normalisation("mnist", 255 * (n - 1) / n, math.sqrt(255**2 * (n - 1) / n**2))


@pytest.mark.parametrize(
    ("load", "name"),
    [
        (lambda folder: load_part("validation", folder), "validation-images.npy"),
        (load_normalisation, "normalisation.json"),
    ],
)
def test_what_is_not_there_is_named_with_the_remedy(
    tmp_path: Path, load: Callable[[Path], object], name: str
) -> None:
    with pytest.raises(PipelineError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"There is no {tmp_path}{os.sep}{name}: run `dvc repro` first."
