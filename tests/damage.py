"""What the tests of damaged files share: random damage, forged arrays, a watch over memory."""

import io
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np

ODD_BYTES = (0, 1, 2, 8, 0x7F, 0x80, 0xFE, 0xFF)


def mutated(content: bytes, random: Random, first: int = 0) -> bytes:
    """Change one to three spots from `first` on."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 3)):
        start = random.randint(min(first, len(changed)), len(changed))
        end = start + random.choice((1, 2, 4, 16, 64))
        match random.randrange(6):
            case 0:
                del changed[start:]
            case 1:
                del changed[start:end]
            case 2:
                changed[start:start] = random.randbytes(end - start)
            case 3:
                changed[start:start] = changed[start:end]
            case 4:
                changed[start:end] = random.randbytes(len(changed[start:end]))
            case _:
                changed[start:end] = bytes([random.choice(ODD_BYTES)]) * len(changed[start:end])
    return bytes(changed)


def npy(kind: str, shape: tuple[int, ...], content: bytes = b"") -> bytes:
    """Return an `.npy` file whose header claims this kind and shape, whatever the content is."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file.getvalue() + content


@contextmanager
def little_memory(most: int = 1_000_000) -> Iterator[None]:
    """The block never takes more than these bytes."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most


def assert_one_line(error: Exception, path: Path) -> None:
    """The message is one line of limited length that names the file."""
    message = str(error)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 1000, message
