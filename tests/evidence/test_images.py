"""What comes of each kind of file: copies of the good, a named reason for the others, never an exception."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.config import ROOT
from server.evidence.darkroom import Darkroom
from server.evidence.file_report import limits_of_today, report
from server.evidence.findings import TEXTS, Finding, in_words
from server.evidence.formats import end_of, foreign_kind
from server.evidence.images import PIXELS, Derived, Order, derive
from tests.evidence.pictures import (
    WHERE,
    bomb,
    encoded,
    endless_exif,
    exif,
    heic,
    jpeg,
    jpeg_bomb,
    noisy,
    polyglot,
    scene,
    with_exif_garbage,
)

REAL = Path(os.environ.get("RUHU_SHARED", ROOT.parent / "shared")) / "data" / "photos"


def made(folder: Path, content: bytes, labelled: str = "image/jpeg") -> Derived:
    source = folder / "source"
    source.write_bytes(content)
    return derive(Order(source, labelled, {edge: folder / f"{edge}.jpg" for edge in (1280, 320)}))


def codes(derived: Derived) -> list[str]:
    return [finding.code for finding in derived.findings]


def test_a_good_photo_gets_two_copies_and_no_remark(tmp_path: Path) -> None:
    derived = made(tmp_path, jpeg(exif=exif()))
    assert (derived.state, derived.format, derived.width, derived.height) == ("ready", "jpeg", 1600, 1200)
    assert derived.findings == []
    for edge, size in ((1280, (1280, 960)), (320, (320, 240))):
        with Image.open(tmp_path / f"{edge}.jpg") as copy:
            assert (copy.format, copy.size) == ("JPEG", size)
            assert not copy.getexif()  # positions and serial numbers do not travel with copies


def test_a_small_photo_is_not_blown_up(tmp_path: Path) -> None:
    made(tmp_path, jpeg(scene(200, 100)))
    with Image.open(tmp_path / "1280.jpg") as copy:
        assert copy.size == (200, 100)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_copies_stand_upright(tmp_path: Path, orientation: int) -> None:
    """The camera wrote the scene turned; both copies show the red corner at the upper left again."""
    turned = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    written = scene() if turned is None else scene().transpose(turned)
    derived = made(tmp_path, jpeg(written, exif(orientation)))
    assert (derived.width, derived.height) == (1600, 1200)
    for edge in (1280, 320):
        with Image.open(tmp_path / f"{edge}.jpg") as copy:
            red, green, blue = copy.getpixel((20, 20))  # type: ignore[misc]
            assert copy.size == (edge, edge * 3 // 4)
            assert red > 180 and green < 80 and blue < 80


def test_exif_tells_place_time_and_camera(tmp_path: Path) -> None:
    read = made(tmp_path, jpeg(exif=exif())).exif
    assert (read["lon"], read["lat"]) == pytest.approx(WHERE, abs=1e-6)
    assert (read["make"], read["model"], read["altitude_m"]) == ("Ruhu", "T1", 512.5)
    assert (read["taken_at"], read["offset"]) == ("2026-11-20T09:15:30", "+08:00")
    json.dumps(read)


FORMATS = [("PNG", "image/png", "png"), ("WEBP", "image/webp", "webp"), ("MPO", "image/jpeg", "jpeg")]


@pytest.mark.parametrize(("format", "labelled", "kind"), FORMATS)
def test_other_photo_formats_are_shown_too(tmp_path: Path, format: str, labelled: str, kind: str) -> None:
    options = {"save_all": True, "append_images": [scene(640, 480)]} if format == "MPO" else {}
    derived = made(tmp_path, encoded(format, **options), labelled)
    assert (derived.state, derived.format, codes(derived)) == ("ready", kind, [])


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "CMYK", "I;16"])
def test_every_colour_mode_becomes_a_copy(tmp_path: Path, mode: str) -> None:
    format, labelled = ("JPEG", "image/jpeg") if mode == "CMYK" else ("PNG", "image/png")
    derived = made(tmp_path, encoded(format, scene().convert("L" if mode == "I;16" else mode).convert(mode)), labelled)
    assert derived.state == "ready"


def test_deep_grey_keeps_its_brightness(tmp_path: Path) -> None:
    made(tmp_path, encoded("PNG", Image.new("I;16", (400, 300), 32768)), "image/png")
    with Image.open(tmp_path / "320.jpg") as copy:
        assert copy.getpixel((9, 9)) == pytest.approx((128, 128, 128), abs=2)


@pytest.mark.parametrize("labelled", ["image/heic", "image/heif"])
def test_a_heic_is_shown_like_any_photo(tmp_path: Path, labelled: str) -> None:
    derived = made(tmp_path, heic(exif=exif()), labelled)
    assert (derived.state, derived.format, codes(derived), len(derived.hashes)) == ("ready", "heic", [], 7)
    assert (derived.width, derived.height) == (400, 300)
    assert (derived.exif["lon"], derived.exif["lat"]) == pytest.approx(WHERE, abs=1e-6)
    assert derived.exif["taken_at"] == "2026-11-20T09:15:30"
    with Image.open(tmp_path / "320.jpg") as copy:
        assert (copy.format, copy.size) == ("JPEG", (320, 240)) and not copy.getexif()


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("dated", [True, False])
def test_a_heic_is_turned_once(tmp_path: Path, orientation: int, dated: bool) -> None:
    """Its turn stands in EXIF and in the picture's own marks; the second reader of EXIF knows of no marks."""
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    time = "2026:11:20 09:15:30" if dated else ""
    turned = heic(scene(400, 300).transpose(turn), exif(orientation, gps=False, time=time))
    derived = made(tmp_path, turned, "image/heic")
    assert (derived.width, derived.height) == (400, 300)
    with Image.open(tmp_path / "320.jpg") as copy:
        red, green, blue = copy.getpixel((20, 20))  # type: ignore[misc]
        assert copy.size == (320, 240) and red > 180 and green < 80 and blue < 80


def test_of_several_pictures_in_one_file_the_first_is_shown(tmp_path: Path) -> None:
    several = encoded("MPO", save_all=True, append_images=[Image.new("RGB", (640, 480))])
    assert made(tmp_path, several).hashes == made(tmp_path, jpeg(quality=75)).hashes


def test_a_heic_of_too_many_pixels_is_not_opened(tmp_path: Path) -> None:
    content = heic()
    at = content.index(b"ispe") + 8
    huge = content[:at] + (60_000).to_bytes(4, "big") * 2 + content[at + 8 :]
    derived = made(tmp_path, huge, "image/heic")
    assert derived.state == "unreadable" and {"photo.too_many_pixels", "photo.damaged"} & set(codes(derived))


BAD = {
    "nothing": (b"", "photo.empty"),
    "text": (b"This is not a photo at all.\n" * 50, "photo.not_an_image"),
    "page": (b"<!doctype html><script>alert(1)</script>", "photo.not_an_image"),
    "pdf": (b"%PDF-1.7\n" + b"x" * 500, "photo.not_an_image"),
    "film": (b"\0\0\0\x18ftypmp42" + b"\0" * 500, "photo.not_an_image"),
    "heic": (b"\0\0\0\x18ftypheic" + b"\0" * 500, "photo.damaged"),
    "head only": (jpeg()[:200], "photo.truncated"),
    "half heic": (heic()[:-400], "photo.truncated"),
    "half": (jpeg(noisy(800, 600))[:100_000], "photo.truncated"),
    "half png": (encoded("PNG", noisy(300, 300))[:50_000], "photo.truncated"),
    "half webp": (encoded("WEBP", noisy(300, 300))[:10_000], "photo.truncated"),
    "marker and rubbish": (b"\xff\xd8\xff\xe0" + b"rubbish" * 300, "photo.truncated"),
    "broken head": (encoded("PNG").replace(b"IHDR\0", b"IHDR\1"), "photo.damaged"),
    "bomb": (bomb(), "photo.too_many_pixels"),
    "jpeg bomb": (jpeg_bomb(), "photo.too_many_pixels"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_its_reason_and_no_copy(tmp_path: Path, name: str) -> None:
    content, code = BAD[name]
    derived = made(tmp_path, content)
    assert derived.state == "unreadable"
    assert code in codes(derived)
    assert not list(tmp_path.glob("*.jpg"))


def test_a_bomb_is_measured_against_its_limit(tmp_path: Path) -> None:
    finding = made(tmp_path, bomb(), "image/png").findings[0]
    assert (finding.value, finding.limit) == (2_500_000_000, PIXELS)


def test_a_mislabelled_photo_is_shown_and_remarked(tmp_path: Path) -> None:
    derived = made(tmp_path, encoded("PNG"), "image/jpeg")
    (finding,) = derived.findings
    assert derived.state == "ready"
    assert (finding.code, finding.value, finding.limit) == ("photo.mislabelled", "image/png", "image/jpeg")
    assert made(tmp_path, jpeg(), "image/jpg").findings == []


def test_a_photo_that_is_an_archive_too_is_remarked_and_its_copies_are_clean(tmp_path: Path) -> None:
    derived = made(tmp_path, polyglot())
    assert derived.state == "ready"
    assert codes(derived) == ["photo.other_content", "photo.trailing_bytes"]
    assert b"<script>" in polyglot() or b"page.html" in polyglot()
    for edge in (1280, 320):
        copy = (tmp_path / f"{edge}.jpg").read_bytes()
        assert b"page.html" not in copy and b"PK\x03\x04" not in copy


def test_a_page_behind_a_photo_is_named(tmp_path: Path) -> None:
    derived = made(tmp_path, jpeg() + b"<html><script>alert(1)</script></html>" * 3)
    assert derived.findings[0].value == "text/html"


def test_a_motion_photo_is_ordinary(tmp_path: Path) -> None:
    """Phones put a short film behind the picture: information, nothing foreign."""
    derived = made(tmp_path, jpeg() + b"\0\0\0\x18ftypmp42" + bytes(range(255)) * 200)
    assert derived.state == "ready"
    assert "photo.other_content" not in codes(derived)


def test_broken_exif_never_blocks_a_photo(tmp_path: Path) -> None:
    derived = made(tmp_path, with_exif_garbage())
    assert derived.state == "ready"
    json.dumps(derived.as_json())


def test_a_record_without_end_costs_seconds_and_never_the_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty-five thousand entries of three megabytes each: minutes of work for whoever believes them."""
    monkeypatch.setattr("server.evidence.exif.SECONDS", 0.3)
    started = time.process_time()
    derived = made(tmp_path, endless_exif())
    assert derived.state == "ready" and codes(derived) == ["photo.trailing_bytes", "photo.exif_unreadable"]
    assert time.process_time() - started < 10


@pytest.mark.parametrize("time", ["0000:00:00 00:00:00", "    ", "9999:99:99 99:99:99", "2026-11-20", "\0\0\0\0"])
def test_a_camera_without_a_clock_tells_no_time(tmp_path: Path, time: str) -> None:
    read = made(tmp_path, jpeg(exif=exif(time=time, gps=False))).exif
    assert "taken_at" not in read or datetime.fromisoformat(read["taken_at"])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 4000))
def test_any_damage_is_a_finding_or_a_photo(tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, at: int) -> None:
    """Rubbish written anywhere into a photo: an answer that can be stored, never an exception."""
    content = bytearray(jpeg(scene(120, 90), exif()))
    content[at : at + len(rubbish)] = rubbish
    derived = made(tmp_path_factory.mktemp("damage"), bytes(content))
    assert derived.state == "ready" or derived.findings
    assert json.loads(json.dumps(derived.as_json(), allow_nan=False))
    assert all(in_words(finding.as_json())["message"]["zh"] for finding in derived.findings)


ACCUSING = ("造假", "作弊", "伪造", "欺骗", "fake", "fraud", "forg", "cheat", "lie ", "suspici", "manipulat")


@pytest.mark.parametrize("code", TEXTS)
def test_a_finding_says_what_was_measured_and_accuses_nobody(code: str) -> None:
    message = in_words(Finding(code, "warn", 12345, 678).as_json())["message"]
    assert "{" not in message["zh"] + message["en"]
    assert not [word for word in ACCUSING if word in (message["zh"] + message["en"]).lower()]


def test_the_end_of_a_photo_is_found_in_spite_of_thumbnails_inside(tmp_path: Path) -> None:
    content = jpeg(exif=exif())
    inner = jpeg(scene(40, 30))
    segment = b"\xff\xe2" + (len(inner) + 2).to_bytes(2, "big") + inner
    nested = content[:2] + segment + content[2:]
    assert end_of(nested, "image/jpeg") == len(nested)
    assert end_of(nested + b"tail", "image/jpeg") == len(nested)
    assert end_of(nested[:-2], "image/jpeg") is None
    assert foreign_kind(b"xx%PDF-1.4") == "application/pdf"


def test_the_program_that_an_editor_names_beside_the_record_is_read(tmp_path: Path) -> None:
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><xmp:CreatorTool>Some Editor 3</xmp:CreatorTool></x:xmpmeta>"
    plain = jpeg(scene(200, 150))
    segment = b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp
    assert made(tmp_path, plain[:2] + segment + plain[2:]).exif["software"] == "Some Editor 3"
    assert "software" not in made(tmp_path, plain).exif


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared photos are not here")
def test_real_photos_pass_with_the_right_reasons(tmp_path: Path) -> None:
    """Four with positions of a camera, three whose record is broken and one that were saved by editors."""
    paths = sorted(REAL.glob("*.jpg"))
    limits = limits_of_today(ROOT / "form_definitions" / "policies")
    with Darkroom() as room:
        found = {path.name: report(room, path, limits) for path in paths}
    told = {name: {one["code"] for one in photo["findings"]} for name, photo in found.items()}
    camera = {name for name, photo in found.items() if "gps" in photo["exif"]}
    assert camera == {"DSCN0010.jpg", "DSCN0012.jpg", "DSCN0021.jpg", "DSCN0042.jpg"}
    for name in camera:
        assert found[name]["exif"]["make"] == "NIKON" and found[name]["exif"]["time"].startswith("2008-10-22T1")
        assert told[name] == {"LOWRES"}, name
    assert found["DSCN0010.jpg"]["exif"]["gps"]["lat"] == pytest.approx(43.4674, abs=1e-3)
    edited = {name: photo["exif"]["software"] for name, photo in found.items() if name not in camera}
    assert edited.pop("Canon_40D_photoshop_import.jpg").startswith("GIMP")
    assert len(edited) == 3 and all(tool.startswith("Adobe Fireworks") for tool in edited.values())
    assert all(told[name] == {"NO_EXIF", "SOFTWARE", "LOWRES"} for name in set(found) - camera)
    assert all(len(photo["hashes"]) == 7 for photo in found.values())
