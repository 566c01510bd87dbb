"""Random changes to bytes, and what a refusal of the result must look like."""

import struct
from pathlib import Path
from random import Random

ODD_BYTES = (0, 1, 2, 8, 0x7F, 0x80, 0xFE, 0xFF)
ODD_NUMBERS = (
    0,
    1,
    2,
    0x7F,
    0xFF,
    0x100,
    0x2494,
    0x7FFF,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
)


def mutated(content: bytes, random: Random, first: int = 0) -> bytes:
    """Change one to three places from `first` on."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 3)):
        length = len(changed)
        place = random.randint(min(first, length), length)
        end = place + random.choice((1, 2, 4, 16, 64))
        match random.randrange(8):
            case 0:
                del changed[place:]
            case 1:
                del changed[place:end]
            case 2:
                changed[place:place] = random.randbytes(end - place)
            case 3:
                changed[place:end] = random.randbytes(len(changed[place:end]))
            case 4:
                changed[place:end] = bytes([random.choice(ODD_BYTES)]) * len(changed[place:end])
            case 5:
                changed[place:place] = changed[place:end]
            case _:
                form = random.choice((">B", ">H", ">I", "<H", "<I"))
                size = struct.calcsize(form)
                odd = random.choice(ODD_NUMBERS) + random.choice((-1, 0, 0, 1))
                if place + size <= length:
                    struct.pack_into(form, changed, place, odd % 256**size)
    return bytes(changed)


def assert_one_line_about(path: Path, error: Exception) -> None:
    """Check that a refusal is one line of moderate length that names the file."""
    message = str(error)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 1000, message
