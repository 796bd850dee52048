"""Single expressions in JavaRosa, the engine of ODK Collect: one process for all, one line of JSON for each."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import pyxform.validators.odk_validate as odk

SOURCE = Path(__file__).parents[1] / "javarosa" / "Eval.java"
JAR = Path(odk.__file__).parent / "bin" / "ODK_Validate.jar"
ZONE = "Asia/Shanghai"

Case = dict[str, Any]


class JavaRosa:
    """The engine, started once; use it as a context."""

    def __init__(self) -> None:
        if shutil.which("javac") is None:
            raise FileNotFoundError("javac is missing: scripts/system test, or apt-get install default-jdk-headless")
        self._folder = tempfile.TemporaryDirectory()
        subprocess.run(["javac", "-nowarn", "-cp", str(JAR), "-d", self._folder.name, str(SOURCE)], check=True)
        self._running = subprocess.Popen(
            ["java", f"-Duser.timezone={ZONE}", "-cp", f"{JAR}:{self._folder.name}", "Eval"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
        )  # fmt: skip

    def __enter__(self) -> JavaRosa:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._running.stdin is not None
        self._running.stdin.close()
        self._running.wait(timeout=10)
        self._folder.cleanup()

    def evaluate(self, case: Case) -> dict[str, Any]:
        """{"type", "value"} or {"error"} of {expr, instance, context, secondary, types}."""
        assert self._running.stdin is not None and self._running.stdout is not None
        self._running.stdin.write(json.dumps(case) + "\n")
        self._running.stdin.flush()
        answer: dict[str, Any] = json.loads(self._running.stdout.readline())
        return answer
