"""What the page on which one draws a digit gets to know of the trained network."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnn
from cnn.types import Array
from lessons.home import export_digits, export_network, from_network, from_repository, in_eight_bits, room
from lessons.kit import results
from lessons.kit.shown import to_json
from lessons.kit.subject import Subject, TrainedNetwork, activations_to_probabilities
from lessons.params import load_all_parameters
from pipeline.common import paths
from pipeline.common.datasets import DIGITS
from pipeline.common.images import Bytes, ImageSet, Labelled
from tests.pipeline.workspace import changed, small_parameters, write_parameters

IMAGES = np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8)
LAYERS: list[cnn.Layer] = [
    cnn.Conv2D(3, (5, 4), stride=(2, 1), padding=((1, 0), (2, 1))),
    cnn.BatchNorm(),
    cnn.ReLU(),
    cnn.Dropout(0.5),
    cnn.Flatten(),
    cnn.Dense(10),
]


@pytest.fixture(scope="module", params=["logits", "probabilities"])
def trained(request: pytest.FixtureRequest) -> TrainedNetwork:
    model = cnn.Sequential([*LAYERS, cnn.Softmax()] if request.param == "probabilities" else LAYERS)
    rng = np.random.default_rng(1)
    model.build((28, 28, 1), rng)
    arrays = {
        name: 0.1 * rng.standard_normal(array.shape, np.float32) for name, array in model.params.items()
    }
    model.assign(arrays | {"1.mean": rng.random(3, np.float32), "1.variance": rng.random(3, np.float32)})
    return TrainedNetwork(model, ImageSet("mnist", DIGITS, mean=33.0, standard_deviation=78.0), "small")


@pytest.fixture(scope="module")
def test(trained: TrainedNetwork) -> Labelled:
    """Return images of which the network recognises two thirds."""
    answers = trained.model.predict(trained.image_set.normalise(IMAGES))
    wrong = np.arange(len(answers)) % 3 == 2
    return Labelled(IMAGES, np.where(wrong, (answers + 1) % 10, answers).astype(np.uint8))


def exported(trained: TrainedNetwork) -> tuple[Any, bytes]:
    """Return the network as the browser reads it."""
    network, weights = export_network(trained)
    return json.loads(to_json(network)), weights


def read(network: Any, weights: bytes) -> dict[str, Array]:
    """Return the network's arrays."""
    arrays = {}
    for index, layer in enumerate(network["layers"]):
        for name, where in layer["arrays"].items():
            count = int(np.prod(where["shape"]))
            kind = np.int8 if "scale" in where else np.dtype("<f4")
            numbers = np.frombuffer(weights, kind, count, where["offset"]).reshape(where["shape"])
            arrays[f"{index}.{name}"] = numbers * np.array(where.get("scale", 1), np.float32)
    return arrays


def activations(trained: TrainedNetwork, images: Bytes) -> list[Array]:
    return activations_to_probabilities(trained.model, trained.image_set.normalise(images))


def test_the_file_of_layers_tells_how_to_compute_them(trained: TrainedNetwork, test: Labelled) -> None:
    network, weights = exported(trained)
    kinds = ["Conv2D", "BatchNorm", "ReLU", "Dropout", "Flatten", "Dense", "Softmax"]
    assert [layer["layer"] for layer in network["layers"]] == kinds
    shapes = [list(values.shape[1:]) for values in activations(trained, test.images[:1])]
    assert [layer["output_shape"] for layer in network["layers"]] == shapes
    convolution = network["layers"][0]
    assert convolution["stride"] == [2, 1]
    assert convolution["padding"] == [[1, 0], [2, 1]]
    assert network["normalisation"] == {"mean": 33.0, "standard_deviation": 78.0}
    assert network["input_shape"] == [28, 28, 1]
    assert network["class_names"] == list("0123456789")
    assert (network["dataset"], network["recipe"]) == ("MNIST", "small")
    assert network["bytes"] == len(weights)


def test_weights_are_right_to_half_a_step_of_their_output_and_all_else_is_exact(
    trained: TrainedNetwork,
) -> None:
    network, weights = exported(trained)
    found, expected = read(network, weights), trained.model.params | trained.model.state
    assert set(found) == set(expected)
    for name, array in expected.items():
        if name.endswith(".weight"):
            steps = np.abs(array).max(axis=tuple(range(array.ndim - 1))) / 127
            assert (np.abs(found[name] - array) <= 0.501 * steps).all()
        else:
            np.testing.assert_array_equal(found[name], array)
    assert len(weights) == sum(
        array.size * (1 if name.endswith(".weight") else 4) for name, array in expected.items()
    )


def test_the_network_in_eight_bits_is_the_one_that_the_browser_reads(trained: TrainedNetwork) -> None:
    before = {name: array.copy() for name, array in trained.model.params.items()}
    found = in_eight_bits(trained).model
    for name, array in read(*exported(trained)).items():
        np.testing.assert_array_equal((found.params | found.state)[name], array)
    for name, array in before.items():
        np.testing.assert_array_equal(trained.model.params[name], array)


def test_an_output_without_weights_stays_zero() -> None:
    model = cnn.Sequential([cnn.Flatten(), cnn.Dense(2)])
    model.build((2, 2, 1), np.random.default_rng(0))
    model.assign({"1.weight": np.array([[0, 1], [0, -2], [0, 0], [0, 3]], np.float32)})
    trained = TrainedNetwork(model, ImageSet("two", ("a", "b"), 100.0, 50.0), "small")
    np.testing.assert_array_equal(in_eight_bits(trained).model.params["1.weight"][:, 0], 0)


def test_the_page_says_what_eight_bits_change(
    trained: TrainedNetwork, test: Labelled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_parameters(tmp_path, small_parameters())
    paths.HARDEST.parent.mkdir()
    paths.HARDEST.write_text("image\n8\n11\n")
    figures = load_all_parameters().figures
    subject = Subject(**vars(trained), train=test, validation=test, test=test, figures=figures, digit=5)

    shown = from_network(subject)

    images, labels = test.images[: figures.images], test.labels[: figures.images]
    x = trained.image_set.normalise(images)
    exact = trained.model.predict_proba(x)
    rounded = in_eight_bits(trained).model.predict_proba(x)
    values = shown.values
    assert values["counted"] == str(len(labels))
    assert values["accuracy_exact"] == f"{(exact.argmax(axis=1) == labels).mean():.2%}"
    assert values["accuracy_in_eight_bits"] == f"{(rounded.argmax(axis=1) == labels).mean():.2%}"
    assert values["largest_deviation"] == f"{np.abs(rounded - exact).max():.3f}"
    for digit in json.loads(shown.files["network/digits.json"]):
        [probabilities] = in_eight_bits(trained).model.predict_proba(
            trained.image_set.normalise(test.images[[digit["image"]]])
        )
        np.testing.assert_allclose(digit["probabilities"], probabilities, rtol=0, atol=1e-6)


def test_there_is_room_for_every_map_image_and_class() -> None:
    names = ("red", "Ünïcode & <b>", "blue")
    model = cnn.Sequential([cnn.Conv2D(4, 3), cnn.Dropout(0.5), cnn.Flatten(), cnn.Dense(40), cnn.Dense(3)])
    model.build((20, 20, 3), np.random.default_rng(0))
    network, _ = export_network(TrainedNetwork(model, ImageSet("colours", names, 100.0, 50.0), "small"))
    text = room(network, [{"hard": False}, {"hard": False}, {"hard": True}])
    assert re.findall(r'<canvas width="(\d+)" height="(\d+)">', text) == [
        *[("20", "20")] * 3,  # red, green and blue
        *[("18", "18")] * 4,
        *[("32", "2"), ("3", "1"), ("3", "1")],  # the last one for the softmax
    ]
    assert text.count("<button disabled>") == 3
    assert "<li><span>Ünïcode &amp; &lt;b&gt;</span>" in text


def test_a_digit_of_every_class_and_hard_ones_of_different_classes_are_ready(
    trained: TrainedNetwork, test: Labelled
) -> None:
    wrong = [number for number in range(299, -1, -1) if number % 3 == 2 and number != 5]
    digits = export_digits(trained, test, 5, wrong)
    numbers = [digit["image"] for digit in digits]
    answers = activations(trained, test.images)[-1].argmax(axis=1)
    easy = [digit for digit in digits if not digit["hard"]]
    assert numbers[0] == 5
    assert len(set(numbers)) == len(numbers)
    assert {digit["label"] for digit in easy} == {
        int(test.labels[5]),
        *map(int, answers[answers == test.labels]),
    }
    for digit in easy[1:]:
        label = digit["label"]
        first = next(n for n in range(300) if test.labels[n] == label == answers[n])
        assert digit["image"] == first
    hard = [digit for digit in digits if digit["hard"]]
    assert hard[0]["image"] == wrong[0]
    assert {digit["image"] for digit in hard} <= set(wrong)
    labels = [digit["label"] for digit in hard]
    assert len(set(labels)) == len(labels) == min(6, len({int(test.labels[n]) for n in wrong}))


def test_of_many_classes_some_are_ready_and_the_first_image_is_among_them() -> None:
    model = cnn.Sequential([cnn.Flatten(), cnn.Dense(40)])
    model.build((6, 6, 3), np.random.default_rng(0))
    names = tuple(f"class {number}" for number in range(40))
    trained = TrainedNetwork(model, ImageSet("classes", names, mean=100.0, standard_deviation=50.0), "small")
    images = np.random.default_rng(1).integers(0, 256, (200, 6, 6, 3), np.uint8)
    labels = model.predict(trained.image_set.normalise(images)).astype(np.uint8)
    found = export_digits(trained, Labelled(images, labels), 5, [])
    assert len(set(labels.tolist())) > 10
    assert len(found) == 10
    assert found[0]["image"] == 5
    assert base64.b64decode(found[1]["pixels"]) == images[found[1]["image"]].tobytes()


@pytest.mark.parametrize(
    ("dataset", "handwritten", "told"), [("mnist", True, 1), ("fashion-mnist", False, 0)]
)
def test_the_page_tells_of_its_own_data_set_only(
    dataset: str, handwritten: bool, told: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_parameters(tmp_path, changed(small_parameters(), "data.dataset", dataset))
    paths.EVALUATION.parent.mkdir()
    evaluation = {"dataset": dataset, "recipe": "small", "images": 4, "accuracy": 0.75}
    paths.EVALUATION.write_text(json.dumps(evaluation))
    study = {
        "dataset": "mnist",
        "recipe": "record",
        "seeds": [{"test_accuracy": 0.99}],
        "summary": {"test_accuracy": {"mean": 0.99, "standard_deviation": None}},
    }
    monkeypatch.setattr(results, "studies", lambda: [study])
    values = from_repository().values
    assert (values["handwritten"], len(values["studies"])) == (handwritten, told)
    predict = small_parameters()["predict"]
    assert values["unsure"] == {
        name: predict[name] for name in ("least_probability", "widest", "fullest", "narrow")
    }


def test_every_ready_digit_carries_its_pixels_and_its_answer(trained: TrainedNetwork, test: Labelled) -> None:
    for digit in export_digits(trained, test, 5, [8, 11]):
        image = test.images[digit["image"]]
        assert base64.b64decode(digit["pixels"]) == image.tobytes()
        assert digit["label"] == test.labels[digit["image"]]
        [probabilities] = activations(trained, image[None])[-1]
        np.testing.assert_allclose(digit["probabilities"], probabilities, rtol=0, atol=1e-6)
