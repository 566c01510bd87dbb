"""Trainings that are interrupted or fail, and what they leave."""

import signal
import subprocess
import sys

import pytest

from cnn import BestWeights, Callback, Training
from tests.cnn.tiny import ROOT, digests, images, linear


class EndsInEpochThree(Callback):
    """Keeps each epoch's weights, and raises an error at the second step of the third epoch."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error
        self.found: list[dict[str, str]] = []

    def on_epoch_end(self, training: Training) -> None:
        self.found.append(digests(training.model.params))
        training.history[-1]["validation_loss"] = float(training.epoch)  # the first epoch is the best

    def on_step_end(self, training: Training) -> None:
        if (training.epoch, training.step) == (2, 2):
            raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt, FloatingPointError, MemoryError])
def test_what_ends_training_leaves_the_history_and_the_best_weights(error: type[BaseException]) -> None:
    model, (x, labels) = linear(), images(20)
    ends = EndsInEpochThree(error)
    best = BestWeights()
    with pytest.raises(error):
        model.fit(x, labels, batch_size=5, validation_data=(x, labels), callbacks=[ends, best])
    assert model.history["epoch"] == [1, 2]
    assert digests(model.params) == ends.found[0]
    assert best.state == {}, "or a next training that ends in its first epoch would get these weights"


def test_a_training_that_ends_in_its_first_epoch_keeps_its_own_weights() -> None:
    model, (x, labels) = linear(), images(20)

    def interrupts(training: Training) -> None:
        raise KeyboardInterrupt

    best = BestWeights("loss")
    model.fit(x, labels, epochs=2, callbacks=[best])
    before = digests(model.params)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, labels, callbacks=[interrupts, best])
    assert digests(model.params) != before
    assert model.history["epoch"] == [1]


INTERRUPTED = """
import signal
import time
import numpy as np
from cnn import BestWeights, Dense, Flatten, ReLU
from tests.cnn.tiny import built, images

class Waits(ReLU):  # in a worker's thread, in the fourth epoch
    def forward_pass(self, x, training=False, rng=None):
        if len(model.history) == 3:
            print("in epoch 4", flush=True)
            time.sleep(2)
        return super().forward_pass(x, training, rng)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background ignores it
model, kept = built([Flatten(), Waits(), Dense(3)]), []
keep = lambda training: kept.append(training.model.params["2.weight"])
try:
    model.fit(*images(30), callbacks=[keep, BestWeights("loss")])
except KeyboardInterrupt:
    assert (model.params["2.weight"] == kept[np.argmin(model.history["loss"])]).all()
    print("interrupted after", len(model.history))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C goes to the whole console")
def test_ctrl_c_leaves_the_history_and_the_best_weights() -> None:
    command = [sys.executable, "-W", "error", "-c", INTERRUPTED]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "in epoch 4\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.read() == "interrupted after 3\n"
    assert child.returncode == 0
