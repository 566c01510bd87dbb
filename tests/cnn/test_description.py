import json
import threading
from typing import Any

import numpy as np
import pytest

import cnn
from cnn import Adam, Conv2D, Dense, OneCycle, RandomAffine, Schedule, Sequential
from cnn.description import description, difference
from tests.cnn.own import Halving, Line, Noise, Scale, Slope, Twice, Weighted, small, twice


class Anything:
    def __init__(self, value: Any) -> None:
        self.value = value


class CosineDecay(Schedule):
    """A namesake of one of the library's classes, with the same arguments."""

    def __init__(self, peak: float, warm_up: float = 0.0, end: float = 0.0) -> None:
        self.peak, self.warm_up, self.end = peak, warm_up, end

    def __call__(self, progress: float) -> float:
        return self.peak


DIFFERENT: list[Any] = [
    None, True, 2, 2.5, np.nan, np.inf, "a", [], [1], {"a": 1}, {"a": 2},
    np.zeros(3), np.ones(3), np.zeros((3, 1)), np.zeros(3, np.float32), np.float32(0.1),
    small, twice, abs, Scale, lambda: None,
    Scale(2), Scale(3), Slope(2), Halving(0.1, 0.5), Halving(0.1, 0.25), Line(0.1), Line(0.2), Noise(0.1),
    Weighted([1, 2]), Weighted([1, 3]), Twice(), Twice(change=small), RandomAffine(shift=1), Conv2D(3, 3),
    Conv2D(3, 3, initialiser=small), Adam(learning_rate=0.1), Adam(learning_rate=OneCycle(0.1)),
    CosineDecay(0.1), cnn.CosineDecay(0.1), CosineDecay, cnn.CosineDecay,
    Anything(small), Anything({"a": [Scale(2)]}), Anything({"a": [Scale(3)]}), threading.Lock(),
    Anything(threading.Lock()),
]  # fmt: skip


def written(value: Any) -> str:
    text = json.dumps(description(value))
    assert json.loads(text) == description(value), "it should come back from a file"
    return text


def test_different_things_have_different_descriptions() -> None:
    assert len(set(map(written, DIFFERENT))) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Anything(Scale(2)), Anything(Scale(2))),
        (Anything((1, 2)), Anything([1, 2])),
        (np.zeros((2, 3)).T, np.zeros((3, 2))),
        (np.float64(0.5), 0.5),
        (Sequential([Slope(), Scale(2)]), Sequential([Slope(), Scale(2)])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_same_things_made_twice_have_the_same_description(one: Any, other: Any) -> None:
    assert written(one) == written(other)


def test_what_changes_in_use_does_not_belong_to_a_configuration_that_is_kept() -> None:
    noise = Noise(0.5)
    noise(np.zeros((1, 2, 2, 1)), np.zeros((1, 1)))
    assert noise.calls == 1
    assert description(noise) == description(Noise(0.5))


def test_the_weights_of_a_model_belong_to_it_unless_they_are_left_out() -> None:
    one, other = (Dense(2) for _ in range(2))
    for seed, layer in enumerate((one, other)):
        layer.build((3,), np.random.default_rng(seed))
    assert description(Anything(Sequential([one]))) != description(Anything(Sequential([other])))
    assert description(one, "params", "state") == description(other, "params", "state")


def test_an_object_that_leads_back_to_itself_is_described() -> None:
    loop = Anything([1])
    loop.value.append(loop)
    assert description(loop) == {"class": "Anything", "value": [1, {"class": "Anything"}]}


def test_attributes_can_be_left_out_of_the_object_alone() -> None:
    inner = Anything(1)
    assert description(inner, "value") == {"class": "Anything"}
    assert description(Anything([inner]), "other")["value"] == [{"class": "Anything", "value": 1}]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Anything(1), Anything(1), None),
        (Anything(1), Anything("1"), ("it.value", "1", "'1'")),
        (Anything([1, [2, 3]]), Anything([1, [2, 4]]), ("it.value[1][1]", "3", "4")),
        (Anything({"a": Scale(2)}), Anything({"a": Scale(3)}), ("it.value.a.factor", "2", "3")),
        (Anything({"a": 1}), Anything({"b": 1}), ("it.value.a", "1", "None")),
        ([Scale(2)], [Scale(2), Slope()], ("it", "[Scale]", "[Scale, Slope]")),
        (Scale(2), None, ("it", "Scale", "None")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_first_part_that_differs_is_named(
    one: Any, other: Any, expected: tuple[str, str, str] | None
) -> None:
    assert difference("it", description(one), description(other)) == expected


def test_large_parts_are_named_in_a_few_words() -> None:
    long = difference("it", ["x" * 1000] * 1000, "y" * 1000)
    assert long is not None
    assert len("".join(long)) < 2600
