"""Facts about results: what the trained network reached, and what repetitions of recipes reached."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lessons.kit import results
from lessons.kit.tables import code, table
from pipeline.common import paths
from pipeline.common.datasets import DATASETS
from pipeline.study import results as records

CONFUSIONS = 8  # of the pairs of classes, those that are listed
HARDEST = 5  # of the images


def evaluation() -> str:
    """Return what the trained network reached on the test images."""
    found = results.evaluation()
    rows = [
        ["data set", _title(found)],
        ["recipe", code(found["recipe"])],
        ["test images", f"{found['images']:,}"],
        ["classified wrongly", f"{found['errors']:,}"],
        ["accuracy", f"{found['accuracy']:.2%}"],
        ["loss", f"{found['loss']:.4f}"],
        ["calibration error", f"{found['calibration_error']:.2%}"],
    ]
    return table(["on the test images", "your network"], rows, numbers=1)


def studies() -> str:
    """Return the repeated recipes' results, or nothing where none was repeated."""
    found = _studies()
    if not found:
        return ""
    measured = ("test_accuracy", "test_errors", "seconds")
    rows = [
        [
            code(study["recipe"]),
            _title(study),
            code(study["kernels"]),
            len(study["seeds"]),
            *(records.mean_and_deviation(study, name) for name in measured),
            ", ".join(sorted({seed["machine"]["processor"] for seed in study["seeds"]})),
        ]
        for study in found
    ]
    titles = [records.MEASURES[name].title for name in measured]
    return table(["recipe", "data set", "kernels", "seeds", *titles, "processor"], rows)


def confusions() -> str:
    """Return the pairs of classes that were confused most often."""
    rows = results.rows(paths.PREDICTIONS)
    names = DATASETS[results.evaluation()["dataset"]].class_names
    wrong = [(row["actual"], row["predicted"]) for row in rows if row["actual"] != row["predicted"]]
    counts = sorted(Counter(wrong).items(), key=lambda one: (-one[1], names.index(one[0][0]), one[0][1]))
    return table(
        ["was", "taken for", "images"],
        [[actual, predicted, count] for (actual, predicted), count in counts[:CONFUSIONS]],
        numbers=1,
    )


def hardest() -> str:
    """Return the images whose true class the network held least likely."""
    rows = [
        [
            row["image"],
            row["actual"],
            row["predicted"],
            f"{float(row['probability_of_actual']):.2%}",
            f"{float(row['probability_of_predicted']):.2%}",
        ]
        for row in results.rows(paths.HARDEST)[:HARDEST]
    ]
    return table(
        ["test image", "was", "taken for", "sure of what it was", "sure of its answer"], rows, numbers=2
    )


def _studies() -> list[records.Study]:
    return [study for path in sorted(paths.STUDIES.glob("*.json")) for study in records.read(path)]


def _title(found: dict[str, Any]) -> str:
    return DATASETS[found["dataset"]].title
