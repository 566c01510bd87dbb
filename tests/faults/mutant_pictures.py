"""Mutants of pictures."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from random import Random
from typing import Any
from zlib import compress, crc32, decompress

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from pipeline.common.errors import PipelineError
from pipeline.picture import read_picture
from tests.faults.mutation import mutated, refusal


def pictures() -> list[tuple[bytes, int]]:
    """Return a digit in many formats, and where each file's header ends."""
    grey = Image.new("L", (40, 36), 230)
    ImageDraw.Draw(grey).line([(12, 8), (26, 8), (17, 30)], 20, 3)
    sixteen = Image.fromarray(np.asarray(grey).astype(np.uint16) * 100)
    plain: dict[str, tuple[str, ...]] = {
        "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"),
        "JPEG": ("L", "RGB", "CMYK"),
        "GIF": ("L", "P"),
        "BMP": ("1", "L", "RGB"),
        "TIFF": ("1", "L", "RGB", "CMYK"),
        "WEBP": ("RGB", "RGBA"),
        "PPM": ("1", "L", "RGB"),
    }
    drawn: list[tuple[str, Image.Image, dict[str, Any]]] = []
    for format_, modes in plain.items():
        drawn += [(format_, grey.convert(mode), {}) for mode in modes]
    drawn += [("PNG", sixteen, {}), ("TIFF", sixteen, {})]
    drawn += [("TIFF", grey, {"compression": kind}) for kind in ("tiff_lzw", "tiff_deflate", "packbits")]
    drawn += [("GIF", grey, {"save_all": True, "append_images": [ImageOps.invert(grey)]})]
    files = []
    for format_, image, options in drawn:
        file = io.BytesIO()
        image.save(file, format_, **options)
        files.append((file.getvalue(), header_length(format_, file)))
    return files


def header_length(format_: str, file: io.BytesIO) -> int:
    content = file.getvalue()
    match format_:
        case "JPEG":
            return content.index(b"\xff\xda") + 14
        case "TIFF":
            with Image.open(file) as image:
                return int(image.tag_v2[273][0])  # type: ignore[attr-defined]
        case "PPM":
            return len(b"P4\n40 36\n")
        case _:
            return {"PNG": 33, "GIF": 13, "BMP": 54, "WEBP": 30}[format_]


def picture_mutant(random: Random, keeps_header: bool) -> bytes:
    content, header = random.choice(PICTURES)
    if not keeps_header:
        return mutated(content, random)
    if content.startswith(b"\x89PNG"):
        return mutated_png(content, random)
    return mutated(content, random, header)


def mutated_png(content: bytes, random: Random) -> bytes:
    """Change what a chunk after the first holds, or the pixels packed there; checksums stay right."""
    chunks, place = [], 8
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    which = random.randrange(1, len(chunks))
    kind, body = chunks[which]
    unpacks = kind == b"IDAT" and random.random() < 0.7
    chunks[which] = (kind, compress(mutated(decompress(body), random)) if unpacks else mutated(body, random))
    parts = [struct.pack(">I", len(b)) + k + b + struct.pack(">I", crc32(k + b)) for k, b in chunks]
    return content[:8] + b"".join(parts)


def reads_picture(path: Path) -> bool:
    try:
        digit = read_picture(path)
    except PipelineError as error:
        refusal(error, path)
        return False
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
    np.testing.assert_array_equal(digit, read_picture(plain))
    return True


PICTURES = pictures()
