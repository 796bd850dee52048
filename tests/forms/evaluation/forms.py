"""Small forms written as tables, filled and judged in one line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache

from server.forms.compile import compile_form
from server.forms.evaluation import Filling, FormPlan, check
from server.forms.evaluation.lists import List
from server.forms.instance import Instance, parse_instance

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=timezone(timedelta(hours=8)))
NOTHING: Mapping[str, List] = {}
COLUMNS = ("type", "name", "label::中文 (zh)", "label::English (en)", "required", "relevant", "constraint",
           "constraint_message::中文 (zh)", "constraint_message::English (en)", "calculation", "trigger", "default",
           "choice_filter", "repeat_count", "read_only")  # fmt: skip
CHOICES = """
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) | kind |
| | yes_no | yes | 是 | Yes | a |
| | yes_no | no | 否 | No | b |
| | fruit | apple | 苹果 | Apple | red |
| | fruit | cherry | 樱桃 | Cherry | red |
| | fruit | pear | 梨 | Pear | green |
"""


def question(type: str, name: str = "", **given: str) -> dict[str, str]:
    """A row of the survey sheet; `zh`, `en` are its labels, `says` its constraint message."""
    row = {"type": type, "name": name, "label::中文 (zh)": given.pop("zh", f"{name}题"),
           "label::English (en)": given.pop("en", f"the {name}")}  # fmt: skip
    if "says" in given:
        row["constraint_message::中文 (zh)"], row["constraint_message::English (en)"] = given.pop("says").split(" / ")
    if type.startswith(("begin", "end", "calculate", "csv-external")):
        row["label::中文 (zh)"] = row["label::English (en)"] = ""
    return row | given


def form_of(*rows: Mapping[str, str]) -> str:
    """The tables of a form with these questions."""
    lines = ["| survey |", f"| | {' | '.join(COLUMNS)} |"]
    lines += [f"| | {' | '.join(row.get(column, '') for column in COLUMNS)} |" for row in rows]
    settings = ["| settings |", "| | form_id | version | default_language |", "| | t | 1 | 中文 (zh) |"]
    return "\n".join([*lines, CHOICES, *settings])


@cache
def xform(text: str) -> str:
    return compile_form(text.encode(), "form.md").xform


def plan(*rows: Mapping[str, str]) -> FormPlan:
    return FormPlan.from_xform(xform(form_of(*rows)))


def judged(
    plan: FormPlan, inside: str, lists: Mapping[str, List] = NOTHING, now: datetime = NOW
) -> list[tuple[str, str]]:
    """(path below /data, kind) of what is found in an instance with this content."""
    return [(one.path.removeprefix("/data"), one.kind) for one in check(plan, instance(inside), lists, now=now)]


def instance(inside: str) -> Instance:
    xml = f'<data id="t" version="1">{inside}<meta><instanceID>uuid:1</instanceID></meta></data>'
    return parse_instance(xml)


def filled(
    plan: FormPlan, *answers: tuple[str, str], lists: Mapping[str, List] = NOTHING, now: datetime = NOW
) -> Filling:
    """A new form with these answers given in order; paths below /data."""
    fill = Filling(plan, lists, now=now, username="li", device="phone-1")
    for path, value in answers:
        fill.answer(f"/data/{path}", value)
    return fill
