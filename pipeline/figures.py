"""The figures stage: what the training and the trained model look like, for the site and the README."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

import cnn
from cnn.callbacks import best_epoch
from pipeline import paths
from pipeline.datasets import DATASETS
from pipeline.drawings.feature_maps import WIDE, draw_feature_maps, in_short, steps_through
from pipeline.drawings.results import HardImage, draw_confusion, draw_filters, draw_hardest, draw_training
from pipeline.drawings.sheet import plain_style
from pipeline.drawings.themes import DARK, LIGHT
from pipeline.errors import PipelineError
from pipeline.gallery import Drawing, gallery
from pipeline.images import Bytes, load_normalisation, load_part
from pipeline.kernels import check_kernels
from pipeline.models import load_model
from pipeline.params import Parameters, load_parameters
from pipeline.stage import log_circumstances, new_folder, run_stage, write_bytes
from pipeline.subject import Subject
from pipeline.widgets.curves import curves
from pipeline.widgets.network import Trained, export_digits, export_network
from pipeline.widgets.traces import traces

CURVES = {  # the entries of a training's record, and where DVCLive writes them
    "loss": "train/loss",
    "accuracy": "train/accuracy",
    "learning_rate": "train/learning_rate",
    "validation_loss": "validation/loss",
    "validation_accuracy": "validation/accuracy",
}


def figures(parameters: Parameters, processed: Path) -> tuple[dict[str, bytes], bytes]:
    """Draw all figures.

    Args:
        parameters: the parameters.
        processed: the folder with the images.

    Returns:
        The site's files by their names, and the README's PNG.

    Raises:
        PipelineError: if there is no such test image, or an earlier stage has not been run.
    """
    normalisation = load_normalisation(processed)
    images, labels = test = load_part("test", processed)
    evaluation = json.loads(_text(paths.EVALUATION))
    dataset = DATASETS[normalisation.dataset]
    class_names = dataset.class_names
    trained = f"{dataset.title}, recipe {evaluation['recipe']}"
    model = load_model()
    digit = parameters.figures.digit
    if digit >= len(images):
        raise PipelineError(
            f"figures.digit is {digit}, but there are {len(images):,} test images: "
            f"choose one from 0 to {len(images) - 1}."
        )
    steps = steps_through(model, normalisation.apply(images[digit : digit + 1])[0])
    on_its_way = partial(
        draw_feature_maps,
        title=f"Test image {digit} on its way",
        subtitle=f"{trained}: {evaluation['accuracy']:.2%} of {evaluation['images']:,} test images right",
        class_names=class_names,
        actual=class_names[labels[digit]],
    )
    drawings: dict[str, Drawing] = {
        "training": _training(trained, parameters.chosen.train.monitor),
        "confusion": _confusion(dataset.title, class_names),
        "filters": _filters(trained, model),
        "feature-maps": partial(on_its_way, steps=steps),
        "hardest": _hardest(dataset.title, images),
    }
    with plain_style(LIGHT):
        for_readme = on_its_way(LIGHT, steps=in_short(steps), layout=WIDE).png()
    whole = Trained(model, dataset, normalisation, evaluation["recipe"])
    hardest = [int(row["image"]) for row in _rows(paths.HARDEST)]
    network = export_network(whole) | export_digits(whole, test, digit, hardest)
    exported = {f"network/{name}": content for name, content in network.items()}
    subject = Subject(dataset.title, trained, model, normalisation, images, labels, class_names, digit)
    shown, facts = gallery(parameters, subject, processed)
    exported |= {f"facts/{name}.md": f"{fact}\n".encode() for name, fact in facts.items()}
    for name, curve in curves(parameters.figures.valley).items():
        exported[f"curves/{name}.json"] = json.dumps(curve).encode()
    exported |= traces()
    return _in_both_themes(drawings | shown) | exported, for_readme


def write(files: Mapping[str, bytes], for_readme: bytes) -> None:
    """Write the figures, in place of all that were there."""
    with new_folder(paths.FIGURES) as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    write_bytes(paths.README_FIGURE, for_readme)


def _in_both_themes(drawings: Mapping[str, Drawing]) -> dict[str, bytes]:
    files = {}
    for theme in (LIGHT, DARK):
        with plain_style(theme):
            for name, draw in drawings.items():
                files[f"{name}-{theme.name}.svg"] = draw(theme).svg()
    return files


def _training(trained: str, monitor: str) -> Drawing:
    curves = {name: _rows(paths.TRAINING_LOG / f"plots/metrics/{file}.tsv") for name, file in CURVES.items()}
    history = [
        {"epoch": float(row["step"])}
        | {name: float(curves[name][place][Path(CURVES[name]).name]) for name in CURVES}
        for place, row in enumerate(curves["loss"])
    ]
    kept = best_epoch(history, monitor)
    return partial(
        draw_training,
        subtitle=f"{trained}: the weights of epoch {kept} of {len(history)} were kept",
        history=history,
        kept=kept,
    )


def _confusion(dataset: str, class_names: Sequence[str]) -> Drawing:
    rows = _rows(paths.PREDICTIONS)
    actual, predicted = (
        np.array([class_names.index(row[column]) for row in rows]) for column in ("actual", "predicted")
    )
    mistakes = int((actual != predicted).sum())
    return partial(
        draw_confusion,
        subtitle=f"{dataset}: {mistakes:,} of {len(rows):,} test images taken for another class",
        counts=cnn.confusion_matrix(actual, predicted, len(class_names)),
        class_names=class_names,
    )


def _filters(trained: str, model: cnn.Sequential) -> Drawing:
    first = next((layer for layer in model.layers if isinstance(layer, cnn.Conv2D)), None)
    if first is None:
        return partial(draw_filters, subtitle=f"{trained}: this recipe has no convolution", weight=None)
    weight = first.params["weight"]
    h_f, w_f, _, n_f = weight.shape
    return partial(draw_filters, subtitle=f"{trained}: {n_f} filters of {h_f}×{w_f}", weight=weight)


def _hardest(dataset: str, images: Bytes) -> Drawing:
    hardest = [
        HardImage(
            number=int(row["image"]),
            pixels=images[int(row["image"])],
            actual=row["actual"],
            predicted=row["predicted"],
            probability=float(row["probability_of_predicted"]),
        )
        for row in _rows(paths.HARDEST)
    ]
    return partial(
        draw_hardest,
        subtitle=f"{dataset}: the true class was held least likely",
        images=hardest,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {path}: run `dvc repro` first.") from error


def _rows(path: Path) -> list[dict[str, str]]:
    """Return a table's rows by the names of its columns."""
    delimiter = "\t" if path.suffix == ".tsv" else ","
    return list(csv.DictReader(_text(path).splitlines(), delimiter=delimiter))


def main() -> None:
    """Run the stage."""
    parameters = load_parameters()
    kernels = check_kernels(parameters.runtime.kernels)
    write(*figures(parameters, paths.PROCESSED / parameters.data.dataset))
    log_circumstances("figures", kernels=kernels)


if __name__ == "__main__":
    run_stage(main, stage="figures")
