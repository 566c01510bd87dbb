import base64
import io
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import cnn
from cnn.types import Shape
from lessons import build, convolution
from lessons.figures import figures, write
from lessons.kit import pages
from lessons.kit.results import CURVES
from lessons.kit.sheet import DENSITY, NARROW, SMALL, scaled
from lessons.kit.sheet import WIDE as WIDE_SHEET
from lessons.kit.themes import DARK, LIGHT, Theme, contrast, readable_on, shade
from pipeline.common import paths
from pipeline.common.datasets import DATASETS, INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_json
from pipeline.common.images import IMAGE_SET, Bytes, ImageSet, Labelled
from pipeline.common.model import save_model
from tests.pipeline.workspace import (
    PROCESSED,
    ROOT,
    SMALL_TRAININGS,
    changed,
    digits,
    parameters,
    run,
    small_parameters,
    write_parameters,
)

NAMES = (
    "augmentation", "batch-normalisation", "confidence", "confusion", "dense-evidence", "digit-as-numbers",
    "dropout", "dropout-left-on", "edges", "feature-maps", "filters", "hardest", "normalised",
    "normalised-or-not", "one-filter", "overfitting", "patches", "pooling", "relu", "resolution", "saliency",
    "softmax-loss", "training",
)  # fmt: skip
FORMS = {"": LIGHT, "-dark": DARK, "-narrow": LIGHT, "-narrow-dark": DARK}
SVGS = {f"{paths.FIGURES.as_posix()}/{name}{form}.svg" for name in NAMES for form in FORMS}
README = paths.README_FIGURE.as_posix()

Layers = list[dict[str, Any]]
PLAIN: Layers = [
    {"layer": "Conv2D", "filters": 3, "kernel_size": 3, "padding": "same"},
    {"layer": "ReLU"},
    {"layer": "MaxPool2D", "pool_size": 4},
    {"layer": "Dropout", "rate": 0.25},
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 10},
]
WIDE: Layers = [
    {"layer": "BatchNorm"},
    {"layer": "Conv2D", "filters": 80, "kernel_size": [5, 2], "stride": [3, 1], "padding": 30},
    {"layer": "BatchNorm"},
    {"layer": "GELU"},
    {"layer": "GlobalAveragePool2D"},
    {"layer": "Dense", "units": 600},
    {"layer": "Tanh"},
    {"layer": "Dense", "units": 10},
]
WITHOUT_CONVOLUTION: Layers = [
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 10},
    {"layer": "Softmax"},
]


def built(layers: Layers, input_shape: Shape = INPUT_SHAPE) -> cnn.Sequential:
    """Return a model with quarters as weights, which BLAS adds up to the same bits with any kernels."""
    model = cnn.Sequential.from_config({"layers": layers})
    model.build(input_shape, np.random.default_rng(0))
    model.assign({name: np.rint(4 * array) / np.float32(4) for name, array in model.params.items()})
    return model


def write_results(layers: Layers = PLAIN, epochs: int = 2, dataset: str = "mnist-sample") -> None:
    """Write what the stages before leave behind, for a test set of four images."""
    data = changed(small_parameters(), "recipes.small.model", layers)
    if layers[-1]["layer"] == "Softmax":
        data = changed(data, "recipes.small.loss.loss", "MeanSquaredError")
    fashion = dataset == "fashion-mnist"
    write_parameters(Path(), changed(data, "data.dataset", "fashion-mnist" if fashion else "mnist"))
    images = np.random.default_rng(1).integers(0, 256, (4, 28, 28), np.uint8)
    test = Labelled(images, np.array([7, 2, 1, 0], np.uint8))
    write_images(paths.PROCESSED / "fashion-mnist" if fashion else PROCESSED, dataset, layers, test)
    names = ("Ankle boot", "Shirt", "T-shirt/top") if fashion else ("7", "2", "3")
    write_outcome(dataset, names, epochs)


def write_images(processed: Path, dataset: str, layers: Layers, test: Labelled) -> None:
    """Write images of a known data set, and a model of them."""
    train, validation = (Labelled(*digits(count, seed)) for count, seed in ((60, 2), (20, 3)))
    image_set = ImageSet(dataset, DATASETS[dataset].class_names, mean=0.0, standard_deviation=64.0)
    write_parts(processed, image_set, train=train, validation=validation, test=test)
    save_model(built(layers), image_set)


def write_parts(processed: Path, image_set: ImageSet, **parts: Labelled) -> None:
    """Write images as `preprocess` does."""
    processed.mkdir(parents=True, exist_ok=True)
    for part, (images, labels) in parts.items():
        np.save(processed / f"{part}-images.npy", images)
        np.save(processed / f"{part}-labels.npy", labels)
    write_json(processed / IMAGE_SET, asdict(image_set))


def write_folder(size: int, channels: int, class_names: tuple[str, ...]) -> Bytes:
    """Write what the stages before leave behind of a folder of pictures; return the test images."""
    pictures = Path("pictures of $ & <b>")
    for name in class_names:
        (pictures / name).mkdir(parents=True)
    classes = len(class_names)
    layers: Layers = [*PLAIN[:-1], {"layer": "Dense", "units": classes}]
    data = changed(changed(small_parameters(), "recipes.other"), "recipes.small.model", layers)
    data = changed(data, "figures", parameters()["figures"] | {"images": 8})
    for training in SMALL_TRAININGS:
        data = changed(data, f"figures.{training}.epochs", 1)
        data = changed(data, f"figures.{training}.batch_size", 8)
    folder = {"dataset": "folder", "folder": str(pictures), "image_size": size, "channels": channels}
    write_parameters(Path(), changed(data, "data", data["data"] | folder))
    shape = (size, size) if channels == 1 else (size, size, channels)
    rng = np.random.default_rng(1)
    train, validation, test = (
        Labelled(
            rng.integers(0, 256, (n, *shape), np.uint8), np.sort(np.arange(n) % classes).astype(np.uint8)
        )
        for n in (8 * classes, 2 * classes, 2 * classes)
    )
    image_set = ImageSet(pictures.name, class_names, mean=120.0, standard_deviation=60.0)
    write_parts(paths.PROCESSED / "folder", image_set, train=train, validation=validation, test=test)
    save_model(built(layers, (size, size, channels)), image_set)
    write_outcome(pictures.name, (class_names[-1], class_names[0], class_names[1]))
    return test.images


def write_outcome(dataset: str, names: tuple[str, str, str], epochs: int = 2) -> None:
    """Write what a training and a test have reached, in which three of the classes occur."""
    for curve in CURVES.values():
        file = paths.TRAINING_LOG / f"plots/metrics/{curve}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{epoch}\t{1 / (1 + epoch)}\n" for epoch in range(1, epochs + 1)]
        file.write_text(f"step\t{file.stem}\n" + "".join(rows))
    evaluation = {"dataset": dataset, "recipe": "small", "images": 4, "errors": 1, "accuracy": 0.75}
    evaluation |= {"loss": 0.5, "calibration_error": 0.125}
    paths.EVALUATION.write_text(json.dumps(evaluation))
    actual, right, wrong = names
    paths.PREDICTIONS.write_text(
        f"actual,predicted\n{actual},{actual}\n{right},{wrong}\n{wrong},{wrong}\n{right},{right}\n"
    )
    paths.HARDEST.write_text(
        "image,actual,predicted,probability_of_actual,probability_of_predicted\n"
        f"1,{right},{wrong},0.010000,0.875000\n3,{right},{right},0.400000,0.400000\n"
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the figures of the plain results."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("plain"))
        write_results()
        return draw()


def draw() -> dict[str, bytes]:
    """Draw the figures and return what there is now."""
    write(*figures())
    return drawn()


def drawn() -> dict[str, bytes]:
    """Return all figures by their paths, and whatever else lies beside them."""
    found = [*Path("docs").rglob("*"), *Path("metrics").glob("*.png"), *Path("metrics").glob(".*")]
    return {path.as_posix(): path.read_bytes() for path in found if path.is_file()}


def points(name: str) -> str:
    """Return how wide a figure of this name is."""
    return f"{0.75 * (NARROW if '-narrow' in name else WIDE_SHEET):g}pt"


def texts(svg: bytes) -> list[tuple[str, str]]:
    """Return what is written in a figure, and in which colour; glyphs without a colour are black."""
    found = re.findall(r'<!-- (.*?) -->\s*<g(?: style="fill: (#\w{6})[^"]*")?', svg.decode(), re.DOTALL)
    return [(text, colour or "#000000") for text, colour in found]


def heights(svg: bytes) -> list[float]:
    """Return how large the writing in a figure is, in CSS pixels."""
    return [float(scale) * 100 * 4 / 3 for scale in re.findall(rb"scale\(([\d.]+) -", svg)]


def pictures(svg: bytes) -> list[NDArray[np.uint8]]:
    """Return the pictures in a figure."""
    found = re.findall(r'base64,\s*([^"]+)"', svg.decode())
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(picture)))) for picture in found]


@pytest.mark.parametrize(
    ("layers", "epochs", "dataset", "title"),
    [
        (PLAIN, 1, "mnist", "MNIST"),
        pytest.param(WIDE, 50, "fashion-mnist", "Fashion-MNIST", marks=pytest.mark.slow),
        pytest.param(
            WITHOUT_CONVOLUTION, 2, "mnist-sample", "MNIST sample of 5,000 digits", marks=pytest.mark.slow
        ),
    ],
)
def test_every_figure_is_drawn_in_both_themes_and_names_its_data_set(
    layers: Layers, epochs: int, dataset: str, title: str
) -> None:
    write_results(layers, epochs, dataset)
    paths.FIGURES.mkdir(parents=True)
    (paths.FIGURES / "of-an-earlier-run.svg").touch()

    found = draw()

    assert {name for name in found if name.endswith(".svg")} == SVGS
    assert README in found
    for name in SVGS:
        root = ElementTree.fromstring(found[name])  # noqa: S314
        assert root.get("width") == points(name)
        assert re.search(rf"\. {title}[,:]", root.findtext("{*}title", ""))
        assert any(re.match(rf"{title}[,:]", text) for text, _ in texts(found[name]))
        assert min(heights(found[name])) >= SMALL - 0.1, name
    with Image.open(io.BytesIO(found[README])) as picture:
        assert picture.info["Title"].endswith(f". {title}, recipe small: 75.00% of 4 test images right")


COLOURED = (32, 3, ("$1", "$2", "Ünïcode & <b>", "a name with very many letters"))


@pytest.mark.parametrize(
    ("size", "channels", "class_names"),
    [
        pytest.param(28, 1, tuple("abcdefghij"), marks=pytest.mark.slow),
        pytest.param(20, 1, ("cats", "dogs", "neither of both"), marks=pytest.mark.slow),
        COLOURED,
        pytest.param(9, 3, tuple(f"class {number}" for number in range(40)), marks=pytest.mark.slow),
        pytest.param(150, 1, ("left", "right"), marks=pytest.mark.slow),
    ],
)
def test_pictures_of_ones_own_are_drawn_whole_and_in_their_colours(
    size: int, channels: int, class_names: tuple[str, ...]
) -> None:
    images = write_folder(size, channels, class_names)

    files, _ = figures()

    svgs = {name: content for name, content in files.items() if name.endswith(".svg")}
    assert {f"{paths.FIGURES.as_posix()}/{name}" for name in svgs} == SVGS
    for name, svg in svgs.items():
        assert ElementTree.fromstring(svg).get("width") == points(name), name  # noqa: S314
        assert min(heights(svg)) >= SMALL - 0.1, name
    room = 84 * DENSITY  # of an image at falling resolution; a larger one would lie over its neighbours
    assert all(len(picture) <= room for picture in pictures(files["resolution-dark.svg"]))
    if channels == 3:
        for name in ("augmentation", "feature-maps", "one-filter", "resolution", "saliency"):
            shown = [picture[..., :3] for picture in pictures(files[f"{name}-dark.svg"])]
            assert any(np.array_equal(picture, images[0]) for picture in shown), name
    network = json.loads(files["network/network.json"])
    assert (network["input_shape"], network["class_names"]) == ([size, size, channels], [*class_names])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "channels", "class_names"), [(20, 1, ("cats", "dogs", "neither")), COLOURED]
)
def test_pages_are_filled_in_for_pictures_of_ones_own(
    folder: Path, size: int, channels: int, class_names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolution, "_fastest", lambda _: "")
    write_folder(size, channels, class_names)
    draw()
    for name in ("cnn", "docs/learn", "dvc.yaml", "lessons", "mkdocs.yml", "pipeline"):
        Path(name).symlink_to(ROOT / name)

    build.write(build.build())

    values = pages.read_values()
    assert values["home"].handwritten is False
    assert values["what_it_sees"].coloured is (channels == 3)
    monkeypatch.chdir(ROOT)
    texts = build.read_pages()
    monkeypatch.chdir(folder)
    for page, text in texts.items():
        filled, unknown = pages.render(text, values)
        assert unknown == [], page
        assert "<b>" not in re.sub(r"`[^`]*`", "", filled), page  # in code, every character is shown as it is


@pytest.mark.slow
def test_the_same_results_give_the_same_bytes_in_whatever_surroundings(folder: Path) -> None:
    write_results()
    ended = run(folder, "python", "-m", "lessons.figures")
    assert ended.returncode == 0, ended.stderr
    plain = drawn()
    Path("matplotlibrc").write_text(
        "backend: TkAgg\nfont.size: 30\ntext.usetex: True\nsavefig.bbox: tight\nsavefig.dpi: 30\n"
        "figure.autolayout: True\nlines.linewidth: 9\naxes.formatter.use_locale: True\n"
        "svg.fonttype: none\nsvg.hashsalt: other\nimage.interpolation: bicubic\nimage.lut: 3\n"
    )
    ended = run(
        folder, "python", "-m", "lessons.figures",
        PYTHONHASHSEED="123", LC_ALL="POSIX", TZ="Pacific/Auckland", SOURCE_DATE_EPOCH="1",
        MPLCONFIGDIR=str(folder / "fonts"),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert drawn() == plain


def test_the_picture_for_the_readme_is_opaque_and_small(plain: dict[str, bytes]) -> None:
    picture = Image.open(io.BytesIO(plain[README]))
    assert picture.mode == "RGB"
    corner = "#" + np.asarray(picture)[0, 0].tobytes().hex()
    assert contrast(LIGHT.quiet, corner) >= 4.5
    assert len(plain[README]) < 150_000


@pytest.mark.parametrize("form", FORMS)
def test_all_that_is_written_contrasts_with_the_page(form: str, plain: dict[str, bytes]) -> None:
    theme = FORMS[form]
    for colour in (theme.ink, theme.quiet, theme.activation, theme.parameter, theme.output, theme.gradient):
        assert contrast(colour, theme.page) >= 4.5
    on_coloured_cells = {"confusion", "dense-evidence", "digit-as-numbers", "edges", "pooling"}
    for name in set(NAMES) - on_coloured_cells:
        written = texts(plain[f"{paths.FIGURES.as_posix()}/{name}{form}.svg"])
        assert len(written) >= 4, name
        for text, colour in written:
            assert contrast(colour, theme.page) >= 4.5, (name, text)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_numbers_in_cells_contrast_with_the_cell(theme: Theme) -> None:
    for cell in shade(np.linspace(-1, 1, 513), theme.output, theme):
        assert contrast(readable_on(cell), "#" + cell[:3].tobytes().hex()) >= 4.5
    assert contrast(theme.quiet, theme.zero) >= 4.5  # the number of mistakes where there is none


def test_the_map_of_the_edge_filter_is_right_minus_left(plain: dict[str, bytes]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (4, 28, 28), np.uint8)[0].astype(np.float64)
    change = image[:, 2:] - image[:, :-2]
    edges = scaled(change[:-2] + change[1:-1] + change[2:])
    _, shown, *_ = pictures(plain[f"{paths.FIGURES.as_posix()}/edges-dark.svg"])
    np.testing.assert_array_equal(shown, shade(edges, DARK.output, DARK))


def test_filters_are_shown_pixel_by_pixel(plain: dict[str, bytes]) -> None:
    weight = built(PLAIN).params["0.weight"]
    shown = pictures(plain[f"{paths.FIGURES.as_posix()}/filters-dark.svg"])
    assert len(shown) == 3 * 2 + 2  # each beside its map, and two scales
    for index, one in enumerate(scaled(weight[:, :, 0]).transpose(2, 0, 1)):
        np.testing.assert_array_equal(shown[2 * index], shade(one, DARK.parameter, DARK))


@pytest.mark.slow
def test_every_filter_and_every_hard_image_is_drawn() -> None:
    write_results(WIDE)
    header, first, _ = paths.HARDEST.read_text().splitlines()
    paths.HARDEST.write_text("\n".join([header, *[first] * 30]))
    found = draw()
    assert len(pictures(found[f"{paths.FIGURES.as_posix()}/filters.svg"])) == 80 * 2 + 2  # and the scales
    assert len(pictures(found[f"{paths.FIGURES.as_posix()}/hardest.svg"])) == 30 + 1


def test_an_image_beyond_the_test_set_is_refused() -> None:
    write_results()
    write_parameters(Path(), changed(small_parameters(), "figures.digit", 4))
    with pytest.raises(PipelineError) as refusal:
        draw()
    assert str(refusal.value) == ("figures.digit is 4, but there are 4 test images: choose one from 0 to 3.")
    assert drawn() == {}


@pytest.mark.parametrize("missing", [paths.HARDEST, paths.EVALUATION, PROCESSED / "test-images.npy"])
def test_a_failed_run_leaves_the_figures_as_they_were(missing: Path) -> None:
    write_results()
    missing.unlink()
    paths.FIGURES.mkdir(parents=True)
    before = {f"{paths.FIGURES.as_posix()}/filters-dark.svg": b"as it was", README: b"as it was"}
    for name, content in before.items():
        Path(name).write_bytes(content)
    refusal = f"There is no {missing}: run `dvc repro` first."
    with pytest.raises(PipelineError, match=f"^{re.escape(refusal)}$"):
        draw()
    assert drawn() == before
