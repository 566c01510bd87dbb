import numpy as np

from cnn import Flatten


def test_a_row_holds_the_image_row_by_row_with_its_channels_together() -> None:
    h, w, c = 2, 3, 4
    x = np.arange(2.0 * h * w * c).reshape(2, h, w, c)
    y, _ = Flatten().forward_pass(x)
    assert y.shape == (2, h * w * c)
    for n, p, q, k in np.ndindex(*x.shape):
        assert y[n, (p * w + q) * c + k] == x[n, p, q, k]
