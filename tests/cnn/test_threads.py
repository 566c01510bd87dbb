"""One model used by many threads at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from cnn import Flatten
from cnn.types import Array
from tests.cnn.tiny import BlasThreads, blas_threads, built, convolutional, digests, images, train

THREADS, ROUNDS = 8, 5
X, _ = images(97)
T = TypeVar("T")


def at_once(call: Callable[[], T]) -> list[T]:
    """Return what a call gives to each of eight threads that start together, several times over."""
    start = threading.Barrier(THREADS)

    def several(_: int) -> list[T]:
        start.wait(10)
        return [call() for _round in range(ROUNDS)]

    with ThreadPoolExecutor(THREADS) as pool:
        return [result for results in pool.map(several, range(THREADS)) for result in results]


def digest(array: Array) -> str:
    return digests({"array": array})["array"]


@pytest.mark.parametrize("workers", [1, 2, None])
@pytest.mark.parametrize("name", ["predict", "predict_proba"])
def test_eight_threads_that_predict_at_once_get_what_one_gets(name: str, workers: int | None) -> None:
    model, before = built(convolutional()), blas_threads()
    call = getattr(model, name)
    expected = digest(call(X, workers=1))

    assert at_once(lambda: digest(call(X, workers=workers))) == [expected] * THREADS * ROUNDS

    assert blas_threads() == before


def test_threads_that_predict_while_another_model_trains_disturb_nothing() -> None:
    model, before = built(convolutional()), blas_threads()
    expected, trained = digest(model.predict_proba(X, workers=1)), train(workers=1).bits()

    with ThreadPoolExecutor(1) as pool:
        training = pool.submit(lambda: [train(workers=2).bits() for _round in range(ROUNDS)])
        answers = at_once(lambda: digest(model.predict_proba(X)))

        assert training.result() == [trained] * ROUNDS
    assert answers == [expected] * THREADS * ROUNDS
    assert blas_threads() == before


def limit(threads: int) -> None:
    """Give BLAS this many threads, from a thread of its own: threadpoolctl lets only the first one do so."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: threadpool_limits(threads, user_api="blas")).result()


def test_blas_has_one_thread_throughout_and_gets_its_own_number_back() -> None:
    before, counts = blas_threads(), (1, 2, 3)
    model = built([BlasThreads(), Flatten()])
    if before:  # else threadpoolctl knows no BLAS here, and there is nothing to hold
        try:
            for threads in counts:
                limit(threads)
                assert blas_threads() == {threads}
                seen = at_once(lambda: model.outputs(X, workers=2))
                np.testing.assert_array_equal(seen, np.ones((THREADS * ROUNDS, len(X), 36)))
                assert blas_threads() == {threads}
        finally:
            limit(before.pop())
