"""What held ops wait for, by name: another op, a step of an ODK branch, a record, or the submission they correct."""

from __future__ import annotations

from collections.abc import Iterator

from server.sync.case import Case
from server.sync.write import branch_of


def branch_name(branch: str, step: int) -> str:
    """What a held op of an ODK branch waits for."""
    return f"{branch}:{step}"


def record_name(record_id: str) -> str:
    """What a held op waits for that changes a record whose creation has not arrived."""
    return f"record:{record_id}"


def instance_name(instance_id: str) -> str:
    """What a correction waits for whose submission has not arrived."""
    return f"instance:{instance_id}"[:80]


def awaited(case: Case) -> Iterator[str]:
    """What held ops may be waiting for in this one."""
    yield case.row.op_id
    yield from (branch_name(*branch) for write in case.writes if (branch := branch_of(write)))
    yield from (record_name(write.id) for write in case.writes if write.create)
    if case.submission is not None:
        yield instance_name(case.submission.instance_id)
