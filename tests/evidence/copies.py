"""Invented scenes, and what happens to a photo on its way: sent by chat, stamped, cropped, made brighter."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Change = Callable[[Image.Image], Image.Image]


def scene(seed: int, size: tuple[int, int] = (1200, 900)) -> Image.Image:
    """An invented place: sky, hills, a house with door and windows, and what lies about."""
    dice = random.Random(seed)
    wide, high = size
    picture = Image.new("RGB", size, tuple(dice.randrange(120, 230) for _ in range(3)))
    draw = ImageDraw.Draw(picture)
    for _ in range(dice.randrange(3, 7)):
        x, y = dice.randrange(-200, wide), dice.randrange(high // 4, high)
        draw.ellipse([x, y, x + dice.randrange(300, 1500), y + dice.randrange(200, 900)], fill=shade(dice))
    for _ in range(dice.randrange(3, 8)):
        x, y = dice.randrange(wide - 200), dice.randrange(high - 200)
        draw.rectangle([x, y, x + dice.randrange(80, 700), y + dice.randrange(80, 600)], fill=shade(dice))
    for _ in range(dice.randrange(20, 60)):
        x, y, r = dice.randrange(wide), dice.randrange(high), dice.randrange(8, 90)
        draw.polygon([(x, y - r), (x + r, y + r), (x - r, y + r // 2)], fill=shade(dice))
    grain = np.random.default_rng(seed).normal(0, 9, (high, wide, 1))
    noisy = np.clip(np.asarray(picture, dtype=np.float64) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(noisy).filter(ImageFilter.GaussianBlur(1))


def shade(dice: random.Random) -> tuple[int, int, int]:
    return (dice.randrange(20, 240), dice.randrange(20, 240), dice.randrange(20, 240))


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue()))


def wechat(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((1280, 1280))
    return jpeg(small, 70)


def twice(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((960, 960))
    return wechat(jpeg(small, 50))


def stamped(picture: Image.Image) -> Image.Image:
    """A box of four lines in the lower left, 48 % × 25 %, as watermark cameras draw it."""
    copy = picture.copy()
    draw = ImageDraw.Draw(copy, "RGBA")
    wide, high = copy.size
    top = int(high * 0.73)
    draw.rectangle([0, top, int(wide * 0.48), int(high * 0.98)], fill=(0, 0, 0, 90))
    for line in range(4):
        draw.text((20, top + 20 + line * high * 0.058), "2026-11-22 10:24  village 99.12", fill="white", font_size=48)
    return copy


def cropped(*margins: float) -> Change:
    """Takes off shares at left, top, right and bottom."""
    left, top, right, bottom = margins

    def cut(picture: Image.Image) -> Image.Image:
        wide, high = picture.size
        return picture.crop((int(left * wide), int(top * high), int((1 - right) * wide), int((1 - bottom) * high)))

    return cut


def brighter(picture: Image.Image) -> Image.Image:
    return picture.point(lambda value: min(255, int(value * 1.25)))
