"""Repetitions of a recipe as jobs of Dask: the cluster, the jobs, and how far they have come."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, as_completed
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pipeline.common.errors import PipelineError
from pipeline.common.kernels import CHOICE, VARIABLE, Kernels, pin_kernels
from pipeline.common.params import Parameters
from pipeline.study.overrides import with_value
from pipeline.study.repetition import PROGRAM, Images, repeat_recipe
from pipeline.study.results import Result

Outcome = tuple[int, Result | PipelineError]
"""A seed, and its result or why there is none."""


@contextmanager
def connected(scheduler: str | None, kernels: Kernels) -> Iterator[Client]:
    """Give a client of a cluster for the length of the block.

    Args:
        scheduler: the address of a cluster's scheduler. None starts a cluster here, with one worker process
            that takes one job at a time and is replaced if it dies.
        kernels: the kernels that the workers of a cluster started here compute with.

    Raises:
        PipelineError: if the scheduler does not answer.
    """
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=10)
        except (OSError, ValueError) as error:
            raise PipelineError(
                f"There is no Dask scheduler at {scheduler}: start one with `dask scheduler`, "
                "which prints its address."
            ) from error
        with client:
            if not client.scheduler_info()["workers"]:
                print(f"note: {scheduler} has no workers yet, the study waits for them.", file=sys.stderr)
            yield client
        return
    with (
        _inherited(kernels),
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address="localhost:0",  # a free port
            silence_logs=logging.CRITICAL + 1,  # that a client went away after Ctrl-C is critical to Dask
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def _inherited(kernels: Kernels) -> Iterator[None]:
    """Choose the kernels in the environment: workers inherit it, and load NumPy before they get a job."""
    before = {name: os.environ.get(name) for name in (CHOICE, VARIABLE)}
    os.environ[CHOICE] = kernels
    pin_kernels()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def repetitions(
    client: Client, parameters: Parameters, images: Images, seeds: Sequence[int]
) -> Iterator[Outcome]:
    """Repeat the chosen recipe with these seeds, and show how far each has come.

    If a worker dies, its seed starts again on another one.

    Args:
        client: the client of the cluster to run on.
        parameters: the parameters.
        images: the images to train, choose and test with; they are sent once.
        seeds: the seeds.

    Yields:
        Each seed with what it gave, in the order in which they finish.

    Raises:
        PipelineError: if the cluster is lost.
    """
    topic = f"study-{client.id}"
    # Sent as the result of a task, the images are made again when the worker that holds them dies; scattered
    # data would be lost.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"}):
        sent = client.submit(_themselves, images)
    with _progress(client, topic, seeds):
        futures: dict[Future[Result], int] = {}
        for seed in seeds:
            one = with_value(parameters, "train.seed", seed)
            job = client.submit(repeat_recipe, one, sent, PROGRAM, topic, priority=-seed, pure=False)
            futures[job] = seed
        for future in as_completed(futures):
            yield futures[future], _outcome(future)


def _themselves(images: Images) -> Images:
    return images


def _outcome(future: Future[Result]) -> Result | PipelineError:
    try:
        return future.result()
    except (PipelineError, FloatingPointError) as error:
        return PipelineError(str(error))
    except KilledWorker as error:
        return PipelineError(
            f"{error.allowed_failures + 1} workers died with it, the last at {error.last_worker.address}: "
            "look at their logs, and check that they have enough memory."
        )
    except (ImportError, AttributeError) as error:
        return PipelineError(f"A worker cannot run it ({error}): install the same commit there.")
    except CancelledError as error:
        raise PipelineError(f"The cluster was lost: {error}") from error
    except Exception as error:  # the other seeds go on, whatever it is
        return PipelineError(f"{type(error).__name__}: {error}")


@contextmanager
def _progress(client: Client, topic: str, seeds: Sequence[int]) -> Iterator[None]:
    """Show a bar for each seed that has begun."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bars = {
            seed: progress.add_task(f"seed {seed}", total=1.0, visible=False, start=False) for seed in seeds
        }

        def show(event: tuple[float, Mapping[str, Any]]) -> None:
            _, told = event
            bar: TaskID = bars[told["seed"]]
            progress.start_task(bar)
            progress.update(bar, completed=told["progress"], visible=True)

        client.subscribe_topic(topic, show)
        try:
            yield
        finally:
            client.unsubscribe_topic(topic)
