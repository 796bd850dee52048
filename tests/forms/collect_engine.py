"""The engine of ODK Collect (JavaRosa) as an oracle: it comes inside pyxform's wheel."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.forms.java_process import JAR, compile_java

Row = Mapping[str, object]


class CollectEngine:
    """Compiled once into `folder`; each filling is a fresh engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        compile_java("Fill", folder)

    def fill(
        self,
        xform: str,
        lists: Mapping[str, Sequence[Row]],
        answers: Mapping[str, str],
        draft: str | None = None,
    ) -> Filled:
        """Opens a form (or a draft) with these lists, answers, saves."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        (work / "form.xml").write_text(xform, "utf-8")
        for name, rows in lists.items():
            _write_csv(work / f"{name}.csv", rows)
        if draft is not None:
            (work / "draft.xml").write_text(draft, "utf-8")
        said = _run(
            ["java", "-cp", f"{JAR}:{self.folder}", "Fill", str(work / "form.xml"), str(work),
             "-" if draft is None else str(work / "draft.xml"), str(work / "out.xml"),
             *(f"{path}={value}" for path, value in answers.items())]
        )  # fmt: skip
        return Filled((work / "out.xml").read_text("utf-8"), said)


class Filled:
    """The saved instance, the engine's verdict ("VALID", or what is wrong and where), and refused answers."""

    def __init__(self, xml: str, said: str) -> None:
        lines = said.splitlines()
        self.xml = xml
        self.outcome = next(line.removeprefix("OUTCOME ") for line in lines if line.startswith("OUTCOME "))
        self.refused = [line.removeprefix("REFUSED ") for line in lines if line.startswith("REFUSED ")]


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), restval="")
        if any(name != value for name, value in rows[0].items()):
            writer.writeheader()  # rows may begin with their own header, so that an empty list has its columns
        writer.writerows(rows)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
