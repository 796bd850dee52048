"""Everything that a browser keeps in its profile folder, also what it packs: who steals a phone can unpack it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cramjam import snappy

TABLE_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"  # magic number at the end of a LevelDB table
GZIP = b"\x1f\x8b\x08"
FOOTER = 48  # bytes at a table's end
PACKED = 1
# Bytes of what is looked for: four stand in any megabytes of sealed bytes by chance.
LEAST = 6
# Files and values; strings in values of IndexedDB; its keys and names.
CODES = ("utf-8", "utf-16-le", "utf-16-be")


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _block(raw: bytes, offset: int, size: int) -> bytes:
    content = raw[offset : offset + size]
    return bytes(snappy.decompress_raw(content)) if raw[offset + size] == PACKED else content


def _handles(index: bytes) -> Iterator[tuple[int, int]]:
    """Offset and size of each block that an index block names (LevelDB's table format)."""
    restarts = int.from_bytes(index[-4:], "little")
    at, end = 0, len(index) - 4 - 4 * restarts
    while at < end:
        _shared, at = _varint(index, at)
        own, at = _varint(index, at)
        _size, at = _varint(index, at)
        at += own
        offset, at = _varint(index, at)
        size, at = _varint(index, at)
        yield offset, size


def blocks_of_table(raw: bytes) -> Iterator[bytes]:
    """Blocks of a LevelDB table (IndexedDB, Local Storage), unpacked; nothing of other files."""
    if not raw.endswith(TABLE_END):
        return
    footer = raw[-FOOTER:]
    _offset, at = _varint(footer, 0)
    _size, at = _varint(footer, at)
    offset, at = _varint(footer, at)
    size, at = _varint(footer, at)
    for handle in _handles(_block(raw, offset, size)):
        yield _block(raw, *handle)


def unzipped(raw: bytes) -> Iterator[bytes]:
    """What lies in the file as gzip: answers in the HTTP cache and in Cache Storage."""
    at = raw.find(GZIP)
    while at >= 0:
        with suppress(zlib.error):  # three bytes that looked like one
            yield zlib.decompressobj(31).decompress(raw[at:])
        at = raw.find(GZIP, at + 1)


def readable(path: Path) -> Iterator[bytes]:
    """The file as it lies there, then everything packed in it."""
    raw = path.read_bytes()
    yield raw
    yield from blocks_of_table(raw)
    yield from unzipped(raw)


def files_with(folder: Path, *wanted: str | bytes) -> list[str]:
    """Files below `folder` that hold one of the texts, in any of the codes of a browser's own files, or bytes."""
    sought: set[bytes] = set()
    for one in wanted:
        found = {one} if isinstance(one, bytes) else {one.encode(code) for code in CODES}
        sought |= {piece for piece in found if len(piece) >= LEAST}
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(piece in part for part in readable(path) for piece in sought)]
