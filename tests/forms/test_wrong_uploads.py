"""Whatever an author uploads is answered soon, with places or with a bounded refusal, and changes nothing.

Soon is told by processor time: five seconds of the clock on a machine with nothing else to do.
"""

from __future__ import annotations

import dataclasses
import io
import resource
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from server.confined import Lost
from server.forms import compile_apart as apart
from server.forms.compile_apart import HASTY, compile_apart
from server.forms.issue import FormInvalid
from server.forms.source import FormSource
from server.forms.tables import FormVersion
from tests.forms.samples import SMALL, datasets
from tests.forms.workbooks import SETTINGS, form, with_part, with_picture, xlsx
from tests.world import World

ASK = ("text", "a", "A")


def _choices(count: int) -> bytes:
    return form([("select_one c", "q", "Q")], choices=[("c", f"v{n}", f"Choice {n}") for n in range(count)])


def _nested(depth: int) -> bytes:
    return form([*[("begin_group", f"g{n}", "G") for n in range(depth)], ASK, *[("end_group",)] * depth])


def _expressions(column: str, *rows: tuple[str, ...]) -> bytes:
    return form(rows, header=("type", "name", "label", column), choices=[("c", "x", "X")])


# what it is → (the workbook, words that the answer must hold)
WRONG: dict[str, tuple[Callable[[], bytes], tuple[str, ...]]] = {
    "no survey sheet": (lambda: xlsx({"settings": SETTINGS, "choices": [("list_name", "name")]}), ("survey",)),
    "no settings sheet": (lambda: xlsx({"survey": [("type", "name", "label"), ASK]}), ("settings", "form_id")),
    "duplicate names": (lambda: form([ASK, ("integer", "b", "B"), ("text", "a", "again")]), ("survey", "row 4")),
    "duplicate choices": (
        lambda: form([("select_one c", "q", "Q")], choices=[("c", "x", "X"), ("c", "x", "Y")]), ("choices", "row 3")),
    "unknown type": (lambda: form([("integre", "a", "A")]), ("survey row 2", "integre")),
    "circular calculation": (
        lambda: _expressions("calculation", ("calculate", "a", "", "${b} + 1"), ("calculate", "b", "", "${a} + 1"),
                             ("text", "c", "C", "")), ("survey row 2",)),
    "unknown function": (
        lambda: _expressions("calculation", ASK, ("calculate", "b", "", "frobnicate(${a})")),
        ("survey row 3", "frobnicate")),
    "broken expression": (lambda: _expressions("relevant", ASK, ("text", "b", "B", "${a} = (")), ("survey row 3",)),
    "broken choice filter": (
        lambda: _expressions("choice_filter", ASK, ("select_one c", "b", "B", "group = (${a}")), ("survey row 3",)),
    "choice filter on an unknown question": (
        lambda: _expressions("choice_filter", ASK, ("select_one c", "b", "B", "group = ${nobody}")),
        ("survey row 3", "nobody")),
    "60,000 choices": (lambda: _choices(60_000), ("choices", "CSV")),
    "20,000 choices": (lambda: _choices(20_000), ("choices row 10002", "CSV")),
    "a 5 MB workbook": (lambda: with_picture(form([ASK]), 5 << 20), ("5 MB",)),
    "macros": (lambda: with_part(form([ASK]), "xl/vbaProject.bin", b"x"), ("macros",)),
    "a zip bomb": (lambda: with_part(form([ASK]), "xl/bomb.xml", b"\0" * (300 << 20)), ("40 MB",)),
    "many sheets of zip": (lambda: _crowd(), ("40 MB",)),
    "a DTD": (lambda: with_part(form([ASK]), "xl/worksheets/x.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'), ("DTD",)),
    "deep groups": (lambda: _nested(1_500), ("survey row 32",)),
    "20,000 questions": (lambda: form([("text", f"q{n}", "Q") for n in range(20_000)]), ("survey row 5002",)),
    "deep parentheses": (
        lambda: _expressions("relevant", ("text", "a", "A", "(" * 15_000 + "1" + ")" * 15_000)), ("survey row 2",)),
    "a regex that never ends": (
        lambda: _expressions("constraint", ("text", "a", "A", "regex(., '^(a+)+$')")), ("survey row 2",)),
    "a broken regex": (lambda: _expressions("constraint", ("text", "a", "A", "regex(., '[a-')")), ("survey row 2",)),
    "thousands of mistakes": (lambda: form([("text", f"q {n}", "Q") for n in range(3_000)]), ("survey row 2",)),
    "damaged": (lambda: form([ASK])[:-200], ("unreadable", "read")),
    "no workbook": (lambda: b"%PDF-1.7\n" + b"x" * 1000, ("no workbook",)),
}  # fmt: skip


def _crowd() -> bytes:
    workbook = form([ASK])
    for n in range(8):
        workbook = with_part(workbook, f"xl/worksheets/more{n}.xml", b"<x/>" * (6 << 18))
    return workbook


def _upload(world: World, content: bytes) -> Any:
    admin = world.phone("admin")
    files = {"file": (io.BytesIO(content), "表单.xlsx")}
    return admin.client.post("/api/v1/forms", data=files, headers=admin.headers)


def _worked() -> float:
    """Seconds of processor time of this process and of the compilers that it has asked."""
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + child.ru_utime + child.ru_stime


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is refused never reaches a database
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_upload_is_answered_soon_with_its_place_and_changes_nothing(world: World, what: str) -> None:
    """Each message has a place, a cause and a cure in both languages, and nothing is stored."""
    make, words = WRONG[what]
    content = make()
    before = world.look(lambda session: session.scalar(select(func.count()).select_from(FormVersion)))
    began = _worked()
    answer = _upload(world, content)
    took = _worked() - began
    assert (answer.status_code, answer.json["code"]) == (422, "form.invalid")
    for error in answer.json["errors"]:
        assert error["where"] and " / " in error["why"] and error["fix"]
    told = " ".join(f"{error['where']} {error['why']} {error['fix']}" for error in answer.json["errors"])
    assert any(word in told for word in words) if what == "damaged" else all(word in told for word in words), told
    assert len(answer.json["errors"]) <= 201 and len(answer.data) < 200_000
    assert took < 5, f"{took:.1f} s"
    assert world.look(lambda session: session.scalar(select(func.count()).select_from(FormVersion))) == before


def test_a_workbook_below_the_limit_of_size_is_compiled() -> None:
    """4.9 MB, most of it a picture that somebody pasted."""
    made = compile_apart(FormSource(with_picture(form([ASK]), 4_900_000), "x.xlsx"), datasets())
    assert made.form_id == "odd"


def test_what_is_compiled_apart_is_what_is_compiled_here() -> None:
    """The process of its own changes nothing about the form: media, lists, warnings, settings."""
    from server.forms.compile import compile_form

    source = FormSource(SMALL.encode(), "form.md", {"a.png": b"1", "places.csv": b"name,label\n1,x\n"})
    here = compile_form(source.content, source.filename, source.media, datasets=datasets())
    there = compile_apart(source, datasets())
    assert dataclasses.asdict(there) == dataclasses.asdict(here)


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ({"cpu": 1, "wall": 60}, "1 seconds"),
        ({"wall": 1.5}, "stopped"),
        ({"memory": 300 << 20, "wall": 60}, "memory"),
        ({"file": 1 << 16, "wall": 60}, "too large"),
    ],
)
def test_a_compiler_that_breaks_a_limit_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any], word: str
) -> None:
    """CPU, clock, memory and answer: whichever gives out, the author gets a sentence and not an error of the server."""
    monkeypatch.setattr(apart, "CHILD", "tests.forms.greedy_child")
    source = FormSource(next(iter(limits)).encode(), "form.md")
    with pytest.raises(FormInvalid) as refused:
        compile_apart(source, {}, dataclasses.replace(HASTY, **limits))
    (issue,) = refused.value.issues
    assert issue.where == "form.md" and issue.fix and word in issue.why


def test_a_compiler_that_dies_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> bytes:
        raise Lost("crash")

    monkeypatch.setattr(apart, "ask", dead)
    with pytest.raises(FormInvalid):
        compile_apart(FormSource(b"x", "form.md"), {})
