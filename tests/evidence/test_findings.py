"""What is said of a photo: whole sentences in both languages, with the punctuation of each."""

from __future__ import annotations

import re

import pytest

from server.errors import CATALOGUE
from server.evidence.checks import Position, Shot, check
from server.evidence.findings import TEXTS, UNMEASURED, in_words
from tests.evidence.test_checks import LIMITS

CHINESE = "[\u3400-\u9fff]"
# An ASCII comma, semicolon, colon or parenthesis at a Chinese letter or at a value within the sentence.
HALF_WIDTH = re.compile(rf"(?:{CHINESE}|[}}）”]) ?[,;:(!?]|[,;:)!?] ?{CHINESE}")
SAID = {**TEXTS, **{f"{code} unmeasured": texts for code, texts in UNMEASURED.items()}}


@pytest.mark.parametrize("code", SAID)
def test_a_chinese_sentence_has_chinese_punctuation(code: str) -> None:
    zh, en = SAID[code]
    assert not HALF_WIDTH.search(zh), zh
    assert zh.endswith("。")
    assert not re.search(rf"{CHINESE}|[，。；：（）]", en), en


def test_no_problem_tells_chinese_with_western_punctuation() -> None:
    assert [entry.zh for entry in CATALOGUE.values() if HALF_WIDTH.search(entry.zh)] == []


@pytest.mark.parametrize("zh", ["差 37 位,界限 40 位", "照片很像(差 37 位)", "{value} 米,界限"])
def test_half_width_punctuation_is_seen(zh: str) -> None:
    """Proves that the two tests above can fail."""
    assert HALF_WIDTH.search(zh)


@pytest.mark.parametrize("shot", [Shot(jumped=True), Shot(fix=Position(108.3, 26.2), same_spot=2)])
def test_where_nothing_was_measured_no_empty_number_stands(shot: Shot) -> None:
    told = [in_words(one.as_json()) for one in check(shot, LIMITS)]
    messages = [one["message"] for one in told if one["value"] is None]
    assert {one["code"] for one in told} & {"CLOCK", "ACC_ZERO"}
    assert not any(re.search(r" ?- ", text) for message in messages for text in message.values())
