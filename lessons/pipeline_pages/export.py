"""The page about running the network elsewhere: what a runtime must know of ONNX."""

from __future__ import annotations

from lessons.kit.shown import Shown
from lessons.kit.tables import code
from pipeline.common.images import ImageSet
from pipeline.common.model import untrained_model
from pipeline.common.params import load_parameters
from pipeline.export import from_bytes_to_probabilities
from pipeline.to_onnx import OPSET, to_onnx


def from_repository() -> Shown:
    """Return the opset, and the operators of the chosen recipe's network."""
    parameters = load_parameters()
    unmeasured = ImageSet(
        parameters.data.dataset, parameters.data.class_names, mean=0.0, standard_deviation=1.0
    )
    exported = to_onnx(from_bytes_to_probabilities(untrained_model(parameters), unmeasured))
    operators = dict.fromkeys(node.op_type for node in exported.graph.node)
    return Shown(
        values={
            "opset": OPSET,
            "recipe": code(parameters.recipe),
            "operators": ", ".join(map(code, operators)),
        }
    )
