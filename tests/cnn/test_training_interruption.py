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
import numpy as np
from cnn import BestWeights
from tests.cnn.tiny import images, linear

model, (x, labels) = linear(), images(60)
kept = []
def tell(training):
    kept.append(training.model.params["1.weight"])
    if training.epoch == 3:
        print("epoch 3", flush=True)
try:
    model.fit(x, labels, epochs=10**6, callbacks=[tell, BestWeights("loss")])
except KeyboardInterrupt:
    best = int(np.argmin(model.history["loss"]))
    assert model.params["1.weight"] is kept[best]
    print("interrupted", len(model.history) >= 3)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C goes to the whole console")
def test_ctrl_c_leaves_the_history_and_the_best_weights() -> None:
    command = [sys.executable, "-W", "error", "-c", INTERRUPTED]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "epoch 3\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.read() == "interrupted True\n"
    assert child.returncode == 0
