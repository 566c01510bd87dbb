"""The pages can be built from whatever the pipeline made: here of the sample, and of dense layers alone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lessons.build import DOCS
from lessons.kit.pages import BUILT
from pipeline.common import paths
from pipeline.common.datasets import MNIST, title_of
from pipeline.common.idx import write_idx
from pipeline.fetch import fetch
from pipeline.folder import read_folder
from tests.pipeline.workspace import (
    ROOT,
    SMALL,
    changed,
    data_parameters,
    digits,
    make_workspace,
    parameters,
    run,
    small_parameters,
)

PICTURES = "pictures of mine"
DENSE = [{"layer": "Flatten"}, {"layer": "Dense", "units": 10}]


def put_sample(folder: Path) -> None:
    """Put the embedded sample there, as fetch does where no mirror answers."""
    fetch(MNIST, folder, [], "sample")


def put_fashion(folder: Path) -> None:
    """Put a small data set of another kind there."""
    folder.mkdir(parents=True)
    for (split, kind), file in MNIST.files.items():
        images, labels = digits(*{"train": (400, 0), "test": (100, 1)}[split])
        write_idx(folder / file.name, {"images": images, "labels": labels}[kind])
    (folder / "provenance.json").write_text(json.dumps({"dataset": "fashion-mnist"}))


def put_folder(folder: Path) -> None:
    """Put coloured pictures of three classes there, as fetch reads them from a folder of one's own."""
    pictures = folder.parents[2] / PICTURES
    rng = np.random.default_rng(0)
    for name, colour in {"red": 0, "Grün & <i>": 1, "$$": 2}.items():
        (pictures / name).mkdir(parents=True)
        for number in range(40):
            image = rng.integers(0, 120, (24, 30, 3), np.uint8)
            image[6:18, 6:18, colour] += 100
            Image.fromarray(image).save(pictures / name / f"{number}.png")
    read_folder(data_parameters(dataset="folder", folder=str(pictures), image_size=20, channels=3), folder)


def succeed(folder: Path, *command: str) -> str:
    ended = run(folder, "python", "-m", *command, NO_MKDOCS_2_WARNING="1")
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said
    return said


def build_site(folder: Path) -> str:
    """Run the pipeline in a workspace with raw data, build the pages, and return what mkdocs said."""
    for file in ("dvc.yaml", "mkdocs.yml"):
        shutil.copy2(ROOT / file, folder / file)
    made = shutil.ignore_patterns(paths.FIGURES.name, BUILT.name)
    shutil.copytree(ROOT / DOCS, folder / DOCS, ignore=made)
    for stage in ("preprocess", "train", "evaluate"):
        succeed(folder, f"pipeline.{stage}")
    for program in ("figures", "build"):
        succeed(folder, f"lessons.{program}")
    return succeed(folder, "mkdocs", "build", "--strict")


def addresses(docs: Path) -> set[Path]:
    """Return where the pages of a folder are to be found in the site."""
    return {
        page.relative_to(docs).parent / ("" if page.stem == "index" else page.stem) / "index.html"
        for page in docs.rglob("*.md")
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dataset", "put_raw", "shown", "model", "without"),  # without: what pages without such a layer show
    [
        ("mnist", put_sample, "mnist-sample", SMALL["model"], {}),
        (
            "fashion-mnist",
            put_fashion,
            "fashion-mnist",
            DENSE,
            {
                "activations": "1. ReLU",
                "convolution": "0. Conv2D",
                "dropout": "3. Dropout",
                "pooling": "The figure at the top",
            },
        ),
        ("folder", put_folder, PICTURES, [*SMALL["model"][:-1], {"layer": "Dense", "units": "classes"}], {}),
    ],
    ids=["of the embedded sample", "of another data set and dense layers alone", "of coloured pictures"],
)
def test_all_pages_are_built_without_a_warning(
    tmp_path: Path,
    dataset: str,
    put_raw: Callable[[Path], None],
    shown: str,
    model: list[dict[str, Any]],
    without: dict[str, str],
) -> None:
    data = changed(small_parameters(), "recipes.small.model", model)
    data = changed(changed(data, "recipes.other.model", model), "data.dataset", dataset)
    if dataset == "folder":
        data = changed(data, "figures", parameters()["figures"])
        data = changed(data, "data", data["data"] | {"folder": PICTURES, "image_size": 20, "channels": 3})
    make_workspace(tmp_path, data)
    put_raw(tmp_path / paths.RAW / dataset)

    said = build_site(tmp_path)

    site = tmp_path / "site"
    assert "WARNING" not in said
    expected = addresses(tmp_path / DOCS)
    assert Path("learn/convolution/index.html") in expected
    assert {page for page in expected if not (site / page).is_file()} == set()
    assert title_of(shown) in (site / "index.html").read_text(encoding="utf-8")
    for page in ("activations", "convolution", "dense", "dropout", "flatten", "pooling"):
        text = (site / "learn" / page / "index.html").read_text(encoding="utf-8")
        assert ("The recipe that was trained has no" in text) == (page in without), page
        assert without.get(page, "") in text, page
        assert (site / "cards" / "learn" / f"{page}.png").is_file()
