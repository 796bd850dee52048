"""Our own evaluator over the JSON cases, in the words of the other engines.

.venv/bin/python -m tests.forms.our_engine [form_id …]     prints what differs from the cases
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

from server.forms.evaluation import Filling, FormPlan, NotAsked
from tests.forms.case_files import Case, case_forms, read_cases, rows_of
from tests.forms.samples import compiled

CHINA = timezone(timedelta(hours=8))
Outcome = dict[str, Any]


@cache
def plan_of(form: str) -> FormPlan:
    return FormPlan.from_xform(compiled(form).xform)


def lists_of(case: Case) -> dict[str, Sequence[Mapping[str, str]]]:
    """The lists of a case, every row with every column."""
    lists = {}
    for name, (header, *rows) in rows_of(case).items():
        lists[name] = [{column: row.get(column, "") for column in header} for row in rows]
    return lists


def fill_case(case: Case, refused: list[dict[str, str]] | None = None) -> Filling:
    """The case filled; answers that nobody could give are told in `refused`."""
    fill = Filling(plan_of(case.form), lists_of(case), now=datetime.now(CHINA), username="case", device="case")
    for path, value in case.answers:
        add_rows(fill, case.repeats)
        try:
            fill.answer(path, value)
        except NotAsked as error:
            if refused is not None:
                refused.append({"path": path, "why": str(error)})
    add_rows(fill, case.repeats)
    return fill


def add_rows(fill: Filling, repeats: Mapping[str, int]) -> None:
    """Rows that a person adds by hand: as many as the case says."""
    for path, count in repeats.items():
        above = re.sub(r"/[^/]+$", "", path)
        while fill.is_relevant(above) and fill.rows(path) < count:
            fill.add_repeat(path)


def run_case(case: Case) -> Outcome:
    refused: list[dict[str, str]] = []
    fill = fill_case(case, refused)
    return {
        "values": {path: fill.value(path) for path in case.values},
        "relevant": {path: fill.is_relevant(path) for path in case.relevant},
        "violations": [{"path": one.path, "kind": one.kind} for one in fill.violations()],
        "refused": refused,
        "failure": None,
    }


def main() -> int:
    count = 0
    for form in sys.argv[1:] or case_forms():
        for case in read_cases(form):
            for difference in case.differences(run_case(case)):
                count += 1
                print(f"{form}: {case.name}: {difference}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
