"""How the tests ask whether a mistake is answered with one clear sentence."""

from collections.abc import Callable

import pytest


def assert_refuses(call: Callable[[], object], error: type[Exception], *named: str) -> None:
    """The call raises exactly this kind of error, and its message names all of this."""
    with pytest.raises(error) as caught:
        call()
    assert caught.type is error
    message = str(caught.value)
    for part in named:
        assert part in message, message
