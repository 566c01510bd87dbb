from collections.abc import Callable, Mapping
from inspect import isabstract
from typing import Any

import pytest

import cnn
from cnn.layers import LAYERS
from cnn.losses import LOSSES
from cnn.optimisers import OPTIMISERS
from cnn.schedules import SCHEDULES
from pipeline.common.recipes import (
    AUGMENTATIONS,
    make_augmentation,
    make_loss,
    make_model,
    make_optimiser,
)
from tests.refusals import assert_refuses


def test_optimisers_are_made_from_plain_data() -> None:
    """All kinds are made in `test_params_fields.py`, and the layers in `tests/cnn/test_config.py`."""
    steps = {"schedule": "StepDecay", "peak": 1, "factor": 0.5, "points": [0.2, 0.4]}

    made = make_optimiser({"optimiser": "SGD", "learning_rate": steps, "momentum": 0.9, "clip_norm": 5})

    assert repr(made) == repr(
        cnn.SGD(learning_rate=cnn.StepDecay(1, factor=0.5, points=(0.2, 0.4)), momentum=0.9, clip_norm=5)
    )


def test_losses_and_augmentations_are_made_from_plain_data() -> None:
    assert make_loss({"loss": "SoftmaxCrossEntropy", "label_smoothing": 0.1}) == cnn.SoftmaxCrossEntropy(0.1)
    assert make_loss({"loss": "MeanSquaredError"}) == cnn.MeanSquaredError()
    affine = {"rotation": 10, "scale": 0.1, "shear": 0.2, "shift": 2}
    assert make_augmentation({"augmentation": "RandomAffine", **affine}) == cnn.RandomAffine(**affine)


@pytest.mark.parametrize(
    ("family", "known"),
    [
        (cnn.Layer, LAYERS),
        (cnn.Optimiser, OPTIMISERS),
        (cnn.Schedule, SCHEDULES),
        (cnn.Loss, LOSSES),
        (cnn.Augmentation, AUGMENTATIONS),
    ],
)
def test_recipes_know_all_that_the_library_has(family: type, known: Mapping[str, type]) -> None:
    public = [getattr(cnn, name) for name in cnn.__all__]
    kinds = {kind for kind in public if isinstance(kind, type) and issubclass(kind, family)}

    assert set(known.values()) == {kind for kind in kinds if not isabstract(kind)}


def test_the_layers_of_a_model_stand_in_the_order_of_the_list() -> None:
    model = make_model([{"layer": "Flatten"}, {"layer": "Dense", "units": 5}, {"layer": "ReLU"}])

    assert [layer.kind for layer in model.layers] == ["Flatten", "Dense", "ReLU"]
    assert model.output_shape((28, 28, 1)) == (5,)


@pytest.mark.parametrize(
    ("make", "config", "named"),
    [
        (make_model, [], ["at least one layer", "received none"]),
        (
            make_model,
            [{"layer": "Dense", "units": 1, "initialiser": ["zeros"]}],
            ["layer 0", "Dense: initialiser must be one of", "received ['zeros']"],
        ),
        (
            make_optimiser,
            {"optimiser": "SGD", "learning_rate": 0.1, "memory": {}},
            ["no hyperparameter 'memory'"],
        ),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(
    make: Callable[[Any], object], config: Any, named: list[str]
) -> None:
    assert_refuses(lambda: make(config), ValueError, *named)
