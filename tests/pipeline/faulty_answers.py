"""All that a mirror may answer, right and wrong, in the tests."""

from __future__ import annotations

import base64
import gzip
import itertools
import socket
import struct
from collections.abc import Callable
from itertools import repeat
from typing import TYPE_CHECKING

from tests.pipeline.tiny_data import CONTENTS

if TYPE_CHECKING:
    from tests.pipeline.faulty_server import Handler

BOMB = gzip.compress(bytes(2**26))


def _hang(handler: Handler) -> None:
    handler.server.closing.wait()


def _hang_in_the_body(handler: Handler) -> None:
    handler.answer(handler.packed[:50], length=len(handler.packed))
    handler.server.closing.wait()


def _send_header_lines_for_ever(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    handler.go_on((b"X-Line-%d: x\r\n" % line for line in itertools.count()), pause=0)


def _send_a_header_line_for_ever(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Padding: ")
    handler.go_on(repeat(2**14 * b"x"), pause=0)


def _send_a_chunk_header_for_ever(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    handler.go_on(repeat(2**14 * b"0"), pause=0)


def _trickle_the_header(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Padding: ")
    handler.go_on(repeat(b"x"))


def _trickle_a_chunk_header(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    handler.go_on(repeat(b"0"))


def _trickle_the_body(handler: Handler) -> None:
    handler.answer(length=len(handler.packed))
    handler.go_on(bytes([byte]) for byte in handler.packed)


def _send_empty_blocks(handler: Handler) -> None:
    """Send, fast and for ever, packed data that unpack to nothing."""
    handler.answer(handler.packed[:10], length=2**40)
    handler.go_on(repeat(10_000 * bytes.fromhex("00 0000 ffff")), pause=0.005)


def _send_a_page(handler: Handler) -> None:
    handler.answer(b"<!DOCTYPE html><title>Please log in</title>", Content_Type="text/html")


def _send_a_page_for_ever(handler: Handler) -> None:
    handler.answer(length=2**40, Content_Type="text/html")
    handler.go_on(repeat(2**10 * b"<p>Please log in</p>"), pause=0)


def _reset(handler: Handler) -> None:
    handler.answer(handler.packed[:50], length=len(handler.packed))
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _flip_a_bit(handler: Handler) -> None:
    middle = len(handler.content) // 2
    flipped = handler.content[middle] ^ 1
    handler.answer(gzip.compress(handler.content[:middle] + bytes([flipped]) + handler.content[middle + 1 :]))


def _send_another_file(handler: Handler) -> None:
    handler.answer(next(gzip.compress(other) for other in CONTENTS.values() if other != handler.content))


def _ask_for_a_password(handler: Handler) -> None:
    if handler.headers["Authorization"] == f"Basic {base64.b64encode(b'reader:secret').decode()}":
        handler.answer(handler.packed)
    else:
        handler.send_error(401)


def _redirect_with_an_endless_body(handler: Handler) -> None:
    handler.answer(length=2**40, status=302, Location=handler.path.replace(handler.behaviour, "good"))
    handler.go_on(repeat(bytes(2**16)), pause=0)


BEHAVIOURS: dict[str, Callable[[Handler], object]] = {
    "good": lambda handler: handler.answer(handler.packed),
    "hang": _hang,
    "hang-in-the-body": _hang_in_the_body,
    "trickle-the-header": _trickle_the_header,
    "trickle-a-chunk-header": _trickle_a_chunk_header,
    "trickle-the-body": _trickle_the_body,
    "continue-for-ever": lambda handler: handler.go_on(repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "header-lines-for-ever": _send_header_lines_for_ever,
    "header-line-for-ever": _send_a_header_line_for_ever,
    "chunk-header-for-ever": _send_a_chunk_header_for_ever,
    "empty-blocks": _send_empty_blocks,
    "bomb": lambda handler: handler.answer(BOMB),
    "page": _send_a_page,
    "page-for-ever": _send_a_page_for_ever,
    "half": lambda handler: handler.answer(handler.packed[:50], length=len(handler.packed)),
    "cut": lambda handler: handler.answer(handler.packed[:50]),
    "more-after-its-end": lambda handler: handler.answer(handler.packed + bytes(100)),
    "encoded": lambda handler: handler.answer(handler.packed, Content_Encoding="gzip"),
    "without-its-end": lambda handler: handler.answer(gzip.compress(handler.content[:-1])),
    "nothing": lambda handler: handler.answer(),
    "damaged-gzip": lambda handler: handler.answer(handler.packed[:10] + b"\xff" + handler.packed[11:]),
    "another-protocol": lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "reset": _reset,
    "flipped-bit": _flip_a_bit,
    "another-file": _send_another_file,
    "403": lambda handler: handler.send_error(403),
    "404": lambda handler: handler.send_error(404),
    "429": lambda handler: handler.answer(status=429, Retry_After="86400"),
    "503": lambda handler: handler.answer(status=503, Retry_After="86400"),
    "control-codes": lambda handler: handler.wfile.write(b"HTTP/1.1 500 \x1b[2JDo run this\r\n\r\n"),
    "password": _ask_for_a_password,
    "redirect": lambda handler: handler.redirect(handler.path.replace("redirect", "good")),
    "redirect-for-ever": lambda handler: handler.redirect(handler.path),
    "redirect-to-file": lambda handler: handler.redirect("file:///etc/hostname"),
    "redirect-to-ftp": lambda handler: handler.redirect("ftp://127.0.0.1/file"),
    "redirect-to-nonsense": lambda handler: handler.redirect("//[nonsense"),
    "redirect-elsewhere": lambda handler: handler.redirect(f"{handler.server.elsewhere}/{handler.file}.gz"),
    "redirect-with-an-endless-body": _redirect_with_an_endless_body,
}
