"""The executor of `cnn` on Dask: real worker processes, the same bits as threads."""

import numpy as np
import pytest
from distributed import Client

from tests.cnn.tiny import built, convolutional, images, train

pytestmark = pytest.mark.slow  # a cluster takes seconds to start


def test_training_on_dask_workers_gives_the_bits_of_threads(client: Client) -> None:
    on_threads = train(workers=2)

    on_dask = train(executor=client.get_executor())

    assert on_dask.history == on_threads.history
    found, expected = (run.model.params | run.model.state for run in (on_dask, on_threads))
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])


def test_predictions_on_dask_workers_are_the_bits_of_threads(client: Client) -> None:
    model = built(convolutional())
    x, _ = images(97)

    probabilities = model.predict_proba(x, executor=client.get_executor())

    np.testing.assert_array_equal(probabilities, model.predict_proba(x, workers=2))
    assert model.predict(x, executor=client.get_executor()).tolist() == model.predict(x).tolist()
