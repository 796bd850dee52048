"""Work that waits in a table of its own and that the queue makes soon. What the queue loses the sweep finds, by the
table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from flask import Flask
from huey import crontab
from huey.exceptions import HueyException

from server.config import Settings

log = structlog.get_logger()
Put = Callable[[str], object]


@dataclass(frozen=True)
class Work:
    """`name`: of the sweep, and in the log; `task`: of one piece, as the queue keeps it. `do`: one piece, by the id of
    its row; `sweep`: whatever waits, every minute.
    """

    name: str
    task: str
    do: Callable[[Settings, str], object]
    sweep: Callable[[Settings], object]


def register(app: Flask, huey: Any, work: Work) -> Put:
    """Makes the work known to this queue, once; gives what puts the id of a row into it."""
    key = f"ruhu_{work.name}"
    if key not in app.extensions:
        app.extensions[key] = partial(_put, work.name, _made(app, huey, work))
    known: Put = app.extensions[key]
    return known


def _made(app: Flask, huey: Any, work: Work) -> Put:
    @huey.task(name=work.task)  # type: ignore[untyped-decorator]
    def one(row_id: str) -> None:
        with app.app_context():
            work.do(app.config["RUHU"], row_id)

    @huey.periodic_task(crontab(minute="*"), name=work.name)  # type: ignore[untyped-decorator]
    @huey.lock_task(work.name)  # type: ignore[untyped-decorator]
    def sweep_now() -> None:
        with app.app_context():
            work.sweep(app.config["RUHU"])

    made: Put = one
    return made


def _put(name: str, task: Put, row_id: str) -> None:
    """A queue that is down is no error for whoever asks: the sweep comes by every minute."""
    try:
        task(row_id)
    except (sqlite3.Error, OSError, HueyException) as error:
        log.warning(f"{name}.queue_down", kind=type(error).__name__)
