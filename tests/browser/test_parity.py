"""The forward pass in JavaScript and the preprocessing of drawings, compared with cnn's in a real browser."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import cnn
from cnn.layers import LAYERS
from lessons.home import export_network, in_eight_bits
from lessons.kit.shown import to_json
from lessons.kit.subject import TrainedNetwork, activations_to_probabilities
from pipeline.common import paths
from pipeline.common.datasets import DIGITS
from pipeline.common.images import ImageSet, load_image_set, load_part
from pipeline.common.model import load_model
from pipeline.common.params import load_parameters
from pipeline.photograph.form import mnist_form
from tests.browser.support import ROOT, missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SITE = "http://site.test"
IMAGE_SET = ImageSet("mnist", DIGITS, mean=33.0, standard_deviation=78.0)
TOLERANCE = 1e-4  # of the layer's largest number
EXPORTED = ROOT / paths.FIGURES / "network"

NETWORK = """
async ([network, weights]) => {
  const { Network, LAYER_NAMES } = await import("/javascripts/network.js");
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  window.network = new Network(JSON.parse(network));
  window.network.useWeights(bytes(weights).buffer);
  window.encoded = (numbers) => {
    const text = [];
    for (const byte of new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)) {
      text.push(String.fromCharCode(byte));
    }
    return btoa(text.join(""));
  };
  return LAYER_NAMES;
}
"""
FORWARD = """
(pixels) => {
  const input = window.network.input(Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0)));
  return window.network.forward(input).map(({ shape, data }) => [shape, window.encoded(data)]);
}
"""
PREPROCESS = """
async ([ink, width]) => {
  const { toMnist } = await import("/javascripts/preprocess.js");
  const bytes = Uint8Array.from(atob(ink), (character) => character.charCodeAt(0));
  const result = toMnist(Float32Array.from(bytes, (byte) => byte / 255), width);
  return result && [...result];
}
"""

IMAGE_LAYERS: list[cnn.Layer] = [
    cnn.Rescale(0.5, offset=-0.25),
    cnn.Standardise((0.1, -0.2, 0.3), 1.5),
    cnn.Conv2D(5, (3, 2), stride=(2, 1), padding=((1, 0), (2, 1))),
    cnn.BatchNorm(),
    cnn.ReLU(),
    cnn.Conv2D(6, (2, 4), stride=(1, 2), padding="same"),
    cnn.LeakyReLU(0.1),
    cnn.MaxPool2D((3, 2), stride=(2, 1), padding=1),
    cnn.Tanh(),
    cnn.Conv2D(4, 3, padding=2),
    cnn.GELU(),
    cnn.AveragePool2D(3, stride=2, padding="same"),
    cnn.Sigmoid(),
]
EVERY_LAYER = {
    "flattened": [
        *IMAGE_LAYERS,
        cnn.Dropout(0.5),
        cnn.MaxPool2D((1, 2)),
        cnn.Flatten(),
        cnn.Dense(20),
        cnn.BatchNorm(),
        cnn.Dense(7),
    ],
    "averaged": [
        cnn.AveragePool2D(2, stride=1, padding=((1, 1), (0, 1))),
        cnn.Conv2D(7, 4, stride=3),
        cnn.GlobalAveragePool2D(),
        cnn.Standardise(0.1, (1, 2, 3, 4, 5, 6, 7)),
        cnn.Softmax(),
    ],
}


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Return a page for which docs/ is a web site: the modules need no built one."""
    with browser.new_context() as pages:
        page = pages.new_page()
        page.route(f"{SITE}/**", answer)
        page.goto(f"{SITE}/")
        yield page


def answer(route: Route) -> None:
    path = ROOT / "docs" / route.request.url.removeprefix(f"{SITE}/")
    if path.suffix == ".js":
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><title>test</title>", content_type="text/html")


def exported(model: cnn.Sequential) -> tuple[str, str]:
    """Return what the browser needs of a model: its description, and its weights in base 64."""
    network, weights = export_network(TrainedNetwork(model, IMAGE_SET, "small"))
    return to_json(network).decode(), encoded(weights)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def built(layers: list[cnn.Layer]) -> cnn.Sequential:
    """Return a model for coloured images, with random numbers in all of its arrays."""
    model = cnn.Sequential(layers)
    rng = np.random.default_rng(0)
    model.build((13, 12, 3), rng)
    for name, array in model.state.items():
        model.assign({name: rng.random(array.shape, np.float32) + np.float32(0.5)})
    for name, array in model.params.items():
        if not name.endswith(".weight"):
            model.assign({name: rng.standard_normal(array.shape, np.float32)})
    return model


def compare(page: Page, model: cnn.Sequential, x: NDArray[np.float32], pixels: NDArray[np.uint8]) -> None:
    """Compare every layer's output for every image, as bytes and as cnn sees it, in eight bits."""
    model = in_eight_bits(TrainedNetwork(model, IMAGE_SET, "small")).model
    for index, image in enumerate(pixels):
        found = page.evaluate(FORWARD, encoded(image.tobytes()))
        expected = activations_to_probabilities(model, x[index : index + 1])
        assert len(found) == len(expected)
        for layer, ((shape, data), [values]) in enumerate(zip(found, expected, strict=True)):
            assert shape == list(values.shape), layer
            numbers = np.frombuffer(base64.b64decode(data), "<f4").reshape(values.shape)
            error = np.abs(numbers - values).max() / (np.abs(values).max() or 1)
            assert error <= TOLERANCE, (index, layer, error)


@pytest.mark.slow
def test_the_exported_network_gives_what_cnn_gives(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    processed = paths.PROCESSED / load_parameters().data.dataset
    if not ((EXPORTED / "network.json").exists() and processed.exists()):
        missing("no exported network: make repro trains and exports it")
    images = load_part("test", processed).images[:100]
    network, weights = ((EXPORTED / name).read_bytes() for name in ("network.json", "weights.bin"))
    page.evaluate(NETWORK, [network.decode(), encoded(weights)])
    compare(page, load_model()[0], load_image_set(processed).normalise(images), images)


def test_the_small_models_have_every_layer_and_so_has_the_page(page: Page) -> None:
    assert {layer.kind for layers in EVERY_LAYER.values() for layer in layers} == set(LAYERS)
    model = built(EVERY_LAYER["averaged"])
    assert set(page.evaluate(NETWORK, [*exported(model)])) == set(LAYERS)


@pytest.mark.parametrize("layers", EVERY_LAYER.values(), ids=EVERY_LAYER.keys())
def test_small_models_of_every_layer_give_what_cnn_gives(page: Page, layers: list[cnn.Layer]) -> None:
    model = built(layers)
    page.evaluate(NETWORK, [*exported(model)])
    pixels = np.random.default_rng(2).integers(0, 256, (10, 13, 12, 3), np.uint8)
    compare(page, model, IMAGE_SET.normalise(pixels), pixels)


def test_the_region_of_a_number_is_all_that_it_depends_on(page: Page) -> None:
    model = built(
        [
            cnn.Conv2D(5, (3, 2), stride=(2, 1), padding=((1, 0), (2, 1))),
            cnn.Tanh(),
            cnn.AveragePool2D(3, stride=2, padding="same"),
            cnn.Conv2D(2, (2, 4), stride=(1, 2), padding="same"),
        ]
    )
    page.evaluate(NETWORK, [*exported(model)])
    y, caches = model.forward_pass(np.random.default_rng(3).random((1, 13, 12, 3)))
    for row, column in np.ndindex(y.shape[1:3]):
        dy = np.zeros_like(y)
        dy[0, row, column] = 1
        dx, _ = model.backward_pass(dy, caches)
        rows, columns, _ = np.nonzero(dx[0])
        found = page.evaluate("(cell) => window.network.region(3, cell)", [row, column])
        assert found == [rows.min(), rows.max(), columns.min(), columns.max()]
    assert page.evaluate("() => window.network.region(3, null)") == [0, 12, 0, 11]


@pytest.mark.parametrize(
    "strokes",
    [
        [[(80, 60), (200, 60), (130, 230)], [(110, 140), (180, 140)]],
        [[(140, 20), (140, 265)]],
        [[(30, 40), (90, 45), (60, 75), (95, 100), (35, 110)]],
        [[(20, 100), (260, 130)], [(250, 90), (262, 262)]],
        [[(140, 140), (141, 140)]],
    ],
    ids=["seven", "one", "small", "to the border", "dot"],
)
def test_a_drawing_is_prepared_as_the_pipeline_prepares_a_picture(
    page: Page, strokes: list[list[tuple[int, int]]]
) -> None:
    paper = Image.new("L", (4 * 280, 4 * 280))
    pen = ImageDraw.Draw(paper)
    for stroke in strokes:
        for x, y in stroke:
            pen.circle((4 * x, 4 * y), 4 * 11, 255)
        pen.line([(4 * x, 4 * y) for x, y in stroke], 255, 4 * 22)
    ink = paper.reduce(4)
    strength = np.asarray(ink, np.float32) / np.float32(255)
    expected = mnist_form(strength, strength > 0.2).astype(int)
    found = np.reshape(page.evaluate(PREPROCESS, [encoded(ink.tobytes()), 280]), (28, 28))
    assert np.abs(found - expected).max() <= 1


def test_nothing_drawn_is_nothing_seen(page: Page) -> None:
    assert page.evaluate(PREPROCESS, [encoded(bytes(280 * 280)), 280]) is None
