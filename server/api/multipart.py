"""Reads the body of an ODK client's POST: one XML part and any number of files, bounded in every direction.

Files go to temporary files in the staging folder while they arrive, so memory stays bounded.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote_to_bytes

from multipart import MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_content_length, get_input_stream

from server.errors import Problem

XML_PART = "xml_submission_file"
MOST_FILES = 100  # Collect splits above this number
_SPARE_PARTS = 20  # fields such as *isIncomplete*
_FIELD_BYTES = 64 * 1024
_IN_MEMORY = 256 * 1024
_DRAIN_BYTES = 64 * 1024 * 1024
_AS_IT_CAME = "latin-1"  # of names: any byte is a letter
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\ufffd]")
_SPELLED = re.compile(r"""; *filename\* *= *"?[\w-]+'[\w-]*'([^\s";]+)""", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class FilePart:
    """One file as it came; `name` has no folders and no control characters."""

    name: str
    media_type: str
    stream: BinaryIO


@dataclass(frozen=True)
class Parts:
    """The bytes of the instance and the files beside it."""

    xml: bytes
    files: tuple[FilePart, ...]


def read_parts(environ: dict[str, Any], staging: Path, limit: int) -> Parts:
    """The parts of a submission. `limit`: bytes of the whole body.

    Problems: request.too_large (nothing is kept), openrosa.no_submission (also when the body is no multipart, or is
    cut short).
    """
    try:
        files = list(_files(environ, staging, limit))
    except (RequestEntityTooLarge, ParserLimitReached) as error:
        _drain(environ)
        raise Problem("request.too_large", detail=f"{limit} bytes, {MOST_FILES} files") from error
    except (ClientDisconnected, ValueError) as error:
        _drain(environ)
        raise Problem("openrosa.no_submission") from error
    instances = [stream for part, stream in files if part.name == XML_PART]
    if len(instances) != 1:
        raise Problem("openrosa.no_submission")
    parts = tuple(_file_part(part, stream) for part, stream in files if part.name != XML_PART)
    if len(parts) > MOST_FILES:
        raise Problem("request.too_large", detail=f"{MOST_FILES} files")
    return Parts(instances[0].read(), parts)


def _files(environ: dict[str, Any], staging: Path, limit: int) -> Iterator[tuple[MultipartSegment, BinaryIO]]:
    """The parts that have a file name, each with its bytes; fields beside them are passed over, within their bounds."""
    if (get_content_length(environ) or limit) > _IN_MEMORY:
        staging.mkdir(parents=True, exist_ok=True)  # a smaller body fills no file
    parser = PushMultipartParser(
        _border(environ.get("CONTENT_TYPE", "")),
        max_segment_count=MOST_FILES + 1 + _SPARE_PARTS,
        header_charset=_AS_IT_CAME,
    )
    body = get_input_stream(environ, max_content_length=limit)
    for event in parser.parse_blocking(body.read):
        if isinstance(event, MultipartSegment):
            part, stream = event, _temporary(staging)
            part.filename = _file_name(part)
        elif event is None:
            stream.seek(0)
            if part.filename is not None:
                yield part, stream
        elif part.filename is not None:
            stream.write(event)
        elif part.bytes_received > _FIELD_BYTES:
            raise ParserLimitReached("a field")


def _temporary(staging: Path) -> BinaryIO:
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(staging)))


def _border(content_type: str) -> bytes:
    """What parts the body; ValueError when it is no multipart form."""
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        raise ValueError("no multipart form")
    return str(options.get("boundary", "")).encode(_AS_IT_CAME)


def _file_part(part: MultipartSegment, stream: BinaryIO) -> FilePart:
    name = plain_name(_text(part.filename)) or plain_name(_text(part.name)) or "file"
    return FilePart(name, part.content_type or "application/octet-stream", stream)


def _file_name(part: MultipartSegment) -> str | None:
    """Also one that is spelled `filename*=UTF-8''…`: some clients send a name in Chinese only so, others beside a
    `filename` that nobody can use. None: the part is no file.
    """
    spelled = _SPELLED.search(part.header("Content-Disposition", ""))
    return unquote_to_bytes(spelled[1]).decode(_AS_IT_CAME) if spelled else cast(str | None, part.filename)


def _text(name: str | None) -> str:
    """A name in UTF-8, as far as it is: a visit is not refused for the name of a photo."""
    return (name or "").encode(_AS_IT_CAME).decode("utf-8", "replace")


def plain_name(name: str) -> str:
    """The last part of a path, at most 255 characters, keeping its ending."""
    last = _UNSAFE.sub("", name.replace("\\", "/").rpartition("/")[2])
    stem, dot, ending = last.rpartition(".")
    return last if len(last) <= 255 else f"{stem[: 254 - len(ending)]}{dot}{ending}"[:255]


def _drain(environ: dict[str, Any]) -> None:
    """Reads what is still coming, up to a bound: a closed connection would swallow the answer on the client's side."""
    stream = environ["wsgi.input"]
    left = min(get_content_length(environ) or 0, _DRAIN_BYTES)
    while left > 0 and (piece := stream.read(min(left, _IN_MEMORY))):
        left -= len(piece)
