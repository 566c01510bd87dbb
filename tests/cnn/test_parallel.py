import os
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from cnn import SGD, Flatten, Sequential, SoftmaxCrossEntropy, Training
from cnn.parallel import one_blas_thread, worker_pool
from tests.cnn.tiny import (
    BlasThreads,
    blas_threads,
    built,
    convolutional,
    digests,
    images,
    linear,
    train,
)
from tests.refusals import assert_refuses

T = TypeVar("T")


@pytest.fixture
def two_blas_threads() -> Iterator[None]:
    """Let BLAS have two threads, whatever the machine, and see to it that it has them after the test too."""
    if not blas_threads():
        pytest.skip("threadpoolctl knows no BLAS here")
    before = blas_threads().pop()
    in_another_thread(lambda: threadpool_limits(2, user_api="blas"))
    assert blas_threads() == {2}
    yield
    assert blas_threads() == {2}
    in_another_thread(lambda: threadpool_limits(before, user_api="blas"))


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


with_two_blas_threads = pytest.mark.usefixtures("two_blas_threads")


def in_another_thread(call: Callable[[], T]) -> T:
    """Return what the call returns in a thread that is gone afterwards.

    threadpoolctl lets only one thread, as long as it lives, change how many threads OpenBLAS has.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def seen_in_a_block() -> set[int]:
    with one_blas_thread():
        return blas_threads()


# One BLAS thread --------------------------------------------------------------------------------------


@with_two_blas_threads
def test_blas_has_one_thread_until_the_outermost_block_is_left() -> None:
    with one_blas_thread():
        assert blas_threads() == {1}
        with one_blas_thread():
            assert blas_threads() == {1}
        assert blas_threads() == {1}
    assert blas_threads() == {2}


@with_two_blas_threads
def test_blocks_that_overlap_in_two_threads_give_blas_its_threads_back() -> None:
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()
    seen = []

    def first() -> None:
        with one_blas_thread():
            first_in.set()
            assert second_in.wait(10)
        seen.append(blas_threads())  # the second block is still open
        first_out.set()

    def second() -> None:
        assert first_in.wait(10)
        with one_blas_thread():
            second_in.set()
            assert first_out.wait(10)
            seen.append(blas_threads())

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(first), pool.submit(second)]:
            future.result()
    assert seen == [{1}, {1}]
    assert blas_threads() == {2}


@with_two_blas_threads
def test_a_block_holds_blas_in_any_thread_one_after_the_other() -> None:
    assert seen_in_a_block() == {1}
    assert in_another_thread(seen_in_a_block) == {1}
    assert seen_in_a_block() == {1}
    train(epochs=1)
    assert in_another_thread(seen_in_a_block) == {1}


@with_two_blas_threads
def test_blocks_of_many_threads_hold_blas_to_one_thread_throughout() -> None:
    start = threading.Barrier(8)

    def enter_and_leave(_: int) -> set[int]:
        seen = set()
        start.wait(10)
        for _round in range(20):
            with one_blas_thread():
                seen |= blas_threads()
        return seen

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(enter_and_leave, range(8))) == [{1}] * 8


def test_training_works_where_no_blas_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = train(workers=2).bits()
    controller = ThreadpoolController()
    controller.lib_controllers = []  # as with Apple's Accelerate
    monkeypatch.setattr("cnn.parallel._controller", lambda: controller)
    assert train(workers=2).bits() == expected


# While micro-batches run ------------------------------------------------------------------------------


@with_two_blas_threads
def test_blas_has_one_thread_while_a_model_trains_and_gets_its_threads_back_when_it_fails() -> None:
    seen = []

    def fails(_: Training) -> None:
        seen.append(blas_threads())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(workers=2, callbacks=[fails])
    assert seen == [{1}]
    assert blas_threads() == {2}


@with_two_blas_threads
def test_blas_has_one_thread_inside_the_layers() -> None:
    model = built([BlasThreads(), Flatten()])
    np.testing.assert_array_equal(model.outputs(images(97)[0], workers=2), np.ones((97, 36)))
    np.testing.assert_array_equal(model.activations(images(97)[0])[0], np.ones((97, 6, 6, 1)))
    assert blas_threads() == {2}


@with_two_blas_threads
def test_blas_has_one_thread_inside_the_layers_in_other_processes(processes: Executor) -> None:
    outputs = built([BlasThreads(), Flatten()]).outputs(images(97)[0], executor=processes)
    np.testing.assert_array_equal(outputs, np.ones((97, 36)))


# The pool of workers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [3, None])
def test_as_many_threads_work_at_once_as_there_are_workers(workers: int | None) -> None:
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    count = workers or mine or 1
    meeting = threading.Barrier(count)  # passes once all of them wait at the same time
    with worker_pool(workers, None) as pool:
        names = list(pool.map(lambda _: (meeting.wait(10), threading.get_ident())[1], range(count)))
    assert len(set(names)) == count


def test_an_executor_that_is_given_is_used_and_left_open_even_after_a_failure() -> None:
    def fails(_: Training) -> None:
        raise KeyError

    with ThreadPoolExecutor(1) as pool:
        with worker_pool(None, pool) as used:
            assert used is pool
        with pytest.raises(KeyError):
            train(executor=pool, callbacks=[fails])
        assert pool.submit(abs, -1).result() == 1


def test_a_mistake_in_a_worker_process_arrives_as_it_is(processes: Executor) -> None:
    options: dict[str, Any] = {"epochs": 1, "optimiser": SGD(learning_rate=0.1), "executor": processes}
    targets = np.full((9, 3), 0.5)  # no probabilities
    assert_refuses(lambda: linear().fit(images(9)[0], targets, **options), ValueError, "probabilities")


# One model, many threads ------------------------------------------------------------------------------


def of_eight_threads(call: Callable[[], T]) -> list[T]:
    """Return what a call gives to each of eight threads that start together, twice each."""
    start = threading.Barrier(8)

    def several(_: int) -> list[T]:
        start.wait(10)
        return [call() for _round in range(2)]

    with ThreadPoolExecutor(8) as pool:
        return [result for results in pool.map(several, range(8)) for result in results]


def predicted(model: Sequential, workers: int) -> str:
    return digests({"probabilities": model.predict_proba(images(97)[0], workers=workers)})["probabilities"]


def test_eight_threads_that_predict_at_once_get_what_one_gets() -> None:
    model, before = built(convolutional()), blas_threads()
    expected = predicted(model, workers=1)
    assert of_eight_threads(lambda: predicted(model, workers=2)) == [expected] * 16
    assert blas_threads() == before


def test_threads_that_predict_while_another_model_trains_disturb_nothing() -> None:
    model, before = built(convolutional()), blas_threads()
    expected, trained = predicted(model, workers=1), train(workers=1).bits()
    with ThreadPoolExecutor(1) as pool:
        training = pool.submit(lambda: [train(workers=2).bits() for _round in range(3)])
        assert of_eight_threads(lambda: predicted(model, workers=2)) == [expected] * 16
        assert training.result() == [trained] * 3
    assert blas_threads() == before


@pytest.mark.parametrize("use", ["fit", "predict"])
def test_what_goes_to_the_workers_does_not_grow_with_the_history_nor_holds_the_loss(use: str) -> None:
    model, (x, labels), sizes = linear(), images(40), []

    class Measures(ThreadPoolExecutor):
        def map(self, function: Any, *columns: Any, **options: Any) -> Any:  # type: ignore[override]
            sizes.append(len(pickle.dumps(columns[0][0])))
            return super().map(function, *columns, **options)

    def sizes_of_use() -> list[int]:
        sizes.clear()
        with Measures(1) as pool:
            if use == "fit":
                model.fit(x, labels, epochs=1, executor=pool, loss=SoftmaxCrossEntropy())
            else:
                model.predict(x, executor=pool)
        return list(sizes)

    before = sizes_of_use()
    model.history.extend({"epoch": epoch, "loss": 0.5} for epoch in range(1000))
    model.loss = StaysHere()
    assert sizes_of_use() == before


class StaysHere(SoftmaxCrossEntropy):
    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a loss that cannot be pickled")
