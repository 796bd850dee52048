"""Answers become tables: repeats as child tables, versions united, dangerous cells made harmless, secrets kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forms.instance import parse_instance
from server.forms.sensitivity import levels_of
from server.reports.answered import Reader
from server.reports.cells import as_number, plain_cell, safe, sheet_cell, typed
from server.reports.layout import tables_of
from tests.forms.samples import datasets, visit_model
from tests.reports.county import FORM, SECOND, instance, model


def test_versions_are_united_in_form_order_and_repeats_are_child_tables() -> None:
    """What only the old version has stands where it stood; what the new one brought stands where it stands now."""
    main, person, job = tables_of([model(FORM), model(SECOND)])
    names = [column.name for column in main.columns]
    assert names == [
        "household", "head_name", "water-days", "water-income", "water-source", "grade", "helps", "place-lat",
        "place-lon", "place-altitude_m", "place-accuracy_m", "secret", "copy", "verdict", "rooms", "remark",
    ]  # fmt: skip
    assert [(t.name, t.above, [c.name for c in t.columns]) for t in (person, job)] == [
        ("person", "/data", ["name"]), ("job", "/data/person", ["pay"]),
    ]  # fmt: skip


def test_rows_of_repeats_name_the_row_above() -> None:
    xml = instance({"people": [("小明", [1, 2]), ("小红", [])]}, instance_id="uuid:1")
    lines = list(Reader(model(FORM), datasets()).lines(parse_instance(xml), "clear"))
    assert [(line.table, line.key, line.above) for line in lines] == [
        ("/data", "uuid:1", None),
        ("/data/person", "uuid:1/person[1]", "uuid:1"),
        ("/data/person/job", "uuid:1/person[1]/job[1]", "uuid:1/person[1]"),
        ("/data/person/job", "uuid:1/person[1]/job[2]", "uuid:1/person[1]"),
        ("/data/person", "uuid:1/person[2]", "uuid:1"),
    ]
    assert lines[2].cells["pay"].value == "1"


def test_every_answer_finds_a_column() -> None:
    """No cell of our largest form is written to a column that its table lacks."""
    form = visit_model()
    columns = {table.path: {column.name for column in table.columns} for table in tables_of([form])}
    for question in form.questions:
        if question.type != "note":
            assert any(question.name in "-".join(names) for names in columns.values())
    for path in form.repeats:
        assert path in columns


def test_what_is_worked_out_of_a_secret_is_a_secret() -> None:
    """A calculation that repeats an ID number would carry it past the mask."""
    levels = levels_of(model(FORM), datasets())
    assert levels["/data/secret"].sensitivity == "sensitive"
    assert levels["/data/copy"].sensitivity == "sensitive"
    assert levels["/data/verdict"].sensitivity == "public", "its author says otherwise"
    assert levels["/data/head_name"].is_name


@pytest.mark.parametrize("seen", ["clear", "audit"])
def test_sensitive_values_are_never_written_out(seen: str) -> None:
    xml = instance({"secret": "11010519491231002X", "copy": "x11010519491231002X", "remark": "11010519491231002X"})
    reader = Reader(model(FORM), datasets())
    (line,) = reader.lines(parse_instance(xml), seen)  # type: ignore[arg-type]
    tree, masked = reader.typed(parse_instance(xml), seen)  # type: ignore[arg-type]
    for name in ("secret", "copy"):
        assert "19491231" not in str(line.cells[name]) and "19491231" not in str(tree[name])
    assert {"/data/secret", "/data/copy"} <= set(masked)
    assert ("王大山" in str(tree)) == (seen == "clear"), "personal values are for those who work there"


@pytest.mark.parametrize("text", ["=1+1", "+8613900001111", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_text_that_would_be_a_formula_is_made_harmless(text: str) -> None:
    assert safe(text) == f"'{text}" and plain_cell(text, "string").startswith("'")
    assert str(sheet_cell(text, "string")).startswith("'")


def test_numbers_stay_numbers() -> None:
    """-5 degrees is no formula; an integer question with a text in it is a text."""
    assert plain_cell("-5", "int") == "-5" and sheet_cell("-12.50", "decimal") == Decimal("-12.5")
    assert plain_cell("-5", "string") == "'-5" and plain_cell("=5", "int") == "'=5"
    assert as_number("1e99", "decimal") is None and as_number("１２", "int") == 12


@given(st.text(), st.sampled_from(["string", "int", "decimal", "geopoint", "select_multiple"]))
def test_no_answer_starts_a_formula(text: str, type: str) -> None:
    plain, cell = plain_cell(text, type), sheet_cell(text, type)
    assert not plain.startswith(("=", "+", "@", "\t", "\r")) and not (plain.startswith("-") and type == "string")
    assert isinstance(cell, Decimal) or not (cell or "").startswith(("=", "+", "@", "\t", "\r", "-"))


@pytest.mark.parametrize(
    ("value", "type", "expected"),
    [
        ("7", "int", 7), ("7.0", "int", 7), ("x", "int", "x"), ("12.50", "decimal", "12.5"), (None, "int", None),
        ("b a", "select_multiple", ["b", "a"]), ("2026-1-2", "date", "2026-01-02"), ("A", "select_one", "A"),
        ("26.2 108.1", "geopoint", {"lat": "26.2", "lon": "108.1", "altitude_m": None, "accuracy_m": None}),
    ],
)  # fmt: skip
def test_json_has_types(value: str | None, type: str, expected: object) -> None:
    assert typed(value, type) == expected
