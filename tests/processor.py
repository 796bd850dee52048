"""Other processes as Linux tells of them: processor time, children, whether they live."""

from __future__ import annotations

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def seconds_of(pid: int) -> float:
    """Processor time that this process has used so far."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


def children(pid: int) -> list[int]:
    """Processes that this one began and that are there."""
    found = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [child for child in found if (fields := _stat(child)) and int(fields[1]) == pid]


def lives(pid: int) -> bool:
    """Not so when it has ended, whether or not its parent knows."""
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def _stat(pid: int) -> list[str]:
    """The fields from the state on; none of one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
