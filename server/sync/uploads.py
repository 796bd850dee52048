"""Resumable uploads: what has arrived, what may follow, and how a file is finished.

The offset lives in the row; the bytes lie in the staging folder under the upload's id. Bytes are on stable storage
before the offset that counts them is committed; a file longer than its offset is cut when it is opened. All under
the row's lock, which is never held while the network is read.

A file is finished in an order that a crash may interrupt anywhere: hash verified, linked into the store, then one
transaction (blob, holder, waiting attachments, state), then the staging name goes. While that transaction has not
happened the upload is not complete, and whoever asks for it next finishes it. The staging file itself is the proof
that this person sent the bytes, so it must outlive the transaction. A disk or a store that fails on the way leaves the
upload as it was before: it goes on when there is room again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.db import now
from server.errors import Problem
from server.failpoints import hit
from server.sync.attachments import bind_waiting
from server.sync.blob_store import BlobStore, Stored, room, sha256_of
from server.sync.blobs import Swept, hold
from server.sync.staging import Chunk, make_empty, staged, write
from server.sync.tables import Upload
from server.sync.upload_life import Quota, check_quota, is_over

_TRIES = 5


@dataclass(frozen=True)
class NewUpload:
    """What a client announces: hash of the whole file, its size in bytes, its description as it came."""

    sha256: str
    size: int
    description: str


@dataclass(frozen=True)
class Progress:
    """Where an upload stands. `bound`: ids of the attachments that got their bytes just now."""

    id: str
    person_id: str
    sha256: str
    size: int
    received: int
    state: str
    description: str
    expires_at: datetime
    bound: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """All bytes are here, but the file is not finished."""
        return self.state == "open" and self.received == self.size


def create(store: BlobStore, person_id: str, new: NewUpload, quota: Quota) -> Progress:
    """A new upload. An empty file is finished at once. Problems: upload.too_many, upload.too_much."""
    upload_id = str(uuid.uuid4())

    def work(session: Session) -> Progress:
        check_quota(session, person_id, new.size, quota)
        row = Upload(
            id=upload_id, person_id=person_id, sha256=new.sha256, size=new.size, received=0, state="open",
            description=new.description, expires_at=now() + quota.lifetime,
        )
        session.add(row)
        session.flush()
        return _progress(row)

    progress = db.transact(work)
    hit("upload.created")
    return finish(store, progress) if progress.whole else progress


def look(store: BlobStore, person_id: str, upload_id: str) -> Progress:
    """Where the upload stands; a file that a crash left whole is finished first."""
    progress = db.transact(lambda session: _settled(session, store, person_id, upload_id))
    return finish(store, progress) if progress.whole else progress


def append(store: BlobStore, person_id: str, upload_id: str, chunk: Chunk, quota: Quota) -> Progress:
    """Adds the bytes of the chunk; the last ones finish the upload.

    Problems: upload.not_found, upload.expired, upload.wrong_offset, upload.too_large, server.full,
    server.store_away, and upload.wrong_checksum when the finished file is not the announced one (then it is gone).
    """
    expires_at = now() + quota.lifetime
    progress = db.transact(lambda session: _append(session, store, person_id, upload_id, chunk, expires_at))
    if progress is None:
        raise Problem("upload.wrong_offset")
    hit("upload.offset_committed")
    return finish(store, progress) if progress.whole else progress


def expect(person_id: str, upload_id: str, offset: int, length: int) -> None:
    """The Problem that `append` would raise, known before the bytes are received."""
    with db.read() as session:
        row = _own(session, person_id, upload_id, lock=False)
        if offset != row.received:
            raise Problem("upload.wrong_offset", detail=f"Upload-Offset: {row.received}")
        _check_fits(row, offset + length)


def remove(store: BlobStore, person_id: str, upload_id: str) -> None:
    """Ends an upload; bytes that were finished stay in the store."""
    db.transact(lambda session: session.delete(_own(session, person_id, upload_id)))
    (store.staging / upload_id).unlink(missing_ok=True)


def finish(store: BlobStore, upload: Progress) -> Progress:
    """Makes a whole staged file a blob; safe to repeat and to run twice at once."""
    path = store.staging / upload.id
    if upload.size == 0:
        make_empty(store.staging, upload.id)
    try:
        verified = sha256_of(path) == upload.sha256
        if verified:
            hit("upload.verified")
            finished = _put(store, upload)
    except FileNotFoundError:  # somebody else finished it meanwhile, or the disk lost it
        return db.transact(lambda session: _settled(session, store, upload.person_id, upload.id))
    if not verified:
        remove(store, upload.person_id, upload.id)
        raise Problem("upload.wrong_checksum", detail="The file is not the one of Upload-Metadata sha256.")
    path.unlink(missing_ok=True)
    hit("upload.finished")
    return finished


def _put(store: BlobStore, upload: Progress) -> Progress:
    """The staged file into the store, and all that follows from it; again when a sweep took the bytes in between."""
    for _ in range(_TRIES):
        with room():
            hit("upload.linking")
            store.put_file(store.staging / upload.id, upload.sha256)
        hit("upload.renamed")
        try:
            return db.transact(lambda session: _finished(session, store, upload))
        except Swept:
            continue
    raise Problem("server.store_away", retry_after=30)


def _own(session: Session, person_id: str, upload_id: str, *, lock: bool = True) -> Upload:
    """The row, locked where the database locks rows; foreign answers as unknown."""
    statement = select(Upload).where(Upload.id == upload_id)
    row = session.scalar(statement.with_for_update() if lock else statement)
    if row is None or row.person_id != person_id:
        raise Problem("upload.not_found")
    if row.state == "expired" or is_over(session, row):
        raise Problem("upload.expired")
    return row


def _settled(session: Session, store: BlobStore, person_id: str, upload_id: str) -> Progress:
    """Where the upload stands, after a look at the disk."""
    row = _own(session, person_id, upload_id)
    _check_disk(store, row)
    return _progress(row)


def _append(
    session: Session, store: BlobStore, person_id: str, upload_id: str, chunk: Chunk, expires_at: datetime
) -> Progress | None:
    """Adds the bytes; None when they do not follow what is there."""
    row = _own(session, person_id, upload_id)
    _check_disk(store, row)
    if chunk.offset != row.received:
        return None
    _check_fits(row, chunk.offset + chunk.length)
    if row.state == "open" and chunk.length:
        write(store.staging, row.id, chunk)
        hit("upload.bytes_written")
        row.received = chunk.offset + chunk.length
        row.expires_at = expires_at
    return _progress(row)


def _check_disk(store: BlobStore, row: Upload) -> None:
    """Bytes that the disk lost have to be sent again, from the start."""
    if row.state == "open" and staged(store.staging, row.id) < row.received:
        row.received = 0


def _check_fits(row: Upload, end: int) -> None:
    if end > row.size:
        raise Problem("upload.too_large", detail=f"Upload-Length: {row.size}")


def _finished(session: Session, store: BlobStore, upload: Progress) -> Progress:
    row = _own(session, upload.person_id, upload.id)
    if row.state != "open":
        return _progress(row)
    hold(session, store, [Stored(row.sha256, row.size)], row.person_id)
    row.state = "finished"
    bound = bind_waiting(session, row.person_id, row.sha256)
    return replace(_progress(row), bound=tuple(bound))


def _progress(row: Upload) -> Progress:
    return Progress(
        id=row.id, person_id=row.person_id, sha256=row.sha256, size=row.size, received=row.received, state=row.state,
        description=row.description, expires_at=row.expires_at,
    )
