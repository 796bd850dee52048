"""What changed between two versions, told before anybody publishes: what breaks, why, and what to do."""

from __future__ import annotations

import pytest

from server.forms.compile import compile_form
from server.forms.diff import Change, form_changes
from server.forms.diff_words import _BREAKS, _WORDS
from server.forms.model import FormModel
from tests.forms.samples import visit_model

# ruff: noqa: E501 - rows of tables
FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to | relevant | constraint | required | calculation | bind::ruhu:slot |
| | select_one_from_file household.csv | household | 农户 | Household | | | | | | |
| | text | head_name | 户主姓名 | Name of the head | household#head_name | | | | | |
| | select_one grade | grade | 房屋等级 | Grade of the house | household#house_grade | | | | | |
| | select_one why | reason | 原因 | Reason | | | | | | |
| | integer | days | 缺水天数 | Days without water | household#water_shortage_days | ${reason} != '' | . >= 0 | | | |
| | calculate | twice | | | | | | | ${days} * 2 | |
| | image | front | 正面照 | Front | | | | | | house_front |
| | begin_group | more | 更多 | More | | | | | | |
| | text | note_a | 备注 | Note | | | | | | |
| | end_group | | | | | | | | | |
| | begin_repeat | person | 人 | Person | | | | | | |
| | integer | age | 年龄 | Age | | | | | | |
| | end_repeat | | | | | | | | | |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | grade | A | A级 | A |
| | grade | B | B级 | B |
| | why | dry | 天旱 | Drought |
| | why | pipe | 水管坏 | Broken pipe |
| settings |
| | form_id | version | form_title | namespaces | attribute::ruhu:about |
| | drift | 1 | 变化 / Drift | ruhu="https://ruhu.example/xforms" | household |
| entities |
| | list_name | label | entity_id | update_if |
| | household | ${head_name} | ${household} | true() |
"""


def _model(text: str) -> FormModel:
    return FormModel.from_xform(compile_form(text.encode(), "form.md").xform)


def _changes(*swaps: tuple[str, str]) -> list[Change]:
    text = FORM
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new)
    return list(form_changes(_model(FORM), _model(text)))


def _kinds(*swaps: tuple[str, str]) -> list[tuple[str, str]]:
    return [(change.kind, change.breaks) for change in _changes(*swaps)]


def test_nothing_changed_is_nothing_told() -> None:
    assert _changes() == []
    assert form_changes(visit_model(), visit_model()) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("| | image | front |", "| | text | extra | 新问题 | New | | | | | | |\n| | image | front |",
         [("question_added", "none")]),
        ("| | text | note_a | 备注 | Note | | | | | | |\n", "| | note | n | 看 | Look | | | | | | |\n",
         [("question_removed", "series")]),
        ("| | integer | days | 缺水天数 | Days without water | household#water_shortage_days | ${reason} != '' | . >= 0 |"
         " | | |\n| | calculate | twice | | | | | | | ${days} * 2 | |\n", "", [("question_removed", "series")]),
        ("note_a", "note_b", [("question_renamed", "series")]),
        ("| integer | age |", "| decimal | age |", [("type_widened", "none")]),
        ("| integer | age |", "| date | age |", [("type_changed", "series")]),
        ("| text | head_name |", "| integer | head_name |", [("type_changed", "records")]),
        ("| | grade | B | B级 | B |\n", "", [("choices_removed", "records")]),
        ("| | why | pipe | 水管坏 | Broken pipe |\n", "", [("choices_removed", "series")]),
        ("| | why | pipe |", "| | why | cut | 停水 | Cut off |\n| | why | pipe |", [("choices_added", "none")]),
        ("水管坏", "水管漏", [("choices_relabelled", "none")]),
        (". >= 0 | |", ". >= 0 | yes |", [("made_required", "drafts")]),
        (". >= 0", ". >= 1", [("constraint_changed", "none")]),
        ("${reason} != ''", "${reason} = 'dry'", [("relevance_changed", "none")]),
        ("${days} * 2", "${days} * 3", [("calculation_changed", "series")]),
        ("household#house_grade", "household#water_grade", [("save_to_changed", "records")]),
        ("| reason | 原因 | Reason | |", "| reason | 原因 | Reason | household#cause |", [("save_to_added", "none")]),
        ("缺水天数", "缺水多少天", [("label_changed", "none")]),
        ("house_front", "house_back", [("slot_changed", "series")]),
        ("变化 / Drift", "变动 / Drift", [("title_changed", "none")]),
        ("| household |\n| entities", "| region |\n| entities", [("setting_changed", "none")]),
    ],
)  # fmt: skip
def test_a_change_is_named_with_what_it_breaks(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert _kinds((old, new)) == expected
    for change in _changes((old, new)):
        assert change.why["zh"] and change.why["en"] and (change.fix["zh"] or change.breaks == "none")


def test_a_question_that_leaves_a_repeat_no_longer_compares() -> None:
    """One answer a person and one a household are two series, though the question kept its name."""
    moved = _changes(
        ("| | integer | age | 年龄 | Age | | | | | | |\n", "| | text | name | 名 | Name | | | | | | |\n"),
        ("| | text | note_a", "| | integer | age | 年龄 | Age | | | | | | |\n| | text | note_a"),
    )
    assert [change.kind for change in moved] == ["question_moved", "question_added"]
    assert moved[0].breaks == "series" and "循环" in moved[0].why["zh"]
    assert (moved[0].old, moved[0].new) == ("/data/person/age", "/data/more/age")


def test_a_repeat_that_becomes_a_group_is_told() -> None:
    (change,) = _changes(
        ("begin_repeat | person", "begin_group | person"), ("| | end_repeat |", "| | end_group |")
    )
    assert (change.kind, change.breaks, change.path) == ("question_moved", "series", "/data/person/age")


def test_a_rename_of_a_saved_property_asks_for_a_migration() -> None:
    old = "| head_name | 户主姓名 | Name of the head | household#head_name"
    change = _changes((old, "| chief | 户主姓名 | Head | household#chief"), ("${head_name}", "${chief}"))[0]
    assert (change.old, change.new) == ("household#head_name", "household#chief")
    assert "rename" in change.fix["en"] and "migrations" in change.fix["zh"]


def test_media_are_compared_by_content() -> None:
    model = _model(FORM)
    before, after = {"a.png": "1", "b.csv": "1", "c.csv": "1"}, {"b.csv": "1", "c.csv": "2", "d": "1"}
    found = form_changes(model, model, before, after)
    assert [(change.kind, change.path) for change in found] == [
        ("media_removed", "a.png"), ("media_changed", "c.csv"), ("media_added", "d"),
    ]  # fmt: skip


def test_what_breaks_always_says_what_to_do() -> None:
    for word in _BREAKS:
        assert all(_WORDS[word]), word
