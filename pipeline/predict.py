"""Classify your own pictures: `python -m pipeline.predict IMAGE…`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.common.errors import PipelineError
from pipeline.common.model import load_model
from pipeline.common.params import load_parameters
from pipeline.common.running import run_stage
from pipeline.picture import read_picture

SHADES = " ░▒▓█"


def main() -> int:
    """Print the answers to the pictures that the command line names; return 1 if one cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.predict",
        description="Classify pictures with the network that dvc repro trained.",
    )
    parser.add_argument("image", nargs="+", type=Path, help="a picture of one digit: PNG, JPEG, …")
    parser.add_argument("--json", action="store_true", help="print JSON instead of bars")
    arguments = parser.parse_args()
    found: list[Prediction] = []
    console = Console()
    for result in predict(arguments.image):
        if isinstance(result, PipelineError):
            print(f"error: {result}", file=sys.stderr)
            continue
        found.append(result)
        if not arguments.json:
            show(result, console)
    if arguments.json:
        print(as_json(found))
    return 0 if len(found) == len(arguments.image) else 1


@dataclass(frozen=True)
class Prediction:
    """The network's answer to one picture.

    Attributes:
        file: the picture's path.
        dataset: what the network was trained on.
        seen: the picture as the network saw it, `[28, 28]`.
        probabilities: the probability of each class, by its name.
    """

    file: str
    dataset: str
    seen: NDArray[np.uint8]
    probabilities: Mapping[str, float]

    @property
    def answer(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


def predict(files: Sequence[Path]) -> Iterator[Prediction | PipelineError]:
    """Classify pictures with the trained model.

    Args:
        files: the pictures.

    Yields:
        For each picture the network's answer, or why the picture cannot be read.

    Raises:
        PipelineError: if there is no trained model.
    """
    dataset = load_parameters().data.dataset
    model, image_set = load_model()
    if image_set.dataset != dataset:
        print(
            f"note: the model was trained on {image_set.dataset}, a small sample of {dataset}.",
            file=sys.stderr,
        )
    if dataset != "mnist":
        print(f"note: pictures are prepared as pen strokes, but {dataset} has solid shapes.", file=sys.stderr)
    for file in files:
        try:
            seen = read_picture(file)
        except PipelineError as error:
            yield error
            continue
        [probabilities] = model.predict_proba(image_set.normalise(seen[None]))
        named = zip(image_set.class_names, map(float, probabilities), strict=True)
        yield Prediction(str(file), image_set.dataset, seen, dict(named))


def as_json(predictions: Sequence[Prediction]) -> str:
    """Return the predictions as a JSON list."""
    return json.dumps(
        [
            {"file": p.file, "dataset": p.dataset, "answer": p.answer, "probabilities": p.probabilities}
            for p in predictions
        ],
        indent=2,
        ensure_ascii=False,
    )


def show(prediction: Prediction, console: Console) -> None:
    """Draw what the network saw, and a bar for each class."""
    bars = Table.grid(padding=(0, 1))
    for name, probability in prediction.probabilities.items():
        style = "bold green" if name == prediction.answer else "none"
        bars.add_row(
            Text(name, style),
            Bar(1, 0, probability, width=12, color="green" if name == prediction.answer else "default"),
            Text(f"{probability:6.1%}", style),
        )
    sides = Table.grid(padding=(0, 2))
    sides.add_row(Text(as_text(prediction.seen)), bars)
    console.print(f"{prediction.file}: {prediction.answer}", style="bold", markup=False, highlight=False)
    console.print(sides)


def as_text(picture: NDArray[np.uint8]) -> str:
    """Return a grey picture as characters, two rows of pixels in each line.

    Example:
        >>> as_text(np.array([[0, 128, 255], [0, 128, 255]], np.uint8))
        ' ▒█'
    """
    h, w = picture.shape
    levels = picture.reshape(h // 2, 2, w).mean(axis=1) * (len(SHADES) - 1) / 255
    return "\n".join("".join(SHADES[level] for level in row) for row in np.rint(levels).astype(int))


if __name__ == "__main__":
    run_stage(main)
