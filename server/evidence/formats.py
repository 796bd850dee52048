"""Which kind of file the first bytes are, and what hides behind a photo's end. PURE."""

from __future__ import annotations

import re

# Pillow's names of what is shown, and what they are on the wire.
MEDIA_TYPES = {
    "JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic",
}  # fmt: skip
OTHER_NAMES = {"image/jpg": "image/jpeg", "image/heif": "image/heic"}

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"%PDF", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-executable"),
)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx")

# What has no business behind a photo. Motion photos (MP4) and makers' trailers are ordinary.
_FOREIGN = (
    (b"PK\x03\x04", "application/zip"),
    (b"%PDF-", "application/pdf"),
    (b"<script", "text/html"),
    (b"<html", "text/html"),
    (b"<?php", "text/x-php"),
    (b"\x7fELF", "application/x-executable"),
)
# In coded JPEG data FF is followed by 00 or a restart mark; anything else is the next segment.
_MARK = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_START, _END = b"\xff\xd8", 0xD9


def media_type_of(head: bytes) -> str | None:
    """Media type by the first 32 bytes; None when no kind that we know begins so."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in _HEIC_BRANDS else "video/mp4"
    if head.lstrip()[:1] == b"<":
        return "text/html"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def end_of(content: bytes, media_type: str) -> int | None:
    """Where the photo ends, in bytes from the start; None when its end is missing. Further pictures of a
    multi-picture JPEG count as part of it; formats whose end we do not read end with the file."""
    if media_type == "image/jpeg":
        end = _jpeg_end(content, 0)
        while end is not None and content.startswith(_START, end):
            end = _jpeg_end(content, end) or len(content)
        return end
    if media_type == "image/png":
        return _png_end(content)
    if media_type == "image/webp":
        end = 8 + int.from_bytes(content[4:8], "little")
        return end if end <= len(content) else None
    if media_type == "image/heic":
        return _heic_end(content)
    return len(content)


def _heic_end(content: bytes) -> int | None:
    """Behind the last whole box; a name of four letters makes a box, anything else is something else."""
    at = 0
    while at + 8 <= len(content) and content[at + 4 : at + 8].isalnum():
        size, head = int.from_bytes(content[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        if size == 0:
            return len(content)
        if size < head or at + size > len(content):
            return None
        at += size
    return at


def _jpeg_end(content: bytes, start: int) -> int | None:
    """Walks the segments from the start mark; lengths are jumped over, coded data is searched."""
    at = start + 2
    while found := _MARK.search(content, at):
        mark = found.group()[1]
        if mark == _END:
            return found.end()
        length = int.from_bytes(content[found.end() : found.end() + 2], "big")
        at = found.end() + length
        if at >= len(content):
            return None
    return None


def _png_end(content: bytes) -> int | None:
    at = 8
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return at
    return None


def foreign_kind(behind: bytes) -> str | None:
    """A kind of file in what follows a photo: zip, PDF, page, program."""
    lower = behind.lower()
    return next((kind for magic, kind in _FOREIGN if magic.lower() in lower), None)
