"""Exports as work for the queue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask

from server import db, queued
from server.config import Settings
from server.reports import exports
from server.sync.definitions import datasets


def register(app: Flask, huey: Any) -> queued.Put:
    """Makes the work known to this queue; gives what puts an export into it."""
    return queued.register(app, huey, queued.Work("exports", "write_export", _write, run_waiting))


def _write(settings: Settings, export_id: str) -> bool:
    return exports.run(settings, datasets(), export_id)


def run_waiting(settings: Settings) -> int:
    """Writes every export that waits; answers how many there are now."""
    exports.sweep(settings)
    with db.read() as session:
        ids: Iterable[str] = exports.waiting(session)
    return sum(_write(settings, export_id) for export_id in ids)
