import json
from pathlib import Path

import numpy as np
import pytest

import cnn
from lessons.drawings.images import busiest, saliency
from lessons.facts.network import answers
from lessons.facts.shapes import shapes
from lessons.kit.small_trainings import train_small, without_activations, without_dropout
from lessons.params import SmallTraining, load_all_parameters
from lessons.site.facts import gradient_checks
from lessons.valley import height, path
from lessons.widgets.curves import Curve, curves, loss_after_step
from pipeline.common.images import Labelled, Normalisation
from tests.pipeline.workspace import ROOT, digits

FIGURES = load_all_parameters(ROOT / "params.yaml").figures
CURVES = curves(FIGURES.valley)


def small(layers: list[cnn.Layer]) -> cnn.Sequential:
    model = cnn.Sequential(layers)
    model.build((6, 6, 1), np.random.default_rng(0))
    return model


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_has_a_row_of_heights_for_each_of_its_parameters_values(name: str) -> None:
    curve: Curve = json.loads(json.dumps(CURVES[name]))

    assert {line["role"] for line in curve["lines"]} <= {"input", "parameter", "output", "gradient", "none"}
    for line in curve["lines"]:
        assert len(line["y"]) == len(curve["parameter"]["values"])
        assert {len(row) for row in line["y"]} == {len(curve["x"])}
    assert curve["x"] == sorted(curve["x"])


def test_every_slider_of_the_pages_has_its_curve() -> None:
    pages = [page.read_text(encoding="utf-8") for page in Path(ROOT, "docs").rglob("*.md")]
    named = {part.partition('"')[0] for page in pages for part in page.split('<curve-slider curve="')[1:]}

    assert named == set(CURVES)


def test_sgd_walks_down_the_valley_as_the_page_says() -> None:
    places = path(FIGURES.valley, cnn.SGD(learning_rate=0.2))

    assert places[:4].round(6).tolist() == [[5, 1], [4, -0.8], [3.2, 0.64], [2.56, -0.512]]
    assert height(FIGURES.valley, places[0]) == 17


def test_the_last_learning_rate_of_the_slider_no_longer_settles_across_the_valley() -> None:
    across = CURVES["learning-rate"]["lines"][0]["y"]

    assert [abs(row[-1]) < abs(row[0]) for row in across[-2:]] == [True, False]


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0.6931), (0.1, 0.0258)])
def test_one_step_of_the_small_model_is_that_of_the_page(rate: float, expected: float) -> None:
    assert loss_after_step(rate) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("page", gradient_checks.CHECKS)
def test_a_gradient_check_tells_the_layer_from_the_one_with_a_mistake(page: str) -> None:
    rows = [line.split(" | ") for line in gradient_checks.gradient_check(page).splitlines()[2:]]

    assert not any("**" in right for _, right, _ in rows)
    assert any("**" in wrong for _, _, wrong in rows)


@pytest.mark.parametrize("fact", [gradient_checks.activations, gradient_checks.softmax_cross_entropy])
def test_a_gradient_check_of_several_marks_its_mistake_only(fact: object) -> None:
    assert callable(fact)
    rows = fact().splitlines()[2:]

    assert [row.startswith("| with a mistake") for row in rows] == ["**" in row for row in rows]


def test_the_gradient_check_of_the_network_goes_back_to_the_picture() -> None:
    rows = gradient_checks.network().splitlines()[2:]

    names = ["the picture", "`0.weight`", "`0.bias`", "`4.weight`", "`4.bias`"]
    assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in names]
    assert not any("**" in row for row in rows)


def test_saliency_of_a_dense_layer_is_its_weights() -> None:
    model = small([cnn.Flatten(), cnn.Dense(3)])

    found = saliency(model, np.ones((1, 6, 6, 1), np.float32), unit=2)

    np.testing.assert_array_equal(found.ravel(), model.params["1.weight"][:, 2])


def test_the_busiest_part_of_an_image_holds_what_it_shows() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[12:17, 20:26] = 200

    row, column = busiest(image)

    assert image[row : row + 10, column : column + 10].sum() == image.sum()


def test_small_trainings_differ_only_by_what_is_taken_away() -> None:
    layers = FIGURES.overfitting.model

    assert [layer["layer"] for layer in without_dropout(layers)] == [layer["layer"] for layer in layers]
    assert {layer["rate"] for layer in without_dropout(layers) if "rate" in layer} == {0.0}
    assert not {"ReLU"} & {layer["layer"] for layer in without_activations(layers)}


def test_a_small_training_sees_so_many_images_and_gives_the_same_weights_again() -> None:
    settings = FIGURES.overfitting.model_dump() | {"epochs": 2, "images": 30}
    training = SmallTraining.model_validate(settings)
    train, validation = Labelled(*digits(60, 0)), Labelled(*digits(20, 1))
    normalisation = Normalisation("mnist", 100.0, 60.0)
    fewer = Labelled(train.images[:30], train.labels[:30])

    one, other = (
        train_small(training, training.model, normalisation, part, validation) for part in (train, fewer)
    )

    assert one.history == other.history
    for name, array in one.model.params.items():
        np.testing.assert_array_equal(array, other.model.params[name])


def test_answers_are_counted_and_their_loss_is_shared_out() -> None:
    probabilities = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]], np.float32)

    right, wrong, total = answers(probabilities, np.array([0, 0, 0], np.uint8)).splitlines()[2:]

    assert right == "| right | 2 | 62.5% | 62.5% | 0.4904 | 41% |"
    assert wrong == "| wrong | 1 | 75.0% | 25.0% | 1.3863 | 59% |"
    assert total.startswith("| all | 3 | 66.7% | 50.0% | 0.7890 | 100% |")


def test_shapes_name_what_a_layer_takes_holds_and_gives() -> None:
    model = small([cnn.Conv2D(2, 3), cnn.Flatten(), cnn.Dense(3)])

    assert shapes(model, (cnn.Conv2D,)).splitlines()[2:] == [
        "| 0. Conv2D | 6×6×1 | weight 3×3×1×2, bias 2 | 4×4×2 | 3×3 |"
    ]
    assert shapes(model, (cnn.Dropout,)) == "The recipe that was trained has no layer of this kind (Dropout)."
