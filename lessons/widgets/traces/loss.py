"""The traces of softmax and cross-entropy: the probabilities, the loss, and p − t."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.kit.steps import loss_tracks


def cases() -> list[dict[str, Any]]:
    """Return the only case: two samples, three classes."""
    outputs = np.log(np.array([[1, 2, 5], [2, 1, 1]], np.float32))
    forward, backward = loss_tracks(outputs, np.array([1, 0]))
    return [
        {"name": "plain", "title": "two samples, three classes", "forward": forward, "backward": backward}
    ]
