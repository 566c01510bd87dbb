import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lessons.params import AllParameters, load_all_parameters
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.params import check_parameters
from tests.faults.counting import Tried
from tests.faults.places import put, shapes
from tests.faults.tables import faults
from tests.pipeline.workspace import ROOT, parameters

TEXT = (ROOT / paths.PARAMETERS).read_text(encoding="utf-8")


def test_every_fault_of_the_table_is_injected_here_or_in_the_walk_through_all_places() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_parameters*.py")
    )
    assert set(re.findall(r'tried\(\s*"parameters", "(\w+)"', source)) == set(faults("parameters"))


def refusal(path: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        load_all_parameters(path)
    message = str(caught.value)
    assert message.startswith((f"{path} ", f"There is no {path} "))
    assert message.endswith(".")
    return message


# No YAML ----------------------------------------------------------------------------------------------


def has_value(line: str) -> bool:
    return re.match(r"[^#]*: +[^ #]", line) is not None


# Ways to break a line: which lines they break, and what becomes of these.
BREAKS: dict[str, tuple[Callable[[str], bool], Callable[[str], str]]] = {
    "a tab": (lambda line: bool(line.strip()), lambda line: f"\t{line}"),
    "a sign that means something": (has_value, lambda line: line.replace(": ", ": %", 1)),
    "an alias of nothing": (has_value, lambda line: line.replace(": ", ": *", 1)),
    "a brace not closed": (lambda line: "}" in line.partition("#")[0], lambda line: line.replace("}", "", 1)),
    "a bracket not closed": (has_value, lambda line: line.replace(": ", ": [", 1)),
    "a quotation not closed": (has_value, lambda line: line.replace(": ", ': "', 1)),
    "a key twice": (
        lambda line: has_value(line) and not line.strip().startswith("-"),
        lambda line: f"{line}\n{line}",
    ),
    "a character that is none": (lambda line: len(line) >= 0, lambda line: f"{line}\0"),
}


@pytest.mark.parametrize("way", BREAKS)
def test_a_file_that_is_no_yaml_is_refused_with_the_line(tmp_path: Path, way: str, tried: Tried) -> None:
    breaks, broken = BREAKS[way]
    lines = TEXT.splitlines()
    places = [place for place, line in enumerate(lines) if breaks(line)][list(BREAKS).index(way) % 5 :: 5]
    for place in places:
        path = tmp_path / "params.yaml"
        path.write_text("\n".join([*lines[:place], broken(lines[place]), *lines[place + 1 :], ""]))
        message = refusal(path)
        stopped = re.match(r"line (\d+)(, column \d+)? is not valid YAML: ", message.removeprefix(f"{path} "))
        assert stopped, message
        begun = re.search(r" while \S+ing an? .+ that begins in line (\d+)\.$", message)
        if way == "a key twice":
            assert int(stopped[1]) == place + 2
        elif "not closed" in way:
            assert place + 1 in {int(stopped[1]), int(begun[1]) if begun else None}
        else:
            assert int(stopped[1]) == place + 1
    assert len(places) > 10
    tried("parameters", "syntax", len(places))


NO_MAPPING = "is not right:\n  the file must be a mapping, received "
NO_PARAMETERS = {
    "empty": (b"", NO_MAPPING + "None."),
    "a list": (b"- recipe", NO_MAPPING + "['recipe']."),
    "a word": (b"recipe", NO_MAPPING + "'recipe'."),
    "a long text": (b"recipe " * 3_000, NO_MAPPING + "'recipe recip...recipe recipe'."),
    "no text": (b"recipe: x\n\xff\xfa", "line 2 is not valid YAML: expected text in UTF-8."),
    "two files": (
        b"recipe: x\n---\nrecipe: y",
        "line 2, column 1 is not valid YAML: but found another document.",
    ),
    "a tag": (
        b"recipe: !!python/object x",
        "line 1, column 9 is not valid YAML: could not determine a constructor",
    ),
    "a day that does not exist": (b"recipe: 2025-02-30", "is not valid YAML: day is out of range for month."),
    "a key that is no text": (b"5: 1", "is not right:\n  recipe is missing: found 5 beside it."),
    "lists in lists": (b"[" * 3_000, "is nested too deeply: expected what params.schema.json says."),
    "mappings in mappings": (
        b"{a: " * 3_000,
        "is nested too deeply: expected what params.schema.json says.",
    ),
}


@pytest.mark.parametrize(("content", "expected"), NO_PARAMETERS.values(), ids=NO_PARAMETERS.keys())
def test_a_file_without_parameters_is_refused(
    tmp_path: Path, content: bytes, expected: str, tried: Tried
) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)

    assert refusal(path).startswith(f"{path} {expected}")
    tried("parameters", "no_mapping")


def test_a_missing_file_is_told_where_to_run(tmp_path: Path, tried: Tried) -> None:
    path = tmp_path / "params.yaml"

    assert refusal(path) == f"There is no {path} here: run from the repository's root."
    tried("parameters", "no_mapping")


# Models that do not fit -------------------------------------------------------------------------------

MODELS: list[tuple[str, tuple[str, ...]]] = [
    *((f"recipes.{name}", ("recipes", name, "model")) for name in ("seed", "fast", "record")),
    *((f"figures.{name}", ("figures", name, "model")) for name in ("overfitting", "linear")),
]


def misfit(way: tuple[str, ...], model: list[dict[str, Any]]) -> str:
    """Return the one sentence that refuses the repository's parameters with this model."""
    with pytest.raises(PipelineError) as caught:
        check_parameters(put(parameters(), way, model), "params.yaml", AllParameters)
    first, sentence = str(caught.value).splitlines()
    assert first == "params.yaml is not right:"
    return sentence.strip()


def model_at(way: tuple[str, ...]) -> list[dict[str, Any]]:
    node: Any = parameters()
    for key in way:
        node = node[key]
    return list(node)


@pytest.mark.parametrize(("owner", "way"), MODELS, ids=[owner for owner, _ in MODELS])
def test_a_window_larger_than_its_input_is_refused(owner: str, way: tuple[str, ...], tried: Tried) -> None:
    model = model_at(way)
    for place, layer in enumerate(model):
        size = {"Conv2D": "kernel_size", "MaxPool2D": "pool_size"}.get(layer["layer"])
        if size:
            height, width, _ = shapes(model)[place]
            wrong = [*model[:place], layer | {size: height + 1, "padding": "valid"}, *model[place + 1 :]]
            kind, window = layer["layer"], f"{height + 1}×{height + 1}"
            assert misfit(way, wrong).startswith(
                f"{owner}: Layer {place} ({kind}) does not fit: {kind}: a window of {window} is larger than "
                f"its input of {height}×{width}"
            )
            tried("parameters", "misfit")


@pytest.mark.parametrize(("owner", "way"), MODELS, ids=[owner for owner, _ in MODELS])
def test_a_layer_that_is_given_other_axes_is_refused(owner: str, way: tuple[str, ...], tried: Tried) -> None:
    model = model_at(way)
    flat = next(place for place, layer in enumerate(model) if layer["layer"] == "Flatten")
    dense = next(place for place, layer in enumerate(model) if layer["layer"] == "Dense")
    images = next(
        (place for place, layer in enumerate(model) if layer["layer"] in {"Conv2D", "MaxPool2D"}), None
    )
    given = shapes(model)[flat]
    assert misfit(way, [*model[:flat], *model[flat + 1 :]]).startswith(
        f"{owner}: Layer {dense - 1} (Dense) does not fit: Dense expects samples of (n_in,), received {given}"
    )
    if images is not None:
        kind = model[images]["layer"]
        sentence = misfit(way, [{"layer": "Flatten"}, *model])
        assert sentence.startswith(f"{owner}: Layer {images + 1} ({kind}) does not fit: {kind} expects ")
        assert sentence.endswith("(784,).")
    tried("parameters", "misfit", 1 if images is None else 2)


@pytest.mark.parametrize(("owner", "way"), MODELS, ids=[owner for owner, _ in MODELS])
def test_a_model_that_does_not_end_with_the_classes_is_refused(
    owner: str, way: tuple[str, ...], tried: Tried
) -> None:
    model = model_at(way)
    wrong = {
        f"Layer {len(model) - 1} (Dense)": ([*model[:-1], model[-1] | {"units": 12}], (12,)),
        f"Layer {len(model) - 2} ({model[-2]['layer']})": (model[:-1], shapes(model)[-2]),
        "Layer 0 (ReLU)": ([{"layer": "ReLU"}], (28, 28, 1)),
    }
    for layer, (layers, received) in wrong.items():
        assert misfit(way, layers) == (
            f"{owner}: {layer} does not fit: the last layer must give an output of (10,), a number for each "
            f"class, received {received}."
        )
    tried("parameters", "misfit", len(wrong))


@pytest.mark.parametrize("size", [10**9, 10**30, 10**400], ids=["10^9", "10^30", "10^400"])
def test_a_layer_that_is_absurdly_large_is_refused(size: int, tried: Tried) -> None:
    owner, way = MODELS[0]
    flat: list[dict[str, Any]] = [{"layer": "Flatten"}, {"layer": "Dense", "units": 10}]
    large = [
        ("Layer 1 (Dense)", [flat[0], {"layer": "Dense", "units": size}, flat[1]]),
        ("Layer 0 (Conv2D)", [{"layer": "Conv2D", "filters": size, "kernel_size": 3}, *flat]),
        ("Layer 0 (Conv2D)", [{"layer": "Conv2D", "filters": 1, "kernel_size": 3, "padding": size}, *flat]),
        (
            "Layer 0 (MaxPool2D)",
            [{"layer": "MaxPool2D", "pool_size": size + 1, "padding": size, "stride": 1}, *flat],
        ),
    ]
    for layer, layers in large:
        assert misfit(way, layers).startswith(
            f"{owner}: {layer} is too large: an image would take more than "
        )
    tried("parameters", "too_large", len(large))


@pytest.mark.parametrize(("owner", "way"), MODELS[:3], ids=[owner for owner, _ in MODELS[:3]])
def test_the_softmax_of_a_softmax_is_refused(owner: str, way: tuple[str, ...], tried: Tried) -> None:
    sentence = misfit(way, [*model_at(way), {"layer": "Softmax"}])

    assert (
        sentence
        == f"{owner}: SoftmaxCrossEntropy applies the softmax itself: leave out the last layer, Softmax."
    )
    tried("parameters", "misfit")
