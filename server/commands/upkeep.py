"""What the worker does beside photos and exports: feeds, loans and hand-overs, by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from huey import crontab

from server import db
from server.sync import area_changes, audit_chain, datum_doubts, holdings, loans
from server.sync.compaction import compact

LATELY = timedelta(minutes=45)  # three turns of the clock: a turn that is lost is made up by the next


def keep_up(arrived: timedelta = datum_doubts.REACH) -> None:
    """Lets names and places of regions hold whose day has come, ends loans whose last day is over, finds rights that
    ended without a word to us, looks for wrong datums, puts the audit into its chain.

    `arrived`: how far back batches of positions are looked at; all of two days when a worker starts.
    """
    db.transact(area_changes.apply_due)
    db.transact(loans.end_due)
    holdings.notice_all()
    datum_doubts.look_at_all(arrived)
    audit_chain.seal()


def register(app: Flask, huey: Any) -> None:
    """Makes the tasks known to this queue."""

    @huey.periodic_task(crontab(minute="*/15"), name="keep_up")  # type: ignore[untyped-decorator]
    @huey.lock_task("keep_up")  # type: ignore[untyped-decorator]
    def keep_up_now() -> None:
        with app.app_context():
            keep_up(LATELY)

    @huey.periodic_task(crontab(), name="seal_audit")  # type: ignore[untyped-decorator]
    @huey.lock_task("seal_audit")  # type: ignore[untyped-decorator]
    def seal_now() -> None:  # each minute: until then an entry can be taken away without a trace
        with app.app_context():
            audit_chain.seal()

    @huey.periodic_task(crontab(hour="19", minute="40"), name="compact_feeds")  # type: ignore[untyped-decorator]
    @huey.lock_task("compact_feeds")  # type: ignore[untyped-decorator]
    def compact_now() -> None:  # 3:40 in China
        with app.app_context():
            compact()
