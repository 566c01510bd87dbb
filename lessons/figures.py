"""The figures stage: what the training and the trained model look like, for the site and the README."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

import cnn
from cnn.callbacks import best_epoch
from lessons.drawings.feature_maps import WIDE, draw_feature_maps, in_short, steps_through
from lessons.drawings.results import HardImage, draw_confusion, draw_filters, draw_hardest, draw_training
from lessons.gallery import Drawing, gallery
from lessons.kit import results
from lessons.kit.sheet import plain_style
from lessons.kit.subject import Subject
from lessons.kit.themes import DARK, LIGHT
from lessons.params import AllParameters, load_all_parameters
from lessons.widgets.curves import curves
from lessons.widgets.network import export_digits, export_network
from lessons.widgets.traces import traces
from pipeline.common import paths
from pipeline.common.datasets import DATASETS, Dataset
from pipeline.common.errors import PipelineError
from pipeline.common.files import new_folder, write_bytes
from pipeline.common.images import Bytes, load_normalisation, load_part
from pipeline.common.kernels import check_kernels
from pipeline.common.machine import log_circumstances
from pipeline.common.recipes import load_model
from pipeline.common.running import run_stage


def figures(parameters: AllParameters, processed: Path) -> tuple[dict[str, bytes], bytes]:
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
    images, labels = load_part("test", processed)
    digit = parameters.figures.digit
    if digit >= len(images):
        raise PipelineError(
            f"figures.digit is {digit}, but there are {len(images):,} test images: "
            f"choose one from 0 to {len(images) - 1}."
        )
    evaluation, dataset = results.evaluation(), DATASETS[normalisation.dataset]
    recipe = evaluation["recipe"]
    subject = Subject(load_model(), dataset, normalisation, recipe, images, labels, digit)
    steps = steps_through(subject.model, subject.x[0])
    on_its_way = partial(
        draw_feature_maps,
        title=f"Test image {digit} on its way",
        subtitle=f"{subject.training}: {evaluation['accuracy']:.2%} of {len(images):,} test images right",
        class_names=dataset.class_names,
        actual=subject.actual,
    )
    drawings: dict[str, Drawing] = {
        "training": _training(subject.training, parameters.chosen.train.monitor),
        "confusion": _confusion(dataset),
        "filters": _filters(subject),
        "feature-maps": partial(on_its_way, steps=steps),
        "hardest": _hardest(dataset.title, images),
    }
    with plain_style(LIGHT):
        for_readme = on_its_way(LIGHT, steps=in_short(steps), layout=WIDE).png()
    hardest = [int(row["image"]) for row in results.rows(paths.HARDEST)]
    network = export_network(subject) | export_digits(subject, hardest)
    exported = {f"network/{name}": content for name, content in network.items()}
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


def _training(training: str, monitor: str) -> Drawing:
    history = results.history()
    kept = best_epoch(history, monitor)
    return partial(
        draw_training,
        subtitle=f"{training}: the weights of epoch {kept} of {len(history)} were kept",
        history=history,
        kept=kept,
    )


def _confusion(dataset: Dataset) -> Drawing:
    rows, names = results.rows(paths.PREDICTIONS), dataset.class_names
    actual, predicted = (
        np.array([names.index(row[column]) for row in rows]) for column in ("actual", "predicted")
    )
    mistakes = int((actual != predicted).sum())
    return partial(
        draw_confusion,
        subtitle=f"{dataset.title}: {mistakes:,} of {len(rows):,} test images taken for another class",
        counts=cnn.confusion_matrix(actual, predicted, len(names)),
        class_names=names,
    )


def _filters(subject: Subject) -> Drawing:
    first = next((layer for layer in subject.model.layers if isinstance(layer, cnn.Conv2D)), None)
    if first is None:
        subtitle = f"{subject.training}: this recipe has no convolution"
        return partial(draw_filters, subtitle=subtitle, weight=None)
    weight = first.params["weight"]
    h_f, w_f, _, n_f = weight.shape
    return partial(draw_filters, subtitle=f"{subject.training}: {n_f} filters of {h_f}×{w_f}", weight=weight)


def _hardest(dataset: str, images: Bytes) -> Drawing:
    hardest = [
        HardImage(
            number=int(row["image"]),
            pixels=images[int(row["image"])],
            actual=row["actual"],
            predicted=row["predicted"],
            probability=float(row["probability_of_predicted"]),
        )
        for row in results.rows(paths.HARDEST)
    ]
    return partial(
        draw_hardest,
        subtitle=f"{dataset}: those whose true class the network held least likely",
        images=hardest,
    )


def main() -> None:
    """Run the stage."""
    parameters = load_all_parameters()
    kernels = check_kernels(parameters.runtime.kernels)
    write(*figures(parameters, paths.PROCESSED / parameters.data.dataset))
    log_circumstances("figures", kernels=kernels)


if __name__ == "__main__":
    run_stage(main, stage="figures")
