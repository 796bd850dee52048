"""Work on bytes from outside in a process of its own: limits that the child sets itself, patience that ends.

Nothing that such bytes do (endless work, endless memory, a crash in C) reaches the program that asked. The child has
no database and no settings in its environment.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import IO, Literal

from server.config import ROOT
from server.processors import at_large

OUT_OF_MEMORY = 3  # exit code
Reason = Literal["time", "memory", "output", "crash"]


@dataclass(frozen=True)
class Limits:
    """`memory` and `file` (also the answer) in bytes, `cpu` in seconds of CPU, `wall` in seconds of the clock."""

    memory: int
    file: int
    cpu: int
    wall: float


class Lost(Exception):
    """The process broke a limit or died; `reason` says which."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def confine(limits: Limits) -> None:
    """In the child, before it looks at anything from outside."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file, limits.file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    allow_cpu(limits.cpu)


def allow_cpu(seconds: int) -> None:
    """Sets the soft limit of CPU time so far beyond what was used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


# Large pieces go back to the system when they are freed; else one big picture weighs on the process for its life.
_FREE = {"MALLOC_MMAP_THRESHOLD_": "1048576"}


def start(module: str, stdin: int | IO[bytes], stdout: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """`python -m module` in a clean environment: settings may hold the database's password."""
    env = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **_FREE}
    with at_large():
        return subprocess.Popen(  # noqa: S603 - modules of this program only
            [sys.executable, "-m", module], stdin=stdin, stdout=stdout, env=env, cwd="/", bufsize=0
        )


# More at once would only take each other's time.
_places = threading.BoundedSemaphore(2)


def ask(module: str, order: bytes, limits: Limits) -> bytes:
    """What `module` writes when it is given `order`. Raises Lost."""
    with _places, tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        given.write(order)
        given.seek(0)
        code = _wait(start(module, given, answer), limits.wall)
        if code != 0:
            raise Lost(_reason(code, answer.tell() >= limits.file))
        answer.seek(0)
        return answer.read()


def _wait(child: subprocess.Popen[bytes], seconds: float) -> int:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return -signal.SIGXCPU


def _reason(code: int, is_full: bool) -> Reason:
    if code == -signal.SIGXCPU:
        return "time"
    if code == OUT_OF_MEMORY:
        return "memory"
    return "output" if is_full or code == -signal.SIGXFSZ else "crash"
