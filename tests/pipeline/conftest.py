"""A cluster of Dask for the tests that need one."""

import logging
from collections.abc import Iterator

import pytest
from distributed import Client, LocalCluster

from tests.pipeline.small_study import IN_WORKER

collect_ignore = ["stage_with_a_fault.py"]  # a program that stands in for a stage, not a module of tests


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
