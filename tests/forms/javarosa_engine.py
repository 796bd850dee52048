"""JavaRosa, the engine of ODK Collect, as an oracle for whole forms: one process for all cases.

.venv/bin/python -m tests.forms.javarosa_engine [form_id …]     prints what differs from the cases
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.forms.case_files import Case, case_forms, read_cases, rows_of
from tests.forms.java_process import JavaProcess
from tests.forms.samples import compiled

Row = Mapping[str, str]
Outcome = dict[str, Any]


class JavaRosa(JavaProcess):
    """The engine, started once; use it as a context."""

    def __init__(self) -> None:
        super().__init__("Cases", "-Xss4m")
        self._places: dict[str, Path] = {}

    def fill(self, xform: str, lists: Mapping[str, Sequence[Row]], **asked: Any) -> Outcome:
        """What the engine makes of a form (see Cases.java). `lists`: rows by name, a header row first."""
        request = {"form": str(self._form(xform)), "folder": str(self._lists(lists)), **asked}
        empty: Outcome = {"values": {}, "relevant": {}, "violations": [], "refused": [], "failure": None}
        return {**empty, **self.ask(request)}

    def fill_case(self, case: Case) -> Outcome:
        return self.fill(
            compiled(case.form).xform, rows_of(case), answers=list(case.answers), repeats=dict(case.repeats),
            values=list(case.values), relevant=list(case.relevant),
        )  # fmt: skip

    def _form(self, xform: str) -> Path:
        return self._once(xform, lambda path: path.write_text(xform, "utf-8"))

    def _lists(self, lists: Mapping[str, Sequence[Row]]) -> Path:
        def write(path: Path) -> None:
            path.mkdir()
            for name, rows in lists.items():
                _write_csv(path / f"{name}.csv", rows)

        return self._once(json.dumps(lists, sort_keys=True), write)

    def _once(self, key: str, write: Any) -> Path:
        """The file or folder for this content, written the first time."""
        if key not in self._places:
            self._places[key] = self.folder / f"place{len(self._places)}"
            write(self._places[key])
        return self._places[key]


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), restval="")
        for row in rows:
            writer.writerow(row)


def main() -> int:
    count = 0
    with JavaRosa() as engine:
        for form in sys.argv[1:] or case_forms():
            for case in read_cases(form):
                for difference in case.differences(engine.fill_case(case)):
                    count += 1
                    print(f"{form}: {case.name}: {difference}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
