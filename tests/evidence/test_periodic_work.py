"""The worker's regular work runs on the queue that production uses."""

from __future__ import annotations

import pytest
from flask import Flask

from server.evidence import tasks


def test_every_regular_task_runs_and_can_run_again(app: Flask) -> None:
    """Executed as the consumer does it, locks included: a lock that the storage cannot keep would stop them all."""
    huey = tasks.queue(app).huey
    regular = huey._registry.periodic_tasks
    assert {task.name for task in regular} >= {"sweep", "judge_left_over"}
    for task in [*regular, *regular]:
        task.execute()


def test_a_lock_left_by_a_killed_worker_is_cleared_when_the_next_one_starts(app: Flask) -> None:
    huey = tasks.queue(app).huey
    huey.lock_task("sweep").acquire()
    sweep = next(task for task in huey._registry.periodic_tasks if task.name == "sweep")
    with pytest.raises(Exception, match="lock"):
        sweep.execute()
    huey.create_consumer(workers=1, flush_locks=True)
    sweep.execute()
