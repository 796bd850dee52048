"""What the worker does beside photos and exports: feeds, loans and hand-overs, by the clock."""

from __future__ import annotations

from typing import Any

from flask import Flask
from huey import crontab

from server import db
from server.sync import datum_doubts, holdings, loans
from server.sync.compaction import compact


def keep_up() -> None:
    """Ends loans whose last day is over, finds rights that ended without a word to us, looks for wrong datums."""
    db.transact(loans.end_due)
    holdings.notice_all()
    datum_doubts.look_at_all()


def register(app: Flask, huey: Any) -> None:
    """Makes the tasks known to this queue."""

    @huey.periodic_task(crontab(minute="*/15"), name="keep_up")  # type: ignore[untyped-decorator]
    @huey.lock_task("keep_up")  # type: ignore[untyped-decorator]
    def keep_up_now() -> None:
        with app.app_context():
            keep_up()

    @huey.periodic_task(crontab(hour="19", minute="40"), name="compact_feeds")  # type: ignore[untyped-decorator]
    @huey.lock_task("compact_feeds")  # type: ignore[untyped-decorator]
    def compact_now() -> None:  # 3:40 in China
        with app.app_context():
            compact()
