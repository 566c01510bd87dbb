import math
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from lessons.params import AllParameters
from pipeline.common.errors import PipelineError
from pipeline.common.params import check_parameters
from tests.faults.counting import Tried
from tests.faults.places import SCHEMA, Place, full_parameters, places, put, renamed, without

FULL = full_parameters()
PLACES = places(FULL)
FIELDS = [place for place in PLACES if place.last in place.home.get("properties", {})]
NUMBERS = [place for place in FIELDS if type(place.value) in {int, float}]
WORDS = [place for place in FIELDS if "enum" in place.schema]
KINDS = [place for place in FIELDS if place.is_kind]


def name_of(place: Place) -> str:
    return place.name


def refusal(data: Any) -> list[str]:
    """Return what is said of such parameters: one sentence for each fault."""
    with pytest.raises(PipelineError) as caught:
        check_parameters(data, "params.yaml", AllParameters)
    first, *sentences = str(caught.value).splitlines()
    assert first == "params.yaml is not right:"
    assert all(sentence.startswith("  ") and sentence.endswith(".") for sentence in sentences), sentences
    return [sentence.strip() for sentence in sentences]


def assert_named(place: Place, sentence: str, *further: str) -> None:
    for part in [*place.named, *further]:
        assert part in sentence


def fits(value: Any, place: Place) -> bool:
    schema = place.schema | {"$defs": SCHEMA["$defs"]}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


def test_the_parameters_that_the_faults_are_injected_into_are_right() -> None:
    assert check_parameters(FULL, "params.yaml", AllParameters).model_dump() == FULL


def test_the_fields_are_all_that_the_schema_knows() -> None:
    def known(schema: Any) -> Iterator[tuple[str, str]]:
        for name, inner in schema.get("properties", {}).items():
            yield schema["title"], name
            yield from known(inner)
        parts = [schema[part] for part in ("items", "additionalProperties") if schema.get(part)]
        for part in ("anyOf", "oneOf"):
            parts += schema.get(part, [])
        for inner in [*parts, *schema.get("$defs", {}).values()]:
            yield from known(inner)

    assert {(place.home["title"], place.last) for place in FIELDS} == set(known(SCHEMA))


@pytest.mark.parametrize("place", FIELDS, ids=name_of)
def test_a_missing_parameter_is_named_or_has_a_default(place: Place, tried: Tried) -> None:
    data = without(FULL, place.way)
    if not place.is_required:
        assert place.is_inside
        assert check_parameters(data, "params.yaml", AllParameters).model_dump() == data
        return
    [sentence] = refusal(data)
    if place.is_kind:
        assert_named(place, sentence, f"under the key {place.last!r}, received {{")
    elif place.is_inside:
        assert_named(place, sentence, f"{place.home['title']} needs {place.last}, received {{")
    else:
        beside = [name for name in place.home["properties"] if name != place.last]
        assert sentence == f"{place.name} is missing: found {', '.join(beside) or 'nothing'} beside it."
    tried("parameters", "missing")


def misspelt(name: str) -> list[str]:
    """Return a name without its last letter, with a letter twice, with two of them swapped, in capitals."""
    half = len(name) // 2
    swapped = name[: half - 1] + name[half] + name[half - 1] + name[half + 1 :]
    return [
        wrong for wrong in (name[:-1], name[:half] + name[half - 1 :], swapped, name.upper()) if wrong != name
    ]


@pytest.mark.parametrize("place", FIELDS, ids=name_of)
def test_a_misspelt_parameter_is_told_the_right_name(place: Place, tried: Tried) -> None:
    others = place.home["properties"].keys() - {place.last}
    names = [name for name in misspelt(place.last) if not any(other.startswith(name) for other in others)]
    assert len(names) >= 2
    for wrong in names:
        sentences = refusal(renamed(FULL, place.way, wrong))
        if place.is_kind:
            assert_named(place, sentences[0], f"under the key {place.last!r}, received {{", repr(wrong))
        elif place.is_inside:
            kind, hint = place.home["title"], f"did you mean {place.last!r}?: it has "
            assert_named(place, sentences[0], f"{kind} has no hyperparameter {wrong!r}, {hint}")
        else:
            there, known = place.name[: -len(place.last)] + wrong, ", ".join(place.home["properties"])
            assert f"{there} is not known, did you mean {place.last!r}?: there are {known}." in sentences
        assert len(sentences) == (1 if place.is_inside else 2)
    tried("parameters", "misspelt", len(names))


@pytest.mark.parametrize("place", KINDS, ids=lambda place: f"{place.name} {place.value}")
def test_a_misspelt_kind_is_told_the_right_one(place: Place, tried: Tried) -> None:
    names = [name for name in misspelt(place.value) if name not in {other.value for other in KINDS}]
    for wrong in names:
        [sentence] = refusal(put(FULL, place.way, wrong))
        assert_named(
            place, sentence, f"There is no {place.last} {wrong!r}, did you mean {place.value!r}?: there are "
        )
    tried("parameters", "unknown_kind", len(names))


def test_a_misspelt_recipe_is_told_the_right_one(tried: Tried) -> None:
    for wrong in misspelt("small"):
        assert refusal(put(FULL, ("recipe",), wrong)) == [
            f"the file: there is no recipe {wrong!r}, did you mean 'small'?: there are small, other, every."
        ]
    tried("parameters", "unknown_kind", len(misspelt("small")))


# A value of every type; the schema says which of them may not stand at a place.
TYPES = ["text", [], ["text"], {}, {"text": 1}, True, False, 2.5, 3, None]


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_a_value_of_the_wrong_type_is_refused(place: Place, tried: Tried) -> None:
    wrong = [value for value in TYPES if not fits(value, place)]
    has_parts = isinstance(place.value, dict | list) or place.last == "learning_rate"
    assert len(wrong) >= 4
    for value in wrong:
        sentences = refusal(put(FULL, place.way, value))
        if value == [] and place.last == "model":
            assert sentences[0] == f"{place.name}: Sequential needs at least one layer, received none."
        elif has_parts and isinstance(value, dict | list):
            of_layer = isinstance(place.way[-1], int)  # what is wrong with its parts is told instead
            assert sentences[0].startswith(place.name.rpartition(".")[0] if of_layer else place.named[0])
        else:
            assert_named(place, sentences[0])
            shown = "a mapping" if isinstance(value, dict) else repr(value)
            assert place.is_inside or sentences[0].endswith(f", received {shown}.")
    tried("parameters", "wrong_type", len(wrong))


OPTIMISERS = ("SGD", "RMSProp", "Adam", "AdamW")
# Hyperparameters, whose ranges the schema does not know, and values that lie outside.
OUTSIDE: dict[tuple[str, str], list[Any]] = {
    ("Conv2D", "filters"): [0, -1],
    ("Conv2D", "kernel_size"): [0, -1, [3, 0], [3], [3, 3, 3]],
    ("Conv2D", "stride"): [0, -1, [1, 0]],
    ("Conv2D", "padding"): [-1, [[0, -1], [0, 0]]],
    ("MaxPool2D", "pool_size"): [0, -1, [2, 0]],
    ("MaxPool2D", "stride"): [0, -1, [0, 1]],
    ("MaxPool2D", "padding"): [-1, [[0, 0], [0, -1]]],
    ("AveragePool2D", "pool_size"): [0, -1, [2, 0]],
    ("AveragePool2D", "stride"): [0, -1, [0, 1]],
    ("AveragePool2D", "padding"): [-1, [[0, 0], [0, -1]]],
    ("BatchNorm", "momentum"): [-0.1, 1],
    ("BatchNorm", "epsilon"): [0, -1e-5],
    ("LeakyReLU", "slope"): [-0.1, 1],
    ("Dropout", "rate"): [-0.1, 1],
    ("Dense", "units"): [0, -1],
    **{(kind, name): [0, -0.1] for kind in OPTIMISERS for name in ("learning_rate", "clip_norm")},
    **{(kind, "weight_decay"): [-0.1] for kind in OPTIMISERS},
    ("SGD", "momentum"): [-0.1, 1],
    ("RMSProp", "decay"): [-0.1, 1],
    ("RMSProp", "epsilon"): [0, -1e-8],
    **{(kind, name): [-0.1, 1] for kind in ("Adam", "AdamW") for name in ("beta_1", "beta_2")},
    **{(kind, "epsilon"): [0, -1e-8] for kind in ("Adam", "AdamW")},
    ("ConstantRate", "rate"): [0, -0.1],
    ("StepDecay", "peak"): [0, -0.1],
    ("StepDecay", "factor"): [0, 1],
    ("StepDecay", "points"): [[-0.1], [0.5, 1]],
    ("CosineDecay", "peak"): [0, -0.1],
    ("CosineDecay", "warm_up"): [-0.1, 1],
    ("CosineDecay", "end"): [-0.1, 0.1],
    ("OneCycle", "peak"): [0, -0.1],
    ("OneCycle", "warm_up"): [0, 1],
    ("OneCycle", "start"): [-0.1, 0.1],
    ("OneCycle", "end"): [-0.1, 0.1],
    ("SoftmaxCrossEntropy", "label_smoothing"): [-0.1, 1],
    ("RandomAffine", "rotation"): [-1],
    ("RandomAffine", "scale"): [-0.1, 1],
    ("RandomAffine", "shear"): [-0.1],
    ("RandomAffine", "shift"): [-0.1],
}
OPEN_ABOVE = {
    *((kind, name) for kind in OPTIMISERS for name in ("learning_rate", "clip_norm", "weight_decay")),
    *((kind, "epsilon") for kind in ("BatchNorm", "RMSProp", "Adam", "AdamW")),
    ("ConstantRate", "rate"),
    *((schedule, "peak") for schedule in ("StepDecay", "CosineDecay", "OneCycle")),
    *(("RandomAffine", name) for name in ("shear", "shift")),
}
INSIDE = [place for place in FIELDS if (place.home["title"], place.last) in OUTSIDE]


def test_the_table_of_ranges_knows_every_hyperparameter_that_has_one() -> None:
    named = {
        (place.home["title"], place.last)
        for place in FIELDS
        if place.is_inside
        and not place.is_kind
        and "enum" not in place.schema
        and not isinstance(place.value, bool)
    }
    assert set(OUTSIDE) == named


@pytest.mark.parametrize("place", INSIDE, ids=name_of)
def test_a_hyperparameter_out_of_range_is_refused(place: Place, tried: Tried) -> None:
    values = OUTSIDE[place.home["title"], place.last]
    if (place.home["title"], place.last) in OPEN_ABOVE:
        values = [*values, 10**400]
    for value in values:
        [sentence] = refusal(put(FULL, place.way, value))
        assert_named(place, sentence, f"{place.home['title']}: {place.last} must ", "received ")
    tried("parameters", "out_of_range", len(values))


BOUNDS = {
    "minimum": (-1, "greater than or equal to"),
    "exclusiveMinimum": (0, "greater than"),
    "maximum": (1, "less than or equal to"),
    "exclusiveMaximum": (0, "less than"),
}


def bounds(place: Place) -> list[tuple[float, str]]:
    """Return numbers that are just out of a field's range, and what must be said of them."""
    choices = [place.schema, *place.schema.get("anyOf", [])]
    return [
        (
            choice[bound] + step,
            f"{words} {choice[bound]:g}" if choice[bound] < 1e6 else f"{words} {choice[bound]}",
        )
        for choice in choices
        for bound, (step, words) in BOUNDS.items()
        if bound in choice
    ]


OUTER_NUMBERS = [
    place
    for place in FIELDS
    if not place.is_inside and ("anyOf" in place.schema or place in NUMBERS) and place.last != "augmentation"
]


@pytest.mark.parametrize("place", OUTER_NUMBERS, ids=name_of)
def test_a_number_out_of_range_is_refused(place: Place, tried: Tried) -> None:
    outside = bounds(place)
    assert outside
    for value, expected in outside:
        assert refusal(put(FULL, place.way, value)) == [f"{place.name} must be {expected}, received {value}."]
    tried("parameters", "out_of_range", len(outside))


@pytest.mark.parametrize("place", WORDS, ids=name_of)
def test_a_word_that_is_not_allowed_is_refused(place: Place, tried: Tried) -> None:
    words = misspelt(place.schema["enum"][0])
    for word in words:
        [sentence] = refusal(put(FULL, place.way, word))
        assert_named(place, sentence, *place.schema["enum"], repr(word))
    tried("parameters", "out_of_range", len(words))


@pytest.mark.parametrize("place", NUMBERS, ids=name_of)
def test_a_number_that_is_not_finite_is_refused(place: Place, tried: Tried) -> None:
    for value in (math.nan, math.inf, -math.inf):
        [sentence] = refusal(put(FULL, place.way, value))
        assert_named(place, sentence, f"received {value}.")
    tried("parameters", "not_finite", 3)


def test_several_faults_are_told_at_once(tried: Tried) -> None:
    data = put(without(FULL, ("evaluate", "hardest")), ("data", "dataset"), "mnits")
    data = put(put(data, ("figures", "digit"), -1), ("recipes", "other", "train", "epoch"), 3)

    assert [sentence.split()[0] for sentence in refusal(data)] == [
        "data.dataset",
        "recipes.other.train.epoch",
        "evaluate.hardest",
        "figures.digit",
    ]
    tried("parameters", "several", 4)
