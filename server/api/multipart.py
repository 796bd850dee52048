"""Reads the body of an ODK client's POST: one XML part and any number of files, bounded in every direction.

Files go to temporary files in the staging folder while they arrive, so memory stays bounded.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wsgi import get_content_length

from server.errors import Problem

XML_PART = "xml_submission_file"
MOST_FILES = 100  # Collect splits above this number
_SPARE_PARTS = 20  # fields such as *isIncomplete*
_FIELD_BYTES = 64 * 1024
_IN_MEMORY = 256 * 1024
_DRAIN_BYTES = 64 * 1024 * 1024
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\ufffd]")


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
        files = _parse(environ, staging, limit)
    except RequestEntityTooLarge as error:
        _drain(environ)
        raise Problem("request.too_large", detail=f"{limit} bytes, {MOST_FILES} files") from error
    except (ClientDisconnected, ValueError) as error:
        _drain(environ)
        raise Problem("openrosa.no_submission") from error
    instances = [file for name, file in files if name == XML_PART]
    if len(instances) != 1:
        raise Problem("openrosa.no_submission")
    parts = tuple(_file_part(file) for name, file in files if name != XML_PART)
    if len(parts) > MOST_FILES:
        raise Problem("request.too_large", detail=f"{MOST_FILES} files")
    return Parts(instances[0].stream.read(), parts)


def _parse(environ: dict[str, Any], staging: Path, limit: int) -> Iterable[tuple[str, FileStorage]]:
    staging.mkdir(parents=True, exist_ok=True)

    def temporary(*_sizes: object, **_more: object) -> IO[bytes]:
        return cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(staging)))

    parser = FormDataParser(
        stream_factory=temporary,
        max_form_memory_size=_FIELD_BYTES,
        max_content_length=limit,
        max_form_parts=MOST_FILES + 1 + _SPARE_PARTS,
        silent=False,
    )
    _, _, files = parser.parse_from_environ(environ)
    return list(files.items(multi=True))


def _file_part(file: FileStorage) -> FilePart:
    name = plain_name(file.filename or "") or plain_name(file.name or "") or "file"
    return FilePart(name, file.mimetype or "application/octet-stream", cast(BinaryIO, file.stream))


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
