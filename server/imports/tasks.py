"""Imports as work for the queue. The queue only makes them soon: what it loses the sweep finds, by the table."""

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
from server.imports import applying, listing, looking
from server.sync.definitions import datasets

log = structlog.get_logger()
_NAME = "ruhu_imports"


def register(app: Flask, huey: Any) -> Callable[[str], object]:
    """Makes the tasks known to this queue, once; gives what puts an import into it."""
    if _NAME in app.extensions:
        known: Callable[[str], object] = app.extensions[_NAME]
        return known

    @huey.task(name="go_on_with_import")  # type: ignore[untyped-decorator]
    def go_on_with(import_id: str) -> None:
        with app.app_context():
            step(app.config["RUHU"], import_id)

    @huey.periodic_task(crontab(minute="*"), name="imports")  # type: ignore[untyped-decorator]
    @huey.lock_task("imports")  # type: ignore[untyped-decorator]
    def sweep_now() -> None:
        with app.app_context():
            run_waiting(app.config["RUHU"])

    app.extensions[_NAME] = enqueue = partial(_enqueue, go_on_with)
    return enqueue


def _enqueue(task: Callable[[str], object], import_id: str) -> None:
    """A queue that is down is no error for whoever asks: the sweep comes by every minute."""
    try:
        task(import_id)
    except (sqlite3.Error, OSError, HueyException) as error:
        log.warning("imports.queue_down", kind=type(error).__name__)


def step(settings: Settings, import_id: str) -> bool:
    """Reads an import that waits, or goes on with one that was started; whether it came to the end of that."""
    with db.read() as session:
        state = listing.find(session, None, import_id).state
    if state == "applying":
        return applying.go_on(settings, datasets(), import_id)
    return looking.look_over(settings, datasets(), import_id)


def run_waiting(settings: Settings) -> int:
    """Does what waits, and what a dead worker left; answers how many came to an end."""
    listing.sweep(settings)
    with db.read() as session:
        ids = [import_id for import_id, _ in listing.waiting(session)]
    return sum(_try(settings, import_id) for import_id in ids)


def _try(settings: Settings, import_id: str) -> bool:
    """One that cannot go on never stands in the way of the others."""
    try:
        return step(settings, import_id)
    except Exception as error:
        # The text of an exception may hold what the register says of people.
        log.error("imports.step_failed", register_import=import_id, kind=type(error).__name__)
        return False
