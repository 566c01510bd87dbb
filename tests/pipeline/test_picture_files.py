"""Files for `predict` that are damaged, harmful or unusual pictures, or no pictures."""

import io
import struct
import warnings
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any
from zlib import compress, crc32

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from pipeline.common.errors import PipelineError
from pipeline.picture import read_picture
from tests.damage import assert_one_line, mutated
from tests.pipeline.pictures import (
    DUSTY,
    SHADOW,
    VIGNETTE,
    Grey,
    H,
    W,
    as_image,
    correlation,
    drawn,
    on_paper,
    real_digits,
)
from tests.refusals import IS_A_FOLDER, assert_refuses

SUFFIXES = (".png", ".jpg", ".gif", ".bmp", ".tif", ".webp")
NO_PICTURE = "cannot be read as a picture ("
NO_STROKES = "shows no strokes that stand out from their background: draw one digit"
Refused = list[tuple[str, bytes, str]]
"""File names, what they hold, and what the message must name."""

TWO = real_digits()[0][1000]
PICTURE = drawn(240, 20, on_paper(TWO))


def encoded(image: Image.Image, suffix: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, Image.registered_extensions()[suffix], **options)
    return file.getvalue()


def no_pictures() -> Refused:
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(evil) (w) file closefile\n"
    contents = [b"", b"<!DOCTYPE html><html></html>", eps]
    return [("no.png", content, NO_PICTURE + "unknown format)") for content in contents]


def truncated() -> Refused:
    cases = []
    for suffix in SUFFIXES:
        content = encoded(as_image(PICTURE), suffix)
        cases += [(f"cut{suffix}", content[: int(share * len(content))], NO_PICTURE) for share in (0.1, 0.9)]
    return cases


def bombs() -> Refused:
    """Return files of a few hundred bytes that claim more pixels than memory holds."""
    side = 60_000
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc32(kind + body))
        for kind, body in (
            (b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)),
            (b"IDAT", compress(bytes(100_000))),
            (b"IEND", b""),
        )
    )
    named = NO_PICTURE + "Image size (3600000000 pixels) exceeds limit"
    return [("bomb.png", png, named), ("bomb.ppm", b"P5 60000 60000 255\n", named)]


def just_too_large() -> Refused:
    content = encoded(Image.new("1", (9460, 9460), 1), ".png")
    return [("large.png", content, NO_PICTURE + "Image size (89491600 pixels) exceeds limit of 89478485")]


RNG = np.random.default_rng(0)
BLANK: dict[str, Grey] = {
    "white": np.full((H, W), 255.0),
    "a single dark pixel": 255.0 * (np.arange(H * W) != 12_345).reshape(H, W),
    "noise": RNG.normal(200, 12, (H, W)),
    "a gradient": np.linspace(50, 230, H * W).reshape(H, W),
    "uneven light on paper": VIGNETTE + RNG.normal(0, 3, (H, W)),
    "a shadow on paper": SHADOW + RNG.normal(0, 3, (H, W)),
    "dust on paper": DUSTY,
}


def blank() -> Refused:
    images = [*map(as_image, BLANK.values()), Image.new("RGBA", (W, H))]
    return [("blank.png", encoded(image, ".png"), NO_STROKES) for image in images]


def one_pixel() -> Refused:
    shapes = [(1, 1), (1, 500), (500, 1)]
    return [("tiny.png", encoded(Image.new("RGB", shape, "white"), ".png"), NO_STROKES) for shape in shapes]


def not_finite() -> Refused:
    cases = []
    for odd, scale in ((np.nan, 1), (np.inf, 4)):  # as it is, and larger than needed
        levels = np.kron(on_paper(TWO), np.ones((scale, scale))).astype(np.float32)
        levels[7, 7] = odd
        cases.append(
            ("measured.tif", encoded(Image.fromarray(levels), ".tif"), "numbers that are not finite")
        )
    return cases


@pytest.mark.parametrize(
    "cases", [no_pictures, truncated, bombs, just_too_large, blank, one_pixel, not_finite]
)
def test_what_shows_no_digit_is_refused_with_the_reason(cases: Callable[[], Refused], tmp_path: Path) -> None:
    for name, content, named in cases():
        path = tmp_path / name
        path.write_bytes(content)
        assert_refuses(partial(read_picture, path), PipelineError, str(path), named)


def test_what_cannot_be_opened_is_refused_with_the_reason(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "missing.png", "No such file or directory"),
        (tmp_path, IS_A_FOLDER),
    ):
        assert_refuses(partial(read_picture, path), PipelineError, f"{path} {NO_PICTURE}{reason})")


def animated() -> list[bytes]:
    other = as_image(drawn(255, 0, on_paper(real_digits()[0][3500])))
    frames: dict[str, Any] = {"save_all": True, "append_images": [other] * 3}
    return [encoded(as_image(PICTURE), suffix, **frames) for suffix in (".gif", ".png", ".tif")] + [
        encoded(as_image(PICTURE), ".webp", lossless=True, **frames)
    ]


def cmyk() -> list[bytes]:
    image = as_image(PICTURE).convert("CMYK")
    return [encoded(image, ".jpg", quality=95), encoded(image, ".tif")]


def sixteen_bits() -> list[bytes]:
    levels = [(most * PICTURE).astype(np.uint16) for most in (1, 257)]
    return [encoded(Image.fromarray(each), suffix) for each in levels for suffix in (".png", ".tif")] + [
        encoded(Image.fromarray((PICTURE / 255).astype(np.float32)), ".tif")
    ]


@pytest.mark.parametrize("pictures", [animated, cmyk, sixteen_bits])
def test_an_odd_picture_is_read_as_a_plain_one(pictures: Callable[[], list[bytes]], tmp_path: Path) -> None:
    for content in pictures():
        (tmp_path / "picture").write_bytes(content)
        assert correlation(read_picture(tmp_path / "picture"), TWO) > 0.93


STATUS = Path("/proc/self/status")


def growth(path: Path) -> int:
    """Return by how many bytes this process grows when it reads a picture that shows nothing."""
    before = peak_memory()
    with pytest.raises(PipelineError, match=NO_STROKES):
        read_picture(path)
    return peak_memory() - before


def peak_memory() -> int:
    return 1024 * int(STATUS.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0])


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells a process its own peak")
def test_a_picture_of_the_largest_size_takes_less_than_a_gigabyte(tmp_path: Path) -> None:
    path = tmp_path / "large.tif"
    Image.new("I;16", (9400, 9400)).save(path, compression="packbits")
    with get_context("spawn").Pool(1) as pool:  # a process that has had little memory before
        assert pool.apply_async(growth, (path,)).get(timeout=300) < 1_000_000_000


def pictures() -> list[bytes]:
    """Return a digit in many formats."""
    grey = Image.new("L", (40, 36), 230)
    ImageDraw.Draw(grey).line([(12, 8), (26, 8), (17, 30)], 20, 3)
    modes = {
        ".png": "RGBA",
        ".jpg": "L",
        ".gif": "P",
        ".bmp": "RGB",
        ".tif": "L",
        ".webp": "RGB",
        ".ppm": "1",
    }
    plain = [encoded(grey.convert(mode), suffix) for suffix, mode in modes.items()]
    sixteen = Image.fromarray(np.asarray(grey).astype(np.uint16) * 100)
    return [*plain, encoded(sixteen, ".tif"), encoded(grey, ".tif", compression="tiff_lzw")]


def test_a_changed_picture_is_refused_or_read_as_pillow_reads_it(tmp_path: Path) -> None:
    originals, path, read = pictures(), tmp_path / "mutant", 0
    for number in range(100):
        random = Random(number)
        path.write_bytes(mutated(random.choice(originals), random))
        try:
            digit = read_picture(path)
        except PipelineError as error:
            assert_one_line(error, path)
        else:
            np.testing.assert_array_equal(digit, read_picture(as_pillow_reads_it(path)))
            read += 1
    assert 10 < read < 90


def as_pillow_reads_it(path: Path) -> Path:
    """Return a plain picture of what Pillow finds in a file."""
    plain = path.with_name("plain.tif")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with path.open("rb") as file, Image.open(file) as image:
            upright = ImageOps.exif_transpose(image)
        if upright.has_transparency_data:
            upright = upright.convert("RGBA")
        elif upright.mode == "P":
            upright = upright.convert("RGB")
        Image.frombytes(upright.mode, upright.size, upright.tobytes()).save(plain)
    return plain
