"""Convolutional neural networks in plain NumPy, to read, to train and to import.

Every dimension letter means one thing everywhere:

- n: samples; h, w: height and width of an image; c: its channels;
- h_f, w_f: height and width of a filter or pooling window; n_f: filters;
- h_out, w_out: height and width of the grid of windows;
- n_in, n_out: inputs and outputs of a dense layer.

In formulas n, p, q and k are indices of samples, of rows and columns of the output, and of channels of the
input; (i, j) is the offset inside a window, and f the index of a filter.

Images are `[n, h, w, c]`, filters `[h_f, w_f, c, n_f]`, dense weights `[n_in, n_out]`. dy is the gradient of
the loss with respect to y, and so on.
"""

import sys

from cnn import callbacks, habits, layers, losses, metrics, optimisers, schedules
from cnn.augmentation import Augmentation, RandomAffine
from cnn.callbacks import BestWeights, Checkpoint, EarlyStopping, ProgressBar, WeightAverage
from cnn.gradients import gradient_check
from cnn.history import History
from cnn.initialisers import glorot_normal, glorot_uniform, he_normal, he_uniform
from cnn.labels import one_hot
from cnn.layers import (
    GELU,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Rescale,
    Sigmoid,
    Softmax,
    Standardise,
    Tanh,
)
from cnn.losses import Loss, MeanSquaredError, SoftmaxCrossEntropy
from cnn.metrics import accuracy, confusion_matrix
from cnn.optimisers import SGD, Adam, AdamW, Optimiser, RMSProp
from cnn.schedules import ConstantRate, CosineDecay, OneCycle, Schedule, StepDecay
from cnn.sequential import Sequential
from cnn.training import Callback, Training

__version__ = "0.1.0"

__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "Augmentation",
    "AveragePool2D",
    "BatchNorm",
    "BestWeights",
    "Callback",
    "Checkpoint",
    "ConstantRate",
    "Conv2D",
    "CosineDecay",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Flatten",
    "GlobalAveragePool2D",
    "History",
    "Layer",
    "LeakyReLU",
    "Loss",
    "MaxPool2D",
    "MeanSquaredError",
    "OneCycle",
    "Optimiser",
    "ProgressBar",
    "RMSProp",
    "RandomAffine",
    "ReLU",
    "Rescale",
    "Schedule",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Standardise",
    "StepDecay",
    "Tanh",
    "Training",
    "WeightAverage",
    "accuracy",
    "confusion_matrix",
    "glorot_normal",
    "glorot_uniform",
    "gradient_check",
    "he_normal",
    "he_uniform",
    "one_hot",
]


habits.answer_names(sys.modules[__name__], layers, losses, callbacks, optimisers, schedules, metrics)
