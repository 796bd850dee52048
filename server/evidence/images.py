"""Opens a photo that nobody trusts and makes its two small copies. PURE but for the files it is given.

Runs in a process of its own with limits on memory and time (server/evidence/child.py). Copies are re-encoded, turned
upright and carry no EXIF, so they are safe to show; the original is only ever downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import PIL.WebPImagePlugin  # noqa: F401  (registers WebP; otherwise Pillow loads all its plugins)
from PIL import Image

from server.evidence.dhash import hashes_of
from server.evidence.exif import Exif, read_exif
from server.evidence.findings import Finding
from server.evidence.formats import MEDIA_TYPES, OTHER_NAMES, end_of, foreign_kind, media_type_of

SIZES = (1280, 320)
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")  # nothing else is opened; a JPEG with several pictures comes back as MPO
PIXELS = 100_000_000
ORDINARY_TRAILER = 64  # bytes of padding that writers leave
QUALITY = 82
LABEL_LENGTH = 100

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Order:
    """A photo to derive: its file, the media type it was labelled with, where copies go (long edge px → path)."""

    source: Path
    labelled: str
    targets: dict[int, Path]


@dataclass
class Derived:
    """What came of it. `state`: ready or unreadable; sizes in pixels, upright; `hashes`, `plain`: dhash.Hashes."""

    state: str = "unreadable"
    format: str | None = None
    width: int | None = None
    height: int | None = None
    exif: Exif = field(default_factory=dict)
    hashes: list[str] = field(default_factory=list)
    plain: bool = False
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "findings": [finding.as_json() for finding in self.findings]}


def derive(order: Order) -> Derived:
    """Verifies the photo and writes its copies; every failure of the file is a finding, not an exception."""
    content = order.source.read_bytes()
    kind = media_type_of(content[:32])
    made = Derived()
    if not content:
        made.findings.append(Finding("photo.empty", "fail", 0))
    elif kind is None or kind not in MEDIA_TYPES.values():
        made.findings.append(Finding("photo.not_an_image", "fail", kind or "unknown"))
    else:
        _open(order, content, kind, made)
    return made


def _open(order: Order, content: bytes, kind: str, made: Derived) -> None:
    made.findings.extend(_remarks(order, content, kind))
    try:
        if kind == "image/heic":
            _allow_heif()
        _decode(order, made)
    except MemoryError:
        made.findings.append(Finding("photo.too_costly", "fail"))
    # Decoders raise anything on crafted bytes; here that is the answer, and the process is expendable.
    except Exception as error:
        made.findings.append(_failure(error, content, kind))
    if made.format is None:  # it was never opened, but its record may be read
        _note_exif(None, order, made)


def _allow_heif() -> None:
    """Loaded for the first such photo only. One thread: a thread's stack counts against the limit of memory."""
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener(thumbnails=False)


def _failure(error: Exception, content: bytes, kind: str) -> Finding:
    if "truncated" in str(error).lower() or end_of(content, kind) is None:
        return Finding("photo.truncated", "fail", len(content))
    return Finding("photo.damaged", "fail", type(error).__name__)


def _remarks(order: Order, content: bytes, kind: str) -> list[Finding]:
    """Findings that do not keep a photo from being shown."""
    found = []
    if order.labelled.startswith("image/") and OTHER_NAMES.get(order.labelled, order.labelled) != kind:
        found.append(Finding("photo.mislabelled", "warn", kind, order.labelled[:LABEL_LENGTH]))
    behind = content[end_of(content, kind) or len(content) :].strip(b"\0")
    if foreign := foreign_kind(behind):
        found.append(Finding("photo.other_content", "warn", foreign))
    if len(behind) > ORDINARY_TRAILER:
        found.append(Finding("photo.trailing_bytes", "info", len(behind), ORDINARY_TRAILER))
    return found


def _decode(order: Order, made: Derived) -> None:
    Image.MAX_IMAGE_PIXELS = None  # our own limit below says by how much
    with Image.open(order.source, formats=FORMATS) as image:
        made.format = MEDIA_TYPES[image.format or "JPEG"].removeprefix("image/")
        pixels = image.width * image.height
        if pixels > PIXELS:
            made.findings.append(Finding("photo.too_many_pixels", "fail", pixels, PIXELS))
            _note_exif(None, order, made)
            return
        _note_exif(image, order, made)  # of a PNG this opens the picture
        if image.format == "HEIF":  # its decoder turns it, by a mark outside EXIF
            made.exif.pop("orientation", None)
        turn = _TURNS.get(made.exif.get("orientation", 1))
        size = image.size if turn is None or made.exif["orientation"] < 5 else image.size[::-1]
        found = hashes_of(_write_copies(image, turn, order.targets))
        made.hashes, made.plain = found.as_hex(), found.plain
        made.width, made.height, made.state = size[0], size[1], "ready"


def _note_exif(image: Image.Image | None, order: Order, made: Derived) -> None:
    made.exif, clean = read_exif(image, order.source)
    if not clean:
        made.findings.append(Finding("photo.exif_unreadable", "info"))


def _write_copies(image: Image.Image, turn: Image.Transpose | None, targets: dict[int, Path]) -> Image.Image:
    """All copies in one decode: the largest first, each smaller one from it. Never larger than the photo.

    Answers the smallest.
    """
    scale = max(targets) / max(image.size)
    image.draft(None, (round(image.width * scale) or 1, round(image.height * scale) or 1))
    copy = _flat(image)
    for edge in sorted(targets, reverse=True):
        # Lanczos is a little sharper and takes twice the time.
        copy.thumbnail((edge, edge), Image.Resampling.HAMMING, reducing_gap=None)
        upright = copy if turn is None else copy.transpose(turn)  # FLIP_LEFT_RIGHT is 0
        upright.save(targets[edge], "JPEG", quality=QUALITY)
    return upright


def _flat(image: Image.Image) -> Image.Image:
    """RGB, what is see-through on white; the first frame."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        seen = image.convert("RGBA")
        ground = Image.new("RGB", seen.size, "white")
        ground.paste(seen, mask=seen.getchannel("A"))
        return ground
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    return image.convert("RGB")
