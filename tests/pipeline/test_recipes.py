from collections.abc import Callable, Mapping
from inspect import isabstract
from typing import Any

import pytest

import cnn
from cnn.layers import LAYERS
from pipeline.common.recipes import (
    AUGMENTATIONS,
    LOSSES,
    OPTIMISERS,
    SCHEDULES,
    make_augmentation,
    make_loss,
    make_model,
    make_optimiser,
)
from tests.refusals import assert_refuses

# Each row: plain data as in params.yaml, and what is made from it. Layers: tests/cnn/test_config.py.
MADE_OPTIMISERS: list[tuple[dict[str, Any], cnn.Optimiser]] = [
    (
        {"optimiser": "SGD", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "clip_norm": 5},
        cnn.SGD(learning_rate=0.1, momentum=0.9, nesterov=True, clip_norm=5),
    ),
    ({"optimiser": "RMSProp", "learning_rate": 1, "decay": 0.8}, cnn.RMSProp(learning_rate=1, decay=0.8)),
    ({"optimiser": "Adam", "learning_rate": 0.1, "beta_1": 0.8}, cnn.Adam(learning_rate=0.1, beta_1=0.8)),
    (
        {"optimiser": "AdamW", "learning_rate": 0.1, "weight_decay": 0.2},
        cnn.AdamW(learning_rate=0.1, weight_decay=0.2),
    ),
]
MADE_SCHEDULES: list[tuple[dict[str, Any], cnn.Schedule]] = [
    ({"schedule": "ConstantRate", "rate": 0.5}, cnn.ConstantRate(0.5)),
    (
        {"schedule": "StepDecay", "peak": 1, "factor": 0.5, "points": [0.2, 0.4, 0.9]},
        cnn.StepDecay(1, factor=0.5, points=(0.2, 0.4, 0.9)),
    ),
    ({"schedule": "CosineDecay", "peak": 1, "warm_up": 0.3}, cnn.CosineDecay(1, warm_up=0.3)),
    ({"schedule": "OneCycle", "peak": 2, "warm_up": 0.4}, cnn.OneCycle(2, warm_up=0.4)),
]


@pytest.mark.parametrize(("config", "expected"), MADE_OPTIMISERS)
def test_every_optimiser_is_made_from_plain_data(config: dict[str, Any], expected: cnn.Optimiser) -> None:
    assert repr(make_optimiser(config)) == repr(expected)


@pytest.mark.parametrize(("config", "expected"), MADE_SCHEDULES)
def test_every_schedule_is_made_from_plain_data(config: dict[str, Any], expected: cnn.Schedule) -> None:
    optimiser = make_optimiser({"optimiser": "SGD", "learning_rate": config})

    assert type(optimiser.learning_rate) is type(expected)
    for progress in (0.0, 0.1, 0.2, 0.35, 0.4, 0.7, 0.9, 1.0):
        assert optimiser.rate_at(progress) == expected(progress)


def test_losses_and_augmentations_are_made_from_plain_data() -> None:
    assert make_loss({"loss": "SoftmaxCrossEntropy", "label_smoothing": 0.1}) == cnn.SoftmaxCrossEntropy(0.1)
    assert make_loss({"loss": "MeanSquaredError"}) == cnn.MeanSquaredError()
    affine = {"rotation": 10, "scale": 0.1, "shear": 0.2, "shift": 2}
    assert make_augmentation({"augmentation": "RandomAffine", **affine}) == cnn.RandomAffine(**affine)
    assert make_augmentation(None) is None


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
