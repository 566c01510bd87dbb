"""Export the trained network to ONNX, which runs without this repository: `python -m pipeline.export`."""

from __future__ import annotations

import argparse
import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cnn
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_bytes
from pipeline.common.images import Bytes, ImageSet
from pipeline.common.model import load_model_and_test_images
from pipeline.common.params import load_parameters
from pipeline.common.running import run_stage
from pipeline.to_onnx import OPSET, to_onnx

TOLERANCE = 1e-5
"""How far probabilities may differ: float32 is added in another order elsewhere."""

BATCH = 500
"""How many images onnxruntime gets at once: ten thousand would need gigabytes."""


def main() -> None:
    """Write the trained network as an ONNX file that answers as `cnn` does."""
    argparse.ArgumentParser(
        prog="python -m pipeline.export",
        description=f"Write the network that dvc repro trained, normalisation included, to {paths.ONNX}.",
    ).parse_args()
    model, image_set, test = load_model_and_test_images(paths.PROCESSED / load_parameters().data.dataset)
    exported = to_onnx(
        from_bytes_to_probabilities(model, image_set),
        inputs="images",
        outputs="probabilities",
        dataset=image_set.dataset,
        class_names=json.dumps(image_set.class_names, ensure_ascii=False),
        model_sha256=hashlib.sha256(paths.MODEL.read_bytes()).hexdigest(),
    )
    content = exported.SerializeToString()
    agreement = agreement_on(test.images, content, model, image_set)
    write_bytes(paths.ONNX, content)
    print(f"{paths.ONNX}: {len(content) / 1e6:.1f} MB, opset {OPSET}, trained on {image_set.dataset}.")
    print(agreement)


def from_bytes_to_probabilities(model: cnn.Sequential, image_set: ImageSet) -> cnn.Sequential:
    """Return a model of the same layers that normalises before them, and ends with a softmax."""
    layers = [cnn.Standardise(image_set.mean, image_set.standard_deviation), *model.layers]
    if not isinstance(layers[-1], cnn.Softmax):
        layers.append(cnn.Softmax())
    whole = cnn.Sequential(layers)
    whole.input_shape = model.built_for()
    return whole


def agreement_on(images: Bytes, content: bytes, model: cnn.Sequential, image_set: ImageSet) -> str:
    """Return a sentence about how well onnxruntime's probabilities for the images agree with the model's.

    Args:
        images: the images to compare with, `[n, h, w]` or `[n, h, w, 3]`.
        content: the exported model's file.
        model: the model.
        image_set: how the model's images are normalised.

    Raises:
        PipelineError: if the probabilities differ by more than the tolerance.
    """
    try:
        import onnxruntime
    except ImportError as error:  # there is no package for Intel Macs
        return f"It was not compared with cnn, since onnxruntime cannot be imported ({error})."
    session = onnxruntime.InferenceSession(content)
    found = _probabilities(session, images)
    expected = model.predict_proba(image_set.normalise(images))
    difference = float(np.abs(found - expected).max())
    if not difference <= TOLERANCE:
        raise PipelineError(
            f"The exported network gives probabilities that differ by {difference:.0e} from those of cnn, "
            f"expected {TOLERANCE:.0e} at most: nothing was written; please report it."
        )
    return (
        f"Its probabilities for {len(images):,} test images are those of cnn to {difference:.0e} "
        f"(computed by onnxruntime {onnxruntime.__version__})."
    )


def _probabilities(session: Any, images: Bytes) -> NDArray[np.float32]:
    images = images[..., None] if images.ndim == 3 else images
    batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    return np.concatenate([session.run(None, {"images": batch})[0] for batch in batches])


if __name__ == "__main__":
    run_stage(main)
