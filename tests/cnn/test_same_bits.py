"""The same bits for any number of workers, threads or processes, and any number of BLAS threads."""

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from cnn import SGD, BatchNorm, Conv2D, Dense, Flatten, Layer, RandomAffine, ReLU, Sequential, WeightAverage
from tests.cnn.tiny import built, convolutional, digests, images, train


def large() -> list[Layer]:
    """Return layers whose matrix products are large enough for BLAS to divide them among its threads."""
    return [Conv2D(8, 3, padding="same"), BatchNorm(), ReLU(), Flatten(), Dense(256)]


def large_images(n: int) -> tuple[Any, Any]:
    return np.random.default_rng(0).random((n, 28, 28, 1), dtype=np.float32), np.arange(n) % 256


Bits = dict[str, object]


def augmented_bits(workers: int | None = None, executor: Executor | None = None) -> Bits:
    """Train with all that could depend on the number of workers."""
    augmentation = RandomAffine(rotation=20, scale=0.2, shear=0.2, shift=1)
    callbacks = [WeightAverage(0.5)]
    return train(workers=workers, executor=executor, augmentation=augmentation, callbacks=callbacks).bits()


@pytest.fixture(scope="module")
def serial() -> Bits:
    return train(workers=1).bits()


@pytest.fixture(scope="module")
def augmented() -> Bits:
    return augmented_bits(workers=1)


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("workers", [2, 3, 4, None])
def test_training_gives_the_same_bits_for_any_number_of_workers(
    serial: Bits, augmented: Bits, workers: int | None
) -> None:
    assert train(workers=workers).bits() == serial
    assert augmented_bits(workers=workers) == augmented != serial


def test_training_gives_the_same_bits_in_two_processes(augmented: Bits, processes: Executor) -> None:
    assert augmented_bits(executor=processes) == augmented


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3, 4])
def test_training_gives_the_same_bits_for_any_number_of_processes(augmented: Bits, workers: int) -> None:
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        assert augmented_bits(executor=pool) == augmented


def test_the_comparison_of_bits_sees_the_size_of_micro_batches(serial: Bits) -> None:
    assert train(workers=2, micro_batch_size=6).bits() != serial


def test_numpys_global_generator_has_no_influence_and_is_left_alone(serial: Bits) -> None:
    # The old global state is the very thing that is asked about.
    np.random.seed(123)  # noqa: NPY002
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    assert train(workers=1).bits() == serial
    np.testing.assert_equal(np.random.get_state(legacy=False), before)  # noqa: NPY002


def answers(model: Sequential, n: int, **workers: Any) -> dict[str, object]:
    x, labels = images(n)
    arrays: dict[str, Any] = {
        "outputs": model.outputs(x, **workers),
        "probabilities": model.predict_proba(x, **workers),
        "classes": model.predict(x, **workers),
    }
    return {**digests(arrays), **model.evaluate(x, labels, **workers)}


@pytest.mark.parametrize("n", [1, 32, 97])
def test_predictions_are_the_same_bits_for_any_number_of_workers(n: int) -> None:
    model = built(convolutional())
    expected = answers(model, n, workers=1)
    assert [answers(model, n, workers=workers) for workers in (2, 3, 4, None)] == [expected] * 4


def test_predictions_are_the_same_bits_on_an_executor(processes: Executor) -> None:
    model = built(convolutional())
    expected = answers(model, 97, workers=1)
    assert answers(model, 97, executor=processes) == expected
    with ThreadPoolExecutor(2) as threads:
        assert answers(model, 97, executor=threads) == expected


def test_predictions_do_not_depend_on_how_many_threads_blas_may_use() -> None:
    model = built(large(), (28, 28, 1))
    x, _ = large_images(40)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(digests({"outputs": model.outputs(x), "last": model.activations(x)[-1]}))
    assert found[0] == found[1]


def test_training_does_not_depend_on_how_many_threads_blas_may_use() -> None:
    x, labels = large_images(70)
    found = []
    for threads in (1, 2):
        model = built(large(), (28, 28, 1))
        with threadpool_limits(threads, user_api="blas"):
            model.fit(x, labels, epochs=1, optimiser=SGD(learning_rate=0.01), batch_size=64, workers=threads)
        found.append(digests(model.params | model.state))
    assert found[0] == found[1]
