"""Sends photos to the process that opens them, and gets a new one when a photo killed it."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from server.confined import start

SECONDS = 60  # a photo, by the wall clock
MOST = 1000  # photos that one process opens: what decoders forget to give back ends with it


class Lost(Exception):
    """The process died or did not answer in time; nothing is known about the photo."""


class Darkroom:
    """One child process, started when first needed. Not for several threads at once."""

    def __init__(self, seconds: float = SECONDS, most: int = MOST) -> None:
        self._seconds, self._most, self._opened = seconds, most, 0
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def develop(self, source: Path, labelled: str, targets: dict[int, Path]) -> dict[str, Any]:
        """The answer of images.derive as JSON; raises Lost."""
        if self._opened >= self._most:
            self.close()
        child = self._running()
        self._opened += 1
        order = {"source": str(source), "labelled": labelled, "targets": {k: str(v) for k, v in targets.items()}}
        try:
            _pipe(child.stdin).write(json.dumps(order).encode() + b"\n")
            _pipe(child.stdin).flush()
            answer: dict[str, Any] = json.loads(self._line(child))
        except (OSError, ValueError, Lost) as error:
            self.close()
            raise Lost(f"{type(error).__name__} {error}") from error
        return answer

    def close(self) -> None:
        if self._child is None:
            return
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            _pipe(pipe).close()
        self._child.wait()
        self._child = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._child = start("server.evidence.child", subprocess.PIPE, subprocess.PIPE)
            self._opened = 0
        return self._child

    def _line(self, child: subprocess.Popen[bytes]) -> bytes:
        """The next line, read as it comes; Lost at the end of the pipe or of the time."""
        out, line = _pipe(child.stdout), b""
        until = time.monotonic() + self._seconds
        with selectors.DefaultSelector() as waiting:
            waiting.register(out, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not waiting.select(max(0.0, until - time.monotonic())):
                    raise Lost("no answer in time")
                piece = os.read(out.fileno(), 65536)
                if not piece:
                    raise Lost("the process died")
                line += piece
        return line


def _pipe(pipe: Any) -> Any:
    if pipe is None:
        raise Lost("no pipe")
    return pipe
