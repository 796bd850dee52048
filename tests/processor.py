"""Other processes as Linux tells of them: processor time, children, whether they live."""

from __future__ import annotations

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def seconds_of(pid: int) -> float:
    """Processor time that this process has used so far."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


def stats() -> dict[int, list[str]]:
    """The fields of every process' stat line from the state on, by pid."""
    pids = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return {pid: fields for pid in pids if (fields := _stat(pid))}


def children(pid: int) -> list[int]:
    """Processes that this one began and that are there."""
    return [child for child, fields in stats().items() if int(fields[1]) == pid]


def lives(pid: int) -> bool:
    """Not so when it has ended, whether or not its parent knows."""
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def command(pid: int) -> str:
    """Its command line; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """Nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
