"""Reading a register and showing what applying it would do: nothing is written to the registry.

Opens its own transactions, because it takes minutes; goes on from the beginning after a kill.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from server import db
from server.config import Settings
from server.db import now
from server.errors import Problem
from server.imports.compare import adopt, list_vanished
from server.imports.files import copies_of, forget, open_files
from server.imports.job import BATCH, LEASE, Datasets, Job, Progress, importer, open_job, silent
from server.imports.load import Loader
from server.imports.merging import Merging, known_keys, with_number
from server.imports.staging import Unit
from server.imports.tables import ImportSource, RegisterImport
from server.imports.tally import Tally

log = structlog.get_logger()

TRIES = 3


@dataclass(frozen=True)
class Look:
    """What reading and comparing found. `unplaced`: counts of refused rows that belong to no household."""

    tally: Tally
    unplaced: dict[str, dict[str, int]]
    listed: dict[str, int]
    households: int


def look_over(settings: Settings, datasets: Datasets, import_id: str, progress: Progress | None = None) -> bool:
    """Reads the files and says what applying would do, writing nothing to the registry. Whether it did."""
    row = db.transact(lambda session: _begin(session, import_id))
    if row is None:
        return False
    tell = progress or silent
    try:
        found = _look_over(settings, datasets, row, tell)
    except Problem as problem:
        faults = [{"where": one.where, "why": one.why, "fix": one.fix} for one in problem.faults]
        code = problem.code
        db.transact(lambda session: _fail(session, import_id, code, faults))
        return False
    except Exception as error:
        # The text of an exception may hold what the register says of people.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("imports.reading_failed", register_import=import_id, kind=type(error).__name__, line=place.lineno)
        db.transact(lambda session: _fail(session, import_id, "server.failed", []))
        raise
    db.transact(lambda session: _previewed(session, import_id, found))
    forget(copies_of(settings, import_id))
    return True


def _begin(session: Session, import_id: str) -> RegisterImport | None:
    """Takes an import that waits, or one whose reader has died."""
    row = session.get(RegisterImport, import_id, with_for_update=True, populate_existing=True)
    dead = row is not None and row.state == "reading" and row.beat_at <= now() - LEASE
    if row is None or not (row.state == "waiting" or dead):
        return None
    row.state, row.beat_at, row.tries = "reading", now(), row.tries + 1
    if row.tries > TRIES:
        row.state, row.error, row.ended_at = "failed", "server.failed", now()
        return None
    return row


def _look_over(settings: Settings, datasets: Datasets, row: RegisterImport, progress: Progress) -> Look:
    tally = Tally()
    with db.read() as session:
        job = open_job(session, settings, datasets, row, new=True)
    try:
        files = open_files(copies_of(settings, row.id), row.filename, job.mapping).files
        progress("reading", 0, 1)
        # Rows without a place among the units are refused here and now; applying does not come by them again.
        loader = Loader(job.mapping, job.secret, job.places, job.staging, tally)
        loader.load(files, lambda: _beat(row.id))
        unplaced = {dataset: dict(counts) for dataset, counts in tally.counts.items()}
        with db.read() as session:
            adopt(session, job, row)
        _preview(job, row, tally, progress)
        loader.show_refused(files)
        with db.read() as session:
            list_vanished(session, job, row)
        listed = {name: job.staging.count(name) for name in ("refused", "vanished")}
        households = job.staging.count("household")
        return Look(tally, unplaced, listed, households)
    finally:
        job.staging.close()


def _beat(import_id: str) -> None:
    def work(session: Session) -> None:
        session.get_one(RegisterImport, import_id).beat_at = now()

    db.transact(work)


class _OnlyLooked(Exception):
    """Leaves the transaction without committing it."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally


def _preview(job: Job, row: RegisterImport, tally: Tally, progress: Progress) -> None:
    """Does what applying would do, batch by batch, and takes each back."""
    total, reached = job.staging.count("household"), 0
    while units := job.staging.units(reached, BATCH):
        progress("looking", reached, total)
        try:
            db.transact(lambda session, units=units: _look(session, job, units))  # type: ignore[misc]
        except _OnlyLooked as looked:
            tally.join(looked.tally)
        reached = units[-1].n
        if (reached // BATCH) % 100 == 0:
            _beat(row.id)
    job.staging.keep()


def _look(session: Session, job: Job, units: Sequence[Unit]) -> None:
    tally = Tally()
    number = session.get_one(ImportSource, job.source).number + 1
    trial = with_number(job, number, importer(session))
    Merging(session, trial, known_keys(session, trial, units), tally).merge(units, look=True)
    raise _OnlyLooked(tally)


def _previewed(session: Session, import_id: str, found: Look) -> None:
    row = session.get_one(RegisterImport, import_id)
    row.households = found.households
    row.counts = {**found.tally.counts, "listed": found.listed, "unplaced": found.unplaced}
    row.state, row.problems, row.beat_at = "previewed", found.tally.problems(), now()


def _fail(session: Session, import_id: str, code: str, faults: list[dict[str, str]]) -> None:
    row = session.get_one(RegisterImport, import_id)
    row.state, row.error, row.problems, row.ended_at = "failed", code, list(faults), now()
