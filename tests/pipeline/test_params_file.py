"""Files that are not valid YAML or hold no parameters, and models that do not fit."""

from pathlib import Path
from typing import Any

import pytest

from lessons.params import AllParameters
from pipeline.common.errors import PipelineError
from pipeline.common.params import load_parameters, parse_parameters
from tests.pipeline.workspace import changed, small_parameters


def refusal(path: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        load_parameters(path)
    message = str(caught.value)
    assert message.endswith(".")
    return message


NOT_VALID = {
    "a tab": ("recipe: small\n\tdata: {}", "line 2, column 1", "found character '\\t'"),
    "a sign": ("recipe: small\ndata: %x", "line 2, column 7", "found character '%'"),
    "an alias": ("recipe: *small", "line 1, column 9", "found undefined alias 'small'"),
    "a bracket": ("data: {}\nrecipe: [small\nfetch: {}", "line 3, column 6", "that begins in line 2."),
    "a quotation": ('recipe: "small\ndata: {}\n', "line 3, column 1", "that begins in line 1."),
    "a key twice": ("recipe: x\nrecipe: y", "line 2, column 1", 'found duplicate key "recipe"'),
    "a character": ("recipe: x\ndata: y\0", "line 2", "unacceptable character"),
}


@pytest.mark.parametrize(("text", "line", "reason"), NOT_VALID.values(), ids=NOT_VALID.keys())
def test_a_file_that_is_not_valid_yaml_is_refused_with_the_line(
    tmp_path: Path, text: str, line: str, reason: str
) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")

    message = refusal(path)

    assert message.startswith(f"{path} {line} is not valid YAML: ")
    assert reason in message


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


MODEL = small_parameters()["recipes"]["small"]["model"]
FLAT: list[dict[str, Any]] = [{"layer": "Flatten"}, {"layer": "Dense", "units": 10}]


def misfit(*model: dict[str, Any], owner: str = "recipes.small", one: str | None = None) -> str:
    """Return the one sentence that refuses parameters with this model, where this other one may be 1."""
    data = changed(small_parameters(), f"{owner}.model", list(model))
    with pytest.raises(PipelineError) as caught:
        parse_parameters(changed(data, one, 1) if one else data, "params.yaml", AllParameters)
    first, sentence = str(caught.value).splitlines()
    assert first == "params.yaml is not right:"
    return sentence.strip()


@pytest.mark.parametrize(
    ("kind", "layer", "size"),
    [
        ("Conv2D", {"layer": "Conv2D", "filters": 4, "kernel_size": 9}, 9),
        ("MaxPool2D", {"layer": "MaxPool2D", "pool_size": 9}, 9),
    ],
)
def test_a_window_larger_than_its_input_is_refused(kind: str, layer: dict[str, Any], size: int) -> None:
    assert misfit(MODEL[0], layer, *FLAT).startswith(
        f"recipes.small: Layer 1 ({kind}) does not fit: {kind}: a window of {size}×{size} "
        "is larger than its input of 8×8"
    )


def test_a_layer_that_is_given_other_axes_is_refused() -> None:
    assert misfit(*MODEL[:5], MODEL[6]).startswith(
        "recipes.small: Layer 5 (Dense) does not fit: Dense expects samples of (n_in,), received (4, 4, 4)"
    )


@pytest.mark.parametrize("owner", ["recipes.small", "figures.linear"])
def test_a_model_that_does_not_end_with_the_classes_is_refused(owner: str) -> None:
    assert misfit(FLAT[0], {"layer": "Dense", "units": 12}, owner=owner) == (
        f"{owner}: Layer 1 (Dense) does not fit: the last layer must give an output of (10,), a number for "
        "each class, received (12,); a last Dense may say units: classes."
    )


def test_a_layer_that_is_absurdly_large_is_refused() -> None:
    size = 10**400
    for layer, model in (
        ("Layer 1 (Dense)", [FLAT[0], {"layer": "Dense", "units": size}, FLAT[1]]),
        ("Layer 0 (Conv2D)", [{"layer": "Conv2D", "filters": size, "kernel_size": 3}, *FLAT]),
        ("Layer 0 (Conv2D)", [{"layer": "Conv2D", "filters": 1, "kernel_size": 3, "padding": size}, *FLAT]),
    ):
        assert misfit(*model).startswith(
            f"recipes.small: {layer} is too large: an image would take more than "
        )


@pytest.mark.parametrize(
    ("owner", "one"),
    [
        ("recipes.small", "recipes.small.train.batch_size"),
        ("recipes.small", "recipes.small.train.micro_batch_size"),
        ("figures.linear", "figures.linear.batch_size"),
        ("figures.linear", "figures.linear.images"),
    ],
)
def test_batch_normalisation_of_single_numbers_is_refused(owner: str, one: str) -> None:
    assert misfit(FLAT[0], {"layer": "BatchNorm"}, FLAT[1], owner=owner, one=one).startswith(
        f"{owner}: Layer 1 (BatchNorm) does not fit: BatchNorm expects two or more values of each channel"
    )


def test_the_softmax_of_a_softmax_is_refused() -> None:
    assert misfit(*MODEL, {"layer": "Softmax"}) == (
        "recipes.small: SoftmaxCrossEntropy applies the softmax itself: leave out the last layer, Softmax."
    )
