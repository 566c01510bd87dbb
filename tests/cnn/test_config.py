import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from cnn import Conv2D, CosineDecay, Schedule, Sequential
from cnn.config import from_config, layer_from_config, nearest
from tests.cnn.tiny import every_layer
from tests.refusals import assert_refuses


def through_json(data: Any) -> Any:
    return json.loads(json.dumps(data))


def through_yaml(kind: str) -> Callable[[Any], Any]:
    def through(data: Any) -> Any:
        text = io.StringIO()
        YAML(typ=kind).dump(data, text)
        return YAML(typ=kind).load(text.getvalue())

    return through


FORMATS: dict[str, Callable[[Any], Any]] = {
    "plain": lambda data: data,
    "json": through_json,
    "yaml": through_yaml("safe"),
    "yaml with comments": through_yaml("rt"),
}


@pytest.mark.parametrize("form", FORMATS)
def test_a_model_comes_back_from_plain_data(form: str) -> None:
    model = Sequential([*every_layer(), Conv2D(8, (3, 5), padding=((0, 1), (2, 3)))])
    again = Sequential.from_config(FORMATS[form](model.to_config()))
    assert repr(again) == repr(model)
    assert again.to_config() == model.to_config()
    assert again.input_shape is None


def test_a_model_can_be_written_by_hand() -> None:
    config = YAML(typ="safe").load(
        """
        layers:
          - {layer: Conv2D, filters: 32, kernel_size: 3, padding: same}
          - layer: MaxPool2D
          - layer: Dropout
            rate: 1e-1
        """
    )
    assert repr(Sequential.from_config(config)) == (
        "Sequential([Conv2D(filters=32, kernel_size=(3, 3), stride=(1, 1), padding='same', "
        "initialiser='he_uniform'), MaxPool2D(pool_size=(2, 2), stride=(2, 2), padding='valid'), "
        "Dropout(rate=0.1)])"
    )


@pytest.mark.parametrize(
    ("config", "error", "named"),
    [
        (
            {"layer": "Con2D"},
            ValueError,
            ("no layer 'Con2D'", "did you mean 'Conv2D'?", "Softmax"),
        ),
        ({"layer": "Relu"}, ValueError, ("did you mean 'ReLU'?",)),
        ({"layer": "relu"}, ValueError, ("did you mean 'ReLU'?",)),
        ({"layer": "dropout", "rate": 0.5}, ValueError, ("did you mean 'Dropout'?",)),
        ({"layer": "Dens", "units": 3}, ValueError, ("did you mean 'Dense'?",)),
        ({"layer": "Transformer"}, ValueError, ("no layer 'Transformer': there are Conv2D",)),
        ({"layer": None}, ValueError, ("no layer 'None'",)),
        (
            {"layer": "Dense", "unit": 3},
            ValueError,
            ("'unit'", "did you mean 'units'?", "initialiser"),
        ),
        ({"layer": "Conv2D", "filters": 3, "kernel": 3}, ValueError, ("'kernel'", "'kernel_size'?")),
        ({"layer": "ReLU", "slope": 0.1}, ValueError, ("ReLU has no hyperparameter 'slope'", "it has none")),
        ({"layer": "Dropout", "params": {}}, ValueError, ("no hyperparameter 'params'",)),
        ({"layer": "Dense"}, ValueError, ("Dense needs units", "{'layer': 'Dense'}")),
        ({"layer": "Conv2D", "filters": 3}, ValueError, ("Conv2D needs kernel_size",)),
        ({"layer": "Dense", "units": 0}, ValueError, ("Dense: units must be 1 or more, received 0",)),
        ({"layer": "Dense", "units": "10"}, TypeError, ("Dense: units", "'10'")),
        (
            {"layer": "Dense", "units": 3, "initialiser": ["he_normal"]},
            ValueError,
            ("initialiser", "['he_normal']"),
        ),
        ({"layer": "Dropout", "rate": 1.0}, ValueError, ("Dropout: rate", "1.0")),
        ({"units": 3}, ValueError, ("under the key 'layer'", "{'units': 3}")),
        ("Dense", ValueError, ("under the key 'layer'", "'Dense'")),
        (None, ValueError, ("under the key 'layer'", "None")),
    ],
    ids=str,
)
def test_a_mistake_in_a_layer_is_named_with_what_is_nearest(
    config: Any, error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: layer_from_config(config), error, *named)


def test_other_dataclasses_are_read_in_the_same_way() -> None:
    kinds: dict[str, type[Schedule]] = {"CosineDecay": CosineDecay}
    config = {"schedule": "CosineDecay", "peak": 0.1, "warm_up": 0.2}
    assert from_config(config, "schedule", kinds) == CosineDecay(0.1, warm_up=0.2)
    assert_refuses(
        lambda: from_config({"schedule": "Cosine", "rate": 0.1}, "schedule", kinds),
        ValueError,
        "no schedule 'Cosine'",
        "did you mean 'CosineDecay'?",
    )


@pytest.mark.parametrize(
    ("received", "question"),
    [
        ("unts", ", did you mean 'units'?"),
        ("xyz", ""),
        (3, ""),
        ("initializer", ", did you mean 'initialiser'?"),
    ],
)
def test_the_nearest_name_is_asked_for_if_there_is_one(received: object, question: str) -> None:
    assert nearest(received, {"units": None, "initialiser": None}) == question
