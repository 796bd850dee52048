"""JavaRosa in a process of its own: one of the Java programs beside this file, asked line by line in JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyxform.validators.odk_validate as odk

SOURCES = Path(__file__).parent / "javarosa"
JAR = Path(odk.__file__).parent / "bin" / "ODK_Validate.jar"
ZONE = "Asia/Shanghai"


class JavaMissing(RuntimeError):
    """No Java compiler is there."""


def compile_java(program: str, folder: Path) -> None:
    """Compiles javarosa/<program>.java into the folder."""
    if shutil.which("javac") is None:
        raise JavaMissing("scripts/system test, or apt-get install default-jdk-headless")
    source = SOURCES / f"{program}.java"
    subprocess.run(["javac", "-nowarn", "-cp", str(JAR), "-d", str(folder), str(source)], check=True)


class JavaProcess:
    """A program compiled and started once; use it as a context."""

    def __init__(self, program: str, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        compile_java(program, self.folder)
        self._running = subprocess.Popen(
            ["java", *options, f"-Duser.timezone={ZONE}", "-cp", f"{JAR}:{self.folder}", program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._running.stdin is not None
        self._running.stdin.close()
        self._running.wait(timeout=10)
        self._folder.cleanup()

    def ask(self, request: Any) -> dict[str, Any]:
        assert self._running.stdin is not None and self._running.stdout is not None
        self._running.stdin.write(json.dumps(request) + "\n")
        self._running.stdin.flush()
        answer: dict[str, Any] = json.loads(self._running.stdout.readline())
        return answer
