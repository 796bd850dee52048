"""The phone's form engine as the third oracle: the JSON cases are filled by the code of the app, in Node.

.venv/bin/python -m tests.forms.phone_engine [form_id …]     prints what differs from the cases
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

from tests.forms.case_files import CASES, Case, case_forms, read_cases, rows_of
from tests.forms.samples import ROOT, compiled

CLIENT = ROOT / "client"

Outcome = Mapping[str, Any]


class PhoneEngineMissing(RuntimeError):
    """Node or the client's packages are not there: `make setup`."""


def fill_on_the_phone(forms: Iterable[str]) -> dict[str, list[tuple[Case, Outcome]]]:
    """Every case of these forms with what the phone's engine made of it. Two Nodes for all: starting one costs most."""
    if shutil.which("node") is None or not (CLIENT / "node_modules").is_dir():
        raise PhoneEngineMissing("Node and the client's packages: make setup")
    with tempfile.TemporaryDirectory() as name:
        cases = {form: read_cases(form) for form in forms}
        halves = _halves({form: len(found) * len(compiled(form).xform) for form, found in cases.items()})
        folders = [
            _write_jobs(Path(name) / str(n), {form: cases[form] for form in half}) for n, half in enumerate(halves)
        ]
        _run_nodes(folders)
        where = {form: folder for half, folder in zip(halves, folders, strict=True) for form in half}
        return {form: list(zip(found, _outcomes(where[form], form), strict=True)) for form, found in cases.items()}


def _halves(costs: Mapping[str, int]) -> list[list[str]]:
    """Two lists of about the same cost; empty ones are left out."""
    halves: list[list[str]] = [[], []]
    for form in sorted(costs, key=lambda one: -costs[one]):
        min(halves, key=lambda half: sum(costs[one] for one in half)).append(form)
    return [half for half in halves if half]


def _write_jobs(folder: Path, cases: Mapping[str, Sequence[Case]]) -> Path:
    folder.mkdir()
    for form, found in cases.items():
        jobs = {"xform": compiled(form).xform, "jobs": [_job(case) for case in found]}
        (folder / f"{form}.jobs.json").write_text(json.dumps(jobs, ensure_ascii=False), "utf-8")
    return folder


def _run_nodes(folders: Iterable[Path]) -> None:
    command = ["node", "node_modules/vitest/vitest.mjs", "run", "--config", "tests/cases/vitest.config.ts"]
    # Each case makes a tree and drops it: with room for young objects the engine spends half the time cleaning up.
    env = {**os.environ, "NODE_OPTIONS": "--max-semi-space-size=128"}
    running = [
        subprocess.Popen(
            command, cwd=CLIENT, env={**env, "RUHU_CASES": str(folder)}, stdout=PIPE, stderr=STDOUT, text=True
        )
        for folder in folders
    ]
    told = [process.communicate(timeout=600)[0] for process in running]
    for process, text in zip(running, told, strict=True):
        if process.returncode != 0:
            raise RuntimeError(f"the phone's engine did not run:\n{text[-4000:]}")


def _outcomes(folder: Path, form: str) -> list[Outcome]:
    found: list[Outcome] = json.loads((folder / f"{form}.outcomes.json").read_text("utf-8"))
    return found


def _job(case: Case) -> dict[str, Any]:
    return {
        "form": case.form,
        "files": {f"{name}.csv": _csv(rows) for name, rows in rows_of(case).items()},
        "answers": case.answers, "repeats": case.repeats,
        "values": list(case.values), "relevant": list(case.relevant),
    }  # fmt: skip


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    """`rows` starts with the row of column names."""
    head, *body = rows
    text = io.StringIO()
    writer = csv.DictWriter(text, list(head), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(body)
    return text.getvalue()


def main(asked: list[str]) -> int:
    forms = asked or case_forms()
    wrong = 0
    for form, pairs in fill_on_the_phone(forms).items():
        for case, outcome in pairs:
            differences = case.differences(outcome)
            wrong += bool(differences)
            print(f"{'differs' if differences else 'agrees '}  {form}: {case.name}")
            for line in differences:
                print(f"           {line}")
    print(f"{wrong} case(s) differ; the cases are in {CASES}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
