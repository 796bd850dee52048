"""Takes away bytes that nothing refers to, in two looks, and never bytes that somebody counts on.

First look: a blob is marked when no attachment or draft has or names it, no unfinished upload brings it, no op that
still waits names it, and its holders were last told a grace ago that we have it. Second look, a day later at the
earliest: all of that again, then the rows go in one transaction and the bytes in another, both alone under the lock of
blobs.guard.
A crash in between leaves bytes without rows, which are taken away like any others that were put and never noted.
Whoever brings such bytes meanwhile is never harmed: a lock that is taken is not waited for, and `blobs.hold` looks
under the same lock whether the bytes are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TypeVar

import structlog
from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update
from sqlalchemy.orm import Session

from server import db
from server.db import now
from server.failpoints import hit
from server.sync.blob_store import BlobStore, Entry
from server.sync.blobs import bucket
from server.sync.office_tables import DraftFile, OpFile
from server.sync.tables import Attachment, Blob, BlobHolder, Upload
from server.sync.upload_life import named_by_ops

log = structlog.get_logger()

LOOK_AGAIN = timedelta(days=1)
SETTLING = timedelta(hours=1)  # bytes that were put just now and are about to be noted
_BATCH = 500
T = TypeVar("T")
# Every column that means bytes of the store, and what speaks for keeping them (tests/sync/test_sweep.py compares).
REFERRERS = {
    "attachment.blob": "has them",
    "attachment.sha256": "names them",
    "draft_file.sha256": "names them, as long as the draft is kept",
    "op_file.sha256": "names them",
    "blob_holder.sha256": "was told a grace ago at most",
    "upload.sha256": "brings them, while it is open",
}


@dataclass(frozen=True)
class Swept:
    """`marked`: found unneeded just now; `waiting`: marked and not yet due; `freed`: hashes of what went, rows and all;
    `orphans`: files without a row; `busy`: left for the next time, because somebody used them. Sizes in bytes.
    """

    marked: int
    spared: int
    waiting: int
    freed: tuple[str, ...]
    freed_bytes: int
    orphans: int
    orphan_bytes: int
    busy: int


def sweep(
    store: BlobStore, grace: timedelta, *, look_again: timedelta = LOOK_AGAIN, settling: timedelta = SETTLING,
    dry_run: bool = False,
) -> Swept:
    """One sweep; `dry_run` only counts what it would do."""
    held_before, due = now() - grace, now() - look_again
    marked, spared = (_would_mark if dry_run else _mark)(held_before)
    sizes: dict[str, int] = {}
    busy = 0
    for sha256, size in _due(due):
        gone = dry_run or _let_go(store, sha256, held_before)
        busy += not gone
        sizes |= {sha256: size} if gone else {}
    orphans, orphan_bytes = _sweep_orphans(store, settling, dry_run)
    done = Swept(
        marked, spared, _count_marked(), tuple(sorted(sizes)), sum(sizes.values()), orphans, orphan_bytes, busy
    )
    log.info("blobs.swept", dry_run=dry_run, marked=marked, freed=len(sizes), bytes=done.freed_bytes, orphans=orphans)
    return done


def _needless(held_before: object) -> ColumnElement[bool]:
    """Clause on Blob: no row refers to it, and nobody was told lately that we have it."""
    named = exists().where((Attachment.blob == Blob.sha256) | (Attachment.sha256 == Blob.sha256))
    held = exists().where(BlobHolder.sha256 == Blob.sha256, BlobHolder.held_at > held_before)
    drafted = exists().where(DraftFile.sha256 == Blob.sha256)
    told = exists().where(OpFile.sha256 == Blob.sha256)
    coming = exists().where(Upload.sha256 == Blob.sha256, Upload.state == "open")
    return and_(~named, ~drafted, ~told, ~held, ~coming, Blob.created_at <= held_before)


def _mark(held_before: object) -> tuple[int, int]:
    """How many were marked, and from how many the mark was taken."""

    with db.read() as session:
        named = set(named_by_ops(session))  # not under the writer's lock; the second look asks again

    def work(session: Session) -> tuple[int, int]:
        needless = _needless(held_before)
        new = set(session.scalars(
            update(Blob).where(Blob.unneeded_since.is_(None), needless).values(unneeded_since=now())
            .returning(Blob.sha256).execution_options(synchronize_session=False)
        ))  # fmt: skip
        spared = set(_unmark(session, ~needless))
        for hashes in _batches(named):
            spared |= set(_unmark(session, Blob.sha256.in_(hashes)))
        return len(new - spared), len(spared - new)

    return db.transact(work)


def _unmark(session: Session, clause: ColumnElement[bool]) -> Iterable[str]:
    return session.scalars(
        update(Blob).where(Blob.unneeded_since.is_not(None), clause).values(unneeded_since=None)
        .returning(Blob.sha256).execution_options(synchronize_session=False)
    )  # fmt: skip


def _would_mark(held_before: object) -> tuple[int, int]:
    with db.read() as session:
        named = set(named_by_ops(session))
        new = session.scalars(select(Blob.sha256).where(Blob.unneeded_since.is_(None), _needless(held_before)))
        return len(set(new) - named), 0


def _due(before: object) -> list[tuple[str, int]]:
    with db.read() as session:
        marked = select(Blob.sha256, Blob.size).where(Blob.unneeded_since <= before).order_by(Blob.sha256)
        return [(sha256, size) for sha256, size in session.execute(marked)]


def _count_marked() -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Blob).where(Blob.unneeded_since.is_not(None))) or 0


def _let_go(store: BlobStore, sha256: str, held_before: object) -> bool:
    """The second look at one blob; whether its rows are gone. Its bytes go then, or with the next sweep's orphans."""
    if not db.transact(lambda session: _delete_rows(session, sha256, held_before)):
        return False
    hit("sweep.rows_gone")
    _remove_bytes(store, sha256)
    return True


def _delete_rows(session: Session, sha256: str, held_before: object) -> bool:
    if not db.try_lock(session, bucket(sha256)):
        return False
    needless = session.scalar(select(Blob.sha256).where(Blob.sha256 == sha256, _needless(held_before)))
    hit("sweep.judged")
    people = list(session.scalars(select(BlobHolder.person_id).where(BlobHolder.sha256 == sha256)))
    if needless is None or sha256 in named_by_ops(session, people):
        session.execute(update(Blob).where(Blob.sha256 == sha256).values(unneeded_since=None))
        return False
    session.execute(delete(BlobHolder).where(BlobHolder.sha256 == sha256))
    session.execute(delete(Blob).where(Blob.sha256 == sha256))
    return True


def _remove_bytes(store: BlobStore, sha256: str) -> bool:
    """Takes bytes without a row away; False when there is one by now, or somebody is about to make one."""

    def work(session: Session) -> bool:
        if not db.try_lock(session, bucket(sha256)) or session.get(Blob, sha256) is not None:
            return False
        store.remove(sha256)
        return True

    return db.transact(work)


def _sweep_orphans(store: BlobStore, settling: timedelta, dry_run: bool) -> tuple[int, int]:
    """Files that no row knows, because a crash came between putting and noting them; how many, and their bytes."""
    count = size = 0
    for entry in _orphans(store, settling):
        if dry_run or _remove_bytes(store, entry.sha256):
            count, size = count + 1, size + entry.size
    return count, size


def _orphans(store: BlobStore, settling: timedelta) -> Iterator[Entry]:
    before = now() - settling
    old = (entry for entry in store.entries() if entry.put_at <= before)
    for entries in _batches(old):
        with db.read() as session:
            known = set(session.scalars(select(Blob.sha256).where(Blob.sha256.in_([one.sha256 for one in entries]))))
        yield from (entry for entry in entries if entry.sha256 not in known)


def _batches(items: Iterable[T]) -> Iterator[Sequence[T]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch
