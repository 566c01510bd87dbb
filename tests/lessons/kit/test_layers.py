import cnn
from lessons.kit.layers import shapes
from tests.lessons.small import small


def test_shapes_name_what_a_layer_takes_holds_and_gives() -> None:
    model = small([cnn.Conv2D(2, 3), cnn.Flatten(), cnn.Dense(3)])

    assert shapes(model, (cnn.Conv2D,)).splitlines()[2:] == [
        "| 0. Conv2D | 6×6×1 | weight 3×3×1×2, bias 2 | 4×4×2 | 3×3 |"
    ]
    assert shapes(model, (cnn.Dropout,)) == ""
