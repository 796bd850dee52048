"""`python -m tests.mutations [WORDS]`: takes each guard away in a copy of the tree and expects a test to fail.

WORDS: only mutants whose name holds one of them. Ends with 1 when a mutant survives, when its text is no longer in the
source, or when its tests fail without it too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutations.catalogue import MUTANTS
from tests.mutations.mutant import ROOT, Mutant

COPIED = ("server", "tests", "form_definitions", "pyproject.toml")
PATIENCE = 180  # seconds: a guard that is gone may also show as a test that never ends
LONG = 1800  # for all named tests together, on a busy machine
FAILED = 1  # pytest: tests ran and some failed; everything above is a fault of the run itself


def copy(to: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", "e2e"))
        else:
            shutil.copy(source, to / name)


def run(
    tree: Path,
    tests: Sequence[str],
    database: str,
    *more: str,
    out: int | None = subprocess.DEVNULL,
    patience: int = PATIENCE,
) -> int | None:
    """The exit code of pytest in the copy; None when it did not end."""
    environment = {**os.environ, "RUHU_TEST_DATABASES": database, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *more]
    process = subprocess.Popen(
        [*command, *(f"tests/{test}" for test in tests)], cwd=tree, env=environment, start_new_session=True,
        stdout=out, stderr=out,
    )
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return None


def judge(tree: Path, mutant: Mutant) -> str:
    """"killed", or what is wrong."""
    if any(edit.places(tree) != 1 for edit in mutant.edits):
        return "TEXT NOT FOUND ONCE"
    kept = {edit.file: (tree / edit.file).read_bytes() for edit in mutant.edits}
    try:
        for edit in mutant.edits:
            edit.apply(tree)
        code = run(tree, mutant.tests, mutant.database, "-x")
    finally:
        for file, content in kept.items():
            (tree / file).write_bytes(content)
    return {0: "SURVIVED", FAILED: "killed", None: "killed (never ended)"}.get(code, f"BROKEN RUN ({code})")


def healthy(tree: Path, mutants: Sequence[Mutant]) -> list[str]:
    """The databases on which the named tests fail although nothing was taken away."""
    wrong = []
    for database in ("sqlite", "postgres"):
        tests = sorted({test for mutant in mutants if mutant.database == database for test in mutant.tests})
        if tests and run(tree, tests, database, "--tb=line", "--show-capture=no", out=None, patience=LONG) != 0:
            wrong.append(database)
    return wrong


def main(words: Sequence[str]) -> int:
    chosen = [one for one in MUTANTS if not words or any(word in one.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="ruhu-mutations-") as folder:
        tree = Path(folder)
        copy(tree)
        if wrong := healthy(tree, chosen):
            print(f"the tests fail without any mutant: {', '.join(wrong)}")
            return 1
        verdicts = []
        for number, one in enumerate(chosen, 1):
            began = time.monotonic()
            verdicts.append(judge(tree, one))
            took = time.monotonic() - began
            print(f"{number:3}/{len(chosen)} {verdicts[-1]:22} {took:5.1f} s  {one.database:9}{one.name}", flush=True)
    killed = sum(verdict.startswith("killed") for verdict in verdicts)
    print(f"{killed} of {len(chosen)} guards are missed by a test")
    return 0 if killed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
