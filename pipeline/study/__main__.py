"""Repeat a recipe with several seeds: `python -m pipeline.study --recipe record --seeds 5`.

The results are kept in `metrics/studies/`. A seed that has its result there is not repeated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table

from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.files import files_digest
from pipeline.common.images import load_image_set, load_part
from pipeline.common.kernels import Kernels
from pipeline.common.params import Parameters, load_parameters
from pipeline.common.running import run_stage
from pipeline.study import results
from pipeline.study.cluster import connected, repetitions
from pipeline.study.overrides import with_recipe, with_settings
from pipeline.study.repetition import PROGRAM, Images
from pipeline.study.results import MEASURES, Result, Study


def main() -> int:
    """Repeat the recipe that the command line names."""
    arguments = _arguments()
    parameters = load_parameters()
    parameters = with_recipe(parameters, arguments.recipe or parameters.recipe, arguments.kernels)
    parameters = with_settings(parameters, arguments.set)
    try:
        study(parameters, arguments.seeds, arguments.validation_only, arguments.scheduler)
    except KeyboardInterrupt:
        print("\nstopped. Finished seeds are kept, and the same command goes on.", file=sys.stderr)
        return 130
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.study",
        description="Repeat a recipe with several seeds on a cluster of Dask workers.",
    )
    parser.add_argument("--recipe", help="a recipe of params.yaml (default: the one it chooses)")
    parser.add_argument("--seeds", type=int, default=5, help="how many: 5 are the seeds 0 to 4 (default: 5)")
    parser.add_argument("--kernels", choices=get_args(Kernels), help="instead of those of params.yaml")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler, such as tcp://10.0.0.1:8786"
    )
    parser.add_argument("--validation-only", action="store_true", help="leave the test images alone")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="LOCATION=VALUE",
        help="another value inside the recipe, such as train.epochs=8; only with --validation-only",
    )
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds must be 1 or more, received {arguments.seeds}")
    if arguments.set and not arguments.validation_only:
        parser.error("--set needs --validation-only: the test images are for recipes as params.yaml has them")
    return arguments


def study(parameters: Parameters, seeds: int, validation_only: bool, scheduler: str | None) -> Study:
    """Repeat the chosen recipe with each of the seeds 0, 1, … that has no result yet.

    The table of all results is printed even if the study is stopped or fails.

    Args:
        parameters: the parameters.
        seeds: how many seeds the study has in the end.
        validation_only: whether to leave the test images alone.
        scheduler: the address of Dask's scheduler; None starts a cluster on this machine.

    Returns:
        The study as its file holds it now.

    Raises:
        PipelineError: if there are no images, the cluster cannot be reached, or a seed gave no result.
    """
    processed = paths.PROCESSED / parameters.data.dataset
    images = load_images(processed, validation_only)
    dataset = images.image_set.dataset
    own_pictures = dataset if parameters.data.dataset == "folder" else None
    path = results.results_path(parameters.recipe, validation_only, own_pictures)
    begun = results.begin(parameters, dataset)
    origin = {"code": PROGRAM["code"], "data": files_digest(processed.iterdir())}
    finished = results.find(path, begun)["seeds"]
    if finished:
        _print_finished(finished, origin, path)
    elif path.exists() and not validation_only:
        print(f"{path} is of another recipe, kernels or data set: the first result will replace it.")
    missing = sorted(set(range(seeds)) - {result["seed"] for result in finished})
    faults: dict[str, list[str]] = {}
    try:
        if missing:
            with connected(scheduler, parameters.runtime.kernels) as client:
                for seed, outcome in repetitions(client, parameters, images, missing):
                    if isinstance(outcome, PipelineError):
                        faults.setdefault(str(outcome), []).append(str(seed))
                    else:
                        results.add(path, begun, outcome | origin)
                        print(f"Seed {seed} is finished.", flush=True)
    finally:
        done = results.find(path, begun)
        if done["seeds"]:
            Console().print(tabulate(done))
    if faults:
        raise PipelineError("\n".join(f"seed {', '.join(of)}: {fault}" for fault, of in faults.items()))
    return done


def load_images(processed: Path, validation_only: bool) -> Images:
    """Load what a study needs of the data.

    Raises:
        PipelineError: if it is not there.
    """
    return Images(
        load_image_set(processed),
        load_part("train", processed),
        load_part("validation", processed),
        None if validation_only else load_part("test", processed),
    )


def _print_finished(finished: Sequence[Result], origin: dict[str, str], path: Path) -> None:
    """Say which seeds are not repeated, and which of them were measured with other code or data."""
    seeds = ", ".join(str(result["seed"]) for result in finished)
    print(f"Finished already, and not repeated: seeds {seeds} ({path}).")
    former = ", ".join(str(result["seed"]) for result in finished if not origin.items() <= result.items())
    if former:
        print(
            f"note: the code or the data of seeds {former} differ from those now, or are not on record; "
            "their results are kept, since the recipe is the same."
        )


def tabulate(study: Study) -> Table:
    """Return a table with a row for each seed, their mean and their standard deviation."""
    measured = list(study["summary"])
    title = f"Recipe {study['recipe']} on {study['dataset']}, {study['kernels']} kernels"
    table = Table("seed", *(MEASURES[name].title for name in measured), title=title, title_justify="left")
    for column in table.columns:
        column.justify = "right"
    for result in study["seeds"]:
        table.add_row(str(result["seed"]), *(MEASURES[name].shown(result[name]) for name in measured))
    table.add_section()
    for statistic, label in (("mean", "mean"), ("standard_deviation", "±")):
        values = {name: study["summary"][name][statistic] for name in measured}
        shown = ("" if value is None else MEASURES[name].shown(value) for name, value in values.items())
        table.add_row(label, *shown)
    return table


if __name__ == "__main__":
    run_stage(main)
