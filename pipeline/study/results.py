"""The result files of studies: what was repeated, what each seed gave, and mean ± standard deviation."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_json
from pipeline.common.params import Parameters

Result = dict[str, Any]
"""What one seed gave: seed, epoch (whose weights were kept), validation_…, test_…, seconds, machine, and the
digests of code and data, which the oldest results lack."""

Study = dict[str, Any]
"""recipe, digest, kernels, dataset, data, parameters, the seeds' results and their summary."""


@dataclass(frozen=True)
class Measure:
    """How a measured number is shown.

    Attributes:
        title: what heads its column.
        factor: what to multiply it by.
        decimals: how many decimals to show.
    """

    title: str
    factor: float
    decimals: int

    def shown(self, value: float) -> str:
        """Return the number as text.

        Example:
            >>> MEASURES["test_accuracy"].shown(0.9967)
            '99.67'
        """
        return f"{self.factor * value:,.{self.decimals}f}"


MEASURES = {
    "validation_accuracy": Measure("validation %", 100, 2),
    "validation_loss": Measure("validation loss", 1, 4),
    "test_accuracy": Measure("test %", 100, 2),
    "test_errors": Measure("errors", 1, 1),
    "test_loss": Measure("test loss", 1, 4),
    "seconds": Measure("seconds", 1, 1),
}


def digest(parameters: Parameters) -> str:
    """Return a short digest of the recipe, without its seed, and of the parameters `data`."""
    facts = _facts(parameters)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def begin(parameters: Parameters, dataset: str) -> Study:
    """Return a study of the chosen recipe, without any results.

    Args:
        parameters: the parameters.
        dataset: what the images are from, such as `mnist` or `mnist-sample`.
    """
    return {
        "recipe": parameters.recipe,
        "digest": digest(parameters),
        "kernels": parameters.runtime.kernels,
        "dataset": dataset,
        **_facts(parameters),
        "summary": {},
        "seeds": [],
    }


def results_path(recipe: str, validation_only: bool, own_pictures: str | None = None) -> Path:
    """Return where the results of a recipe are kept.

    Args:
        recipe: the name of the recipe.
        validation_only: whether the test images are left alone.
        own_pictures: the name of a folder of one's own pictures; None for the data sets that everybody has.
    """
    if validation_only:
        return paths.TUNING / f"{recipe}.json"
    folder = paths.STUDIES if own_pictures is None else paths.OWN_STUDIES / own_pictures
    return folder / f"{recipe}.json"


def read(path: Path) -> list[Study]:
    """Return the studies that a file holds: all configurations tried, or the one on the test images.

    Raises:
        PipelineError: if the file is not valid JSON.
    """
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PipelineError(f"{path} is not valid JSON ({error}): restore it, or remove it.") from error
    return content if isinstance(content, list) else [content]


def find(path: Path, study: Study) -> Study:
    """Return this study as the file holds it, with its results, or the given one if the file lacks it."""
    return next((known for known in read(path) if _is_same(known, study)), study)


def add(path: Path, study: Study, result: Result) -> None:
    """Add one seed's result to a file; on the test images only one study of a recipe is kept.

    Args:
        path: the file.
        study: the study; its results so far are those in the file.
        result: what the seed gave.
    """
    found = find(path, study)
    results = sorted([*found["seeds"], result], key=lambda one: int(one["seed"]))
    grown = {**found, "summary": summarise(results), "seeds": results}
    if path.parent != paths.TUNING:
        write_json(path, grown)
        return
    others = [known for known in read(path) if not _is_same(known, study)]
    write_json(path, [*others, grown])


def summarise(results: Sequence[Result]) -> dict[str, dict[str, float | None]]:
    """Return mean and standard deviation, over the seeds, of all that was measured.

    Seconds are left out if they were measured on different machines.

    Example:
        >>> summarise([{"seconds": 1.0}, {"seconds": 3.0}])
        {'seconds': {'mean': 2.0, 'standard_deviation': 1.4142135623730951}}
    """
    columns = {name: [one[name] for one in results if name in one] for name in MEASURES}
    if any(_speed(one) != _speed(results[0]) for one in results):
        del columns["seconds"]
    return {
        name: {
            "mean": statistics.mean(values),
            "standard_deviation": statistics.stdev(values) if len(values) > 1 else None,
        }
        for name, values in columns.items()
        if values
    }


def mean_and_deviation(study: Study, name: str) -> str:
    """Return mean ± standard deviation of what was measured under a name, as text.

    Example:
        >>> study = {"summary": summarise([{"test_accuracy": 0.996}, {"test_accuracy": 0.998}])}
        >>> mean_and_deviation(study, "test_accuracy")
        '99.70 ± 0.14'
    """
    numbers = study["summary"][name].values()
    return " ± ".join(MEASURES[name].shown(number) for number in numbers if number is not None)


def _facts(parameters: Parameters) -> dict[str, Any]:
    """Return everything that shapes a result, except the seed and the kernels."""
    recipe = parameters.chosen.model_dump()
    del recipe["train"]["seed"]  # which the study varies
    return {"data": parameters.data.in_use(), "parameters": recipe}


def _speed(result: Result) -> list[Any]:
    """Return what the seconds depend on."""
    return [result.get("machine", {}).get(name) for name in ("processor", "workers", "kernels")]


def _is_same(one: Study, other: Study) -> bool:
    return all(one.get(name) == other[name] for name in ("digest", "kernels", "dataset"))
