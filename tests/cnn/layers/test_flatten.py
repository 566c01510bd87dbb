from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import array_shapes

from cnn import Flatten
from cnn.types import Shape


def test_a_row_holds_the_image_row_by_row_with_its_channels_together() -> None:
    h, w, c = 2, 3, 4
    x = np.arange(2.0 * h * w * c).reshape(2, h, w, c)
    y, _ = Flatten().forward_pass(x)
    assert y.shape == (2, h * w * c)
    for n, p, q, k in np.ndindex(*x.shape):
        assert y[n, (p * w + q) * c + k] == x[n, p, q, k]


@given(shape=array_shapes(min_dims=2, max_dims=5))
def test_the_way_back_undoes_the_way_there(shape: Shape) -> None:
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    y, cache = Flatten().forward_pass(x)
    assert y.ndim == 2
    dx, grads = Flatten().backward_pass(y, cache)
    np.testing.assert_array_equal(dx, x, strict=True)
    assert grads == {}
