from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import AdamW, BestWeights, Callback, Checkpoint, Training, WeightAverage
from cnn.history import Record
from cnn.types import Array
from tests.cnn.tiny import built, convolutional, digests, images, train
from tests.refusals import assert_refuses


class Kept(Callback):
    """Keeps the model's arrays after each step and each epoch."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Array]] = []
        self.epochs: list[dict[str, Array]] = []

    def on_step_end(self, training: Training) -> None:
        self.steps.append(training.model.params | training.model.state)

    def on_epoch_end(self, training: Training) -> None:
        self.epochs.append(training.model.params | training.model.state)


def entries(history: list[Record], *names: str) -> list[list[float]]:
    return [[record[name] for name in names] for record in history]


@pytest.mark.parametrize("decay", [0, 0.9])
def test_the_average_is_the_weighted_mean_of_the_arrays_after_each_step(decay: float) -> None:
    kept = Kept()
    train(epochs=3, callbacks=[kept, WeightAverage(decay)])
    assert len(kept.steps) == 9
    assert "1.mean" in kept.steps[0], "the state should be averaged too"
    for epoch, averages in enumerate(kept.epochs):
        steps = kept.steps[: 3 * (epoch + 1)]
        weights = [decay**age for age in reversed(range(len(steps)))]
        for name, average in averages.items():
            expected = np.average([step[name] for step in steps], axis=0, weights=weights)
            np.testing.assert_allclose(average, expected, rtol=1e-5, atol=1e-7)


def test_training_goes_on_as_if_nothing_was_averaged() -> None:
    averaged, plain = Kept(), Kept()
    with_average = train(epochs=3, callbacks=[WeightAverage(0.8), averaged])
    without = train(epochs=3, callbacks=[plain])
    assert list(map(digests, averaged.steps)) == list(map(digests, plain.steps))
    names = "loss", "accuracy", "learning_rate"
    assert entries(with_average.history, *names) == entries(without.history, *names)


def test_validation_sees_the_averages_and_the_model_keeps_them() -> None:
    kept = Kept()
    run = train(epochs=3, callbacks=[WeightAverage(0.8), kept])
    model = built(convolutional())
    for record, averages in zip(run.history, kept.epochs, strict=True):
        model.assign(averages)
        found = model.evaluate(*images(35, seed=1))
        assert [record["validation_loss"], record["validation_accuracy"]] == list(found.values())
    assert digests(run.model.params | run.model.state) == digests(kept.epochs[-1])
    assert digests(kept.epochs[-1]) != digests(kept.steps[-1])


@pytest.mark.parametrize("order", [1, -1], ids=["average first", "best first"])
def test_best_weights_keeps_the_averages_of_the_best_epoch(order: int) -> None:
    kept = Kept()
    run = train(
        epochs=10,
        optimiser=AdamW(learning_rate=0.3),
        callbacks=[*[WeightAverage(0.5), BestWeights()][::order], kept],
    )
    best = int(np.argmin([record["validation_loss"] for record in run.history]))
    assert best < 9, "the best epoch should not be the last"
    assert digests(run.model.params | run.model.state) == digests(kept.epochs[best])


def test_a_second_training_starts_afresh() -> None:
    again = WeightAverage(0.8)
    train(callbacks=[again])
    assert train(callbacks=[again]).bits() == train(callbacks=[WeightAverage(0.8)]).bits()


# Resumption -------------------------------------------------------------------------------------------


class Interrupts(Callback):
    """Ends training in its third epoch, as Ctrl-C does."""

    def on_step_end(self, training: Training) -> None:
        if (training.epoch, training.step) == (2, 2):
            raise KeyboardInterrupt


@pytest.mark.parametrize("others", [[], [BestWeights()]], ids=["alone", "with best weights"])
def test_an_interrupted_training_goes_on_to_the_same_bits(tmp_path: Path, others: list[Callback]) -> None:
    def run(*more: Callback) -> dict[str, object]:
        return train(epochs=4, callbacks=[WeightAverage(0.8), *others, *more]).bits()

    undisturbed = run()
    checkpoint = Checkpoint(tmp_path / "run.npz")
    with pytest.raises(KeyboardInterrupt):
        run(Interrupts(), checkpoint)
    assert run(checkpoint) == undisturbed
    with pytest.warns(UserWarning, match="nothing was left to train"):
        assert run(checkpoint) == undisturbed, "and so does one that was at its end"


@pytest.mark.parametrize(
    ("after", "differs"),
    [
        ([], "weight_average cnn.WeightAverage, received None"),
        ([WeightAverage(0.9)], "weight_average.decay 0.8, received 0.9"),
    ],
    ids=str,
)
def test_a_checkpoint_of_another_average_is_refused(
    tmp_path: Path, after: list[Callback], differs: str
) -> None:
    path = tmp_path / "run.npz"
    train(callbacks=[WeightAverage(0.8), Checkpoint(path)])
    named = str(path), differs, "delete it"
    assert_refuses(lambda: train(callbacks=[*after, Checkpoint(path)]), ValueError, *named)


# Refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decay", "error", "named"),
    [
        (1, ValueError, "decay must lie in [0, 1), received 1"),
        ("0.9", TypeError, "decay must be a number, received '0.9'"),
    ],
)
def test_a_decay_that_makes_no_sense_is_refused(decay: Any, error: type[Exception], named: str) -> None:
    assert_refuses(lambda: WeightAverage(decay), error, "WeightAverage", named)


def test_two_averages_of_one_training_are_refused() -> None:
    callbacks = [WeightAverage(0.9), WeightAverage(0.5)]
    assert_refuses(lambda: train(callbacks=callbacks), ValueError, "one WeightAverage, received several")
