"""What the page on which one draws a digit gets to know of the trained network."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnn
from cnn.types import Array
from lessons.home import STEPS, export_digits, export_network, from_repository
from lessons.kit import results
from lessons.kit.subject import TrainedNetwork, activations_to_probabilities
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


def exported(
    trained: TrainedNetwork, test: Labelled, hardest: list[int]
) -> tuple[Any, Any, dict[str, bytes]]:
    files = export_network(trained) | export_digits(trained, test, 5, hardest)
    return json.loads(files["network.json"]), json.loads(files["digits.json"]), files


def activations(trained: TrainedNetwork, images: Bytes) -> list[Array]:
    return activations_to_probabilities(trained.model, trained.image_set.normalise(images))


def test_the_file_of_layers_tells_how_to_compute_them(trained: TrainedNetwork, test: Labelled) -> None:
    network, _, files = exported(trained, test, [])
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
    found = {}
    for index, layer in enumerate(network["layers"]):
        for name, where in layer["arrays"].items():
            count = int(np.prod(where["shape"]))
            numbers = np.frombuffer(files["weights.bin"], "<f4", count, where["offset"])
            found[f"{index}.{name}"] = numbers.reshape(where["shape"])
    expected = trained.model.params | trained.model.state
    assert set(found) == set(expected)
    assert len(files["weights.bin"]) == 4 * sum(array.size for array in expected.values())
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_what_is_recorded_is_right_to_half_a_step_of_the_layers_largest_number(
    trained: TrainedNetwork, test: Labelled
) -> None:
    _, digits, files = exported(trained, test, [])
    layers = [entry["layer"] for entry in digits["recorded"]]
    assert layers == [0, 1, 2, 5, 6]  # the others change no number
    expected = activations(trained, test.images[5:6])
    for entry in digits["recorded"]:
        values = expected[entry["layer"]].ravel()
        numbers = np.frombuffer(files["recorded.bin"], np.int8, values.size, entry["offset"])
        assert entry["largest"] == np.abs(values).max()
        step = entry["largest"] / STEPS
        np.testing.assert_allclose(numbers * step, values, rtol=0, atol=0.501 * step)
    assert len(files["recorded.bin"]) == sum(expected[layer].size for layer in layers)


def test_a_digit_of_every_class_and_hard_ones_of_different_classes_are_ready(
    trained: TrainedNetwork, test: Labelled
) -> None:
    wrong = [number for number in range(299, -1, -1) if number % 3 == 2 and number != 5]
    _, found, _ = exported(trained, test, wrong)
    digits = found["digits"]
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
    _, found, _ = exported(trained, Labelled(images, labels), [])
    assert len(set(labels.tolist())) > 10
    assert len(found["digits"]) == 10
    assert found["digits"][0]["image"] == 5
    assert base64.b64decode(found["digits"][1]["pixels"]) == images[found["digits"][1]["image"]].tobytes()


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


def test_every_ready_digit_carries_its_pixels_and_its_answer(trained: TrainedNetwork, test: Labelled) -> None:
    _, found, _ = exported(trained, test, [8, 11])
    for digit in found["digits"]:
        image = test.images[digit["image"]]
        assert base64.b64decode(digit["pixels"]) == image.tobytes()
        assert digit["label"] == test.labels[digit["image"]]
        [probabilities] = activations(trained, image[None])[-1]
        np.testing.assert_allclose(digit["probabilities"], probabilities, rtol=0, atol=1e-6)
