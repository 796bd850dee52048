"""Imports as work for the queue."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask

from server import db, queued
from server.config import Settings
from server.imports import applying, listing, looking
from server.sync.definitions import datasets

log = structlog.get_logger()


def register(app: Flask, huey: Any) -> queued.Put:
    """Makes the work known to this queue; gives what puts an import into it."""
    return queued.register(app, huey, queued.Work("imports", "go_on_with_import", step, run_waiting))


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
