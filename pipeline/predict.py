"""Classify your own pictures, or read the digits in them: `python -m pipeline.predict IMAGE…`."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.common import paths
from pipeline.common.datasets import MNIST, MNIST_SAMPLE
from pipeline.common.errors import PipelineError
from pipeline.common.model import load_model
from pipeline.common.params import load_predict
from pipeline.common.running import run_stage
from pipeline.photograph import read_digits
from pipeline.reading import Reading, read, read_whole

SHADES = " ░▒▓█"
NOTHING = "nothing found that looks like a digit"


def main() -> int:
    """Print the answers to the pictures that the command line names; return 1 if one cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.predict",
        description="Read the digits in pictures, or classify pictures, by a trained network.",
    )
    parser.add_argument("image", nargs="+", type=Path, help="a picture: PNG, JPEG, …")
    parser.add_argument(
        "--model", type=Path, default=paths.MODEL, metavar="FILE", help="the network; default: %(default)s"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of bars")
    parser.add_argument(
        "--save-seen", type=Path, metavar="FOLDER", help="write each picture as the network saw it, as a PNG"
    )
    arguments = parser.parse_args()
    if arguments.save_seen is not None and arguments.save_seen.is_file():
        raise PipelineError(f"{arguments.save_seen} is a file, expected a folder after --save-seen.")
    found: list[Prediction] = []
    console = Console()
    for result in predict(arguments.image, arguments.model):
        if isinstance(result, PipelineError):
            print(f"error: {result}", file=sys.stderr)
            continue
        found.append(result)
        if not arguments.json:
            show(result, console)
    if arguments.json:
        print(as_json(found))
    if arguments.save_seen is not None:
        save_seen(found, arguments.save_seen)
    return 0 if len(found) == len(arguments.image) else 1


@dataclass(frozen=True)
class Prediction:
    """The network's answer to one picture.

    Attributes:
        file: the picture's path.
        dataset: what the network was trained on.
        readings: what it reads in each digit, line by line, from left to right; or in the whole picture.
    """

    file: str
    dataset: str
    readings: Sequence[Reading]

    @property
    def answer(self) -> str | None:
        """The digits as one number a line, such as "17 4", "?" where it is unsure; None if there are none."""
        lines = groupby(self.readings, key=lambda reading: reading.line)
        return " ".join("".join(reading.answer or "?" for reading in line) for _, line in lines) or None


def predict(files: Sequence[Path], path: Path = paths.MODEL) -> Iterator[Prediction | PipelineError]:
    """Classify pictures with a trained model; one of MNIST's digits reads all digits that a picture shows.

    Args:
        files: the pictures.
        path: the model's file, which says what its classes are.

    Yields:
        For each picture the network's answer, or why the picture cannot be read.

    Raises:
        PipelineError: if there is no trained model.
    """
    model, image_set = load_model(path)
    if image_set.dataset == MNIST_SAMPLE.name:
        print(
            f"note: the model was trained on {image_set.dataset}, a small sample of {MNIST.name}.",
            file=sys.stderr,
        )
    parameters = load_predict() if image_set.handwritten else None
    for file in files:
        try:
            if parameters is None:
                readings = [read_whole(file, model, image_set)]
            else:
                readings = [read(digit, model, image_set, parameters) for digit in read_digits(file)]
        except PipelineError as error:
            yield error
        else:
            yield Prediction(str(file), image_set.dataset, readings)


def as_json(predictions: Sequence[Prediction]) -> str:
    r"""Return the predictions as a JSON list.

    Bytes of a file's name that are no UTF-8 are escaped, as in `\udcff`: read from the JSON again and given
    to `os.fsencode`, they are the same bytes.
    """
    listed = [
        {
            "file": prediction.file,
            "dataset": prediction.dataset,
            "answer": prediction.answer,
            "readings": [
                {"answer": r.answer, "doubt": r.doubt or None, "probabilities": r.probabilities}
                for r in prediction.readings
            ],
        }
        for prediction in predictions
    ]
    text = json.dumps(listed, indent=2, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def save_seen(predictions: Sequence[Prediction], folder: Path) -> None:
    """Write each picture as the network saw it: `photo-1.png`, `photo-2.png`, … for `photo.jpg`."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers: Counter[str] = Counter()  # pictures of the same name in different folders are numbered on
    for prediction in predictions:
        stem = Path(prediction.file).stem
        for reading in prediction.readings:
            numbers[stem] += 1
            Image.fromarray(reading.seen).save(folder / f"{stem}-{numbers[stem]}.png")


def show(prediction: Prediction, console: Console) -> None:
    """Draw what the network saw, each digit of several, beside a bar for each class."""
    readings = prediction.readings
    said = prediction.answer or NOTHING
    if len(readings) == 1 and readings[0].doubt:
        said = _unsure(readings[0])
    file = prediction.file.encode(errors="replace").decode()  # bytes that are no text become question marks
    console.print(f"{file}: {said}", style="bold", markup=False, highlight=False)
    for number, reading in enumerate(readings, start=1):
        if len(readings) > 1:
            heading = f"digit {number} of {len(readings)}: {reading.answer or _unsure(reading)}"
            console.print(heading, markup=False, highlight=False)
        sides = Table.grid(padding=(0, 2))
        sides.add_row(Text(as_text(reading.seen)), _bars(reading))
        console.print(sides)


def _unsure(reading: Reading) -> str:
    first, second, *_ = reading.ranking
    return f"unsure, perhaps {first} or {second} ({reading.doubt})"


def _bars(reading: Reading) -> Table:
    bars = Table.grid(padding=(0, 1))
    for name, probability in reading.probabilities.items():
        chosen = name == reading.answer
        bars.add_row(
            Text(name, "bold green" if chosen else "none"),
            Bar(1, 0, probability, width=12, color="green" if chosen else "default"),
            Text(f"{probability:6.1%}", "bold green" if chosen else "none"),
        )
    return bars


def as_text(picture: NDArray[np.uint8]) -> str:
    """Return a picture, `[h, w]` or `[h, w, 3]`, as 14 lines of 28 characters.

    Example:
        >>> as_text(np.full((28, 28), 128, np.uint8)).splitlines()[0]
        '▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒'
    """
    small = Image.fromarray(picture).convert("L").resize((28, 14), Image.Resampling.BOX)
    levels = np.asarray(small) * ((len(SHADES) - 1) / 255)
    return "\n".join("".join(SHADES[level] for level in row) for row in np.rint(levels).astype(int))


if __name__ == "__main__":
    run_stage(main)
