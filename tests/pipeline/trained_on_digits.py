"""A folder with a small trained model and pictures, for the programs that use a trained model."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

import cnn
from pipeline.common import paths
from pipeline.common.datasets import DIGITS
from pipeline.common.files import write_json
from pipeline.common.images import IMAGE_SET, ImageSet
from pipeline.common.model import save_model
from tests.pipeline.pictures import real_digits
from tests.pipeline.workspace import PROCESSED, ROOT


def trained_on_digits(folder: Path) -> Path:
    """Leave a folder as `dvc repro` does, with a small model of the sample's digits; add three pictures."""
    digits, classes = real_digits()
    images, labels = digits[::10], classes[::10]
    image_set = ImageSet.measured_on("mnist-sample", DIGITS, images)
    model = cnn.Sequential(
        [cnn.Conv2D(8, 5, stride=2), cnn.BatchNorm(), cnn.ReLU(), cnn.Flatten(), cnn.Dense(10)]
    )
    model.build((28, 28, 1), np.random.default_rng(0))
    model.fit(image_set.normalise(images), labels, epochs=10, optimiser=cnn.Adam(learning_rate=0.003))
    save_model(model, image_set, folder / paths.MODEL)
    write_json(folder / PROCESSED / IMAGE_SET, asdict(image_set))
    np.save(folder / PROCESSED / "test-images.npy", digits[1::10])
    np.save(folder / PROCESSED / "test-labels.npy", classes[1::10].astype(np.uint8))
    (folder / paths.PARAMETERS).write_bytes((ROOT / paths.PARAMETERS).read_bytes())
    for digit in range(3):
        picture = 255 - images[np.flatnonzero(labels == digit)[0]]
        Image.fromarray(picture).resize((200, 200)).save(folder / f"{digit}.png")
    return folder
