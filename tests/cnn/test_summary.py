import numpy as np
import pytest

from cnn import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    GlobalAveragePool2D,
    Layer,
    MaxPool2D,
    ReLU,
    Sequential,
)
from cnn.summary import layer_summaries
from tests.cnn.tiny import built
from tests.refusals import assert_refuses


def test_the_table_shows_every_layer_and_the_totals() -> None:
    model = built(
        [Conv2D(1000, (3, 5), stride=(2, 1)), BatchNorm(), ReLU(), GlobalAveragePool2D(), Dense(10)],
        (9, 11, 3),
    )
    table = model.summary()
    assert (
        repr(table)
        == table
        == "\n".join(
            [
                "layer                  output  parameters  multiply-adds  receptive field",
                "Conv2D               4×7×1000      46,000      1,260,000              3×5",
                "BatchNorm            4×7×1000       2,000              0              3×5",
                "ReLU                 4×7×1000           0              0              3×5",
                "GlobalAveragePool2D      1000           0              0             9×11",
                "Dense                      10      10,010         10,000             9×11",
                "total                              58,010      1,270,000",
            ]
        )
    )


def test_a_model_whose_input_is_no_image_has_no_receptive_fields() -> None:
    lines = built([Dense(4), ReLU(), Dense(2)], (3,)).summary().splitlines()
    assert lines[1:] == [
        "Dense       4          16             12",
        "ReLU        4           0              0",
        "Dense       2          10              8",
        "total                  26             20",
    ]


def test_a_receptive_field_never_reaches_beyond_the_image() -> None:
    layers = [Conv2D(1, (3, 7), padding="same"), Conv2D(1, (3, 7), padding="same"), MaxPool2D(3, stride=1)]
    lines = layer_summaries(built([*layers], (6, 10, 1)).layers, (6, 10, 1))
    assert [line.receptive_field for line in lines] == [(3, 7), (5, 10), (6, 10)]


@pytest.mark.parametrize(
    "layers",
    [
        [Conv2D(2, 3, stride=2), Conv2D(2, 3, stride=(2, 3)), Conv2D(2, 2)],
        [Conv2D(2, (3, 5), padding="same"), MaxPool2D(2), Conv2D(2, 3, padding="same")],
        [AveragePool2D(3, stride=2), BatchNorm(), Conv2D(2, (1, 4), stride=(3, 1))],
        [MaxPool2D(2), GlobalAveragePool2D()],
    ],
    ids=["strides", "padding", "average", "global"],
)
def test_a_receptive_field_is_what_one_output_in_the_middle_depends_on(layers: list[Layer]) -> None:
    h, w = 21, 25
    model = built(layers, (h, w, 1))
    x = np.random.default_rng(0).random((1, h, w, 1))
    y, _ = model.forward_pass(x)
    middle = tuple(length // 2 for length in y.shape)
    found = []
    for axis in (1, 2):
        depends = []
        for index in range(x.shape[axis]):
            changed = x.copy()
            np.moveaxis(changed, axis, 0)[index] += 10 + np.random.default_rng(1).random()
            depends.append(model.forward_pass(changed)[0][middle] != y[middle])
        seen = np.flatnonzero(depends)
        found.append(seen[-1] - seen[0] + 1)
    assert layer_summaries(model.layers, (h, w, 1))[-1].receptive_field == tuple(found)


def test_a_model_that_has_not_been_built_has_no_summary() -> None:
    assert_refuses(Sequential([Dense(3)]).summary, RuntimeError, "build(input_shape)")
