"""The twin: the same network of PyTorch's layers, with the same weights.

PyTorch is imported in the functions: the rest of the package, and its tests, do without.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import cnn
from cnn.layers.padding import pads_of
from cnn.types import Array, Shape


def twin_of(model: cnn.Sequential) -> Any:
    """Return the model's twin as a `torch.nn.Sequential`, which takes images as `[n, c, h, w]`.

    Raises:
        ValueError: if a layer, or its padding, has no counterpart here.
    """
    import torch

    shape = image = model.built_for()
    modules = []
    for layer in model.layers:
        module = _module(layer, shape)
        if isinstance(layer, cnn.Flatten):
            image = shape
        if isinstance(layer, cnn.Conv2D | cnn.Dense):
            weight = _turned(layer.params["weight"], image).reshape(tuple(module.weight.shape))
            with torch.no_grad():
                module.weight.copy_(torch.from_numpy(weight))
                module.bias.copy_(torch.from_numpy(layer.params["bias"]))
        shape = layer.output_shape(shape)
        if isinstance(layer, cnn.Dense):
            image = shape
        modules.append(module)
    return torch.nn.Sequential(*modules)


def optimiser_of(optimiser: cnn.Optimiser, twin: Any) -> Any:
    """Return PyTorch's optimiser with the same hyperparameters, in its fused form: the fastest.

    Raises:
        ValueError: if it has no counterpart here.
    """
    from torch.optim import Adam, AdamW

    if not isinstance(optimiser, cnn.Adam) or optimiser.clip_norm is not None:
        raise ValueError(
            f"Only Adam and AdamW without clipping have a counterpart here, received {optimiser}."
        )
    groups: Any = list(twin.parameters())
    if optimiser.weight_decay:  # of weights, not of biases, scales and shifts
        groups = [
            {"params": [one for one in groups if one.ndim > 1]},
            {"params": [one for one in groups if one.ndim == 1], "weight_decay": 0.0},
        ]
    kind = AdamW if isinstance(optimiser, cnn.AdamW) else Adam
    return kind(
        groups,
        lr=optimiser.rate_at(0.0),
        betas=(optimiser.beta_1, optimiser.beta_2),
        eps=optimiser.epsilon,
        weight_decay=optimiser.weight_decay,
        fused=True,
    )


def check_twin(model: cnn.Sequential, twin: Any, images: Array) -> None:
    """Make sure that the twins give the same outputs, so that they do the same work.

    Args:
        model: the model.
        twin: its twin.
        images: some images, `[n, h, w, c]`.

    Raises:
        ValueError: if they do not.
    """
    import torch

    with torch.inference_mode():
        theirs = twin.eval()(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy()
    ours, _ = model.forward_pass(images)
    difference = float(np.abs(ours - theirs).max())
    if difference > 1e-3 * float(np.abs(ours).max()):
        raise ValueError(f"The twins' outputs differ by {difference:.3g}: they are not the same network.")


def _module(layer: cnn.Layer, shape: Shape) -> Any:
    """Return PyTorch's layer for samples of this shape."""
    from torch import nn

    module: Any
    match layer:
        case cnn.Conv2D():
            size, stride = layer.receptive_window(shape)
            module = nn.Conv2d(shape[2], layer.filters, size, stride, _padding(layer, shape))
        case cnn.MaxPool2D():
            size, stride = layer.receptive_window(shape)
            module = nn.MaxPool2d(size, stride, _padding(layer, shape))
        case cnn.BatchNorm():
            kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
            module = kind(shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)
        case cnn.Dropout():
            module = nn.Dropout(layer.rate)
        case cnn.Dense():
            module = nn.Linear(shape[0], layer.units)
        case cnn.ReLU():
            module = nn.ReLU()
        case cnn.Flatten():
            module = nn.Flatten()
        case _:
            raise ValueError(f"PyTorch's counterpart of {layer.kind} is not known.")
    return module


def _padding(layer: cnn.Conv2D | cnn.MaxPool2D, shape: Shape) -> tuple[int, int]:
    """Return the rows and columns that are added on each side."""
    (top, bottom), (left, right) = pads_of(
        layer.padding, (shape[0], shape[1]), *layer.receptive_window(shape)
    )
    if top != bottom or left != right:
        raise ValueError(f"PyTorch pads all sides alike, received {layer} on images of {shape}.")
    return top, left


def _turned(weight: Array, image: Shape) -> Array:
    """Return weights with the outputs first, and channels before rows and columns.

    Args:
        weight: `[h_f, w_f, c, n_f]`, or `[n_in, n_out]`.
        image: the shape that the n_in numbers had before they were laid out in a row.

    Example:
        >>> dense = np.arange(8.0)[:, None]  # two rows, two columns, two channels
        >>> _turned(dense, (2, 2, 2)).ravel().tolist()
        [0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0]
    """
    if weight.ndim == 2:
        weight = weight.reshape(*image, -1)
    return weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight.T
