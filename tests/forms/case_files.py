"""The JSON cases of the forms (docs/FORMS.md "Cases"): read once, run in every engine, compared in one way."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.forms.policies import FIXED as FIXED_OF_POLICIES
from server.forms.policy_rows import policy_list
from tests.forms.samples import DEFINITIONS, compiled, datasets, policies

CASES = Path(__file__).parent / "cases"
FIXED = ("name", "label", "__version", "__trunkVersion", "__branchId")

Row = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One filling: what is on the lists, what is answered in which order, and what must come of it."""

    form: str
    name: str
    lists: Mapping[str, Sequence[Row]]
    answers: Sequence[tuple[str, str]]
    repeats: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    relevant: Mapping[str, bool] = field(default_factory=dict)
    violations: Sequence[Mapping[str, str]] = ()
    complete: bool = False

    def differences(self, outcome: Mapping[str, Any]) -> list[str]:
        """What an engine (`{values, relevant, violations: [{path, kind}], refused, failure}`) made differently."""
        if outcome["failure"]:
            return [f"the form does not open or stops: {outcome['failure']}"]
        found = [f"{one['path']} could not be answered: {one['why']}" for one in outcome["refused"]]
        for path, wanted in self.values.items():
            got = outcome["values"].get(path)
            if not same(wanted, got):
                found.append(f"{path} is {got!r}, not {wanted!r}")
        for path, shown in self.relevant.items():
            if outcome["relevant"].get(path, False) != shown:
                found.append(f"{path} is {'not ' if shown else ''}shown")
        return found + self._violations(outcome)

    def _violations(self, outcome: Mapping[str, Any]) -> list[str]:
        wanted = {(place(one["path"]), one["kind"]) for one in self.violations}
        got = {(place(one["path"]), one["kind"]) for one in outcome["violations"]}
        named = {path for path, _ in wanted}
        extra = {one for one in got - wanted if self.complete or one[0] in named}
        return [f"{path}: no {kind} violation" for path, kind in sorted(wanted - got)] + [
            f"{path}: an unexpected {kind} violation" for path, kind in sorted(extra)
        ]


def place(path: str) -> str:
    """/data/row[1]/name and /data/row/name are one place."""
    return path.replace("[1]", "")


# Engines write the result of a condition differently.
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def same(wanted: str, got: str | None) -> bool:
    """Equal texts, or equal numbers; a node that is not there counts as empty."""
    text = "" if got is None else got
    if text == wanted or (wanted in _TRUTHS and _TRUTHS[wanted] == _TRUTHS.get(text)):
        return True
    try:
        return abs(float(wanted) - float(text)) < 1e-9
    except ValueError:
        return sorted(wanted.split()) == sorted(text.split())


def case_forms() -> list[str]:
    """Forms that have cases, by id."""
    return sorted(path.stem for path in CASES.glob("*.json"))


def read_cases(form: str) -> list[Case]:
    """The cases of one form in the order of its file."""
    file = CASES / f"{form}.json"
    cases = json.loads(file.read_text("utf-8"))
    return [
        Case(**{**one, "form": form, "answers": [(path, value) for path, value in one["answers"]]}) for one in cases
    ]


def rows_of(case: Case) -> dict[str, list[Row]]:
    """Every list that the form names, with its header row first: the case's rows, the policies, else none."""
    xform = compiled(case.form).xform
    names = set(re.findall(r"jr://file-csv/([^\"<>]+)\.csv", xform)) | set(case.lists)
    return {name: _rows(name, case) for name in sorted(names)}


def _rows(name: str, case: Case) -> list[Row]:
    rows = case.lists.get(name)
    if rows is None:
        return _policy(name) or _own_file(name, case.form) or [_header(name, [])]
    return [_header(name, rows), *(_whole(row) for row in rows)]


def _header(name: str, rows: Sequence[Row]) -> Row:
    dataset = datasets().get(name)
    columns = [*FIXED, *(dataset.properties if dataset else ()), *(key for row in rows for key in row)]
    return {column: column for column in dict.fromkeys(columns)}


def _whole(row: Row) -> Row:
    """The columns that every list of records has, where the case leaves them out."""
    return {"label": row["name"], "__version": "1", "__trunkVersion": "1", "__branchId": "", **row}


def _policy(name: str) -> list[Row] | None:
    """The list policy_<name> as it is made from form_definitions/policies."""
    policy = policies().get(name.removeprefix("policy_")) if name.startswith("policy_") else None
    if policy is None:
        return None
    rows: list[Row] = list(policy_list(policy))
    return [{column: column for column in (*FIXED_OF_POLICIES, *policy.values)}, *rows]


def _own_file(name: str, form: str) -> list[Row] | None:
    file = DEFINITIONS / "forms" / form / f"{name}.csv"
    if not file.exists():
        return None
    with file.open(encoding="utf-8", newline="") as text:
        head, *lines = csv.reader(text)
    return [dict(zip(head, cells, strict=True)) for cells in [head, *lines]]
