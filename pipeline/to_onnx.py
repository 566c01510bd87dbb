"""From a model of `cnn` to ONNX, which runtimes of many languages and devices read.

Each kind of layer has one converter, which adds the layer's operators to the graph. Images are
`[n, h, w, c]` in `cnn`, while ONNX's operators for images take `[n, c, h, w]`. The graph therefore remembers
in which order the axes are, and a converter turns them only if it has to: usually once before the first
convolution, and once before Flatten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import pi, sqrt
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

import cnn
from cnn.layers.padding import Padding, pads_of
from cnn.types import Pair, Shape
from pipeline.common.errors import PipelineError

OPSET = 14
"""The version of ONNX's operators: that of ONNX 1.9 (2021).

It is the oldest in which batch normalisation is that of inference unless the file says otherwise. For older
ones, the evaluator that comes with ONNX mixes the samples' own statistics in.
"""


def to_onnx(
    model: cnn.Sequential,
    *,
    inputs: str = "inputs",
    outputs: str = "outputs",
    takes_bytes: bool | None = None,
    **metadata: str,
) -> onnx.ModelProto:
    """Return what a model computes at inference as an ONNX model for any number of samples.

    The output is float32. Images have their channels last in input and output, as in `cnn`.

    Args:
        model: the model, which has been built.
        inputs: the input's name.
        outputs: the output's name.
        takes_bytes: whether the input is uint8, otherwise it is float32; None: if the model's first layer
            takes bytes, as Rescale and Standardise do.
        metadata: what else the file says of the model.

    Returns:
        The ONNX model; the same model gives the same bytes.

    Raises:
        RuntimeError: if the model has not been built.
        PipelineError: if a layer is none of `cnn`'s, or the model has a forward pass of its own.

    Example:
        >>> model = cnn.Sequential([cnn.Dense(2), cnn.ReLU()])
        >>> model.build((3,), np.random.default_rng(0))
        (2,)
        >>> [node.op_type for node in to_onnx(model).graph.node]
        ['Gemm', 'Relu']

    Source:
        The operators: https://onnx.ai/onnx/operators
    """
    input_shape = model.built_for()
    if type(model).forward_pass is not cnn.Sequential.forward_pass:
        raise PipelineError(
            f"{type(model).__name__} has a forward_pass of its own, which cannot be exported: write it as "
            "layers of a Sequential."
        )
    takes_bytes = model.layers[0].takes_bytes if takes_bytes is None else takes_bytes
    taken = TensorProto.UINT8 if takes_bytes else TensorProto.FLOAT
    graph = Graph(inputs, input_shape)
    if taken == TensorProto.UINT8:
        graph.then("Cast", to=TensorProto.FLOAT)
    for index, layer in enumerate(model.layers):
        graph.layer = f"{index}.{layer.kind}"
        _converter(index, layer)(graph, layer)
        graph.shape = layer.output_shape(graph.shape)
    graph.channels_last()
    graph.nodes[-1].output[0] = outputs
    converted = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "cnn",
            [helper.make_tensor_value_info(inputs, taken, ["n", *input_shape])],
            [helper.make_tensor_value_info(outputs, TensorProto.FLOAT, ["n", *graph.shape])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=helper.find_min_ir_version_for([helper.make_opsetid("", OPSET)]),
        producer_name="cnn",
        producer_version=cnn.__version__,
    )
    helper.set_model_props(converted, metadata)
    return converted


class Graph:
    """The nodes and constants so far, and the tensor that the next layer takes.

    Args:
        tensor: the name of the first tensor.
        shape: one sample's shape, channels last.

    Attributes:
        tensor: the name of the tensor that the last node gave.
        shape: the shape of one of its samples as `cnn` has it, channels last.
        layer: the layer that is converted; the names of its nodes and constants begin with it.
        nodes: the nodes.
        constants: the arrays.
    """

    def __init__(self, tensor: str, shape: Shape) -> None:
        self.tensor, self.shape, self.layer = tensor, shape, tensor
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []
        self._channels_first = False

    def then(self, operator: str, *others: str, **attributes: Any) -> None:
        """Add a node that takes the current tensor, and after it others; what it gives is the current one.

        Args:
            operator: ONNX's name of it, such as `Conv`.
            others: the names of further inputs.
            attributes: the operator's attributes.
        """
        name = f"{self.layer}.{operator}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.tensor, *others], [name], name, **attributes))
        self.tensor = name

    def constant(self, name: str, value: ArrayLike) -> str:
        """Add an array of float32, and return its full name."""
        full_name = f"{self.layer}.{name}"
        self.constants.append(numpy_helper.from_array(np.array(value, np.float32, order="C"), full_name))
        return full_name

    def channels_first(self) -> None:
        """Turn the current tensor to `[n, c, …]`, if it is not."""
        last = len(self.shape)
        self._turn(True, (0, last, *range(1, last)))

    def channels_last(self) -> None:
        """Turn the current tensor to `[n, …, c]`, if it is not."""
        self._turn(False, (0, *range(2, len(self.shape) + 1), 1))

    def _turn(self, channels_first: bool, order: tuple[int, ...]) -> None:
        if len(self.shape) > 1 and channels_first != self._channels_first:
            self.then("Transpose", perm=order)
        self._channels_first = channels_first

    @property
    def channels_axis(self) -> int:
        """The axis of the current tensor that holds the channels."""
        return 1 if self._channels_first else len(self.shape)


Converter = Callable[[Graph, Any], None]
"""A function that adds the operators of one kind of layer to the graph."""


def _operator(name: str) -> Converter:
    """Return the converter of a layer that is one operator without attributes."""
    return lambda graph, _: graph.then(name)


def _rescale(graph: Graph, layer: cnn.Rescale) -> None:
    graph.then("Mul", graph.constant("factor", layer.factor))
    graph.then("Add", graph.constant("offset", layer.offset))


def _standardise(graph: Graph, layer: cnn.Standardise) -> None:
    graph.channels_last()  # in which one number a channel needs no further axes
    graph.then("Sub", graph.constant("mean", layer.mean))
    graph.then("Div", graph.constant("standard_deviation", layer.standard_deviation))


def _conv_2d(graph: Graph, layer: cnn.Conv2D) -> None:
    graph.channels_first()
    weight = layer.params["weight"].transpose(3, 2, 0, 1)  # [n_f, c, h_f, w_f]
    graph.then(
        "Conv",
        graph.constant("weight", weight),
        graph.constant("bias", layer.params["bias"]),
        **_windows(graph, layer.kernel_size, layer.stride, layer.padding),
    )


def _max_pool_2d(graph: Graph, layer: cnn.MaxPool2D) -> None:
    graph.channels_first()
    graph.then("MaxPool", **_windows(graph, layer.pool_size, layer.stride, layer.padding))


def _average_pool_2d(graph: Graph, layer: cnn.AveragePool2D) -> None:
    graph.channels_first()
    windows = _windows(graph, layer.pool_size, layer.stride, layer.padding)
    graph.then("AveragePool", count_include_pad=0, **windows)


def _windows(
    graph: Graph, size: int | Pair, stride: int | Pair | None, padding: Padding
) -> dict[str, tuple[int, ...]]:
    """Return the attributes of operators with windows; size and stride are pairs once a layer is made."""
    size, stride = cast(Pair, size), cast(Pair, stride)
    h, w, _ = graph.shape
    (top, bottom), (left, right) = pads_of(padding, (h, w), size, stride)
    return {"kernel_shape": size, "strides": stride, "pads": (top, left, bottom, right)}


def _global_average_pool_2d(graph: Graph, _: cnn.GlobalAveragePool2D) -> None:
    graph.channels_first()
    graph.then("GlobalAveragePool")  # [n, c, 1, 1]
    graph.then("Flatten")


def _batch_norm(graph: Graph, layer: cnn.BatchNorm) -> None:
    graph.channels_first()
    arrays = layer.params | layer.state
    constants = [graph.constant(name, arrays[name]) for name in ("scale", "shift", "mean", "variance")]
    graph.then("BatchNormalization", *constants, epsilon=layer.epsilon)


def _flatten(graph: Graph, _: cnn.Flatten) -> None:
    graph.channels_last()
    graph.then("Flatten")


def _dense(graph: Graph, layer: cnn.Dense) -> None:
    graph.then("Gemm", *(graph.constant(name, layer.params[name]) for name in ("weight", "bias")))


def _leaky_relu(graph: Graph, layer: cnn.LeakyReLU) -> None:
    graph.then("LeakyRelu", alpha=layer.slope)


def _gelu(graph: Graph, _: cnn.GELU) -> None:
    """Add x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³))), one operator after the other.

    ONNX has had an operator of its own for it since opset 20.
    """
    x = graph.tensor
    graph.then("Mul", x)
    graph.then("Mul", x)
    graph.then("Mul", graph.constant("share", 0.044715))
    graph.then("Add", x)
    graph.then("Mul", graph.constant("factor", sqrt(2 / pi)))
    graph.then("Tanh")
    graph.then("Add", graph.constant("one", 1))
    graph.then("Mul", x)
    graph.then("Mul", graph.constant("half", 0.5))


def _softmax(graph: Graph, _: cnn.Softmax) -> None:
    graph.then("Softmax", axis=graph.channels_axis)


CONVERTERS: Mapping[type[cnn.Layer], Converter] = {
    cnn.Rescale: _rescale,
    cnn.Standardise: _standardise,
    cnn.Conv2D: _conv_2d,
    cnn.MaxPool2D: _max_pool_2d,
    cnn.AveragePool2D: _average_pool_2d,
    cnn.GlobalAveragePool2D: _global_average_pool_2d,
    cnn.BatchNorm: _batch_norm,
    cnn.Dropout: _operator("Identity"),  # runtimes remove it
    cnn.Flatten: _flatten,
    cnn.Dense: _dense,
    cnn.ReLU: _operator("Relu"),
    cnn.LeakyReLU: _leaky_relu,
    cnn.Sigmoid: _operator("Sigmoid"),
    cnn.Tanh: _operator("Tanh"),
    cnn.GELU: _gelu,
    cnn.Softmax: _softmax,
}
"""The converter of each kind of layer. A class derived from one of them is another layer, and has none."""


def _converter(index: int, layer: cnn.Layer) -> Converter:
    converter = CONVERTERS.get(type(layer))
    if converter is None:
        known = ", ".join(kind.__name__ for kind in CONVERTERS)
        raise PipelineError(
            f"Layer {index} cannot be exported: received {type(layer).__module__}.{layer.kind}, expected a "
            f"layer of cnn ({known}); replace it by these, or add a converter for it to CONVERTERS in "
            "pipeline/to_onnx.py."
        )
    return converter
