"""The evaluate stage: tries the trained model on the test images, which no stage before it has used."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

import cnn
from pipeline.common import paths
from pipeline.common.files import write_bytes, write_json
from pipeline.common.images import ImageSet, Labelled
from pipeline.common.kernels import kernels_in_use
from pipeline.common.machine import log_circumstances
from pipeline.common.model import load_model_and_test_images
from pipeline.common.params import Parameters, load_parameters
from pipeline.common.recipes import make_loss
from pipeline.common.running import run_stage

Probabilities = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]


def main() -> None:
    """Run the stage."""
    parameters = load_parameters()
    facts = evaluate(parameters, paths.PROCESSED / parameters.data.dataset)
    log_circumstances("evaluate", **facts)


def evaluate(parameters: Parameters, processed: Path) -> dict[str, Any]:
    """Evaluate the trained model and write its metrics and predictions.

    Args:
        parameters: the parameters.
        processed: the folder with the images.

    Returns:
        What to record of the run beside its result: times and kernels.
    """
    kernels = kernels_in_use(parameters.runtime.kernels)
    model, image_set, test = load_model_and_test_images(processed)
    started = time.perf_counter()
    metrics, probabilities = measure(parameters, model, image_set, test)
    seconds = time.perf_counter() - started
    write_json(paths.EVALUATION, metrics)
    write_tables(test.labels, probabilities, image_set, parameters.evaluate.hardest)
    print("{recipe} on {dataset}: {accuracy:.2%} of {images:,} test images right.".format_map(metrics))
    return {"kernels": kernels, "seconds_with_metrics": seconds, "images": len(test.labels)}


def measure(
    parameters: Parameters, model: cnn.Sequential, image_set: ImageSet, test: Labelled
) -> tuple[dict[str, Any], Probabilities]:
    """Try a trained model on the test images.

    Args:
        parameters: the parameters; the model was trained by their chosen recipe.
        model: the model.
        image_set: how bytes become the numbers that the network sees.
        test: the test images.

    Returns:
        The metrics of all images together, and the probability of each class, `[n, classes]`.
    """
    images, labels = test
    outputs = model.outputs(image_set.normalise(images), workers=parameters.runtime.workers)
    loss, _ = make_loss(parameters.chosen.loss)(outputs, labels)
    probabilities = model.probabilities(outputs)
    accuracy = cnn.accuracy(labels, probabilities.argmax(axis=1))
    bins = parameters.evaluate.calibration_bins
    metrics = {
        "dataset": image_set.dataset,
        "recipe": parameters.recipe,
        "kernels": parameters.runtime.kernels,
        "seed": parameters.chosen.train.seed,
        "images": len(labels),
        "errors": round((1 - accuracy) * len(labels)),
        "accuracy": accuracy,
        "loss": loss,
        "calibration_error": calibration_error(labels, probabilities, bins),
    }
    return metrics, probabilities


def write_tables(labels: Labels, probabilities: Probabilities, image_set: ImageSet, worst: int) -> None:
    """Write the predictions, the scores of each class and the hardest images; each row names the data set.

    Args:
        labels: the true classes, `[n]`.
        probabilities: the probability of each class, `[n, classes]`.
        image_set: what the images are of.
        worst: how many images to list: those whose true class got the lowest probability.
    """
    predictions, class_names = probabilities.argmax(axis=1), image_set.class_names
    named = zip(np.array(class_names)[labels], np.array(class_names)[predictions], strict=True)
    write_csv(paths.PREDICTIONS, image_set.dataset, ("actual", "predicted"), named)
    scores = per_class(labels, predictions, class_names)
    write_csv(paths.CLASSES, image_set.dataset, ("class", "precision", "recall", "f1", "images"), scores)
    write_csv(
        paths.HARDEST,
        image_set.dataset,
        ("image", "actual", "predicted", "probability_of_actual", "probability_of_predicted"),
        hardest(labels, probabilities, class_names, worst),
    )


def per_class(labels: Labels, predictions: Labels, class_names: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    """Yield name, precision, recall, F1 and number of images of each class.

    Example:
        >>> next(iter(per_class(np.array([0, 1, 1]), np.array([0, 1, 0]), ["cat", "dog"])))
        ('cat', '0.500000', '1.000000', '0.666667', 1)
    """
    columns = precision_recall_fscore_support(
        labels, predictions, labels=range(len(class_names)), zero_division=0.0
    )
    for name, *scores, count in zip(class_names, *columns, strict=True):
        yield (name, *(f"{score:.6f}" for score in scores), int(count))


def calibration_error(labels: Labels, probabilities: Probabilities, bins: int) -> float:
    """Return how far confidence and accuracy differ on average: the expected calibration error.

    Σ_b (n_b / n) · |accuracy of b − mean confidence of b|, over equally wide bins b of confidence.

    Example:
        >>> calibration_error(np.array([0, 0]), np.array([[0.75, 0.25], [0.25, 0.75]]), bins=10)
        0.25

    Source:
        Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks, ICML 2017.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(which, weights=right - confidence, minlength=bins)
    return round(float(np.abs(gaps).sum()) / len(labels), 9)


def hardest(
    labels: Labels, probabilities: Probabilities, class_names: Sequence[str], count: int
) -> Iterable[tuple[Any, ...]]:
    """Yield the test images whose true class got the lowest probability, the hardest first."""
    of_actual = probabilities[np.arange(len(labels)), labels]
    for image in np.argsort(of_actual, kind="stable")[:count]:
        answer = int(probabilities[image].argmax())
        yield (
            int(image),
            class_names[labels[image]],
            class_names[answer],
            f"{of_actual[image]:.6f}",
            f"{probabilities[image, answer]:.6f}",
        )


def write_csv(path: Path, dataset: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table whose last column names the data set, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*header, "dataset"))
    writer.writerows((*row, dataset) for row in rows)
    write_bytes(path, text.getvalue().encode())


if __name__ == "__main__":
    run_stage(main, stage="evaluate")
