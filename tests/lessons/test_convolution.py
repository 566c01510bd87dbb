import numpy as np
import pytest

import cnn
from lessons.convolution import simplest_convolution
from tests.lessons.shown import TRACES, played


@pytest.mark.parametrize("shape", [(3, 3, 1, 1), (2, 3, 4, 5), (1, 1, 2, 3), (6, 5, 3, 2)])
def test_the_simplest_convolution_gives_what_the_layer_gives(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(size) for size in ((4, 6, 5, shape[2]), shape, shape[3:]))
    layer = cnn.Conv2D(shape[3], (shape[0], shape[1]))
    layer.params = {"weight": weight, "bias": bias}
    np.testing.assert_allclose(simplest_convolution(x, weight, bias), layer.forward_pass(x)[0], rtol=1e-12)


def test_the_numbers_are_those_of_the_page() -> None:
    plain, *_ = TRACES["traces/convolution.json"]["cases"]
    filled = played([*plain["forward"], *plain["backward"]])
    assert {name: value.ravel().tolist() for name, value in filled.items()} == {
        "y": [137, 147, 167, 177],
        "dweight": [11, 14, 20, 23],
        "dbias": [3],
        "dx": [1, 2, 0, 3, 6, 4, 0, 6, 8],
    }
