"""Draws time, place and household on a copy of a photo, for print and for people who expect it.

The drawing proves nothing (anybody can draw); what counts is the sealed record beside the clean original. PURE but
for the files it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from server.evidence.whereabouts import BEIJING

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Where Debian and its kin keep fonts with Chinese letters; the first one found is used.
FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
NAMES = ("NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "uming.ttc")
QUALITY = 85


def watermark_lines(taken_at: datetime | None, place: Mapping[str, Any] | None, names: Sequence[str]) -> list[str]:
    """What to draw: time in Beijing time, coordinates with accuracy as declared, region and household."""
    lines = [taken_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S +08:00")] if taken_at else []
    if place:
        accuracy = f"  ±{place['accuracy_m']} m" if "accuracy_m" in place else ""
        lines.append(f"{place['lon']}, {place['lat']}{accuracy}  {place.get('datum', '')}".rstrip())
    return [*lines, " · ".join(name for name in names if name)] if any(names) else lines


def draw_watermark(source: Path, lines: Sequence[str]) -> bytes:
    """JPEG of the copy with the lines at its lower left, white on a dark strip."""
    with Image.open(source, formats=["JPEG"]) as opened:
        image = opened.convert("RGB")
    height = max(12, image.height // 32)
    font, chinese = _font(height)
    shown = [line for line in (line if chinese else _plain(line) for line in lines) if line]
    step = round(height * 1.4)
    strip = Image.new("RGB", (image.width, step * len(shown) + height), "black")
    top = image.height - strip.height
    if shown and top > 0:
        under = image.crop((0, top, image.width, image.height))
        image.paste(Image.blend(under, strip, 0.55), (0, top))
        pen = ImageDraw.Draw(image)
        for number, line in enumerate(shown):
            pen.text((height // 2, top + height // 2 + step * number), line, fill="white", font=font)
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _plain(line: str) -> str:
    """The part of a line that a font without Chinese can show."""
    return line.encode("ascii", "ignore").decode().strip(" ·")


def _font(height: int) -> tuple[Font, bool]:
    """A font of this height in pixels, and whether it knows Chinese."""
    path = chinese_font()
    return (ImageFont.truetype(path, height), True) if path else (ImageFont.load_default(height), False)


@cache
def chinese_font() -> Path | None:
    """A font file with Chinese letters on this machine, if there is one."""
    found = {path.name: path for folder in FOLDERS for path in folder.rglob("*.[ot]t[cf]")}
    return next((found[name] for name in NAMES if name in found), None)
