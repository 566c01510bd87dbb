"""How the tests ask whether a mistake is answered with one clear sentence."""

import sys
from collections.abc import Callable

import pytest

IS_A_FOLDER = "Permission denied" if sys.platform == "win32" else "Is a directory"
"""What the system says when a folder is opened as a file."""


def assert_refuses(call: Callable[[], object], error: type[Exception], *named: str) -> None:
    """The call raises exactly this kind of error, and its message names all of this."""
    with pytest.raises(error) as caught:
        call()
    assert caught.type is error
    message = str(caught.value)
    for part in named:
        assert part in message, message
