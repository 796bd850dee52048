"""Starts programs that belong together, watches them and ends them together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

import click

from server.commands.messages import say

LOOK_EVERY = 0.3  # seconds
PATIENCE = 25  # seconds that an ending program has for its last answers
PAUSE = 3  # seconds before a helper that died is started again
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A program by name. A vital one that ends takes the others with it; any other is started again."""

    name: str
    command: Sequence[str]
    vital: bool
    process: subprocess.Popen[bytes]
    again_at: float | None = None


@dataclass
class Children:
    """Programs that run until one is told to stop. `log`: where they write; None is this terminal."""

    log: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    _all: list[Child] = field(default_factory=list)
    _stopping: bool = False

    def start(self, name: str, command: Sequence[str], *, vital: bool) -> None:
        self._all.append(Child(name, command, vital, self._open(command)))

    def _open(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        out = self._output()
        try:
            # A session of its own: Ctrl-C reaches only us, and we end the children in good order.
            return subprocess.Popen(  # noqa: S603 - commands of this program only
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env={**os.environ, **self.env},
                start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip
        finally:
            if out is not None:
                out.close()

    def _output(self) -> IO[bytes] | None:
        if self.log is None:
            return None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        return self.log.open("ab")

    def alive(self) -> bool:
        """Whether every vital program runs."""
        return all(child.process.poll() is None for child in self._all if child.vital)

    def watch(self) -> int:
        """Waits until told to stop (SIGINT, SIGTERM) or a vital program ends; then ends all. Answers the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked)
        failed = 0
        while not self._stopping:
            time.sleep(LOOK_EVERY)
            ended = next((child for child in self._all if child.vital and child.process.poll() is not None), None)
            if ended and not self._stopping:
                click.echo(say("run.ended", name=ended.name, code=ended.process.returncode), err=True)
                failed = 1
                break
            self._revive()
        click.echo(say("run.stopping"))
        self.end()
        return failed

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _revive(self) -> None:
        for child in self._all:
            if child.vital or child.process.poll() is None:
                continue
            if child.again_at is None:
                click.echo(say("run.again", name=child.name, code=child.process.returncode), err=True)
                child.again_at = time.monotonic() + PAUSE
            elif time.monotonic() >= child.again_at:
                child.process, child.again_at = self._open(child.command), None

    def end(self) -> None:
        """Asks all to end, and ends those that do not in time."""
        for child in self._all:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + PATIENCE
        for child in self._all:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


def _end_with_parent() -> None:
    """When we are killed without a chance to end the children, Linux asks them to."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
