"""Draws the demo's photos: houses, cracks, taps and wells. Pure; the same seed gives the same bytes.

Nobody and no real place is on them. A camera app's photo carries time and position in its EXIF part.
"""

from __future__ import annotations

import io
import random
from datetime import datetime
from fractions import Fraction

from PIL import Image, ImageDraw, ImageFilter
from PIL.ExifTags import GPS, IFD, Base

SIZE = (1280, 960)
TAKEN = (1060, 795)
GROUND = 640  # height of the horizon of the yard, pixels from the top
Colour = tuple[int, int, int]
WALLS: dict[str, tuple[Colour, ...]] = {
    "masonry": ((224, 214, 196), (201, 190, 178), (183, 106, 84)),
    "concrete": ((214, 216, 214), (236, 234, 228)),
    "wood": ((150, 104, 66), (124, 84, 54)),
    "stone": ((150, 148, 142),),
    "steel": ((170, 186, 198),),
    "earth": ((190, 152, 104), (176, 138, 92)),
}


# Words in the names of photo slots that say what is seen; anything else is the house.
WATERS = ("water", "tap", "source", "cover")
CRACKS = ("danger", "foundation", "walls", "frame", "roof", "secondary", "damage", "before")
PAPERS = ("notice", "attendance", "certificate", "report", "consent", "bills", "evidence", "plate")


def draw(slot: str, structure: str, water: str, seed: int) -> Image.Image:
    """A picture for a photo slot of a house of this structure and this kind of water supply."""
    throw = random.Random(seed)  # noqa: S311 - no secret depends on it
    if any(word in slot for word in WATERS):
        picture = _water(throw, water)
    elif any(word in slot for word in CRACKS):
        picture = _crack(throw, structure)
    elif any(word in slot for word in PAPERS):
        picture = _paper(throw)
    else:
        picture = _house(throw, structure, back=slot == "house_back")
    return _as_taken(picture, throw)


def jpeg(picture: Image.Image, taken: datetime, place: tuple[float, float] | None) -> bytes:
    """The file; with EXIF when `place` (longitude, latitude) is given."""
    out = io.BytesIO()
    if place is None:
        picture.save(out, "JPEG", quality=80)
    else:
        picture.save(out, "JPEG", quality=80, exif=_exif(taken, place))
    return out.getvalue()


def _exif(taken: datetime, place: tuple[float, float]) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Demo", "Demo phone"
    stamp = f"{taken:%Y:%m:%d %H:%M:%S}"
    exif[Base.DateTime] = stamp
    exif.get_ifd(IFD.Exif).update({Base.DateTimeOriginal: stamp, Base.OffsetTimeOriginal: f"{taken:%z}"[:3] + ":00"})
    lon, lat = place
    exif.get_ifd(IFD.GPSInfo).update({
        GPS.GPSVersionID: b"\x02\x03\x00\x00",
        GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: _degrees(lat),
        GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: _degrees(lon),
    })  # fmt: skip
    return exif


def _degrees(value: float) -> tuple[Fraction, Fraction, Fraction]:
    minutes = Fraction(round(value * 1_000_000), 1_000_000) * 60
    whole = int(minutes)
    return Fraction(whole // 60), Fraction(whole % 60), (minutes - whole) * 60


def _yard(throw: random.Random) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Sky, hills and a yard."""
    top, low = (118, 158, 205), (222, 232, 238)
    if throw.random() < 0.35:
        top, low = (176, 184, 190), (214, 216, 214)
    sky = Image.new("RGB", (1, 2))
    sky.putpixel((0, 0), top)
    sky.putpixel((0, 1), low)
    picture = sky.resize(SIZE, Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(picture)
    for depth in range(3):
        shade = (96 - 14 * depth, 128 - 10 * depth, 104 - 20 * depth)
        height = 380 + 80 * depth
        ridge = [(x, height + throw.randint(-60, 30)) for x in range(-80, SIZE[0] + 160, 130)]
        pen.polygon([*ridge, (SIZE[0] + 200, GROUND), (-100, GROUND)], fill=shade)
    pen.rectangle((0, GROUND, *SIZE), fill=throw.choice([(170, 166, 158), (164, 146, 118), (150, 154, 130)]))
    return picture, pen


def _house(throw: random.Random, structure: str, back: bool) -> Image.Image:
    picture, pen = _yard(throw)
    wall = throw.choice(WALLS.get(structure, WALLS["masonry"]))
    floors = 2 if structure in ("masonry", "concrete") and throw.random() < 0.55 else 1
    width, storey = throw.randint(560, 800), throw.randint(170, 210)
    left, base = (SIZE[0] - width) // 2 + throw.randint(-70, 70), GROUND + 90
    top = base - floors * storey
    pen.rectangle((left, top, left + width, base), fill=wall, outline=_darker(wall, 0.6))
    _courses(pen, throw, (left, top, left + width, base), wall, structure)
    _roof(pen, throw, left, top, width, flat=structure == "concrete" and floors == 2)
    bays = throw.choice((3, 4, 5))
    for floor in range(floors):
        for bay in range(bays):
            x, y = left + (bay + 0.5) * width / bays, base - floor * storey
            if floor == 0 and bay == bays // 2 and not back:
                _door(pen, throw, x, y, storey)
            elif not back or throw.random() < 0.4:
                _window(pen, x, y - storey * 0.42, storey * 0.36)
    _tree(pen, throw, throw.choice((left - 110, left + width + 90)), base + 30)
    return picture


def _courses(
    pen: ImageDraw.ImageDraw, throw: random.Random, box: tuple[int, int, int, int], wall: Colour, structure: str
) -> None:
    """Bricks, boards or layers of earth."""
    step = {"wood": 26, "earth": 58, "stone": 40}.get(structure, 22)
    left, top, right, base = box
    if structure == "wood":
        for x in range(left, right, step):
            pen.line((x, top, x, base), fill=_darker(wall, 0.82), width=2)
        return
    for y in range(top, base, step):
        pen.line((left, y, right, y), fill=_darker(wall, 0.93), width=2)
        if structure in ("stone", "masonry"):
            for x in range(left + throw.randint(0, 40), right, 52):
                pen.line((x, y, x, min(base, y + step)), fill=_darker(wall, 0.94), width=1)


def _roof(pen: ImageDraw.ImageDraw, throw: random.Random, left: int, top: int, width: int, flat: bool) -> None:
    colour = throw.choice([(86, 88, 92), (122, 70, 58), (104, 96, 88)])
    if flat:
        pen.rectangle((left - 16, top - 26, left + width + 16, top), fill=_darker((210, 208, 204), 0.9))
        return
    rise = throw.randint(90, 140)
    pen.polygon(
        [(left - 40, top + 6), (left + 70, top - rise), (left + width - 70, top - rise), (left + width + 40, top + 6)],
        fill=colour,
    )
    for x in range(left - 20, left + width + 20, 24):
        lean = (x - left - width / 2) * 0.16
        pen.line((x, top + 4, x - lean, top - rise + 4), fill=_darker(colour, 0.86), width=2)


def _door(pen: ImageDraw.ImageDraw, throw: random.Random, x: float, y: float, storey: int) -> None:
    colour = throw.choice([(120, 40, 34), (98, 66, 42), (70, 84, 96)])
    height = storey * 0.72
    pen.rectangle((x - 46, y - height, x + 46, y), fill=colour, outline=_darker(colour, 0.6), width=4)
    pen.line((x, y - height, x, y), fill=_darker(colour, 0.6), width=3)
    for side in (-1, 1):  # red paper couplets
        pen.rectangle((x + side * 60 - 9, y - height, x + side * 60 + 9, y - 20), fill=(196, 40, 36))


def _window(pen: ImageDraw.ImageDraw, x: float, y: float, half: float) -> None:
    frame, low, high = (240, 240, 236), y + half * 0.8, y - half * 0.8
    pen.rectangle((x - half, high, x + half, low), fill=(74, 96, 112), outline=frame, width=5)
    pen.line((x, high, x, low), fill=frame, width=4)


def _tree(pen: ImageDraw.ImageDraw, throw: random.Random, x: int, base: int) -> None:
    pen.rectangle((x - 9, base - 150, x + 9, base), fill=(92, 70, 50))
    for _ in range(7):
        cx, cy, size = x + throw.randint(-60, 60), base - 190 + throw.randint(-60, 50), throw.randint(40, 70)
        pen.ellipse((cx - size, cy - size, cx + size, cy + size), fill=(52 + throw.randint(0, 30), 98, 60))


def _crack(throw: random.Random, structure: str) -> Image.Image:
    """A wall from near, with a crack from top to bottom."""
    wall = throw.choice(WALLS.get(structure, WALLS["earth"]))
    picture = Image.new("RGB", SIZE, wall)
    pen = ImageDraw.Draw(picture)
    _courses(pen, throw, (0, 0, *SIZE), wall, structure)
    x, points = throw.randint(420, 860), []
    for y in range(-20, SIZE[1] + 40, 36):
        x += throw.randint(-34, 34)
        points.append((x, y))
    for width, shade in ((22, 0.75), (12, 0.4), (5, 0.2)):
        pen.line(points, fill=_darker(wall, shade), width=width, joint="curve")
    pen.rectangle((0, SIZE[1] - 70, *SIZE), fill=_darker(wall, 0.6))
    return picture


def _water(throw: random.Random, mode: str) -> Image.Image:
    """A tap over a basin, or the ring of a well or cistern."""
    picture, pen = _yard(throw)
    if mode in ("well", "cistern", "spring"):
        pen.rectangle((380, 560, 900, 800), fill=(164, 162, 156))
        pen.ellipse((380, 480, 900, 640), fill=(186, 184, 178), outline=(120, 118, 112), width=10)
        pen.ellipse((450, 510, 830, 615), fill=(38, 62, 76))
        return picture
    pen.rectangle((0, 0, SIZE[0], 720), fill=(226, 224, 216))
    for x in range(0, SIZE[0], 120):
        pen.line((x, 0, x, 720), fill=(206, 204, 198), width=3)
    pen.rectangle((600, 180, 640, 470), fill=(150, 154, 158))
    pen.rectangle((560, 270, 800, 306), fill=(176, 180, 184))
    pen.rectangle((770, 290, 800, 372), fill=(160, 164, 168))
    pen.rectangle((640, 220, 720, 244), fill=(178, 44, 40))
    pen.rectangle((778, 372, 792, 720), fill=(196, 220, 234))
    pen.rectangle((430, 700, 1010, 860), fill=(140, 146, 150), outline=(104, 110, 114), width=8)
    pen.ellipse((520, 700, 930, 760), fill=(132, 172, 196))
    return picture


def _paper(throw: random.Random) -> Image.Image:
    """A sheet on a board: lines that nobody can read."""
    picture = Image.new("RGB", SIZE, throw.choice([(150, 120, 84), (112, 128, 120), (166, 166, 160)]))
    pen = ImageDraw.Draw(picture)
    left, top, right, base = 330, 110, 950, 880
    pen.rectangle((left, top, right, base), fill=(246, 244, 236), outline=(180, 176, 166), width=4)
    pen.rectangle((left + 170, top + 50, right - 170, top + 86), fill=(176, 44, 40))
    for y in range(top + 150, base - 120, 44):
        pen.line((left + 60, y, right - throw.randint(60, 260), y), fill=(110, 110, 108), width=6)
    pen.ellipse((right - 210, base - 190, right - 70, base - 50), outline=(196, 60, 54), width=8)
    return picture


def _darker(colour: Colour, share: float) -> Colour:
    red, green, blue = (int(part * share) for part in colour)
    return red, green, blue


def _as_taken(picture: Image.Image, throw: random.Random) -> Image.Image:
    """Grain, a little blur and a crooked hand; the file gets the size of a small camera's."""
    small = picture.resize(TAKEN, Image.Resampling.BILINEAR)
    grain = Image.frombytes("L", (160, 120), throw.randbytes(160 * 120)).resize(TAKEN)
    rough = Image.blend(small, Image.merge("RGB", (grain, grain, grain)), 0.05)
    tilted = rough.rotate(throw.uniform(-1.6, 1.6), Image.Resampling.BILINEAR, fillcolor=rough.getpixel((3, 3)))
    return tilted.filter(ImageFilter.BoxBlur(0.6)).crop((22, 18, TAKEN[0] - 22, TAKEN[1] - 18))
