"""Weighing as work for the queue. The queue only makes it soon: what it loses the sweep finds, by the table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from flask import Flask
from huey import crontab
from huey.exceptions import HueyException

from server import db
from server.config import Settings
from server.policies import changes, weigh_job
from server.sync.definitions import datasets

log = structlog.get_logger()
_NAME = "ruhu_policies"


def register(app: Flask, huey: Any) -> Callable[[str], object]:
    """Makes the tasks known to this queue, once; gives what puts a change into it."""
    if _NAME in app.extensions:
        known: Callable[[str], object] = app.extensions[_NAME]
        return known

    @huey.task(name="weigh_policy_change")  # type: ignore[untyped-decorator]
    def weigh_change(change_id: str) -> None:
        with app.app_context():
            weigh_job.run(app.config["RUHU"], datasets(), change_id)

    @huey.periodic_task(crontab(minute="*"), name="policy_changes")  # type: ignore[untyped-decorator]
    @huey.lock_task("policy_changes")  # type: ignore[untyped-decorator]
    def sweep_now() -> None:
        with app.app_context():
            run_waiting(app.config["RUHU"])

    app.extensions[_NAME] = enqueue = partial(_enqueue, weigh_change)
    return enqueue


def _enqueue(task: Callable[[str], object], change_id: str) -> None:
    """A queue that is down is no error for whoever asks: the sweep comes by every minute."""
    try:
        task(change_id)
    except (sqlite3.Error, OSError, HueyException) as error:
        log.warning("policies.queue_down", kind=type(error).__name__)


def run_waiting(settings: Settings) -> int:
    """Weighs every change that waits; answers how many came to an end."""
    with db.read() as session:
        ids = changes.waiting(session, db.now() - weigh_job.LOST)
    return sum(weigh_job.run(settings, datasets(), change_id) for change_id in ids)
