"""The layers: one module each, forward and backward pass on one screen."""

from cnn.layers.activations import GELU, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from cnn.layers.base import Layer
from cnn.layers.batch_norm import BatchNorm
from cnn.layers.convolution import Conv2D
from cnn.layers.dense import Dense
from cnn.layers.dropout import Dropout
from cnn.layers.flatten import Flatten
from cnn.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
from cnn.layers.scaling import Rescale, Standardise

LAYERS: dict[str, type[Layer]] = {
    kind.__name__: kind
    for kind in (
        Conv2D,
        MaxPool2D,
        AveragePool2D,
        GlobalAveragePool2D,
        BatchNorm,
        Dropout,
        Flatten,
        Dense,
        ReLU,
        LeakyReLU,
        Sigmoid,
        Tanh,
        GELU,
        Softmax,
        Rescale,
        Standardise,
    )
}
"""Every layer under its name, for models that are read from plain data."""

__all__ = [
    "GELU",
    "LAYERS",
    "AveragePool2D",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool2D",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "ReLU",
    "Rescale",
    "Sigmoid",
    "Softmax",
    "Standardise",
    "Tanh",
]
