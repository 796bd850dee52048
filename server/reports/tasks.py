"""Exports as work for the queue. The queue only makes them soon: what it loses the sweep finds, by the table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import structlog
from flask import Flask
from huey import crontab
from huey.exceptions import HueyException

from server import db
from server.config import Settings
from server.reports import exports
from server.sync.definitions import datasets

log = structlog.get_logger()
_NAME = "ruhu_exports"


def register(app: Flask, huey: Any) -> Callable[[str], object]:
    """Makes the tasks known to this queue, once; gives what puts an export into it."""
    if _NAME in app.extensions:
        known: Callable[[str], object] = app.extensions[_NAME]
        return known

    @huey.task(name="write_export")  # type: ignore[untyped-decorator]
    def write_export(export_id: str) -> None:
        with app.app_context():
            exports.run(app.config["RUHU"], datasets(), export_id)

    @huey.periodic_task(crontab(minute="*"), name="exports")  # type: ignore[untyped-decorator]
    @huey.lock_task("exports")  # type: ignore[untyped-decorator]
    def sweep_now() -> None:
        with app.app_context():
            run_waiting(app.config["RUHU"])

    app.extensions[_NAME] = enqueue = partial(_enqueue, write_export)
    return enqueue


def _enqueue(task: Callable[[str], object], export_id: str) -> None:
    """A queue that is down is no error for whoever asks: the sweep comes by every minute."""
    try:
        task(export_id)
    except (sqlite3.Error, OSError, HueyException) as error:
        log.warning("reports.queue_down", kind=type(error).__name__)


def run_waiting(settings: Settings) -> int:
    """Writes every export that waits; answers how many there are now."""
    exports.sweep(settings)
    with db.read() as session:
        ids: Iterable[str] = exports.waiting(session)
    return sum(exports.run(settings, datasets(), export_id) for export_id in ids)
