"""Generated photos for tests: good ones with EXIF, and every kind of bad one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pillow_heif
from PIL import ExifTags, Image

GPS = {1: "N", 2: (26.0, 12.0, 0.36), 3: "E", 4: (108.0, 6.0, 0.36), 5: b"\x00", 6: 512.5}
WHERE = (108.1001, 26.2001)


def scene(width: int = 1600, height: int = 1200) -> Image.Image:
    """Sky over ground, red in the upper left corner, so that upright can be told."""
    image = Image.new("RGB", (width, height), (120, 170, 230))
    image.paste((90, 120, 60), (0, height // 2, width, height))
    image.paste((220, 20, 20), (0, 0, width // 4, height // 4))
    return image


def noisy(width: int, height: int) -> Image.Image:
    """Detail as a camera makes it, so that sizes and times are those of photos."""
    grain = Image.effect_noise((width, height), 40)
    return Image.merge("RGB", (grain, grain.transpose(Image.Transpose.ROTATE_180), grain))


def jpeg(image: Image.Image | None = None, exif: Image.Exif | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    (image or scene()).save(out, "JPEG", exif=exif or Image.Exif(), **{"quality": 90, **options})
    return out.getvalue()


def encoded(format: str, image: Image.Image | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    (image or scene()).save(out, format, **options)
    return out.getvalue()


def heic(image: Image.Image | None = None, exif: Image.Exif | None = None) -> bytes:
    """As phones of one maker write them; small, because the coder takes its time."""
    out = io.BytesIO()
    pillow_heif.register_heif_opener()
    given = {"exif": exif.tobytes()} if exif else {}
    (image or scene(400, 300)).save(out, "HEIF", quality=70, **given)
    return out.getvalue()


def exif(
    orientation: int = 1, gps: bool = True, time: str = "2026:11:20 09:15:30", offset: str = "+08:00"
) -> Image.Exif:
    made = Image.Exif()
    made[ExifTags.Base.Make], made[ExifTags.Base.Model] = "Ruhu", "T1"
    made[ExifTags.Base.Orientation] = orientation
    detail = made.get_ifd(ExifTags.IFD.Exif)
    detail[ExifTags.Base.DateTimeOriginal] = time
    if offset:
        detail[ExifTags.Base.OffsetTimeOriginal] = offset
    if gps:
        made.get_ifd(ExifTags.IFD.GPSInfo).update(GPS)
    return made


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few kilobytes whose picture would need gigabytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def jpeg_bomb() -> bytes:
    """A small JPEG whose header claims 65,000 x 65,000 pixels."""
    content = bytearray(jpeg(scene(16, 16)))
    start = content.index(b"\xff\xc0") + 5
    content[start : start + 4] = struct.pack(">HH", 65_000, 65_000)
    return bytes(content)


def polyglot() -> bytes:
    """A photo that is a ZIP archive too."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("page.html", "<script>alert(1)</script>" * 20)
    return jpeg() + out.getvalue()


def with_exif_garbage() -> bytes:
    """A good picture whose EXIF segment is nonsense behind a right beginning."""
    plain = jpeg()
    nonsense = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(range(256)) * 4
    segment = b"\xff\xe1" + struct.pack(">H", len(nonsense) + 2) + nonsense
    return plain[:2] + segment + plain[2:]


def endless_exif() -> bytes:
    """A small photo whose shooting record names the megabytes behind it tens of thousands of times."""
    plain, size = jpeg(scene(120, 90)), 3_000_000
    first = len(plain) + 8  # counted from the record's own beginning, 12 bytes into the file
    record = b"Exif\0\0MM\0*" + struct.pack(">I", first)
    entries = struct.pack(">HHII", 0x010E, 2, size, first + 2 + 12 * 0xFFFF) * 0xFFFF
    photo = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(record) + 2) + record + plain[2:]
    return photo.ljust(first + 12, b"\0") + struct.pack(">H", 0xFFFF) + entries + b"A" * size
