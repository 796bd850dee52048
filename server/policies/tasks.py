"""Weighing as work for the queue."""

from __future__ import annotations

from typing import Any

from flask import Flask

from server import db, queued
from server.config import Settings
from server.policies import changes, weigh_job
from server.sync.definitions import datasets


def register(app: Flask, huey: Any) -> queued.Put:
    """Makes the work known to this queue; gives what puts a change into it."""
    return queued.register(app, huey, queued.Work("policy_changes", "weigh_policy_change", _weigh, run_waiting))


def _weigh(settings: Settings, change_id: str) -> bool:
    return weigh_job.run(settings, datasets(), change_id)


def run_waiting(settings: Settings) -> int:
    """Weighs every change that waits; answers how many came to an end."""
    with db.read() as session:
        ids = changes.waiting(session, db.now() - weigh_job.LOST)
    return sum(_weigh(settings, change_id) for change_id in ids)
