import json
from typing import Any

import pytest
from ruamel.yaml import YAML

from cnn import Conv2D, CosineDecay, Sequential
from cnn.config import from_config
from cnn.layers import LAYERS
from tests.cnn.tiny import every_layer
from tests.refusals import assert_refuses


def test_a_model_comes_back_from_json_and_from_yaml() -> None:
    model = Sequential([*every_layer(), Conv2D(8, (3, 5), padding=((0, 1), (2, 3)))])
    text = json.dumps(model.to_config())  # also YAML, which ruamel reads into lists and mappings of its own
    for config in (json.loads(text), YAML(typ="rt").load(text)):
        again = Sequential.from_config(config)
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
        ({"layer": "Con2D"}, ValueError, ("no layer 'Con2D'", "did you mean 'Conv2D'?", "Softmax")),
        ({"layer": "relu"}, ValueError, ("did you mean 'ReLU'?",)),
        ({"layer": "Transformer"}, ValueError, ("no layer 'Transformer': there are Conv2D",)),
        ({"layer": None}, ValueError, ("no layer 'None'",)),
        ({"layer": "Dense", "unit": 3}, ValueError, ("'unit'", "did you mean 'units'?", "initialiser")),
        ({"layer": "Dense", "units": 3, "activation": "relu"}, ValueError, ("put an activation after it",)),
        ({"layer": "Linear", "units": 3}, ValueError, ("no layer 'Linear': did you mean 'Dense'?",)),
        ({"layer": "ReLU", "slope": 0.1}, ValueError, ("ReLU has no hyperparameter 'slope'", "it has none")),
        ({"layer": "Dense"}, ValueError, ("Dense needs units", "{'layer': 'Dense'}")),
        ({"layer": "Dense", "units": 0}, ValueError, ("Dense: units must be 1 or more, received 0",)),
        ({"layer": "Dense", "units": "10"}, TypeError, ("Dense: units", "'10'")),
        ({"units": 3}, ValueError, ("under the key 'layer'", "{'units': 3}")),
        (None, ValueError, ("under the key 'layer'", "None")),
    ],
    ids=str,
)
def test_a_mistake_in_a_layer_is_named_with_what_is_nearest(
    config: Any, error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: from_config(config, "layer", {"layer": LAYERS}), error, *named)


def test_other_dataclasses_are_read_in_the_same_way() -> None:
    kinds = {"schedule": {"CosineDecay": CosineDecay}}
    config = {"schedule": "CosineDecay", "peak": 0.1, "warm_up": 0.2}
    assert from_config(config, "schedule", kinds) == CosineDecay(0.1, warm_up=0.2)
    assert_refuses(
        lambda: from_config({"schedule": "Cosine", "rate": 0.1}, "schedule", kinds),
        ValueError,
        "no schedule 'Cosine'",
        "did you mean 'CosineDecay'?",
    )
