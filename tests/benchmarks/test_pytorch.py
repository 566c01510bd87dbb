"""PyTorch's side of the benchmarks.

They are skipped where PyTorch is not installed: it is large, so only `make bench` and `.ci/run` install it.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cnn
from benchmarks.cases import Case
from benchmarks.process import PYTORCH, samples
from benchmarks.twin import check_twin, optimiser_of, twin_of
from benchmarks.with_pytorch import BATCH_SIZES

torch = pytest.importorskip("torch")

LAYERS: list[dict[str, Any]] = [
    {"layer": "Conv2D", "filters": 4, "kernel_size": 5, "stride": 2},
    {"layer": "BatchNorm"},
    {"layer": "ReLU"},
    {"layer": "Conv2D", "filters": 6, "kernel_size": 3, "padding": "same"},
    {"layer": "MaxPool2D", "pool_size": 2},
    {"layer": "Dropout", "rate": 0.5},
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 8},
    {"layer": "BatchNorm"},
    {"layer": "ReLU"},
    {"layer": "Dense", "units": 10},
]
TRAIN = Case(
    name="train",
    title="Tiny training",
    task="train",
    layers=LAYERS,
    optimiser={"optimiser": "Adam", "learning_rate": 0.001},
    loss={"loss": "SoftmaxCrossEntropy"},
    images=16,
    batch_size=8,
    micro_batch_size=4,
)


def model_of(*layers: dict[str, Any]) -> cnn.Sequential:
    model = cnn.Sequential.from_config({"layers": list(layers)})
    model.build((28, 28, 1), np.random.default_rng(1))
    return model


def test_twin_gives_the_same_outputs() -> None:
    model = model_of(*LAYERS)
    images, _ = samples(5)
    twin = twin_of(model).eval()
    with torch.inference_mode():
        theirs = twin(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy()
    np.testing.assert_allclose(model.outputs(images), theirs, rtol=1e-4, atol=1e-5)
    check_twin(model, twin, images)


def test_twins_that_differ_are_refused() -> None:
    model = model_of(*LAYERS)
    twin = twin_of(model)
    model.layers[0].params["weight"] = model.layers[0].params["weight"][::-1]
    with pytest.raises(ValueError, match="it is not the same network"):
        check_twin(model, twin, samples(5)[0])


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ({"layer": "Softmax"}, "Softmax has no counterpart here"),
        (
            {"layer": "Conv2D", "filters": 2, "kernel_size": 2, "padding": "same"},
            "PyTorch pads opposite sides equally",
        ),
    ],
)
def test_what_pytorch_does_not_have_is_refused(layer: dict[str, Any], reason: str) -> None:
    model = model_of(layer)
    with pytest.raises(ValueError, match=reason):
        twin_of(model)


@pytest.mark.parametrize(
    "optimiser",
    [cnn.Adam(learning_rate=0.01, beta_1=0.7), cnn.AdamW(learning_rate=0.01, weight_decay=0.5)],
)
def test_optimisers_take_the_same_steps(optimiser: cnn.Adam) -> None:
    model = model_of({"layer": "Flatten"}, {"layer": "Dense", "units": 3})
    _, dense = twin = twin_of(model)
    theirs = optimiser_of(optimiser, twin)
    rng = np.random.default_rng(2)
    for _ in range(3):
        grads = {name: rng.standard_normal(value.shape, np.float32) for name, value in model.params.items()}
        model.assign(optimiser.update(model.params, grads, 0.0, model.decays))
        dense.weight.grad = torch.from_numpy(grads["1.weight"].T.copy())
        dense.bias.grad = torch.from_numpy(grads["1.bias"])
        theirs.step()
    for name, values in (("1.weight", dense.weight.T), ("1.bias", dense.bias)):
        np.testing.assert_allclose(model.params[name], values.detach().numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "optimiser", [cnn.SGD(learning_rate=0.1), cnn.Adam(learning_rate=0.01, clip_norm=1.0)]
)
def test_optimisers_without_a_counterpart_are_refused(optimiser: cnn.Optimiser) -> None:
    with pytest.raises(ValueError, match="Only Adam and AdamW without clipping"):
        optimiser_of(optimiser, twin_of(model_of(*LAYERS)))


@pytest.mark.parametrize(("task", "images"), [("train", 16), ("predict", 20), ("latency", 1)])
def test_pytorch_is_measured(task: Any, images: int) -> None:
    measured = PYTORCH[0].measure(replace(TRAIN, task=task, images=images), seconds=0.01)
    assert 0 < measured["seconds"] <= measured["seconds_99"]
    assert measured["steps"] >= (3 if task == "predict" else 1)
    assert (measured.get("batch_size") in BATCH_SIZES) == (task == "predict")
