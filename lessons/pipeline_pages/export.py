"""The page about running the network elsewhere: what a runtime must know of ONNX and of the network."""

from __future__ import annotations

from lessons.kit.shown import Shown
from lessons.kit.tables import code
from pipeline.common.datasets import MNIST
from pipeline.common.images import ImageSet
from pipeline.common.model import untrained_model
from pipeline.common.params import load_parameters
from pipeline.export import from_bytes_to_probabilities
from pipeline.to_onnx import OPSET, to_onnx


def from_repository() -> Shown:
    """Return the opset, the operators of the chosen recipe's network, and its input and output."""
    parameters = load_parameters()
    data = parameters.data
    unmeasured = ImageSet(data.dataset, data.class_names, mean=0.0, standard_deviation=1.0)
    light = "grey levels" if data.input_shape[-1] == 1 else "red, green and blue"
    strokes = ", light strokes on black, as in MNIST" if data.dataset == MNIST.name else ""
    exported = to_onnx(from_bytes_to_probabilities(untrained_model(parameters), unmeasured))
    operators = dict.fromkeys(node.op_type for node in exported.graph.node)
    return Shown(
        values={
            "opset": OPSET,
            "image": ", ".join(map(str, data.input_shape)),
            "pixels": f"{light} from 0 to 255{strokes}",
            "classes": len(data.class_names),
            "recipe": code(parameters.recipe),
            "operators": ", ".join(map(code, operators)),
        }
    )
