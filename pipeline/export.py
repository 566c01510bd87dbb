"""Export the trained network to ONNX, which runs without this repository: `python -m pipeline.export`."""

from __future__ import annotations

import argparse
import hashlib
import json

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

import cnn
from pipeline.common import paths
from pipeline.common.datasets import DATASETS
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_bytes
from pipeline.common.images import Bytes, Normalisation, load_normalisation, load_part
from pipeline.common.model import load_model
from pipeline.common.params import load_parameters
from pipeline.common.running import run_stage
from pipeline.to_onnx import OPSET, to_onnx

COMPARED = 100
"""How many test images are compared: the evaluator that comes with ONNX is made to be read, and is slow."""

TOLERANCE = 1e-5
"""How far probabilities may differ: float32 is added in another order elsewhere."""


def main() -> None:
    """Write the trained network as an ONNX file that answers as `cnn` does."""
    argparse.ArgumentParser(
        prog="python -m pipeline.export",
        description=f"Write the network that dvc repro trained, normalisation included, to {paths.ONNX}.",
    ).parse_args()
    dataset = load_parameters().data.dataset
    processed = paths.PROCESSED / dataset
    model, normalisation = load_model(), load_normalisation(processed)
    exported = to_onnx(
        from_bytes_to_probabilities(model, normalisation),
        inputs="images",
        outputs="probabilities",
        dataset=normalisation.dataset,
        class_names=json.dumps(DATASETS[dataset].class_names, ensure_ascii=False),
        model_sha256=hashlib.sha256(paths.MODEL.read_bytes()).hexdigest(),
    )
    images = load_part("test", processed).images[:COMPARED]
    difference = largest_difference(exported, model, normalisation, images)
    content = exported.SerializeToString()
    write_bytes(paths.ONNX, content)
    print(f"{paths.ONNX}: {len(content) / 1e6:.1f} MB, opset {OPSET}, trained on {normalisation.dataset}.")
    print(
        f"Its probabilities for {len(images)} test images are those of cnn to {difference:.0e} "
        f"(computed by onnx {onnx.__version__})."
    )


def from_bytes_to_probabilities(model: cnn.Sequential, normalisation: Normalisation) -> cnn.Sequential:
    """Return a model of the same layers that normalises before them, and ends with a softmax."""
    layers = [cnn.Standardise(normalisation.mean, normalisation.standard_deviation), *model.layers]
    if not isinstance(layers[-1], cnn.Softmax):
        layers.append(cnn.Softmax())
    whole = cnn.Sequential(layers)
    whole.input_shape = model.built_for()
    return whole


def largest_difference(
    exported: onnx.ModelProto, model: cnn.Sequential, normalisation: Normalisation, images: Bytes
) -> float:
    """Return by how much the probabilities of the exported model differ at most from the model's.

    Args:
        exported: the exported model.
        model: the model.
        normalisation: how the model's images are normalised.
        images: the images to compare with, `[n, h, w]`.

    Raises:
        PipelineError: if they differ by more than the tolerance.
    """
    expected = model.predict_proba(normalisation.apply(images))
    [found] = map(np.asarray, ReferenceEvaluator(exported).run(None, {"images": images[..., None]}))
    difference = float(np.abs(found - expected).max())
    if not difference <= TOLERANCE:
        raise PipelineError(
            f"The exported network gives probabilities that differ by {difference:.0e} from those of cnn, "
            f"expected {TOLERANCE:.0e} at most: nothing was written; please report it."
        )
    return difference


if __name__ == "__main__":
    run_stage(main)
