"""A photo's own shooting record (EXIF), as far as it can be read. PURE.

Pillow reads first; ExifRead is the tolerant second reader (of 154 real files Pillow refused 49, ExifRead none).
Whatever goes wrong here never blocks a photo: the answer is what could be read and whether something could not.
"""

from __future__ import annotations

import math
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import exifread
from PIL import ExifTags, Image

TEXT_LENGTH = 100
SECONDS = 2.0  # of processor time for each reader; an honest record takes thousandths
XMP_LENGTH = 100_000
_TOOL = re.compile(rb"""CreatorTool\s*(?:>|=\s*["'])([^<"']{1,200})""")
_TIME = re.compile(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}):(\d{2}):(\d{2})")
_OFFSET = re.compile(r"[+-]\d{2}:\d{2}")

Exif = dict[str, Any]


def read_exif(image: Image.Image | None, path: Path) -> tuple[Exif, bool]:
    """Make, model, software, orientation, taken_at, offset, lon, lat, altitude_m, accuracy_m (those that are
    there; degrees WGS-84, metres) and whether reading went without an error."""
    first, clean = _attempt(lambda: _by_pillow(image)) if image else ({}, True)
    if clean and ("lat" in first or "taken_at" in first):
        return first, True
    second, second_clean = _attempt(lambda: _by_exifread(path))
    return second | first, clean and second_clean


def _attempt(read: Callable[[], Exif]) -> tuple[Exif, bool]:
    # Readers raise whatever their parsers trip over (struct.error, KeyError, OverflowError …).
    try:
        with _patience():
            return {key: value for key, value in read().items() if value not in (None, "")}, True
    except (Exception, _Endless):
        return {}, False


class _Endless(BaseException):
    """No Exception: readers catch those and go on."""


@contextmanager
def _patience() -> Iterator[None]:
    """Directories can name megabytes thousands of times over. A photo is not lost to that: only its record is.

    Where signals do not reach (threads), the process around it is the limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPROF, _give_up)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _give_up(*_: object) -> None:
    raise _Endless


def _by_pillow(image: Image.Image | None) -> Exif:
    if image is None:
        return {}
    exif = image.getexif()
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    tags = ExifTags.Base
    return {
        "make": _text(exif.get(tags.Make)),
        "model": _text(exif.get(tags.Model)),
        "software": _text(exif.get(tags.Software)) or _tool(image.info.get("xmp")),
        "orientation": _orientation(exif.get(tags.Orientation)),
        "taken_at": _time(detail.get(tags.DateTimeOriginal)),
        "offset": _offset(detail.get(tags.OffsetTimeOriginal)),
        **_position({ExifTags.GPS(key).name: value for key, value in gps.items() if key in ExifTags.GPSTAGS}),
    }


def _by_exifread(path: Path) -> Exif:
    with path.open("rb") as file:
        tags = exifread.process_file(file, details=False, extract_thumbnail=False)
    gps = {key.removeprefix("GPS "): tags[key].values for key in tags if key.startswith("GPS ")}

    def value(name: str) -> Any:
        found = tags.get(name)
        return found.values if found is not None else None

    turned = value("Image Orientation")
    return {
        "make": _text(value("Image Make")),
        "model": _text(value("Image Model")),
        "software": _text(value("Image Software")),
        "orientation": _orientation(turned[0] if turned else None),
        "taken_at": _time(value("EXIF DateTimeOriginal")),
        "offset": _offset(value("EXIF OffsetTimeOriginal")),
        **_position(gps),
    }


def _position(gps: Mapping[str, Any]) -> Exif:
    """Signed degrees; nothing when one of both is missing, out of range, or both are 0 (no fix)."""
    lat = _degrees(gps.get("GPSLatitude"), gps.get("GPSLatitudeRef"), "S", 90)
    lon = _degrees(gps.get("GPSLongitude"), gps.get("GPSLongitudeRef"), "W", 180)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return {}
    height = _number(gps.get("GPSAltitude"))
    below = gps.get("GPSAltitudeRef") in (b"\x01", 1, [1])
    return {
        "lat": round(lat, 7),
        "lon": round(lon, 7),
        "altitude_m": -height if height is not None and below else height,
        "accuracy_m": _number(gps.get("GPSHPositioningError")),
    }


def _degrees(parts: Any, ref: Any, negative: str, most: int) -> float | None:
    numbers = [_number(part) for part in parts] if isinstance(parts, (tuple, list)) else []
    known = [number for number in numbers if number is not None]
    if len(known) != 3 or len(numbers) != 3:
        return None
    degrees = known[0] + known[1] / 60 + known[2] / 3600
    if not 0 <= degrees <= most:
        return None
    return -degrees if _text(ref).upper().startswith(negative) else degrees


def _number(value: Any) -> float | None:
    """A finite number of a rational, or of a list of one; None for 0/0 and the like."""
    if isinstance(value, (list, tuple)):
        value = value[0] if len(value) == 1 else None
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str:
    """Printable text of bounded length, "" for nothing."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:TEXT_LENGTH]


def _tool(xmp: Any) -> str:
    """The program that an editor names in the XMP beside a record that it dropped."""
    found = _TOOL.search(xmp[:XMP_LENGTH]) if isinstance(xmp, bytes) else None
    return _text(found[1]) if found else ""


def _orientation(value: Any) -> int | None:
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def _time(value: Any) -> str | None:
    """`YYYY-MM-DDTHH:MM:SS` of a wall clock; cameras without a clock write zeros, which is no time."""
    found = _TIME.match(_text(value))
    if found is None or not 2000 <= int(found[1]) <= 2100:
        return None
    year, month, day, hour, minute, second = found.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}"


def _offset(value: Any) -> str | None:
    text = _text(value)
    return text if _OFFSET.fullmatch(text) else None
