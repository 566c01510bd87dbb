"""A folder of one's own pictures: how they are read, scaled and divided, and what is refused."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from ruamel.yaml import YAML

from pipeline.common import paths
from pipeline.common.datasets import PROVENANCE
from pipeline.common.errors import PipelineError
from pipeline.common.images import Labelled, Part, load_image_set, load_part
from pipeline.common.own_pictures import class_names_in
from pipeline.common.params import Data, load_parameters
from pipeline.folder import read_folder, read_picture, scaled
from pipeline.preprocess import preprocess
from tests.pipeline.clone import call, copy_work_tree, new_repository, stages_run
from tests.pipeline.workspace import (
    SMALL_TRAININGS,
    STAGES,
    changed,
    data_parameters,
    small_parameters,
    write_parameters,
)
from tests.pipeline.workspace import parameters as workspace_parameters
from tests.refusals import assert_refuses
from tests.texts.test_commands import merged
from tests.texts.texts import blocks, read

Bytes = NDArray[np.uint8]
SIZE = 16
LINUX = pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids such names and links")
PARTS: tuple[Part, ...] = ("train", "validation", "test")


def picture(seed: int, width: int = 20, height: int = 20) -> Image.Image:
    """Return a coloured picture like no other."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def put(folder: Path, count: int, first: int = 0) -> Path:
    """Put pictures into a folder of a class."""
    folder.mkdir(parents=True)
    for number in range(first, first + count):
        picture(number).save(folder / f"{number}.png")
    return folder


def data_of(folder: Path | str, **values: Any) -> Data:
    own = {"dataset": "folder", "folder": str(folder), "image_size": SIZE, "channels": 3}
    return data_parameters(**own | values)


def prepared(folder: Path, **values: Any) -> dict[Part, Labelled]:
    """Read and divide a folder as the first two stages do."""
    data, beside = data_of(folder, **values), folder.resolve().parent
    read_folder(data, beside / "raw")
    preprocess(beside / "raw", beside / "processed", data)
    return {part: load_part(part, beside / "processed") for part in PARTS}


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A folder of two classes with ten pictures each."""
    put(tmp_path / "pets" / "cat", 10)
    put(tmp_path / "pets" / "dog", 10, first=100)
    return tmp_path / "pets"


# How pictures are read


def test_sub_folders_are_the_classes_and_each_class_is_divided(pets: Path) -> None:
    parts = prepared(pets, test_share=0.2, validation_share=0.25)

    image_set = load_image_set(pets.parent / "processed")
    assert (image_set.dataset, image_set.class_names) == ("pets", ("cat", "dog"))
    assert {part: np.bincount(parts[part].labels).tolist() for part in PARTS} == {
        "train": [6, 6],
        "validation": [2, 2],
        "test": [2, 2],
    }
    for labelled in parts.values():
        for image, label in zip(*labelled, strict=True):
            first = 100 * int(label)
            own = [
                read_picture(pets / f"{('cat', 'dog')[label]}/{first + n}.png", SIZE, 3) for n in range(10)
            ]
            assert any(np.array_equal(image, each) for each in own)


def test_parts_that_are_given_stay_as_they_are(tmp_path: Path) -> None:
    for number, (part, count) in enumerate({"train": 6, "validation": 2, "test": 3}.items()):
        for label, name in enumerate(("cat", "dog")):
            put(tmp_path / "pets" / part / name, count, first=1000 * number + 100 * label)

    parts = prepared(tmp_path / "pets")

    assert {part: np.bincount(parts[part].labels).tolist() for part in PARTS} == {
        "train": [6, 6],
        "validation": [2, 2],
        "test": [3, 3],
    }


FORMATS: dict[str, dict[str, Any]] = {
    ".png": {},
    ".jpg": {"quality": 95},
    ".gif": {},
    ".webp": {"lossless": True},
    ".bmp": {},
    ".tif": {},
    ".PNG": {},
    "": {"format": "PNG"},
}


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_picture_is_the_same_in_every_format(suffix: str, tmp_path: Path) -> None:
    smooth = Image.fromarray(np.linspace(0, 255, 40 * 40 * 3).reshape(40, 40, 3).astype(np.uint8))
    smooth.save(tmp_path / f"picture{suffix}", **FORMATS[suffix])

    read = read_picture(tmp_path / f"picture{suffix}", SIZE, 3)

    assert np.abs(read.astype(int) - scaled(smooth, SIZE, 3)).max() <= 6


def test_a_long_picture_keeps_all_that_it_shows_and_gets_margins_like_its_border() -> None:
    long = Image.new("RGB", (300, 100), (10, 200, 30))
    for x in (0, 270):
        long.paste((250, 0, 0), (x, 30, x + 30, 70))  # a mark at either end

    result = scaled(long, 30, 3).astype(int)

    assert result.shape == (30, 30, 3)
    assert (np.abs(result[[0, 9, 20, 29]] - (10, 200, 30)) <= 3).all()  # the margins and the border
    assert (result[14:16, [1, 28], 0] > 200).all()


@pytest.mark.parametrize("shape", [(500, 1), (1, 500), (1, 1), (3000, 2), (7, 5000)])
def test_a_picture_of_any_shape_gets_the_same_size(shape: tuple[int, int]) -> None:
    assert (scaled(Image.new("RGB", shape, "teal"), 20, 3) == (0, 128, 128)).all()
    assert scaled(Image.new("L", shape, 7), 20, 1).tolist() == [[7] * 20] * 20


def encoded(image: Image.Image, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def turned(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90° to the right
    return encoded(image.transpose(Image.Transpose.ROTATE_90), exif=exif.tobytes())


def transparent(image: Image.Image) -> bytes:
    clear = image.convert("RGBA")
    clear.paste((9, 9, 9, 0), (0, 0, 20, 10))
    return encoded(clear)


def animated(image: Image.Image) -> bytes:
    return encoded(image, save_all=True, append_images=[picture(99)])


def sixteen_bits(image: Image.Image) -> bytes:
    """Return a grey picture that uses a part of the range only."""
    grey = np.asarray(image.convert("L")).astype(np.uint16)
    return encoded(Image.fromarray(100 * (grey - grey.min())))


def whitened(image: Image.Image) -> Image.Image:
    image.paste("white", (0, 0, 20, 10))
    return image


def stretched(image: Image.Image) -> Image.Image:
    grey = np.asarray(image.convert("L")).astype(float)
    return Image.fromarray(np.rint(255 * (grey - grey.min()) / np.ptp(grey)).astype(np.uint8))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (turned, lambda image: image),
        (transparent, whitened),
        (animated, lambda image: image),
        (sixteen_bits, stretched),
    ],
)
def test_odd_pictures_are_read_as_a_person_sees_them(
    content: Callable[[Image.Image], bytes],
    expected: Callable[[Image.Image], Image.Image],
    tmp_path: Path,
) -> None:
    (tmp_path / "odd").write_bytes(content(picture(1)))
    np.testing.assert_array_equal(
        read_picture(tmp_path / "odd", 20, 3), scaled(expected(picture(1)), 20, 3), strict=True
    )


def test_grey_pictures_fit_into_a_coloured_set_and_coloured_ones_into_a_grey_set(pets: Path) -> None:
    picture(5).convert("L").save(pets / "cat" / "grey.png")
    for channels, shape in ((3, (SIZE, SIZE, 3)), (1, (SIZE, SIZE))):
        assert prepared(pets, channels=channels)["train"].images.shape[1:] == shape


def test_a_large_photograph_is_read_as_a_careful_filter_would(tmp_path: Path) -> None:
    shades = np.add.outer(np.sin(np.arange(1500) / 90), np.cos(np.arange(2000) / 120))
    photograph = Image.fromarray((128 + 60 * shades).astype(np.uint8)).convert("RGB")
    photograph.save(tmp_path / "photograph.jpg", quality=95)

    read = read_picture(tmp_path / "photograph.jpg", 32, 3).astype(int)

    careful = np.asarray(photograph.resize((32, 24), Image.Resampling.LANCZOS))
    assert np.abs(read[4:28] - careful).max() <= 3


@LINUX
def test_names_may_hold_anything_that_is_text(tmp_path: Path) -> None:
    names = ['Ünïcode, "quoted" & <b>', "a'b$(x)", "class names with spaces", "猫"]
    for number, name in enumerate(names):
        put(tmp_path / "of all sorts" / name, 5, first=10 * number)

    prepared(tmp_path / "of all sorts", validation_share=0.25)

    found = load_image_set(tmp_path / "processed")
    assert (found.dataset, set(found.class_names)) == ("of all sorts", set(names))


def test_hidden_files_and_folders_are_no_pictures_and_no_classes(pets: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (pets / "cat" / name).write_bytes(b"not a picture")
    for folder in (".git", "__MACOSX", "cat/.thumbnails"):
        put(pets / folder, 1, first=500)

    parts = prepared(pets)

    assert sum(len(part.labels) for part in parts.values()) == 20


def test_folders_inside_a_class_belong_to_it(pets: Path) -> None:
    put(pets / "cat" / "siamese" / "of 2024", 5, first=50)
    assert sum((part.labels == 0).sum() for part in prepared(pets).values()) == 15


@LINUX
@pytest.mark.parametrize("spelling", ["pets/", "./pets", "link", "other/../pets"])
def test_a_folder_may_be_named_in_other_ways(
    spelling: str, pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pets.parent)
    Path("other").mkdir()
    Path("link").symlink_to("pets")
    read_folder(data_of(spelling), Path("raw"))
    assert json.loads(Path("raw", PROVENANCE).read_text(encoding="utf-8")) == {
        "dataset": "pets",
        "class_names": ["cat", "dog"],
    }


@LINUX
def test_a_class_may_be_a_link(pets: Path) -> None:
    (pets / "dog").rename(pets.parent / "dogs")
    (pets / "dog").symlink_to(pets.parent / "dogs")
    assert sum((part.labels == 1).sum() for part in prepared(pets).values()) == 10


def test_a_folder_named_like_a_known_data_set_is_not_taken_for_it(pets: Path) -> None:
    prepared(pets.rename(pets.with_name("mnist")))
    assert load_image_set(pets.parent / "processed").dataset == "mnist (folder)"


def test_of_doubles_in_one_class_one_is_kept_and_that_is_said(
    pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(3).save(pets / "cat" / "copy.bmp")
    parts = prepared(pets)
    assert sum(len(part.labels) for part in parts.values()) == 20
    assert f"there twice are used once: 1, such as {pets / 'cat' / 'copy.bmp'}." in (capsys.readouterr().err)


def test_pictures_beside_the_classes_are_not_used_and_that_is_said(
    pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(70).save(pets / "loose.jpg")
    (pets / "README.md").write_text("About these pictures.", encoding="utf-8")
    prepared(pets)
    assert f"not used: 1, such as {pets / 'loose.jpg'}." in capsys.readouterr().err
    (pets / "loose.jpg").unlink()
    prepared(pets)
    assert capsys.readouterr().err == ""


# What is refused. Each function below spoils the pets, and returns what the message must say.


def no_folder(pets: Path) -> list[str]:
    pets.rename(pets.with_name("elsewhere"))
    return [f"there is no folder {pets}, expected a sub-folder", "set data.folder to yours"]


def a_file_instead(pets: Path) -> list[str]:
    no_folder(pets)
    pets.write_text("", encoding="utf-8")
    return [f"{pets} is a file, expected a sub-folder", "set data.folder to yours"]


def what_the_pipeline_writes(pets: Path) -> list[str]:
    paths.RAW.mkdir(parents=True)
    paths.PROCESSED.mkdir()
    pets.rename(pets.with_name("elsewhere"))
    pets.symlink_to(Path("data").resolve())
    return [f"{pets} holds what the pipeline writes", "set data.folder to one"]


def no_classes(pets: Path) -> list[str]:
    for name in ("cat", "dog"):
        (pets / name).rename(pets.with_name(name))
    return [f"{pets} has no sub-folders, expected a sub-folder"]


def one_class(pets: Path) -> list[str]:
    (pets / "cat").rename(pets.with_name("cat"))
    return [f"{pets} has the one class dog, expected", "from two to 256"]


def three_hundred_classes(pets: Path) -> list[str]:
    for number in range(298):
        (pets / f"class {number}").mkdir()
    return ["300 sub-folders", "from two to 256"]


def a_class_with_a_line_end_in_its_name(pets: Path) -> list[str]:
    put(pets / "a\nb", 1)
    return ["has the class 'a\\nb'", "rename it"]


def a_class_whose_name_is_no_utf_8(pets: Path) -> list[str]:
    try:
        (pets / "caf\udce9").mkdir()
    except OSError:
        pytest.skip("this file system takes text only")
    return ["has the class 'caf\\udce9'", "rename it"]


def an_empty_class(pets: Path) -> list[str]:
    (pets / "ox").mkdir()
    return [f"{pets}/ox has no pictures", "add them"]


def a_class_that_the_training_part_lacks(pets: Path) -> list[str]:
    into_parts(pets, "train", "test")
    put(pets / "test" / "ox", 2, first=200)
    return [f"{pets}/test has the class ox", "cat, dog", "rename or remove it"]


def a_class_that_the_test_part_lacks(pets: Path) -> list[str]:
    into_parts(pets, "train", "test")
    (pets / "test" / "dog").rename(pets.with_name("dog"))
    return [f"no folder {pets}/test/dog", "add it"]


def no_training_part(pets: Path) -> list[str]:
    into_parts(pets, "test", "validation")
    return ["test and validation", "train must be there"]


def parts_by_other_names(pets: Path) -> list[str]:
    into_parts(pets, "Train", "val")
    return ["Train and val", "expected the parts to be called train, validation and test"]


def a_class_beside_the_parts(pets: Path) -> list[str]:
    into_parts(pets, "train", "test")
    put(pets / "ox", 2, first=200)
    return ["the folder train, which is a part of a set, and beside it ox"]


def a_text_file(pets: Path) -> list[str]:
    (pets / "cat" / "notes.txt").write_text("Found in the garden.", encoding="utf-8")
    return [f"{pets}/cat/notes.txt cannot be read as a picture (unknown format)"]


def a_damaged_picture(pets: Path) -> list[str]:
    path = pets / "cat" / "3.png"
    path.write_bytes(path.read_bytes()[:500])
    return [f"{path} cannot be read as a picture ("]


def a_bomb(pets: Path) -> list[str]:
    (pets / "dog" / "bomb.ppm").write_bytes(b"P5 60000 60000 255\n")
    return [f"{pets}/dog/bomb.ppm", "Image size (3600000000 pixels) exceeds limit"]


def many_bad_files(pets: Path) -> list[str]:
    for number in range(9):
        (pets / "cat" / f"bad {number}.png").touch()
    return ["bad 0.png", "bad 4.png", "… and 4 other files that are no pictures."]


def a_link_in_a_circle(pets: Path) -> list[str]:
    (pets / "cat" / "round").symlink_to(pets)
    return [f"{pets}/cat/round is a link to a folder", "let the class's folder be the link"]


def the_same_picture_in_two_classes(pets: Path) -> list[str]:
    picture(3).save(pets / "dog" / "both.tif")
    return [f"{pets}/cat/3.png and {pets}/dog/both.tif are the same picture", "in one class only"]


def the_same_picture_in_two_parts(pets: Path) -> list[str]:
    into_parts(pets, "train", "test")
    picture(3).save(pets / "test" / "cat" / "both.tif")
    return [f"{pets}/train/cat/3.png and {pets}/test/cat/both.tif are", "in train or in test only"]


def two_pictures(pets: Path) -> list[str]:
    leave(pets, 1)
    return ["class cat has only 1 image for data.test_share to divide", "add some"]


def two_pictures_of_each_class(pets: Path) -> list[str]:
    leave(pets, 2)
    return ["data.test_share 0.2 of 4 images leaves some of the classes without an image", "nearer to a half"]


def too_small_a_share(pets: Path) -> list[str]:
    leave(pets, 6)
    return ["data.validation_share 0.1 of 9 images leaves some of the classes", "nearer to a half"]


def a_rare_class(pets: Path) -> list[str]:
    put(pets / "ox", 2, first=200)
    return ["class ox has only 1 image for data.validation_share to divide", "add some"]


def a_class_too_rare_for_the_share(pets: Path) -> list[str]:
    put(pets / "elk", 100, first=300)
    put(pets / "ox", 2, first=200)
    return ["data.test_share 0.2 of 122 images leaves class ox without an image", "or add images"]


def into_parts(pets: Path, first: str, second: str) -> None:
    """Divide the pets by hand into two parts."""
    for number, part in enumerate((first, second)):
        for label, name in enumerate(("cat", "dog")):
            put(pets / part / name, 4, first=1000 * number + 100 * label)
    for name in ("cat", "dog"):
        for path in (pets / name).iterdir():
            path.unlink()
        (pets / name).rmdir()


def leave(pets: Path, count: int) -> None:
    """Leave so many pictures in each class."""
    for name in ("cat", "dog"):
        for path in sorted((pets / name).iterdir())[count:]:
            path.unlink()


def odd(spoil: Callable[[Path], list[str]]) -> Any:
    return pytest.param(spoil, marks=LINUX)


REFUSED = [
    *(no_folder, a_file_instead, odd(what_the_pipeline_writes), no_classes, one_class, three_hundred_classes),
    *(odd(a_class_with_a_line_end_in_its_name), odd(a_class_whose_name_is_no_utf_8), an_empty_class),
    *(a_class_that_the_training_part_lacks, a_class_that_the_test_part_lacks, no_training_part),
    *(parts_by_other_names, a_class_beside_the_parts, a_text_file, a_damaged_picture, a_bomb),
    *(
        many_bad_files,
        odd(a_link_in_a_circle),
        the_same_picture_in_two_classes,
        the_same_picture_in_two_parts,
    ),
    *(two_pictures, two_pictures_of_each_class, too_small_a_share, a_rare_class),
    a_class_too_rare_for_the_share,
]


@pytest.mark.parametrize("spoil", REFUSED)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    spoil: Callable[[Path], list[str]], pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pets.parent)
    named = spoil(pets)
    assert_refuses(partial(prepared, pets), PipelineError, *(part.replace("/", os.sep) for part in named))


def test_the_parameters_refuse_a_folder_before_any_stage_runs(
    pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pets.parent)
    data = changed(small_parameters(), "data.dataset", "folder")
    write_parameters(pets.parent, data)
    assert_refuses(load_parameters, PipelineError, "data.folder: there is no folder pictures, expected")
    write_parameters(pets.parent, changed(data, "data.folder", "~/pictures"))
    assert_refuses(load_parameters, PipelineError, "there is no folder ~/pictures", "without the ~")


def test_the_classes_of_a_folder_decide_how_many_outputs_a_model_has(
    pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pets.parent)
    data = changed(small_parameters(), "data.dataset", "folder")
    data = changed(changed(data, "data.folder", "pets"), "data.channels", 3)
    data["recipes"]["small"]["model"][-1] = {"layer": "Dense", "units": "classes"}
    del data["recipes"]["other"]
    for training in SMALL_TRAININGS:
        data["figures"][training]["model"][-1] = {"layer": "Dense", "units": "classes"}
    parameters = load_parameters(write_parameters(pets.parent, data))
    assert parameters.chosen.model[-1] == {"layer": "Dense", "units": 2}
    assert (parameters.data.input_shape, parameters.data.class_names) == ((28, 28, 3), ("cat", "dog"))
    assert class_names_in(Path("pets")) == ("cat", "dog")


# The page, from an empty folder to a prediction

PAGE = "docs/pipeline/own-pictures.md"
LEFT_OUT = re.compile(r"\. |dvc add")  # a shell's environment, and a choice
RERUN = ["fetch", "code"]  # which run each time
SAME_AS = {"make repro": "dvc repro"}  # once all is installed


def follow(clone: Path) -> Iterator[tuple[str, str]]:
    """Do in a clone what the page says, block by block; give each command with what it said."""
    for number, block in enumerate(blocks(read(PAGE), "python", "yaml", "sh")):
        if block.language == "python":
            program = clone.parent / f"{number}.py"
            program.write_text(block.code, encoding="utf-8")
            call(clone, "python", str(program))
        elif block.language == "yaml":
            parameters = YAML(typ="safe", pure=True).load(clone / paths.PARAMETERS)
            write_parameters(clone, merged(parameters, YAML(typ="safe", pure=True).load(block.code)))
        else:
            for command in filter(None, block.code.splitlines()):
                if not LEFT_OUT.match(command):
                    same = SAME_AS.get(command, command)
                    yield same, call(clone, *shlex.split(same))


@LINUX
@pytest.mark.slow
def test_the_page_leads_from_an_empty_folder_to_a_prediction(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    copy_work_tree(clone)
    new_repository(clone)
    quick = workspace_parameters()
    quick["recipes"]["small"]["train"]["epochs"] = 10
    for training in SMALL_TRAININGS:
        quick["figures"][training] |= {"epochs": 2, "images": 50}
    write_parameters(clone, quick)

    said = list(follow(clone))

    commands = [command for command, _ in said]
    predictions = [text for command, text in said if "pipeline.predict" in command]
    runs = [stages_run(text) for command, text in said if command == "dvc repro"]
    assert runs == [list(STAGES), ["fetch", "code"], list(STAGES)]
    for text, answer in zip(predictions, ("3", "red circle"), strict=True):
        assert answer in text.splitlines()[0].rpartition(": ")[2]
    assert "evaluation.json" in said[commands.index("dvc metrics show")][1]
    [study] = (clone / paths.OWN_STUDIES).rglob("*.json")
    assert study.relative_to(clone / paths.OWN_STUDIES) == Path("shapes/small.json")

    shapes = clone / "pictures" / "shapes"
    picture(1).save(shapes / "blue square" / "new.png")
    assert stages_run(call(clone, "dvc", "repro", "evaluate")) == [*RERUN, "preprocess", "train", "evaluate"]
    shutil.rmtree(shapes / "blue square")
    call(clone, "dvc", "repro", "evaluate")
    assert load_image_set(clone / paths.PROCESSED / "folder").class_names == (
        "blue circle",
        "red circle",
        "red square",
    )
    assert stages_run(call(clone, "dvc", "repro", "evaluate")) == RERUN
