"""The IDX format of the MNIST files.

| bytes | meaning |
|---|---|
| 0, 1 | zero |
| 2 | type of the elements, 8 for uint8 |
| 3 | number of dimensions |
| 4 each | the dimensions, most significant byte first |
| 1 each | the elements, the last dimension running fastest |
"""

import math
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.common.errors import PipelineError

_UINT8 = 8
_MAX_DIMENSIONS = 4  # [n] labels, [n, h, w] or [n, h, w, c] images


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read an IDX file of bytes.

    Args:
        path: the file, not compressed.

    Returns:
        The array, of the dimensions that the file names: `[n]` for labels, `[n, h, w]` for images.

    Raises:
        PipelineError: if the file cannot be read, or is anything else than a whole IDX file of bytes.
    """
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise PipelineError(f"{path} cannot be read ({error.strerror}); run `dvc repro fetch`.") from error
    start = content[:4].tolist()
    if start[:3] != [0, 0, _UINT8] or not 1 <= start[-1] <= _MAX_DIMENSIONS:
        raise PipelineError(
            f"{path} begins with the bytes {start}, expected [0, 0, {_UINT8}, number of dimensions "
            f"from 1 to {_MAX_DIMENSIONS}] as in an IDX file of bytes; run `dvc repro fetch`."
        )
    header = 4 + 4 * start[-1]
    shape = np.frombuffer(content[4:header].tobytes().ljust(header - 4, b"\0"), ">u4").tolist()
    # Absurd dimensions cost nothing: Python's integers do not overflow, and memory holds the file only.
    if 0 in shape or len(content) != header + math.prod(shape):
        raise PipelineError(
            f"{path} has {len(content)} bytes, expected a header of {header} and as many more as its "
            f"dimensions {shape} say, none of them 0; run `dvc repro fetch`."
        )
    return content[header:].reshape(shape)


def write_idx(path: Path, array: npt.NDArray[np.uint8]) -> None:
    """Write an array of bytes as an IDX file.

    Args:
        path: the file to be written.
        array: one to four dimensions, none of them empty.

    Raises:
        TypeError: if the array's elements are not uint8.
        ValueError: if the array has no element or too many dimensions.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(Path(folder, "labels"), np.array([7, 2, 1], np.uint8))
    ...     Path(folder, "labels").read_bytes().hex(" ")
    '00 00 08 01 00 00 00 03 07 02 01'
    """
    if array.dtype != np.uint8:
        raise TypeError(f"elements of {array.dtype} were received, expected uint8.")
    if not 1 <= array.ndim <= _MAX_DIMENSIONS or array.size == 0:
        raise ValueError(
            f"shape {array.shape} was received, expected 1 to {_MAX_DIMENSIONS} dimensions above 0."
        )
    header = struct.pack(f">4B{array.ndim}I", 0, 0, _UINT8, array.ndim, *array.shape)
    path.write_bytes(header + array.tobytes())
