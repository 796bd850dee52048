"""Work on photos that happens later: the queue, one photo's derivation, and the sweep that forgets nobody.

The queue only makes it fast. What it loses (a crash, a full disk, a server without it) the sweep finds, because the
database knows which attachments have bytes and no result.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, current_app
from huey import SqliteHuey, crontab
from huey.exceptions import HueyException

from server import db
from server.config import Settings
from server.db import now
from server.errors import Problem
from server.evidence import photos
from server.evidence.checks import Check
from server.evidence.darkroom import Darkroom, Lost
from server.evidence.judging import judge_photo
from server.evidence.twins import named
from server.sealing import reseal, rotate
from server.sync.blobs import store_of
from server.sync.leftovers import HOUR, tidy_uploads
from server.sync.push import judge_left_over
from server.sync.sweep import Swept
from server.sync.sweep import sweep as sweep_store

log = structlog.get_logger()

SWEEP_LIMIT = 500
GRACE = timedelta(minutes=1)  # the queue's own time before the sweep looks at a photo

_rooms = threading.local()


@dataclass(frozen=True)
class Queue:
    """The queue of this server; `derive` puts one attachment's id into it."""

    huey: Any
    derive: Any


def queue(app: Flask) -> Queue:
    """The app's queue: an SQLite file in its folder, made when first needed."""
    if "ruhu_queue" not in app.extensions:
        app.extensions["ruhu_queue"] = _make_queue(app)
    made: Queue = app.extensions["ruhu_queue"]
    return made


def _make_queue(app: Flask) -> Queue:
    settings: Settings = app.config["RUHU"]
    # Its locks know no end by time: the worker clears those that a killed one left (flush_locks).
    huey = SqliteHuey("ruhu", filename=str(settings.var / "queue.sqlite"), results=False, fsync=False)

    @huey.task(name="derive_photo")  # type: ignore[untyped-decorator]
    def derive_photo(attachment_id: str) -> None:
        with app.app_context():
            derive(settings, attachment_id)

    @huey.periodic_task(crontab(minute="*"), name="sweep")  # type: ignore[untyped-decorator]
    @huey.lock_task("sweep")  # type: ignore[untyped-decorator]
    def sweep_now() -> None:
        with app.app_context():
            sweep(settings)

    @huey.periodic_task(crontab(minute="*"), name="reseal")  # type: ignore[untyped-decorator]
    @huey.lock_task("reseal")  # type: ignore[untyped-decorator]
    def reseal_now() -> None:
        with app.app_context():
            if reseal.is_due():
                done = reseal.go_on(seconds=20)
                log.info("keys.resealed", looked_at=done.looked_at, resealed=done.resealed, finished=done.finished)

    @huey.periodic_task(crontab(minute="17"), name="drop_keys")  # type: ignore[untyped-decorator]
    @huey.lock_task("drop_keys")  # type: ignore[untyped-decorator]
    def drop_keys_now() -> None:
        with app.app_context():
            log.info("keys.dropped", keys=rotate.drop_unused()[0])

    @huey.periodic_task(crontab(minute="*"), name="judge_left_over")  # type: ignore[untyped-decorator]
    @huey.lock_task("judge_left_over")  # type: ignore[untyped-decorator]
    def judge_now() -> None:
        with app.app_context():
            judge_left_over()

    @huey.periodic_task(crontab(hour="3", minute="40"), name="sweep_blobs")  # type: ignore[untyped-decorator]
    @huey.lock_task("sweep_blobs")  # type: ignore[untyped-decorator]
    def sweep_blobs_now() -> None:
        with app.app_context():
            sweep_blobs(settings)

    return Queue(huey, derive_photo)


def enqueue(attachment_ids: Iterable[str]) -> None:
    """Asks for these photos soon; call it after the commit. A queue that is down is no error for the caller."""
    ids = list(attachment_ids)
    try:
        for attachment_id in ids:
            queue(current_app._get_current_object()).derive(attachment_id)  # type: ignore[attr-defined]
    except (sqlite3.Error, OSError, HueyException) as error:
        log.warning("evidence.queue_down", photos=len(ids), kind=type(error).__name__)


def derive(settings: Settings, attachment_id: str) -> bool:
    """Derives one photo if that is still to do; whether there is a result now that was not there before."""
    job = db.transact(lambda session: photos.start(session, attachment_id))
    if job is None:
        return False
    try:
        made = _develop(settings, job)
    except (Lost, OSError, Problem) as error:
        reason = f"{type(error).__name__}: {error}"
        log.warning("evidence.photo_failed", attachment=attachment_id, reason=reason)
        db.transact(lambda session: photos.note_error(session, attachment_id, reason))
        return False
    db.transact(lambda session: photos.record(session, job, made))
    judge(attachment_id)
    return True


def judge(attachment_id: str) -> None:
    """Checks one photo, and those that it turned out to be like and that do not know it yet."""
    others = named(_judge(attachment_id))
    with db.read() as session:
        unaware = photos.unchecked_of(session, others)
    for other in unaware:
        _judge(other)


def _judge(attachment_id: str) -> Sequence[Check]:
    """What fails here is a fault of ours: it is told, and the sweep tries again."""
    try:
        return db.transact(lambda session: judge_photo(session, attachment_id)) or ()
    except Exception as error:
        log.error("evidence.check_failed", attachment=attachment_id, kind=type(error).__name__)
        return ()


def renew(settings: Settings, attachment_id: str, *, hashes_only: bool = False) -> bool:
    """Derives a photo again; whether that went well. Until then, and if not, what is known of it stays.

    `hashes_only`: neither the copies nor what was read from the photo change.
    """
    with db.read() as session:
        job = photos.job_of(session, attachment_id)
    if job is None:
        return False
    try:
        made = _develop(settings, job, keep=not hashes_only)
    except (Lost, OSError) as error:
        log.warning("evidence.photo_failed", attachment=attachment_id, reason=type(error).__name__)
        return False
    write = photos.record_hashes if hashes_only else photos.record_again
    db.transact(lambda session: write(session, job, made))
    judge(attachment_id)
    return True


def make_copies(settings: Settings, sha256: str, media_type: str) -> bool:
    """Makes the copies of bytes that are no attachment, at once; whether there are any now."""
    try:
        return bool(_develop(settings, photos.Job("", sha256, media_type, None, None, None))["state"] == "ready")
    except (Lost, OSError) as error:
        log.warning("evidence.copy_failed", kind=type(error).__name__)
        return False


def _develop(settings: Settings, job: photos.Job, *, keep: bool = True) -> dict[str, Any]:
    """Has the copies made under names of this process, then gives them their places; or throws them away."""
    targets = photos.copies(settings, job.sha256)
    mine = f"{os.getpid()}-{threading.get_ident()}"
    drafts = {edge: path.with_name(f".{path.name}.{mine}") for edge, path in targets.items()}
    for path in targets.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with store_of(settings).local(job.sha256) as source:
            made = _room().develop(source, job.media_type, drafts)
        if made["state"] == "ready" and keep:
            for edge, path in targets.items():
                drafts[edge].replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    return made


def _room() -> Darkroom:
    """Each thread of the worker has its own process."""
    room: Darkroom | None = getattr(_rooms, "room", None)
    if room is None:
        room = _rooms.room = Darkroom()
    return room


def sweep(settings: Settings, *, grace: timedelta = GRACE, file_age: int = HOUR) -> int:
    """Cleans up after interrupted uploads and derives what nobody derived; how many results came of it."""
    tidied = tidy_uploads(store_of(settings), timedelta(days=settings.upload_days), file_age=file_age)
    done = 0
    while ids := _waiting(grace):
        results = [derive(settings, attachment_id) for attachment_id in ids]
        done += sum(results)
        if not any(results):
            break  # the rest failed just now; the next sweep tries again
    for attachment_id in _unchecked(grace):
        judge(attachment_id)
    log.info("evidence.swept", derived=done, finished=tidied.finished, files=tidied.removed_files)
    return done


def sweep_blobs(settings: Settings, *, grace: timedelta | None = None, dry_run: bool = False) -> Swept:
    """Takes away bytes that nothing refers to, and the copies that were made of them. `grace` as in the settings."""
    kept_for = timedelta(days=settings.blob_days) if grace is None else grace
    swept = sweep_store(store_of(settings), kept_for, dry_run=dry_run)
    if not dry_run:
        for path in (path for sha256 in swept.freed for path in photos.copies(settings, sha256).values()):
            path.unlink(missing_ok=True)
    return swept


def _waiting(grace: timedelta) -> list[str]:
    with db.read() as session:
        return photos.waiting(session, now() - grace, SWEEP_LIMIT)


def _unchecked(grace: timedelta) -> list[str]:
    with db.read() as session:
        return photos.unchecked(session, now() - grace, SWEEP_LIMIT)
