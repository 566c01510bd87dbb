import warnings
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pytest

from cnn import (
    SGD,
    Adam,
    BatchNorm,
    BestWeights,
    Callback,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    MeanSquaredError,
    Optimiser,
    RandomAffine,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    Training,
)
from cnn.types import Array, Gradients, Labels, Shape, Targets
from tests.cnn.own import Scale
from tests.cnn.tiny import built, digests, images, linear, train
from tests.refusals import assert_refuses


def generator(*key: int) -> np.random.Generator:
    """Return the generator of (seed, epoch) or (seed, epoch, step, index), as the contract has it."""
    return np.random.default_rng(np.random.SeedSequence(key[0], spawn_key=key[1:]))


def parts(order: Labels, size: int) -> list[Labels]:
    """Cut into parts of this size; a single sample that is left over joins the part before."""
    found = [order[first : first + size] for first in range(0, len(order), size)]
    if size > 1 and len(found) > 1 and len(found[-1]) == 1:
        found[-2:] = [np.concatenate(found[-2:])]
    return found


class Sees(Dropout):
    """Shows its input and its mask to a function."""

    def __init__(self, rate: float, look: Callable[[Array, Array | None], None]) -> None:
        super().__init__(rate)
        self.look = look

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array | None]:
        y, mask = super().forward_pass(x, training, rng)
        self.look(x, mask)
        return y, mask


# What is computed -------------------------------------------------------------------------------------


def test_training_is_what_a_plain_loop_over_whole_batches_computes() -> None:
    x, labels = images(13, dtype=np.float64)
    optimiser = Adam(learning_rate=CosineDecay(0.1, warm_up=0.25), weight_decay=0.01, clip_norm=0.5)
    trained, by_hand = linear(), linear()
    history = trained.fit(
        x, labels, epochs=2, optimiser=optimiser, batch_size=5, micro_batch_size=2, seed=4, workers=2
    )
    again = Adam(learning_rate=CosineDecay(0.1, warm_up=0.25), weight_decay=0.01, clip_norm=0.5)
    for epoch in range(2):
        losses, right = [], 0
        for step, batch in enumerate(parts(generator(4, epoch).permutation(13), 5)):
            outputs, caches = by_hand.forward_pass(x[batch])
            loss, doutputs = SoftmaxCrossEntropy()(outputs, labels[batch])
            _, grads = by_hand.backward_pass(doutputs, caches)
            progress = (3 * epoch + step) / 6
            by_hand.assign(again.update(by_hand.params, grads, progress, decays={"1.weight"}))
            losses += [loss] * len(batch)
            right += int((outputs.argmax(axis=1) == labels[batch]).sum())
        assert history[epoch]["loss"] == pytest.approx(np.mean(losses), rel=1e-12)
        assert history[epoch]["accuracy"] == right / 13
        assert history[epoch]["learning_rate"] == CosineDecay(0.1, warm_up=0.25)(epoch / 2)
    for name, array in by_hand.params.items():
        np.testing.assert_allclose(trained.params[name], array, rtol=1e-9)


def test_the_history_holds_what_evaluate_finds_after_each_epoch() -> None:
    found: list[dict[str, float]] = []

    def evaluate(training: Training) -> None:
        found.append(training.model.evaluate(*images(20, seed=1)))

    history = train(validation_data=images(20, seed=1), callbacks=[evaluate]).history
    assert [[r["validation_loss"], r["validation_accuracy"]] for r in history] == [
        [evaluation["loss"], evaluation["accuracy"]] for evaluation in found
    ]
    assert found[0] != found[1]


def test_without_validation_data_the_history_has_no_validation_entries() -> None:
    [record] = train(epochs=1, validation_data=None).history
    assert list(record) == ["epoch", "learning_rate", "loss", "accuracy"]


def test_samples_of_float64_leave_the_parameters_in_their_own_type() -> None:
    x, labels = images(9, dtype=np.float64)
    model = linear()
    model.fit(x, labels, epochs=1, optimiser=SGD(learning_rate=0.1))
    assert {p.dtype for p in model.params.values()} == {np.dtype(np.float32)}
    assert model.outputs(x).dtype == np.float64


# What fit does by itself ------------------------------------------------------------------------------


def test_fit_builds_the_model_for_the_samples_with_weights_of_the_seed() -> None:
    x, labels = images(80)  # more than a batch
    alone, by_hand = Sequential([Flatten(), Dense(3)]), Sequential([Flatten(), Dense(3)])
    alone.fit(x, labels, seed=3)
    by_hand.build((6, 6, 1), np.random.default_rng(3))
    by_hand.fit(
        x, labels, epochs=10, optimiser=Adam(learning_rate=0.001), loss=SoftmaxCrossEntropy(), batch_size=32,
        seed=3,
    )  # fmt: skip
    assert digests(alone.params) == digests(by_hand.params)
    assert alone.input_shape == (6, 6, 1)


def test_fit_goes_on_from_the_parameters_that_a_model_has() -> None:
    x, labels = images(20)
    model, seen = Sequential([Flatten(), Dense(3)]), []

    class Begins(Callback):
        def on_fit_start(self, training: Training) -> None:
            seen.append(digests(training.model.params))

    first = model.fit(x, labels)
    left = digests(model.params)
    assert model.fit(x, labels, epochs=1, callbacks=[Begins()]) is model.history
    assert seen == [left]
    assert (len(first), len(model.history)) == (10, 1)


@pytest.mark.parametrize(
    ("layers", "shape", "warned"),
    [
        ([Conv2D(2, 3, padding="same"), Flatten(), Dense(2)], (3, 8, 8), True),
        ([BatchNorm(), MaxPool2D((1, 2)), Flatten(), Dense(2)], (1, 6, 8), True),
        ([Conv2D(2, 3), Flatten(), Dense(2)], (8, 8, 3), False),
        ([Conv2D(2, 3), Flatten(), Dense(2)], (3, 8, 3), False),
        ([Flatten(), Dense(2)], (3, 8, 8), False),
    ],
    ids=str,
)
def test_channels_that_seem_to_come_first_are_warned_of(
    layers: list[Layer], shape: Shape, warned: bool
) -> None:
    model, x = Sequential(layers), np.ones((4, *shape))
    for expected in (warned, False):  # once built, the model knows its samples
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            model.fit(x, [0, 1, 0, 1], epochs=1)
        assert [one.filename for one in told] == [__file__] * expected
        assert all("x.transpose(0, 2, 3, 1)" in str(one.message) for one in told)


def test_a_training_shows_without_its_data() -> None:
    shown: list[str] = []
    linear().fit(*images(20), epochs=1, callbacks=[lambda training: shown.append(repr(training))])
    assert "array" not in shown[0]
    assert "epoch=1" in shown[0]


def test_fit_that_refuses_its_data_builds_nothing() -> None:
    model = Sequential([Flatten(), Dense(3)])
    with pytest.raises(ValueError, match="labels"):
        model.fit(images(4)[0], [0, 1])
    assert model.input_shape is None
    assert model.params == {}


def test_a_model_built_for_other_samples_is_not_built_anew() -> None:
    model = linear()
    named = "x must have the shape [n, 6, 6, 1], received [4, 8, 8, 1]"
    assert_refuses(lambda: model.fit(np.zeros((4, 8, 8, 1)), [0, 1, 2, 0]), ValueError, named)


# Batch normalisation ----------------------------------------------------------------------------------


def test_running_statistics_take_in_each_micro_batch_once_a_batch_and_in_order() -> None:
    x, labels = images(13)
    model = built([BatchNorm(momentum=0.7), Flatten(), Dense(3)])
    model.fit(x, labels, epochs=2, optimiser=SGD(learning_rate=0.1), batch_size=8, micro_batch_size=3, seed=5)

    def running(backwards: bool) -> tuple[Array, Array]:
        mean, variance = np.zeros(1), np.ones(1)
        for epoch in range(2):
            for batch in parts(generator(5, epoch).permutation(13), 8):
                micro_batches = parts(batch, 3)
                for part in reversed(micro_batches) if backwards else micro_batches:
                    mean = 0.7 * mean + 0.3 * x[part].mean()
                    variance = 0.7 * variance + 0.3 * x[part].var()
        return mean, variance

    state = model.state["0.mean"], model.state["0.variance"]
    np.testing.assert_allclose(state, running(backwards=False), rtol=1e-5)
    assert abs(np.array(state) - running(backwards=True)).max() > 1e-3, "the order should matter"


def test_each_micro_batch_is_normalised_with_its_own_statistics() -> None:
    x, labels = images(12, dtype=np.float64)
    model, by_hand = (built([BatchNorm(), Flatten(), Dense(3)]) for _ in range(2))
    model.fit(x, labels, epochs=1, optimiser=SGD(learning_rate=1.0), batch_size=12, micro_batch_size=4)
    total = {name: np.zeros(p.shape) for name, p in by_hand.params.items()}
    for part in parts(generator(0, 0).permutation(12), 4):
        outputs, caches = by_hand.forward_pass(x[part], training=True)
        _, grads = by_hand.backward_pass(SoftmaxCrossEntropy()(outputs, labels[part], 12)[1], caches)
        total = {name: total[name] + grad for name, grad in grads.items()}
    for name, start in by_hand.params.items():
        np.testing.assert_allclose(model.params[name], start - total[name], rtol=1e-6)


def test_the_statistics_stay_as_they_are_while_a_batch_is_under_way() -> None:
    seen: list[dict[str, str]] = []

    model = built([BatchNorm(), Sees(0.5, lambda *_: seen.append(digests(model.state))), Flatten(), Dense(3)])
    x, labels = images(12)
    model.fit(
        x, labels, epochs=1, optimiser=SGD(learning_rate=1.0), batch_size=6, micro_batch_size=2, workers=1
    )
    first, second = seen[:3], seen[3:]
    assert first == [first[0]] * 3
    assert second == [second[0]] * 3
    assert first[0] != second[0]


# Randomness -------------------------------------------------------------------------------------------


def order_of_samples(seed: int) -> list[list[int]]:
    """Return the order in which two epochs see ten samples, each of a class of its own."""
    seen: list[int] = []

    class SeesTargets(SoftmaxCrossEntropy):
        def __call__(
            self, outputs: Array, targets: Targets, batch_size: int | None = None
        ) -> tuple[float, Array]:
            if batch_size != 8:  # twice the size of a batch: the check of a loss of one's own
                seen.extend(targets.tolist())
            return super().__call__(outputs, targets, batch_size)

    x, labels = np.ones((10, 1)), np.arange(10)
    sizes: dict[str, Any] = {"epochs": 2, "batch_size": 4, "micro_batch_size": 4}
    built([Dense(10)], (1,)).fit(
        x, labels, optimiser=SGD(learning_rate=0.1), loss=SeesTargets(), seed=seed, workers=1, **sizes
    )
    return [seen[:10], seen[10:]]


def test_each_epoch_sees_every_sample_once_in_an_order_of_its_own() -> None:
    epochs = order_of_samples(seed=0)
    assert [sorted(epoch) for epoch in epochs] == [list(range(10))] * 2
    assert epochs[0] != epochs[1]
    assert epochs == [generator(0, epoch).permutation(10).tolist() for epoch in range(2)]
    assert order_of_samples(seed=0) == epochs
    assert order_of_samples(seed=1) != epochs


def masks(seed: int) -> list[str]:
    """Return the dropout masks of two epochs of two steps of two micro-batches."""
    seen: list[str] = []

    def look(_: Array, mask: Array | None) -> None:
        if mask is not None:
            seen.append(digests({"mask": mask})["mask"])

    model = built([Sees(0.5, look), Flatten(), Dense(3)])
    x, labels = images(8)
    sizes: dict[str, Any] = {"epochs": 2, "batch_size": 4, "micro_batch_size": 2}
    model.fit(x, labels, optimiser=SGD(learning_rate=0.1), seed=seed, workers=1, **sizes)
    return seen


def test_each_micro_batch_drops_out_other_numbers_which_the_seed_decides() -> None:
    found = masks(seed=0)
    assert len(set(found)) == len(found) == 8
    assert masks(seed=0) == found
    assert set(masks(seed=1)).isdisjoint(found)


def samples_seen(micro_batch_size: int, **options: Any) -> Array:
    """Return the samples that the model is given in two epochs, in order."""
    seen: list[Array] = []
    x, labels = images(13)
    built([Sees(0, lambda x, _: seen.append(x)), Flatten(), Dense(3)]).fit(
        x, labels, epochs=2, optimiser=SGD(learning_rate=0.1), batch_size=8,
        micro_batch_size=micro_batch_size, seed=6, workers=1, **options,
    )  # fmt: skip
    return np.concatenate(seen)


@pytest.mark.parametrize("micro_batch_size", [3, 8])
def test_each_epoch_augments_each_sample_by_draws_of_its_own(micro_batch_size: int) -> None:
    augmentation = RandomAffine(rotation=20, scale=0.2, shear=0.2, shift=2)
    x, _ = images(13)
    expected = []
    for epoch in range(2):
        rng = generator(6, epoch)
        order = rng.permutation(13)
        draws = rng.random((13, 6), dtype=np.float32)
        expected.append(augmentation(x, draws)[order])
    first, second = expected
    assert not np.array_equal(np.sort(first, axis=None), np.sort(second, axis=None))
    found = samples_seen(micro_batch_size, augmentation=augmentation)
    np.testing.assert_array_equal(found, np.concatenate(expected))


def test_validation_sees_the_samples_as_they_are() -> None:
    x, labels = images(20, seed=1)
    run = train(epochs=1, augmentation=RandomAffine(shift=3), validation_data=(x, labels))
    assert run.history[0]["validation_loss"] == run.model.evaluate(x, labels)["loss"]


# Gradients of micro-batches ---------------------------------------------------------------------------


class KeepsGradients(Optimiser):
    """Changes no parameter, and keeps the gradients of each step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.found: list[Gradients] = []

    def update(
        self,
        params: dict[str, Array],
        grads: Gradients,
        progress: float = 0.0,
        decays: Collection[str] | None = None,
    ) -> dict[str, Array]:
        self.found.append(grads)
        return dict(params)

    def update_one(self, value: Array, grad: Array, rate: float, *state: Array) -> Array:
        raise NotImplementedError


def gradients(model: Sequential, x: Array, labels: Labels, **sizes: Any) -> list[Gradients]:
    """Return the gradients of each step of an epoch."""
    optimiser = KeepsGradients(learning_rate=1.0)
    model.fit(x, labels, epochs=1, optimiser=optimiser, seed=4, **sizes)
    return optimiser.found


def assert_same(found: Gradients, expected: Gradients, tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for name, grad in expected.items():
        atol = tolerance * max(1, abs(grad).max())
        np.testing.assert_allclose(found[name], grad, rtol=0, atol=atol, err_msg=name)


@pytest.mark.parametrize("batch_size", [3, 12, 50])
def test_micro_batches_that_do_not_divide_the_batch_add_up_to_it(batch_size: int) -> None:
    model = built([Conv2D(4, 3, padding="same"), ReLU(), MaxPool2D(2), Flatten(), Dense(5), ReLU(), Dense(3)])
    x, labels = images(13, dtype=np.float64)
    expected = []
    for batch in parts(generator(4, 0).permutation(13), batch_size):
        outputs, caches = model.forward_pass(x[batch], training=True)
        dy = SoftmaxCrossEntropy()(outputs, labels[batch])[1]
        expected.append(model.backward_pass(dy, caches)[1])
    for micro_batch_size in (1, 5, 64):
        sizes = {"batch_size": batch_size, "micro_batch_size": micro_batch_size}
        for here, there in zip(gradients(model, x, labels, workers=2, **sizes), expected, strict=True):
            assert_same(here, there, tolerance=1e-14)


def in_float64(layers: list[Layer]) -> Sequential:
    """Return a model whose parameters hide no errors behind zeros and ones."""
    model, rng = built(layers), np.random.default_rng(1)
    model.assign({name: p + 0.3 * rng.standard_normal(p.shape) for name, p in model.params.items()})
    return model


def numerical(model: Sequential, x: Array, labels: Labels) -> Gradients:
    """Return the effect of small changes of each parameter on the loss of one batch."""

    def loss() -> float:
        outputs, _ = model.forward_pass(x, training=True)
        return SoftmaxCrossEntropy()(outputs, labels)[0]

    grads: Gradients = {}
    for name, values in model.params.items():
        grads[name] = np.zeros(values.shape)
        for index in np.ndindex(values.shape):
            before, ends = values[index], []
            for step in (1e-6, -1e-6):
                values[index] = before + step
                ends.append(loss())
            values[index] = before
            grads[name][index] = (ends[0] - ends[1]) / 2e-6
    return grads


def test_a_batch_of_one_has_the_gradients_of_its_image() -> None:
    model = in_float64([BatchNorm(), Conv2D(3, 3), BatchNorm(), ReLU(), Flatten(), Dense(3)])
    x, labels = images(1, dtype=np.float64)
    [found] = gradients(model, x, labels, batch_size=1, micro_batch_size=1)
    assert_same(found, numerical(model, x, labels), tolerance=1e-8)


# A single sample that is left over --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "batch_size", "micro_batch_size", "sizes"),
    [
        (128, 64, 64, [[64], [64]]),
        (129, 64, 64, [[64], [65]]),
        (130, 64, 64, [[64], [64], [2]]),
        (33, 64, 32, [[33]]),
        (66, 64, 32, [[32, 32], [2]]),
        (129, 64, 32, [[32, 32], [32, 33]]),
        (5, 4, 2, [[2, 3]]),
        (3, 2, 1, [[1, 1, 1]]),
        (3, 1, 8, [[1], [1], [1]]),
        (1, 8, 4, [[1]]),
    ],
)
def test_a_single_sample_that_is_left_over_joins_those_before(
    n: int, batch_size: int, micro_batch_size: int, sizes: list[list[int]]
) -> None:
    found: list[list[int]] = [[]]
    progress: list[float] = []

    class NotesSteps(Callback):
        def on_step_end(self, training: Training) -> None:
            found.append([])
            progress.append(training.progress)
            assert training.seen == sum(map(sum, found))

    model = built([Sees(0, lambda x, _: found[-1].append(len(x))), Flatten(), Dense(3)])
    model.fit(
        *images(n), epochs=1, optimiser=SGD(learning_rate=0.1), workers=1, callbacks=[NotesSteps()],
        batch_size=batch_size, micro_batch_size=micro_batch_size,
    )  # fmt: skip
    assert found == [*sizes, []]
    assert progress == [step / len(sizes) for step in range(1, len(sizes) + 1)]


@pytest.mark.parametrize("batch_size", [64, 128])
def test_batch_normalisation_of_numbers_trains_whatever_is_left_over(batch_size: int) -> None:
    model, (x, labels) = built([Flatten(), Dense(8), BatchNorm(), Dense(3)]), images(129)
    history = model.fit(x, labels, epochs=30, optimiser=Adam(learning_rate=0.01), batch_size=batch_size)
    # The variance of a single sample, 0, would draw the running ones away from what the numbers have.
    assert model.evaluate(x, labels)["accuracy"] == pytest.approx(history[-1]["accuracy"], abs=0.05)


@pytest.mark.parametrize("sizes", [{"batch_size": 1}, {"micro_batch_size": 1}], ids=str)
def test_batch_normalisation_of_single_numbers_is_refused(sizes: dict[str, Any]) -> None:
    model, (x, labels) = built([Flatten(), Dense(8), BatchNorm(), Dense(3)]), images(9)
    assert_refuses(
        lambda: model.fit(x, labels, epochs=1, optimiser=SGD(learning_rate=0.1), **sizes),
        ValueError, "BatchNorm", "received 1", "batch_size, micro_batch_size",
    )  # fmt: skip


# Layers of a user's own, and trainings that are refused -----------------------------------------------


class Shifting(Scale):
    """A layer that tells no parameter_shapes, has an array from the beginning, and draws another in build."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.params["gain"] = np.ones(1, np.float32)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        self.params["shift"] = rng.random(input_shape, np.float32)
        return input_shape

    def backward_pass(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        return dy, {name: np.zeros_like(array) for name, array in self.params.items()}


def test_a_layer_that_tells_no_shapes_is_built_once() -> None:
    model, (x, labels) = Sequential([Flatten(), Shifting(), Dense(3)]), images(9)
    model.fit(x, labels, epochs=1)
    drawn = model.params["1.shift"]
    model.fit(x, labels, epochs=1, seed=1)
    np.testing.assert_array_equal(model.params["1.shift"], drawn)


def test_a_training_that_is_refused_leaves_the_model_as_it_was() -> None:
    model, (x, labels) = Sequential([Flatten(), Dense(3)]), images(9)
    history = model.fit(x, labels, epochs=1)
    refused: dict[str, Any] = {"loss": MeanSquaredError(), "callbacks": [BestWeights()]}
    assert_refuses(lambda: model.fit(x, np.eye(3)[labels], **refused), ValueError, "cannot monitor")
    assert model.history is history
    assert model.predict(x).shape == (9,)


# Data from which there is little to learn -------------------------------------------------------------


def test_from_images_of_zeros_the_frequencies_of_the_classes_are_learnt() -> None:
    model, labels = built([BatchNorm(), Flatten(), Dense(3)]), np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    x, before = np.zeros((10, 6, 6, 1)), model.params["0.scale"]
    model.fit(x, labels, epochs=100, optimiser=SGD(learning_rate=0.5), batch_size=10, micro_batch_size=3)
    np.testing.assert_allclose(model.predict_proba(x[:1])[0], [0.5, 0.3, 0.2], atol=1e-4)
    np.testing.assert_array_equal(model.params["0.scale"], before)


def test_one_class_is_learnt() -> None:
    model = built([Conv2D(2, 3), BatchNorm(), ReLU(), Flatten(), Dense(3)])
    x, labels = images(30)[0], np.full(30, 1)
    history = model.fit(
        x, labels, epochs=20, optimiser=SGD(learning_rate=0.1), batch_size=8, micro_batch_size=3
    )
    assert history[-1]["loss"] < 0.02 * history[0]["loss"]
    assert model.evaluate(x, labels)["accuracy"] == 1
