"""Photos that say what is wrong with them: invented scenes and textures, used honestly and in every other way.

Each has the reasons that it must be given, and those that it may. What is not named must not be told.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageDraw, ImageFilter

from server.geo.datum import GCJ02, from_wgs84
from tests.evidence.copies import Change, brighter, cropped, scene, stamped, twice, wechat

SIZE = (1200, 900)
START = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
BETWEEN = timedelta(minutes=40)  # from one visit to the next
HOUSE = (108.30, 26.20)
METRE = 1 / 110_800  # degrees of latitude
CENTRE_5 = cropped(0.025, 0.025, 0.025, 0.025)

Content = Callable[[datetime], bytes]

# How a photo is used again, and the share that must be found as the same: the measured shares of real photos.
AGAIN: Mapping[str, tuple[Change, float]] = {
    "as it is, saved anew": (lambda picture: picture, 1.0),
    "recompressed (1280 px, q70)": (wechat, 1.0),
    "recompressed twice": (twice, 1.0),
    "stamped": (stamped, 1.0),
    "stamped, recompressed": (lambda picture: wechat(stamped(picture)), 1.0),
    "cropped 5 % at the centre": (CENTRE_5, 1.0),
    "cropped 10 % at the centre": (cropped(0.05, 0.05, 0.05, 0.05), 1.0),
    "stamped, cropped 5 %": (lambda picture: CENTRE_5(stamped(picture)), 1.0),
    "cropped 5 % at one side": (cropped(0, 0, 0.05, 0), 0.99),
    "cropped 10 % at one side, the left": (cropped(0.1, 0, 0, 0), 0.68),
    "brighter": (brighter, 0.98),
    "grey": (lambda picture: picture.convert("L"), 0.98),
    "rotated by 2 degrees": (lambda picture: _turned(picture, 2), 0.89),
    "rotated by 90 degrees": (lambda picture: picture.transpose(Image.Transpose.ROTATE_90), 0.0),
    "mirrored": (lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.0),
}


@dataclass(frozen=True)
class Case:
    """One visit with one photo. `kind`: what was done; `must`, `may`: codes; `house`: number of the household.

    `content`: the file, given the moment of the shutter; `capture`, `clock`: what differs from an honest record;
    `after`: since the visit before; `phone`: which of the worker's phones.
    """

    kind: str
    content: Content
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    house: int = 0
    capture: Mapping[str, Any] = field(default_factory=dict)
    clock: Mapping[str, Any] = field(default_factory=dict)
    after: timedelta = BETWEEN
    phone: str = "old"
    moved: tuple[float, float] = (0.0, 0.0)  # metres east and north of the house


def house(number: int) -> tuple[float, float]:
    """Longitude and latitude: a grid of 80 m, so that the way from any to any other can be walked."""
    return HOUSE[0] + number % 20 * 80 * METRE, HOUSE[1] + number // 20 * 80 * METRE


def cases(seed: int, each: int) -> Iterator[Case]:
    """`each` photos of every kind; those that are used again come twice, half of them the copy first."""
    dice, number = random.Random(seed), 0
    for turn in range(each):
        for kind, make in _ONCE.items():
            number += 1
            yield from (_placed(case, kind, number) for case in make(dice, _picture(dice), number))
        for kind, (change, _) in AGAIN.items():
            original = _picture(dice)
            pair = [_plain(original), _plain(change(original), 80 + turn % 15)]
            for content in pair if turn % 2 else reversed(pair):
                number += 1
                yield Case(kind, content, must=frozenset({"DUP_NEAR"}), may=_QUIET, house=number)


Make = Callable[[random.Random, Image.Image, int], Iterator[Case]]
_QUIET = frozenset({"LOWRES"})  # said of small copies; it weighs nothing
_EITHER = frozenset({"SPEED", "ACC_ZERO"})  # between two visits: it is enough when the later one is told


def _placed(case: Case, kind: str, number: int) -> Case:
    return Case(**{**vars(case), "kind": kind, "house": number})


def _picture(dice: random.Random) -> Image.Image:
    made = scene(dice.randrange(10**9), SIZE)
    return made if dice.random() < 0.7 else Image.blend(made, _texture(dice.randrange(10**9)), 0.6)


def _texture(seed: int) -> Image.Image:
    """Walls, roofs and thickets: grain of several sizes over each other."""
    grain = np.random.default_rng(seed)
    whole = np.zeros((SIZE[1], SIZE[0], 3))
    for cells in (6, 24, 96):
        layer = Image.fromarray(grain.integers(0, 255, (cells * 3 // 4, cells, 3), dtype=np.uint8).astype(np.uint8))
        whole += np.asarray(layer.resize(SIZE, Image.Resampling.BICUBIC), dtype=float) / 3
    return Image.fromarray(whole.clip(0, 255).astype(np.uint8))


def _turned(picture: Image.Image, degrees: float) -> Image.Image:
    """As an editor straightens a photo: turned, and cut to what has no empty corner."""
    wide, high = picture.size
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC)
    return turned.crop((round(wide * 0.03), round(high * 0.04), round(wide * 0.97), round(high * 0.96)))


def _plain(picture: Image.Image, quality: int = 92) -> Content:
    """A file without a shooting record, as the page's own camera writes it."""
    made = _jpeg(picture, quality)
    return lambda at: made


def _jpeg(picture: Image.Image, quality: int = 92, **tags: Any) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality, exif=_exif(**tags) if tags else Image.Exif())
    return out.getvalue()


def _exif(taken: datetime | None = None, software: str = "", where: tuple[float, float] | None = None) -> Image.Exif:
    made = Image.Exif()
    made[ExifTags.Base.Make], made[ExifTags.Base.Model] = "Ruhu", "T1"
    if software:
        made[ExifTags.Base.Software] = software
    if taken:
        detail = made.get_ifd(ExifTags.IFD.Exif)
        detail[ExifTags.Base.DateTimeOriginal] = (taken + timedelta(hours=8)).strftime("%Y:%m:%d %H:%M:%S")
        detail[ExifTags.Base.OffsetTimeOriginal] = "+08:00"
    if where:
        lon, lat = (((int(v), int(v * 60 % 60), v * 3600 % 60)) for v in where)
        made.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: lat, 3: "E", 4: lon})
    return made


def _one(*must: str, **how: Any) -> Make:
    def make(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
        yield Case("", _plain(picture), must=frozenset(must), **how)

    return make


def _written(must: str, hours: float = 0, **tags: Any) -> Make:
    """With a shooting record of a camera; `hours` older than the visit, for which it was picked then."""
    source = "gallery" if hours else "live"

    def make(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
        def content(at: datetime) -> bytes:
            return _jpeg(picture, taken=at - timedelta(hours=hours), **tags)

        yield Case("", content, must=frozenset({must} - {""}), capture={"source": source})

    return make


def _wrong_datum(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
    lon, lat = house(number)
    shown = [float(part) for part in from_wgs84(lon, lat, GCJ02)]
    moved = ((shown[0] - lon) / METRE, (shown[1] - lat) / METRE)
    yield Case("", _plain(picture), must=frozenset({"DATUM", "DIST_HH"}), moved=moved)


def _screenshot(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
    screen = Image.new("RGB", (1080, 2340), (250, 250, 250))
    screen.paste(picture.resize((1080, 810)), (0, 700))
    ImageDraw.Draw(screen).rectangle([0, 0, 1080, 90], fill=(20, 20, 20))
    out = io.BytesIO()
    screen.save(out, "PNG", compress_level=1)
    yield Case("", lambda at: out.getvalue(), must=frozenset({"SOFTWARE", "NO_EXIF"}), capture={"source": "gallery"})


def _burst(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
    """Twice the same view within seconds, as anybody does who is not sure of the first."""
    yield Case("", _plain(picture))
    yield Case("", _plain(picture.filter(ImageFilter.GaussianBlur(1)), 88), after=timedelta(seconds=4))


def _twice_exact(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
    content = _plain(picture)
    for _ in range(2):
        yield Case("", content, must=frozenset({"DUP_EXACT"}))


def _same_spot(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
    """A mock provider gives one place for ever: the second visit stands exactly where the first did."""
    for seed in range(2):
        content = _plain(_picture(dice) if seed else picture)
        must, may = (frozenset({"ACC_ZERO"}), frozenset()) if seed else (frozenset(), _EITHER)
        yield Case("", content, must=must, may=may, capture={"pinned": True})


def _far_and_back(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
    """Forty kilometres within ten minutes."""
    yield Case("", _plain(picture), may=_EITHER, after=timedelta(days=1))
    must = frozenset({"SPEED", "DIST_HH"})
    yield Case("", _plain(_picture(dice)), must=must, after=timedelta(minutes=10), moved=(0, 40_000))


def _changed_record(dice: random.Random, picture: Image.Image, number: int) -> Iterator[Case]:
    yield Case("", _plain(picture), must=frozenset({"CHAIN"}), capture={"changed": True})


_HOUR_OFF = {"server_time_seen": "2026-11-01T01:00:00Z", "device_time_then": "2026-11-01T02:00:00Z", "jumped": False}
_ONCE: Mapping[str, Make] = {
    "honest": _one(),
    "honest, a camera's record": _written(""),
    "honest, vague by 60 m": _one(capture={"accuracy_m": 60}, moved=(80, 0)),
    "honest, the house next door": _one(moved=(35, 30)),
    "honest burst": _burst,
    "honest, no place": _one(capture={"no_fix": True}),
    "used again as it is": _twice_exact,
    "old (two months)": _written("EXIF_TIME", 1500),
    "old (two hours)": _written("EXIF_TIME", 2),
    "moved by 150 m": _one("DIST_HH", moved=(150, 0)),
    "moved by 2 km": _one("DIST_HH", moved=(1500, 1400)),
    "wrong datum": _wrong_datum,
    "own place elsewhere": _written("EXIF_GPS", where=(108.6, 26.3)),
    "wrong clock (an hour)": _one("CLOCK", clock=_HOUR_OFF),
    "clock set meanwhile": _one("CLOCK", clock={"jumped": True}),
    "mock-like: no error": _one("ACC_ZERO", capture={"accuracy_m": 0}),
    "mock-like: one spot": _same_spot,
    "too fast": _far_and_back,
    "vague place": _one("ACC_LOW", capture={"accuracy_m": 800}),
    "stale fix": _one("FIX_STALE", capture={"fix_age_s": 900}),
    "screenshot": _screenshot,
    "edited": _written("SOFTWARE", software="Adobe Photoshop 25.0"),
    "dark": lambda dice, picture, number: iter([
        Case("", _plain(picture.point(lambda value: value // 40)), must=frozenset({"DARK"}))
    ]),
    "small": lambda dice, picture, number: iter([
        Case("", _plain(picture.resize((640, 480))), must=frozenset({"LOWRES"}))
    ]),
    "new phone": _one("DEV_NEW", phone="new"),
    "record changed after the seal": _changed_record,
}  # fmt: skip
