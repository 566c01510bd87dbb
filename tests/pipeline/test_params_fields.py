"""Every field of `params.yaml` is changed in turn, those of each layer, optimiser, schedule, … included."""

import copy
import math
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

import pytest

import cnn
from lessons.params import AllParameters
from pipeline.common.errors import PipelineError
from pipeline.common.params import parse_parameters
from tests.pipeline.workspace import small_parameters

Way = tuple[str | int, ...]
"""The keys and indices that lead to a value."""

KINDS = ("layer", "optimiser", "schedule", "loss", "augmentation")
LAYERS = [
    cnn.Conv2D(3, 3, padding="same"),
    cnn.BatchNorm(),
    cnn.LeakyReLU(),
    cnn.MaxPool2D(2),
    cnn.Conv2D(4, (2, 3), stride=(1, 2), padding=1),
    cnn.GELU(),
    cnn.AveragePool2D(2),
    cnn.ReLU(),
    cnn.Dropout(0.25),
    cnn.GlobalAveragePool2D(),
    cnn.Flatten(),
    cnn.Rescale(0.5),
    cnn.Standardise(0.1, (2.0, 3.0, 4.0, 5.0)),
    cnn.Dense(5),
    cnn.Tanh(),
    cnn.Sigmoid(),
    cnn.Dense(10),
    cnn.Softmax(),
]
SCHEDULES = [cnn.ConstantRate(0.1), cnn.StepDecay(0.1), cnn.CosineDecay(0.1), cnn.OneCycle(0.1)]
OPTIMISERS = [cnn.SGD, cnn.RMSProp, cnn.Adam, cnn.AdamW]


def full_parameters() -> dict[str, Any]:
    """Return parameters in which every hyperparameter of every layer, optimiser, … is written out."""
    data = small_parameters()
    every = data["recipes"]["every"] = copy.deepcopy(data["recipes"]["small"])
    every["model"] = [layer.to_config() for layer in LAYERS]
    every["loss"] = {"loss": "MeanSquaredError"}
    every["augmentation"] = written_out("augmentation", cnn.RandomAffine(shift=1))
    data["recipes"]["other"]["loss"] = written_out("loss", cnn.SoftmaxCrossEntropy())
    for kind, schedule in zip(OPTIMISERS, SCHEDULES, strict=True):
        config = written_out("optimiser", kind(learning_rate=1.0, clip_norm=1.0))
        config["learning_rate"] = written_out("schedule", schedule)
        data["figures"]["valley"]["optimisers"][f"{kind.__name__} in full"] = config
    return data


def written_out(what: str, made: Any) -> dict[str, Any]:
    values = {entry.name: asdict(made)[entry.name] for entry in fields(made) if entry.init}
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {what: type(made).__name__, **values}


def ways(node: Any, way: Way = (), owner: Way = ()) -> Iterator[tuple[Way, Way]]:
    """Go through the fields; those of the same owner (a kind of layer, a recipe, …) are equal."""
    if isinstance(node, list):
        for index, value in enumerate(node):
            if isinstance(value, dict):
                yield from ways(value, (*way, index), owner)
        return
    kind = next((str(node[kind]) for kind in KINDS if isinstance(node.get(kind), str)), None)
    owner = (kind,) if kind else owner
    for name, value in node.items():
        named_freely = way in {("recipes",), ("figures", "valley", "optimisers")}
        inner = (*owner, "*" if named_freely else name)
        if not named_freely:
            yield inner, (*way, name)
        if isinstance(value, dict | list):
            yield from ways(value, (*way, name), inner)


FULL = full_parameters()
WAYS = list(dict(reversed(list(ways(FULL)))).values())  # of equal fields the first


def at(way: Way) -> Any:
    node: Any = FULL
    for key in way:
        node = node[key]
    return node


IS_KIND = [way for way in WAYS if way[-1] in KINDS and isinstance(at(way), str)]
NUMBERS = [way for way in WAYS if type(at(way)) in {int, float}]


def name_of(way: Way) -> str:
    return ".".join(map(str, way))


def put(way: Way, value: Any) -> dict[str, Any]:
    """Return the parameters with another value at the end of a way."""
    data = copy.deepcopy(FULL)
    _home(data, way)[way[-1]] = value
    return data


def without(way: Way, instead: str = "") -> dict[str, Any]:
    """Return the parameters without what stands at the end of a way, or with another name for it."""
    data = copy.deepcopy(FULL)
    home = _home(data, way)
    value = home.pop(way[-1])
    if instead:
        home[instead] = value
    return data


def _home(node: Any, way: Way) -> Any:
    for key in way[:-1]:
        node = node[key]
    return node


def check(data: Any) -> dict[str, Any]:
    return parse_parameters(data, "params.yaml", AllParameters).model_dump()


def faults(data: Any) -> list[str]:
    """Return what is said of such parameters: one sentence for each fault."""
    try:
        check(data)
    except PipelineError as error:
        first, *sentences = str(error).splitlines()
    else:
        return []
    assert first == "params.yaml is not right:"
    assert all(re.fullmatch(r"  .*[.?]", sentence) for sentence in sentences), sentences
    return [sentence.strip() for sentence in sentences]


def misspelt(name: str) -> str:
    """Return a name with its two letters in the middle swapped, or without its last one."""
    half = len(name) // 2
    swapped = name[: half - 1] + name[half] + name[half - 1] + name[half + 1 :]
    return swapped if swapped != name else name[:-1]


def test_the_parameters_that_are_changed_are_right() -> None:
    assert check(FULL) == FULL


def test_a_missing_field_is_named_or_has_a_default() -> None:
    for way in WAYS:
        data = without(way)
        said = faults(data)
        if said:
            assert str(way[-1]) in said[0]
        else:
            assert check(data) == data
            assert {"optimiser", "loss", "augmentation", "model", "optimisers"} & set(way[:-1])


def test_a_misspelt_field_is_told_the_right_name() -> None:
    for way in WAYS:
        wrong = misspelt(str(way[-1]))
        said = faults(without(way, instead=wrong))[0]
        named = (repr(wrong), name_of((*way[:-1], wrong)), f"{name_of(way)} is missing")
        assert any(name in said for name in named), said
        assert str(way[-1]) in said


def test_a_misspelt_kind_is_told_the_right_one() -> None:
    for way in IS_KIND:
        wrong = misspelt(at(way))
        [sentence] = faults(put(way, wrong))
        assert f"There is no {way[-1]} {wrong!r}: did you mean {at(way)!r}? There are " in sentence


def test_a_misspelt_recipe_is_told_the_right_one() -> None:
    assert faults(put(("recipe",), "smal")) == [
        "the file: there is no recipe 'smal': did you mean 'small'? There are small, other, every."
    ]


OF_ANOTHER_TYPE: dict[type, Any] = {
    int: False,
    float: "text",
    str: 3,
    bool: "text",
    list: "text",
    dict: "text",
}


def test_a_value_of_another_type_is_refused() -> None:
    for way in WAYS:
        if at(way) is None or way[-1] == "padding":  # which is a number or a word
            continue
        [sentence, *_] = faults(put(way, OF_ANOTHER_TYPE[type(at(way))]))
        named = [str(key) for key in way if not isinstance(key, int)]
        assert any(name in sentence for name in named[-2:]), sentence


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    for way in NUMBERS:
        [sentence] = faults(put(way, value))
        assert str(way[-1]) in sentence
        assert f"received {value}." in sentence


EVERY = ("recipes", "every")
TRAIN = ("recipes", "small", "train")
OUT_OF_RANGE: list[tuple[Way, list[Any]]] = [
    (("data", "validation_share"), [0, 1]),
    (("data", "split_seed"), [-1, 2**32]),
    (("data", "dataset"), ["mnits", "mnist-sample"]),
    (("fetch", "fallback"), ["samples"]),
    (("runtime", "workers"), [0]),
    (("runtime", "kernels"), ["Portable"]),
    ((*TRAIN, "epochs"), [0]),
    ((*TRAIN, "batch_size"), [0]),
    ((*TRAIN, "micro_batch_size"), [0]),
    ((*TRAIN, "seed"), [-1]),
    ((*TRAIN, "monitor"), ["validation"]),
    ((*TRAIN, "weight_average"), [-0.1, 1]),
    (("evaluate", "calibration_bins"), [0, 1001]),
    (("evaluate", "hardest"), [0]),
    ((*EVERY, "model"), [[]]),
    ((*EVERY, "model", 0, "padding"), ["samme", -1]),
    ((*EVERY, "model", 3, "pool_size"), [[2, 0]]),
    ((*EVERY, "augmentation", "scale"), [1]),
    (("recipes", "other", "loss", "label_smoothing"), [1]),
    (("recipes", "small", "optimiser", "learning_rate"), [0]),
]


def test_a_value_out_of_range_is_refused() -> None:
    for way, values in OUT_OF_RANGE:
        for value in values:
            [sentence] = faults(put(way, value))
            assert str(way[-1]) in sentence
            assert "received" in sentence


def test_several_faults_are_told_at_once() -> None:
    data = put(("data", "dataset"), "mnits")
    del data["evaluate"]["hardest"]
    data["fetch"]["fallback"] = 3
    data["recipes"]["other"]["train"]["epoch"] = 3

    assert [sentence.split()[0] for sentence in faults(data)] == [
        "data.dataset",
        "fetch.fallback",
        "recipes.other.train.epoch",
        "evaluate.hardest",
    ]
