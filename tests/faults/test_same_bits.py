"""The same bits for any number of workers, be they threads or processes."""

from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from cnn import RandomAffine, WeightAverage
from tests.cnn.tiny import train
from tests.faults.counting import Tried

AUGMENTATION = RandomAffine(rotation=20, scale=0.2, shear=0.2, shift=1)
Bits = dict[str, object]


@pytest.fixture(scope="module")
def serial() -> Bits:
    return train(workers=1).bits()


@pytest.fixture(scope="module")
def augmented() -> Bits:
    return trained(workers=1)


def trained(workers: int | None = None, executor: Executor | None = None) -> Bits:
    """Train with all that could depend on the number of workers."""
    run = train(workers=workers, executor=executor, augmentation=AUGMENTATION, callbacks=[WeightAverage(0.5)])
    return run.bits()


@pytest.mark.parametrize("workers", [1, 2, 3, 4, None])
def test_training_gives_the_same_bits_for_any_number_of_workers(
    serial: Bits, augmented: Bits, workers: int | None, tried: Tried
) -> None:
    assert train(workers=workers).bits() == serial
    assert trained(workers=workers) == augmented != serial
    tried("same-bits", "threads", 2)


@pytest.mark.parametrize(
    "workers", [1, 2, pytest.param(3, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
)
def test_training_gives_the_same_bits_for_any_number_of_processes(
    serial: Bits, augmented: Bits, workers: int, tried: Tried
) -> None:
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        assert train(executor=pool).bits() == serial
        assert trained(executor=pool) == augmented
    tried("same-bits", "processes", 2)
