"""Files that are not valid YAML or hold no parameters, and models that do not fit."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lessons.params import AllParameters
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.params import check_parameters, load_parameters
from pipeline.common.recipes import make_model
from tests.pipeline.workspace import ROOT, changed, parameters

TEXT = (ROOT / paths.PARAMETERS).read_text(encoding="utf-8")


def refusal(path: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        load_parameters(path)
    message = str(caught.value)
    assert message.startswith((f"{path} ", f"There is no {path} "))
    assert message.endswith(".")
    return message


def has_value(line: str) -> bool:
    return re.match(r"[^#]*: +[^ #]", line) is not None


# Ways to break a line: which lines they break, and what becomes of these.
BREAKS: dict[str, tuple[Callable[[str], bool], Callable[[str], str]]] = {
    "a tab": (lambda line: bool(line.strip()), lambda line: f"\t{line}"),
    "a sign that means something": (has_value, lambda line: line.replace(": ", ": %", 1)),
    "a bracket not closed": (has_value, lambda line: line.replace(": ", ": [", 1)),
    "a key twice": (
        lambda line: has_value(line) and not line.strip().startswith("-"),
        lambda line: f"{line}\n{line}",
    ),
    "a character that is not allowed": (lambda line: len(line) >= 0, lambda line: f"{line}\0"),
}


@pytest.mark.parametrize("way", BREAKS)
def test_a_file_that_is_not_valid_yaml_is_refused_with_the_line(tmp_path: Path, way: str) -> None:
    breaks, broken = BREAKS[way]
    lines = TEXT.splitlines()
    places = [place for place, line in enumerate(lines) if breaks(line)][list(BREAKS).index(way) :: 40]
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
    assert places


NO_MAPPING = "is not right:\n  the file must be a mapping, received "
NO_PARAMETERS = {
    "empty": (b"", NO_MAPPING + "None."),
    "a word": (b"recipe", NO_MAPPING + "'recipe'."),
    "a long text": (b"recipe " * 3_000, NO_MAPPING + "'recipe recip...recipe recipe'."),
    "not text": (b"recipe: x\n\xff\xfa", "line 2 is not valid YAML: expected text in UTF-8."),
    "a tag": (
        b"recipe: !!python/object x",
        "line 1, column 9 is not valid YAML: could not determine a constructor",
    ),
    "a day that does not exist": (b"recipe: 2025-02-30", "is not valid YAML: day is out of range for month."),
    "mappings in mappings": (
        b"{a: " * 1_000,
        "is nested too deeply: expected what params.schema.json says.",
    ),
}


@pytest.mark.parametrize(("content", "expected"), NO_PARAMETERS.values(), ids=NO_PARAMETERS.keys())
def test_a_file_without_parameters_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)

    assert refusal(path).startswith(f"{path} {expected}")


def test_a_missing_file_is_told_where_to_run(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"

    assert refusal(path) == f"There is no {path} here: run from the repository's root."


MODELS = ["recipes.seed", "figures.linear"]


def model_of(owner: str) -> list[dict[str, Any]]:
    part, name = owner.split(".")
    return list(parameters()[part][name]["model"])


def misfit(owner: str, model: list[dict[str, Any]]) -> str:
    """Return the one sentence that refuses the repository's parameters with this model."""
    with pytest.raises(PipelineError) as caught:
        check_parameters(changed(parameters(), f"{owner}.model", model), "params.yaml", AllParameters)
    first, sentence = str(caught.value).splitlines()
    assert first == "params.yaml is not right:"
    return sentence.strip()


def shapes(model: list[dict[str, Any]]) -> list[tuple[int, ...]]:
    """Return the shape of what each layer of a model is given, and last of what the model gives."""
    made = make_model(model)
    made.build((28, 28, 1), np.random.default_rng(0))
    outputs = made.activations(np.zeros((1, 28, 28, 1), np.float32))
    return [(28, 28, 1), *(output.shape[1:] for output in outputs)]


@pytest.mark.parametrize(("kind", "size"), [("Conv2D", "kernel_size"), ("MaxPool2D", "pool_size")])
def test_a_window_larger_than_its_input_is_refused(kind: str, size: str) -> None:
    model = model_of("recipes.seed")
    place = next(place for place, layer in enumerate(model) if layer["layer"] == kind)
    height, width, _ = shapes(model)[place]
    model[place] |= {size: height + 1, "padding": "valid"}
    assert misfit("recipes.seed", model).startswith(
        f"recipes.seed: Layer {place} ({kind}) does not fit: {kind}: a window of {height + 1}×{height + 1} "
        f"is larger than its input of {height}×{width}"
    )


@pytest.mark.parametrize("owner", MODELS)
def test_a_layer_that_is_given_other_axes_is_refused(owner: str) -> None:
    model = model_of(owner)
    flat = next(place for place, layer in enumerate(model) if layer["layer"] == "Flatten")
    dense = next(place for place, layer in enumerate(model) if layer["layer"] == "Dense")
    given = shapes(model)[flat]
    assert misfit(owner, [*model[:flat], *model[flat + 1 :]]).startswith(
        f"{owner}: Layer {dense - 1} (Dense) does not fit: Dense expects samples of (n_in,), received {given}"
    )


@pytest.mark.parametrize("owner", MODELS)
def test_a_model_that_does_not_end_with_the_classes_is_refused(owner: str) -> None:
    model = model_of(owner)
    wrong = {
        f"Layer {len(model) - 1} (Dense)": ([*model[:-1], model[-1] | {"units": 12}], (12,)),
        "Layer 0 (ReLU)": ([{"layer": "ReLU"}], (28, 28, 1)),
    }
    for layer, (layers, received) in wrong.items():
        assert misfit(owner, layers) == (
            f"{owner}: {layer} does not fit: the last layer must give an output of (10,), a number for each "
            f"class, received {received}."
        )


def test_a_layer_that_is_absurdly_large_is_refused() -> None:
    size = 10**400
    flat: list[dict[str, Any]] = [{"layer": "Flatten"}, {"layer": "Dense", "units": 10}]
    large = [
        ("Layer 1 (Dense)", [flat[0], {"layer": "Dense", "units": size}, flat[1]]),
        ("Layer 0 (Conv2D)", [{"layer": "Conv2D", "filters": size, "kernel_size": 3}, *flat]),
        ("Layer 0 (Conv2D)", [{"layer": "Conv2D", "filters": 1, "kernel_size": 3, "padding": size}, *flat]),
    ]
    for layer, layers in large:
        assert misfit("recipes.seed", layers).startswith(
            f"recipes.seed: {layer} is too large: an image would take more than "
        )


def test_the_softmax_of_a_softmax_is_refused() -> None:
    assert misfit("recipes.seed", [*model_of("recipes.seed"), {"layer": "Softmax"}]) == (
        "recipes.seed: SoftmaxCrossEntropy applies the softmax itself: leave out the last layer, Softmax."
    )
