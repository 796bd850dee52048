"""Photos are found again after what happens to them on their way, and different photos are not taken for one."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from server.cli import main
from server.evidence import bands
from server.evidence.dhash import NEAR, SAME, VARIANTS, Hashes, compare, hashes_of, verdict_of
from tests.evidence.copies import Change, brighter, cropped, scene, stamped, twice, wechat

COUNT = 24


CHANGES: dict[str, tuple[Change, float]] = {
    "wechat": (wechat, 1.0),
    "twice": (twice, 1.0),
    "stamp": (stamped, 0.95),
    "stamp and wechat": (lambda picture: wechat(stamped(picture)), 0.95),
    "brighter": (brighter, 0.95),
    "grey": (lambda picture: picture.convert("L"), 1.0),
    "5 % centre": (cropped(0.025, 0.025, 0.025, 0.025), 1.0),
    "8 % centre": (cropped(0.04, 0.04, 0.04, 0.04), 0.95),
    "10 % centre": (cropped(0.05, 0.05, 0.05, 0.05), 1.0),
    "5 % of one side": (cropped(0.05, 0, 0, 0), 0.95),
    "7 % of the bottom": (cropped(0, 0, 0, 0.07), 1.0),
    "stamp, then 5 % centre": (lambda picture: cropped(0.025, 0.025, 0.025, 0.025)(stamped(picture)), 0.9),
}


@pytest.fixture(scope="module")
def scenes() -> list[Image.Image]:
    return [scene(seed) for seed in range(COUNT)]


@pytest.fixture(scope="module")
def known(scenes: list[Image.Image]) -> list[Hashes]:
    return [hashes_of(picture) for picture in scenes]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_photo_is_found_again(change: str, scenes: list[Image.Image], known: list[Hashes]) -> None:
    """The shares are those of field.md's robustness table, on invented scenes."""
    alter, least = CHANGES[change]
    found = [compare(before, hashes_of(alter(picture))).verdict for picture, before in zip(scenes, known, strict=True)]
    assert found.count("same") / len(found) >= least


def test_different_photos_are_never_the_same(known: list[Hashes]) -> None:
    pairs = [compare(one, other) for n, one in enumerate(known) for other in known[:n]]
    assert "same" not in {pair.verdict for pair in pairs}
    assert sum(pair.verdict == "near" for pair in pairs) / len(pairs) < 0.01


def test_a_crop_says_which_variant_met_it(scenes: list[Image.Image], known: list[Hashes]) -> None:
    for name, (left, top, right, bottom) in VARIANTS.items():
        cut = hashes_of(cropped(left, top, 1 - right, 1 - bottom)(scenes[3]))
        assert compare(known[3], cut).variant == name
        assert compare(cut, known[3]).variant == name


@pytest.mark.parametrize("level", [0, 3, 128, 255])
def test_flat_and_dark_photos_are_like_nothing(level: int, scenes: list[Image.Image]) -> None:
    """Two black pictures of two houses have the same hash and show nothing."""
    grain = np.random.default_rng(level).normal(level, 3, (480, 640))
    flat = hashes_of(Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8)))
    other = hashes_of(Image.new("L", (640, 480), level))
    assert flat.plain and other.plain
    assert compare(flat, other).verdict == compare(other, other).verdict == "different"
    night = hashes_of(scenes[0].point(lambda value: value // 40))
    assert night.plain and compare(night, hashes_of(scenes[0])).verdict == "different"


def test_an_ordinary_photo_is_not_plain(known: list[Hashes]) -> None:
    assert not any(one.plain for one in known)


def test_the_limits_are_inclusive() -> None:
    bits = (0, SAME, SAME + 1, NEAR, NEAR + 1, 256)
    assert [verdict_of(n) for n in bits] == ["same", "same", "near", "near", "different", "different"]


@pytest.mark.parametrize(("mode", "size"), [("1", (64, 64)), ("P", (300, 20)), ("RGBA", (20, 300)), ("L", (1, 1))])
def test_any_mode_and_size_has_seven_hashes(mode: str, size: tuple[int, int]) -> None:
    found = hashes_of(Image.effect_noise(size, 80).convert(mode))
    assert len(found.as_hex()) == 7 and all(len(text) == 64 for text in found.as_hex())


# --- the commands --------------------------------------------------------------------------------------------


def ruhu(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["photo", *map(str, words)])
    return done.exit_code, done.output


def answer(*words: object) -> Any:
    code, output = ruhu(*words, "--json")
    assert code == 0, output
    return json.loads(output)


def test_two_files_are_compared(tmp_path: Path, scenes: list[Image.Image]) -> None:
    before, after, other = (tmp_path / name for name in ("before.jpg", "after.webp", "other.png"))
    scenes[0].save(before, quality=92)
    wechat(stamped(scenes[0])).save(after)
    scenes[1].save(other)
    found = answer("compare", before, after)
    assert found.keys() == {"verdict", "distance", "variant"}
    assert found["verdict"] == "same" and found["distance"] <= SAME and found["variant"] in VARIANTS
    assert answer("compare", before, other)["verdict"] == "different"
    assert answer("compare", before, before) == {"verdict": "same", "distance": 0, "variant": "full"}
    assert "同一张" in ruhu("compare", before, after)[1]


def test_a_photo_that_lies_on_its_side_is_compared_upright(tmp_path: Path, scenes: list[Image.Image]) -> None:
    """Phones turn nothing: they write how the picture is to be turned."""
    upright, turned = tmp_path / "a.jpg", tmp_path / "b.jpg"
    scenes[2].save(upright, quality=92)
    exif = Image.Exif()
    exif[0x0112] = 6
    scenes[2].transpose(Image.Transpose.ROTATE_90).save(turned, quality=92, exif=exif)
    assert answer("compare", upright, turned)["verdict"] == "same"


def test_what_is_no_photo_cannot_be_compared(tmp_path: Path, scenes: list[Image.Image]) -> None:
    photo, text = tmp_path / "a.jpg", tmp_path / "b.jpg"
    scenes[0].save(photo)
    text.write_text("no photo")
    code, output = ruhu("compare", photo, text)
    assert code == 1 and "inspect" in output


def test_files_are_inspected(tmp_path: Path, scenes: list[Image.Image]) -> None:
    """One object a line, also for what is no photo."""
    photo, dark, empty = (tmp_path / name for name in ("a.jpg", "dark.png", "empty.jpg"))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Maker", "Model 1", "Camera 1.0"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:04 10:24:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (26.0, 30.0, 0.0), 3: "E", 4: (106.0, 42.0, 0.0)})
    scenes[0].save(photo, quality=90, exif=exif)
    Image.new("RGB", (400, 300)).save(dark)
    empty.write_bytes(b"")
    code, output = ruhu("inspect", photo, dark, empty, "--json")
    first, second, third = (json.loads(line) for line in output.splitlines())
    assert code == 0 and [one["file"] for one in (first, second, third)] == [str(photo), str(dark), str(empty)]
    assert (first["type"], first["width"], first["height"]) == ("image/jpeg", 1200, 900)
    assert first["exif"] == {
        "time": "2026-05-04T10:24:00", "gps": {"lat": 26.5, "lon": 106.7}, "make": "Maker", "model": "Model 1",
        "software": "Camera 1.0",
    }  # fmt: skip
    assert len(first["hashes"]) == 7 and first["findings"] == []
    assert [finding["code"] for finding in second["findings"]] == ["DARK", "NO_EXIF", "SOFTWARE", "LOWRES"]
    assert (third["type"], third["hashes"]) == (None, []) and third["findings"][0]["code"] == "photo.empty"
    assert first["findings"] == [] and set(third["findings"][0]) == {"code", "level", "value", "limit"}
    assert "photo.empty" not in ruhu("inspect", empty)[1] and "空" in ruhu("inspect", empty)[1]


# --- what is found by its bands ------------------------------------------------------------------------------


def bits_away(dice: random.Random, value: int, distance: int) -> int:
    return value ^ sum(1 << at for at in dice.sample(range(256), distance))


def meet(asked: Hashes, kept: dict[int, Hashes]) -> list[int]:
    """Numbers of the photos that the index gives for this one."""
    found: dict[int, bytes] = {}
    for number, one in kept.items():
        for band, entry in bands.stored(one, number).items():
            found[band] = found.get(band, b"") + entry
    probed = bands.probes(asked)
    names = set(probed.bands.tolist())
    return bands.met(probed, [(band, photos) for band, photos in found.items() if band in names], 100)


def test_no_whole_within_forty_bits_is_missed() -> None:
    """A pair that meets in no band differs in 41 bits at least: also where the bits lie as they please an enemy."""
    dice = random.Random(3)
    value = dice.getrandbits(256)
    kept = {n: Hashes((bits_away(dice, value, 40), *(dice.getrandbits(256) for _ in range(6)))) for n in range(60)}
    kept[99] = Hashes(tuple(dice.getrandbits(256) for _ in range(7)))
    asked = Hashes((value, *(dice.getrandbits(256) for _ in range(6))))
    assert set(meet(asked, kept)) >= set(range(60))


@pytest.mark.parametrize("variant", range(1, 7))
def test_a_crop_meets_its_whole_from_both_sides(variant: int) -> None:
    dice = random.Random(variant)
    values = [dice.getrandbits(256) for _ in range(7)]
    other = [dice.getrandbits(256) for _ in range(7)]
    crop = Hashes((bits_away(dice, values[variant], 31), *other[1:]))
    assert meet(crop, {7: Hashes(tuple(values))}) == [7]
    assert meet(Hashes(tuple(values)), {7: crop}) == [7]


def test_a_photo_leaves_its_bands_without_a_trace_and_others_stay() -> None:
    dice = random.Random(1)
    one, other = (Hashes(tuple(dice.getrandbits(256) for _ in range(7))) for _ in range(2))
    for band, entry in bands.stored(one, 1).items():
        assert bands.without(entry, 1) == b""
        assert bands.without(entry + bands.stored(other, 2).get(band, b""), 2) == entry
