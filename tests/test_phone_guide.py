"""The pages that show the phone's screens show every picture that was taken, and no other."""

from __future__ import annotations

import re

import pytest

from server.config import ROOT

PICTURES = ROOT / "docs" / "pictures" / "phone"
LARGEST = 3_000_000  # bytes of all of them


@pytest.mark.parametrize(("page", "language"), [("PHONE.md", "en"), ("PHONE.zh-CN.md", "zh")])
def test_the_page_shows_every_screen_in_its_language(page: str, language: str) -> None:
    shown = re.findall(r"\]\(pictures/phone/([^)]+)\)", (ROOT / "docs" / page).read_text("utf-8"))
    assert sorted(shown) == sorted(path.name for path in PICTURES.glob(f"*.{language}.webp"))
    assert len(shown) > 30


def test_the_pictures_are_small_enough_to_be_cloned_by_everybody() -> None:
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < LARGEST
