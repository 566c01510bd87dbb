from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import (
    BatchNorm,
    Callback,
    Dense,
    Flatten,
    Layer,
    MeanSquaredError,
    Sequential,
    Softmax,
    Training,
)
from cnn.types import Shape
from tests.cnn.tiny import built, convolutional, digests, every_layer, images, linear
from tests.refusals import assert_refuses


def randomised(layers: list[Layer]) -> Sequential:
    """Return a model in float64 that hides no error behind biases of 0 or a running mean of 0."""
    rng = np.random.default_rng(3)
    model = built(layers)
    model.assign({name: rng.standard_normal(p.shape) for name, p in model.params.items()})
    model.assign({name: rng.random(s.shape) + 0.5 for name, s in model.state.items()})
    return model


# Structure --------------------------------------------------------------------------------------------


def test_a_model_is_built_from_one_samples_shape() -> None:
    model = Sequential(convolutional())
    assert model.build((6, 6, 1), np.random.default_rng(0)) == (3,)
    assert model.input_shape == model.built_for() == (6, 6, 1)
    names = "0.weight", "0.bias", "1.scale", "1.shift", "6.weight", "6.bias", "8.weight", "8.bias"
    assert tuple(model.params) == names
    assert model.params["6.weight"].shape == (36, 8)
    assert {name: s.shape for name, s in model.state.items()} == {"1.mean": (4,), "1.variance": (4,)}


def test_assigned_arrays_are_the_models_from_then_on() -> None:
    model = built([Dense(1), BatchNorm()], (2,))
    model.assign(
        {"0.weight": np.array([[2.0], [3.0]]), "0.bias": np.array([1.0]), "1.mean": np.array([300.0])}
    )
    outputs = model.outputs(np.array([[10.0, 100.0]]))
    np.testing.assert_allclose(outputs, [[21 / np.sqrt(1 + 1e-5)]])


# Passes -----------------------------------------------------------------------------------------------


def test_gradients_of_a_model_of_every_layer_agree_with_numerical_ones() -> None:
    model = randomised(every_layer())
    x, labels = images(4, dtype=np.float64)
    loss, step = MeanSquaredError(), 1e-6

    def objective() -> float:
        return loss(model.forward_pass(x, training=True, rng=np.random.default_rng(7))[0], labels)[0]

    outputs, caches = model.forward_pass(x, training=True, rng=np.random.default_rng(7))
    dx, grads = model.backward_pass(loss(outputs, labels)[1], caches)
    assert grads.keys() == model.params.keys()
    for name, values, claimed in [("x", x, dx), *((n, model.params[n], g) for n, g in grads.items())]:
        found = np.zeros_like(values)
        for index in np.ndindex(values.shape):
            before = values[index]
            values[index] = before + step
            above = objective()
            values[index] = before - step
            found[index] = (above - objective()) / (2 * step)
            values[index] = before
        np.testing.assert_allclose(claimed, found, rtol=1e-5, atol=1e-9, err_msg=name)
        # A bias before batch normalisation has no effect: there zeros are right.
        assert name == "2.bias" or abs(found).max() > 1e-5, f"{name} should matter for the comparison to tell"


def test_activations_are_every_layers_output() -> None:
    model = built(every_layer())
    x, _ = images(5)
    found = model.activations(x)
    assert len(found) == len(model.layers)
    for layer, before, after in zip(model.layers, [x, *found], found, strict=False):
        np.testing.assert_array_equal(after, layer.forward_pass(before)[0])


# Predictions ------------------------------------------------------------------------------------------


def test_probabilities_are_the_softmax_of_the_outputs() -> None:
    x, _ = images(40)
    logits = built([Flatten(), Dense(3)])
    exponentials = np.exp(logits.outputs(x).astype(np.float64))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits.predict_proba(x), expected, rtol=1e-5)
    np.testing.assert_array_equal(logits.predict(x), expected.argmax(axis=1))


def test_probabilities_of_a_model_that_ends_with_softmax_are_its_outputs() -> None:
    x, _ = images(40)
    logits, probabilities = built([Flatten(), Dense(3)]), built([Flatten(), Dense(3), Softmax()])
    np.testing.assert_array_equal(probabilities.predict_proba(x), logits.predict_proba(x))
    np.testing.assert_array_equal(probabilities.outputs(x), logits.predict_proba(x))


def test_evaluate_returns_mean_loss_and_share_of_right_answers() -> None:
    model = built([Dense(2)], (2,))
    model.assign({"0.weight": np.eye(2), "0.bias": np.zeros(2)})
    x = np.array([[0.0, 0.0], [0.0, np.log(3)], [np.log(9), 0.0], [0.0, 0.0]])
    labels = np.array([0, 1, 1, 0])
    # The right class has the probabilities 1/2, 3/4, 1/10 and 1/2.
    found = model.evaluate(x, labels)
    assert found["loss"] == pytest.approx(np.log([2, 4 / 3, 10, 2]).mean())
    assert found["accuracy"] == 0.75
    assert model.evaluate(x, np.eye(2)[labels]) == found
    assert model.evaluate(x, labels, MeanSquaredError())["loss"] == pytest.approx(
        np.mean([1, 0, 0, (np.log(3) - 1) ** 2, np.log(9) ** 2, 1, 1, 0])
    )


# The parts of a model ---------------------------------------------------------------------------------


def test_a_model_is_a_row_of_its_layers() -> None:
    layers = convolutional()
    model = built(layers)
    assert len(model) == len(layers)
    assert list(model) == layers
    assert (model[0], model[-1]) == (layers[0], layers[-1])


@pytest.mark.parametrize("cut", [1, 5, -1])
def test_a_part_of_a_model_shares_its_layers_and_knows_its_input(cut: int) -> None:
    model, (x, _) = built(convolutional()), images(5)
    first, second = model[:cut], model[cut:]
    assert [*first, *second] == list(model)
    np.testing.assert_array_equal(second(first(x)), model.outputs(x))


def test_a_part_of_a_model_that_is_not_built_is_not_built() -> None:
    assert Sequential(convolutional())[2:].input_shape is None


def test_a_part_with_gaps_is_refused() -> None:
    assert_refuses(lambda: linear()[::-1], ValueError, "neighbouring layers", "-1")


def test_calling_a_model_gives_its_outputs() -> None:
    model, (x, _) = linear(), images(40)
    np.testing.assert_array_equal(model(x), model.outputs(x))


def test_a_notebook_shows_a_built_model_as_its_summary() -> None:
    assert linear()._repr_html_() == linear().summary()._repr_html_()
    assert Sequential([Dense(3)])._repr_html_() is None


# Building ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "seed"), [((), 0), ((3,), 3), ((np.int64(3),), 3), ((np.random.default_rng(3),), 3)]
)
def test_weights_come_from_a_generator_or_a_seed(given: tuple[Any, ...], seed: int) -> None:
    model, expected = Sequential([Dense(3)]), Sequential([Dense(3)])
    model.build((4,), *given)
    expected.build((4,), np.random.default_rng(seed))
    assert digests(model.params) == digests(expected.params)


@pytest.mark.parametrize(
    ("rng", "error"), [(-1, ValueError), ("0", TypeError), (None, TypeError), (np.random, TypeError)]
)
def test_what_no_weights_can_come_from_is_refused(rng: Any, error: type[Exception]) -> None:
    assert_refuses(
        lambda: Sequential([Dense(3)]).build((4,), rng), error, "rng, if it is not a Generator, must be"
    )


@pytest.mark.parametrize("shape", [(np.int64(4),), [4]], ids=str)
def test_a_samples_shape_of_numpys_numbers_can_be_saved(shape: Any, tmp_path: Path) -> None:
    model = Sequential([Dense(3)])
    model.build(shape)
    model.save(tmp_path / "model.npz")
    assert Sequential.load(tmp_path / "model.npz").input_shape == (4,)


# Layers that have parameters --------------------------------------------------------------------------


def trained() -> Sequential:
    model = Sequential(convolutional())
    model.fit(*images(20), epochs=1)
    return model


def test_building_again_keeps_the_parameters() -> None:
    model = trained()
    before = digests(model.params | model.state)
    assert model.build((6, 6, 1), 5) == (3,)
    assert digests(model.params | model.state) == before


def test_a_new_last_layer_is_built_and_the_trained_body_kept() -> None:
    model = trained()
    body = digests(model[:-1].params | model[:-1].state)
    transfer = Sequential([*model[:-1], Dense(2)])
    transfer.build((6, 6, 1), 7)
    assert digests(transfer[:-1].params | transfer[:-1].state) == body
    fresh = Sequential([Dense(2)])
    fresh.build((8,), 7)
    assert digests(transfer[-1:].params) == digests(fresh.params)


@pytest.mark.parametrize("replace", [True, False], ids=["replaced in the model", "a new model"])
def test_fit_trains_a_new_last_layer_on_a_trained_body(replace: bool) -> None:
    model, begun = trained(), {}

    class Begins(Callback):
        def on_fit_start(self, training: Training) -> None:
            begun.update(digests(training.model.params))

    before = digests(model.params)
    if replace:
        model.layers[-1] = Dense(2)  # type: ignore[index]
    transfer = model if replace else Sequential([*model[:-1], Dense(2)])
    x, labels = images(20)
    transfer.fit(x, labels % 2, epochs=1, callbacks=[Begins()])
    body = [name for name in before if not name.startswith("8.")]
    assert {name: begun[name] for name in body} == {name: before[name] for name in body}
    assert all(digests(transfer.params)[name] != before[name] for name in body), "the body is trained too"
    assert transfer.predict(x).shape == (20,)


def test_a_second_model_of_the_same_layers_trains_on() -> None:
    layers = [Flatten(), Dense(3)]
    first = Sequential(layers)
    first.fit(*images(20), epochs=1)
    before = digests(first.params)
    second = Sequential(layers)
    second.build((6, 6, 1), 1)
    assert digests(second.params) == before


def test_parameters_for_another_input_are_refused_and_kept() -> None:
    model = linear()
    before = digests(model.params)
    other = Sequential([*model, Dense(2)])
    named = "Layer 1 (Dense) was built for another input", "[36, 3]", "(64,) needs [64, 3]", "a new Dense"
    assert_refuses(lambda: other.build((8, 8, 1)), ValueError, *named)
    assert_refuses(lambda: other.fit(np.ones((4, 8, 8, 1)), [0, 1, 0, 1]), ValueError, *named)
    assert digests(other.params) == before


def test_a_model_of_built_layers_takes_samples_at_once() -> None:
    model, (x, labels) = trained(), images(5)
    whole = Sequential([*model, Softmax()])
    np.testing.assert_array_equal(whole.predict_proba(x), model.predict_proba(x))
    assert whole.input_shape == (6, 6, 1)
    body = Sequential(list(model[:-1]))
    np.testing.assert_array_equal(body(x), model[:-1](x))
    assert Sequential(list(model)).evaluate(x, labels) == model.evaluate(x, labels)
    np.testing.assert_array_equal(Sequential(list(model)).activations(x)[-1], model(x))
    assert_refuses(lambda: Sequential([*model[:-1], Dense(2)])(x), RuntimeError, "has not been built")


def test_a_model_with_a_new_layer_must_be_built_before_it_is_used(tmp_path: Path) -> None:
    model, (x, _) = trained(), images(5)
    model.layers[-1] = Dense(2)  # type: ignore[index]
    uses: list[Callable[[], object]] = [
        lambda: model(x), lambda: model.predict(x), model.summary, lambda: model.save(tmp_path / "model.npz"),
    ]  # fmt: skip
    for use in uses:
        assert_refuses(use, RuntimeError, "has not been built", "call fit, or build(input_shape)")
    assert model._repr_html_() is None
    model.build((6, 6, 1))
    assert model(x).shape == (5, 2)


# Arrays that are assigned -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bias",
    [[1.0, 2.0], [1, 2], np.array([1, 2]), np.array([1, 2], ">f4"), np.array([1, 2], np.float16)],
    ids=repr,
)
def test_assigned_arrays_are_copied_and_become_floats(bias: Any) -> None:
    model = built([Dense(2)], (3,))
    model.assign({"0.bias": bias})
    bias[0] = 9
    assert model.params["0.bias"].tolist() == [1, 2]
    assert model.params["0.bias"].dtype in (np.dtype(np.float32), np.dtype(np.float64))


@pytest.mark.parametrize(
    ("bias", "error", "named"),
    [
        ([1.0, np.nan], ValueError, ("0.bias must hold finite numbers", "received nan", "diverged")),
        (["a", "b"], TypeError, ("0.bias must be float32 or float64", "<U1")),
        ([[1.0], [1.0, 2.0]], TypeError, ("0.bias must be an array, or lists of equal lengths",)),
        (None, TypeError, ("0.bias must be float32 or float64", "object")),
    ],
    ids=str,
)
def test_what_are_no_parameters_is_not_assigned(
    bias: Any, error: type[Exception], named: tuple[str, ...]
) -> None:
    model = built([Dense(2)], (3,))
    assert_refuses(lambda: model.assign({"0.bias": bias}), error, *named)


@pytest.mark.parametrize("shape", [(4, 2), (4,), (4, 3, 1)], ids=str)
def test_a_gradient_of_another_shape_than_the_outputs_is_refused(shape: Shape) -> None:
    model, (x, _) = linear(), images(4)
    _, caches = model.forward_pass(x)
    named = "backward_pass expects dy", "['n', 3]", str(list(shape))
    assert_refuses(lambda: model.backward_pass(np.ones(shape), caches), ValueError, *named)
