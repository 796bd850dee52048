"""Answers packed with gzip for those who ask for it: on a village's line that is the difference of minutes.

Requests come as they are: a packed body is refused, since it might grow without end.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator

from flask import Flask, Response, request

from server.errors import Problem

SMALLEST = 1400  # bytes; less fits into one packet either way
BLOCK = 64 * 1024  # bytes that a streamed answer gives to the server at a time
LEVEL = 5
_GZIP = 16 + zlib.MAX_WBITS
_PACKED = ("application/json", "application/problem+json")


def register(app: Flask) -> None:
    @app.before_request
    def _refuse_packed() -> None:
        """Problem request.encoding_unknown, before anybody takes packed bytes for broken JSON."""
        encoding = request.headers.get("Content-Encoding", "").strip()
        if encoding.lower() not in ("", "identity") and request.path.startswith("/api/"):
            raise Problem("request.encoding_unknown", detail=f"Content-Encoding: {encoding[:60]}")

    @app.after_request
    def _pack(answer: Response) -> Response:
        """Packs whole JSON answers. One with an ETag stays as it is: the tag names exactly these bytes."""
        if answer.mimetype not in _PACKED or answer.is_streamed or "ETag" in answer.headers:
            return answer
        answer.vary.add("Accept-Encoding")
        if wants_gzip() and (answer.content_length or 0) >= SMALLEST and not answer.content_encoding:
            answer.set_data(gzip.compress(answer.get_data(), LEVEL))
            answer.headers["Content-Encoding"] = "gzip"
        return answer


def wants_gzip() -> bool:
    return request.accept_encodings.quality("gzip") > 0


def streamed(pieces: Iterable[str]) -> Response:
    """A JSON answer that is made while it is sent, packed where asked."""
    blocks = _blocks(pieces)
    packed = wants_gzip()
    answer = Response(_squeezed(blocks) if packed else blocks, mimetype="application/json")
    answer.vary.add("Accept-Encoding")
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def _blocks(pieces: Iterable[str]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece.encode())
        size += len(waiting[-1])
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _squeezed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    for block in blocks:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()
