"""Frames and plans as people write them: one canonical form, and every mistake told with its place."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import Problem
from server.inspection.frame import Frame
from server.inspection.frame_file import frame_from_bytes, frame_of, read_frame
from server.inspection.plan_file import plan_of, read_plan
from server.inspection.sampling import draw, seed_of

CANONICAL = b'household_id,village,township,kin\n1,A,T,"a,b"\n10,A,T,\n2,B,T,"say ""yes"""\n'
_MESSY = 'township,kin,household_id,village\r\nT,,10,A\r\n\r\nT,"say ""yes""",2,"B"\r\n T ,"a,b","1",A\r\n'


def _read(folder: Path, content: bytes) -> Frame:
    path = folder / "frame.csv"
    path.write_bytes(content)
    return read_frame(path)


def _faults(folder: Path, content: bytes) -> list[str]:
    with pytest.raises(Problem) as raised:
        _read(folder, content)
    assert raised.value.code == "frame.invalid"
    return [f"{one.where} {one.why}" for one in raised.value.faults]


@pytest.mark.parametrize("before", ["", "\ufeff"])
def test_any_order_quotes_line_ends_and_byte_order_mark_give_the_same_bytes(tmp_path: Path, before: str) -> None:
    frame = _read(tmp_path, (before + _MESSY).encode())
    assert b"".join(frame.lines()) == CANONICAL
    assert frame.sha256 == hashlib.sha256(CANONICAL).hexdigest() == frame_from_bytes(CANONICAL).sha256


def test_gb18030_of_excel_is_read_and_told(tmp_path: Path) -> None:
    text = "household_id,village,township\n1,东村,甲镇\n"
    frame = _read(tmp_path, text.encode("gb18030"))
    assert frame.sha256 == _read(tmp_path, text.encode()).sha256
    assert any("GB18030" in note for note in frame.notes)


def test_letters_that_look_the_same_are_the_same_and_so_the_same_household(tmp_path: Path) -> None:
    assert _read(tmp_path, "household_id,village,township\nCafe\u0301,V,T\n".encode()).ids == ["Café"]
    told = _faults(tmp_path, "household_id,village,township\nCafe\u0301,V,T\nCafé,V,T\n".encode())
    assert "line 3" in told[0] and "Café" in told[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "household_id"),
        (b"household_id,village\n1,A\n", "township"),
        (b"household_id,village,township,village\n1,A,T,A\n", "twice"),
        (b"household_id,village,township\n", "no household"),
        (b"household_id,village,township\n1,A\n", "2 cells instead of 3"),
        (b"household_id,village,township\n,A,T\n", "household_id"),
        (b"household_id,village,township\n1,,T\n", "village"),
        (b"household_id,village,township\n1,A,T\n1,B,T\n", "line 3"),
        (b"household_id,village,township\n1,A,T\n\n2,A,T\n1,B,T\n", "line 5"),
        (b"household_id,village,township\n9.9E+11,A,T\n", "9.9E+11"),
        (b'household_id,village,township\n"1\n2",A,T\n', "control character"),
        (b"household_id,village,township\n1\x1f2,A,T\n", "control character"),
        (b'household_id,village,township\n1,"A,T\n', "CSV"),
        ("household_id,village,township\n1,A,T\n".encode("utf-16"), "UTF-8"),
        (b"household_id,village,township\n1,\xff\xff,T\n", "UTF-8"),
        (b"PK\x03\x04rest", "Excel"),
    ],
)
def test_a_frame_that_cannot_be_used_is_told_where_and_why(tmp_path: Path, content: bytes, said: str) -> None:
    assert any(said in one for one in _faults(tmp_path, content)), _faults(tmp_path, content)


def test_all_mistakes_are_told_at_once_up_to_a_limit(tmp_path: Path) -> None:
    header = b"household_id,village,township\n"
    assert len(_faults(tmp_path, header + b"1,A\n2,,T\n3,A,\n")) == 3
    assert len(_faults(tmp_path, header + b"1,A\n" * 500)) == 21


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=6).map(lambda id_: f"é{id_}"),
        st.tuples(st.text('a",；. ', max_size=5).map(lambda text: f"v{text}v"), st.sampled_from(("T", "镇"))),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_canonical_bytes_read_back_as_the_same_frame(rows: dict[str, tuple[str, str]]) -> None:
    try:
        frame = frame_of(("household_id", "village", "township"), [(id_, *place) for id_, place in rows.items()])
    except Problem:
        return  # two ids that are the same text in NFC
    content = b"".join(frame.lines())
    assert b"".join(frame_from_bytes(content).lines()) == content
    assert list(frame.ids) == sorted(frame.ids)


def test_a_partial_plan_is_enough_and_blanks_and_comments_do_not_change_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("# spring\ndesign:  simple\nhouseholds:   {count: 10}\n", "utf-8")
    plan = read_plan(path)
    assert plan == plan_of({"design": "simple", "households": 10, "reserves": 0})
    assert plan.sha256 == plan_of({"households": {"count": "10"}, "design": "simple"}).sha256
    assert plan.sha256 != plan_of({"design": "simple", "households": 11}).sha256
    assert plan_of(plan.canonical()) == plan
    aloud = plan_of({"design": "simple", "households": {"method": "fixed", "count": 10}})
    assert aloud.sha256 == plan.sha256


def test_what_a_design_has_no_use_for_is_left_aside_and_told() -> None:
    plan = plan_of({"design": "simple", "households": 10, "stratum": "township", "villages": {"count": 3}})
    assert plan.stratum is None and plan.villages is None and len(plan.notes) == 2
    assert plan.sha256 == plan_of({"design": "simple", "households": 10}).sha256


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "design"),
        ({"design": "lottery"}, "lottery"),
        ({"design": "simple"}, "households"),
        ({"design": "simple", "households": 10, "seed": 1}, "seed"),
        ({"design": "simple", "households": 0}, "whole number"),
        ({"design": "simple", "households": -5}, "whole number"),
        ({"design": "simple", "households": {"count": "many"}}, "whole number"),
        ({"design": "simple", "households": {"share": "120%"}}, "share"),
        ({"design": "simple", "households": {"share": "1/0"}}, "share"),
        ({"design": "simple", "households": {"count": 3, "share": "10%"}}, "one of"),
        ({"design": "simple", "households": {"count": 3, "method": "proportional"}}, "one of"),
        ({"design": "simple", "households": 5, "reserves": "x"}, "whole number"),
        ({"design": "stratified", "households": 5}, "stratum"),
        ({"design": "stratified", "stratum": "t", "allocation": "neyman", "households": 5}, "spread"),
        (
            {"design": "stratified", "stratum": "t", "allocation": "neyman", "spread": {"a": "-1"}, "households": 5},
            "-1",
        ),
        ({"design": "two_stage", "households": 5}, "villages"),
        ({"design": "two_stage", "villages": {"count": 3, "method": "biggest"}, "households": 5}, "biggest"),
        ({"design": "simple", "households": 5, "always": [{"column": "kin"}]}, "values"),
    ],
)
def test_a_plan_that_cannot_be_is_told_where_and_why(content: dict[str, Any], said: str) -> None:
    with pytest.raises(Problem) as raised:
        plan_of(content)
    assert raised.value.code == "plan.invalid"
    assert any(said in f"{one.where} {one.why}" for one in raised.value.faults), raised.value.faults


def test_a_mistake_of_a_plan_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("design: simple\nhouseholds: {count: 10}\nreserves: some\n", "utf-8")
    with pytest.raises(Problem) as raised:
        read_plan(path)
    assert "plan.yaml line 3" in raised.value.faults[0].where


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"design": "stratified", "stratum": "street", "households": 5}, "street"),
        ({"design": "stratified", "stratum": "township", "households": 1}, "2 strata"),
        ({"design": "stratified", "stratum": "kin", "households": 3}, "no “kin”"),
        ({"design": "two_stage", "villages": 1, "households": 1}, "two townships"),
        ({"design": "census", "always": {"column": "poor", "values": "yes"}}, "poor"),
        (
            {"design": "stratified", "stratum": "township", "allocation": "neyman", "spread": "kin", "households": 3},
            "number",
        ),
    ],
)
def test_a_plan_that_does_not_fit_its_frame_is_refused(plan: dict[str, Any], said: str) -> None:
    rows = [("1", "A", "S", "x"), ("2", "A", "T", ""), ("3", "B", "T", "y")]
    frame = frame_of(("household_id", "village", "township", "kin"), rows)
    with pytest.raises(Problem) as raised:
        draw(frame, plan_of(plan), "1")
    assert any(said in one.why for one in raised.value.faults), raised.value.faults


@pytest.mark.parametrize("seed", ["", " ", "１２３", "1\x002", "9" * 402, "dé"])
def test_a_seed_that_keyboards_spell_differently_is_none(seed: str) -> None:
    with pytest.raises(Problem) as raised:
        seed_of(seed)
    assert raised.value.code == "draw.refused"


def test_dice_may_be_written_in_groups() -> None:
    assert seed_of("4615 2336\t1254 ") == "461523361254"
