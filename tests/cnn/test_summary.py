import numpy as np
import pytest

from cnn import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    MaxPool2D,
    ReLU,
    Sequential,
    Softmax,
)
from cnn.summary import layer_summaries
from tests.cnn.tiny import built
from tests.refusals import assert_refuses


def digit_network() -> Sequential:
    """Return the network for MNIST that this project grew from."""
    return built(
        [
            Conv2D(32, 3, padding="same"),
            ReLU(),
            Conv2D(32, 3, padding="same"),
            ReLU(),
            MaxPool2D(2),
            Dropout(0.25),
            Conv2D(64, 3, padding="same"),
            ReLU(),
            Conv2D(64, 3, padding="same"),
            ReLU(),
            MaxPool2D(2),
            Dropout(0.25),
            Flatten(),
            Dense(256),
            ReLU(),
            Dense(32),
            ReLU(),
            Dense(10),
            Softmax(),
        ],
        (28, 28, 1),
    )


def test_the_numbers_of_the_digit_network_are_those_worked_out_by_hand() -> None:
    model = digit_network()
    lines = layer_summaries(model.layers, (28, 28, 1))
    counted = [line for line in lines if line.kind not in ("ReLU", "Dropout")]
    assert [(line.kind, line.output_shape) for line in counted] == [
        ("Conv2D", (28, 28, 32)),
        ("Conv2D", (28, 28, 32)),
        ("MaxPool2D", (14, 14, 32)),
        ("Conv2D", (14, 14, 64)),
        ("Conv2D", (14, 14, 64)),
        ("MaxPool2D", (7, 7, 64)),
        ("Flatten", (3136,)),
        ("Dense", (256,)),
        ("Dense", (32,)),
        ("Dense", (10,)),
        ("Softmax", (10,)),
    ]
    # Filters of 3×3 times the channels plus a bias each; weights plus biases.
    assert [line.parameters for line in counted] == [
        320, 9_248, 0, 18_496, 36_928, 0, 0, 803_072, 8_224, 330, 0
    ]  # fmt: skip
    assert sum(line.parameters for line in lines) == 876_618
    # Every pixel of every map times 3×3 times the channels; every weight once.
    assert [line.multiply_adds for line in counted] == [
        225_792, 7_225_344, 0, 3_612_672, 7_225_344, 0, 0, 802_816, 8_192, 320, 0
    ]  # fmt: skip
    # 1 + 2, + 2, + 1 (pool), then every step is two pixels wide: + 4, + 4, + 2 (pool).
    fields = [3, 5, 6, 10, 14, 16, 16, 28, 28, 28, 28]
    assert [line.receptive_field for line in counted] == [(field, field) for field in fields]


def test_the_table_shows_every_layer_and_the_totals() -> None:
    model = built(
        [Conv2D(1000, (3, 5), stride=(2, 1)), BatchNorm(), ReLU(), GlobalAveragePool2D(), Dense(10)],
        (9, 11, 3),
    )
    assert model.summary() == "\n".join(
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
        [Conv2D(2, 3), Conv2D(2, 3)],
        [Conv2D(2, 3, stride=2), Conv2D(2, 3, stride=(2, 3)), Conv2D(2, 2)],
        [Conv2D(2, (3, 5), padding="same"), MaxPool2D(2), Conv2D(2, 3, padding="same")],
        [
            AveragePool2D(3, stride=2),
            BatchNorm(),
            Conv2D(2, (1, 4), stride=(3, 1)),
            AveragePool2D((2, 1), stride=1),
        ],
        [MaxPool2D(2), GlobalAveragePool2D()],
    ],
    ids=["filters", "strides", "padding", "average", "global"],
)
def test_a_receptive_field_is_what_one_output_in_the_middle_depends_on(layers: list[Layer]) -> None:
    h, w = 37, 41
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
    assert_refuses(Sequential([Dense(3)]).summary, RuntimeError, "build(input_shape, rng)")
