"""Resumable uploads: what has arrived, what may follow, and how a file is finished.

The offset lives in the row; the bytes lie in the staging folder under the upload's id. Bytes are on stable storage
before the offset that counts them is committed; a file longer than its offset is cut when it is opened. All under
the row's lock, which is never held while the network is read.

A file is finished in an order that a crash may interrupt anywhere: hash verified, linked into the store, then one
transaction (blob, holder, waiting attachments, state), then the staging name goes. While that transaction has not
happened the upload is not complete, and whoever asks for it next finishes it. The staging file itself is the proof
that this person sent the bytes, so it must outlive the transaction.
"""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server import db
from server.db import now
from server.errors import Problem
from server.failpoints import hit
from server.sync.attachments import bind_waiting
from server.sync.blobs import PIECE, BlobStore, make_folder, record_blob, sha256_of, sync_folder
from server.sync.tables import Attachment, Upload


@dataclass(frozen=True)
class NewUpload:
    """What a client announces: hash of the whole file, its size in bytes, its description as it came."""

    sha256: str
    size: int
    description: str


@dataclass(frozen=True)
class Chunk:
    """Bytes that came, in a file of their own, and where in the upload they belong."""

    offset: int
    file: IO[bytes]
    length: int


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


def create(store: BlobStore, person_id: str, new: NewUpload, lifetime: timedelta) -> Progress:
    """A new upload. An empty file is finished at once."""
    upload_id = str(uuid.uuid4())

    def work(session: Session) -> Progress:
        row = Upload(
            id=upload_id, person_id=person_id, sha256=new.sha256, size=new.size, received=0, state="open",
            description=new.description, expires_at=now() + lifetime,
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


def append(store: BlobStore, person_id: str, upload_id: str, chunk: Chunk, lifetime: timedelta) -> Progress:
    """Adds the bytes of the chunk; the last ones finish the upload. `lifetime`: how long to wait for the next ones.

    Problems: upload.not_found, upload.expired, upload.wrong_offset, upload.too_large, and upload.wrong_checksum
    when the finished file is not the announced one (then the upload is gone).
    """
    progress = db.transact(lambda session: _append(session, store, person_id, upload_id, chunk, now() + lifetime))
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
        make_folder(store.staging)
        path.touch()
    try:
        verified = sha256_of(path) == upload.sha256
    except FileNotFoundError:  # somebody else finished it meanwhile, or the disk lost it
        return db.transact(lambda session: _settled(session, store, upload.person_id, upload.id))
    if not verified:
        remove(store, upload.person_id, upload.id)
        raise Problem("upload.wrong_checksum", detail="The file is not the one of Upload-Metadata sha256.")
    hit("upload.verified")
    store.put_file(path, upload.sha256)
    hit("upload.renamed")
    finished = db.transact(lambda session: _finished(session, upload.person_id, upload.id))
    path.unlink(missing_ok=True)
    hit("upload.finished")
    return finished


def _own(session: Session, person_id: str, upload_id: str, *, lock: bool = True) -> Upload:
    """The row, locked where the database locks rows; foreign answers as unknown."""
    statement = select(Upload).where(Upload.id == upload_id)
    row = session.scalar(statement.with_for_update() if lock else statement)
    if row is None or row.person_id != person_id:
        raise Problem("upload.not_found")
    if row.state == "expired" or is_over(session, row):
        raise Problem("upload.expired")
    return row


def is_over(session: Session, row: Upload) -> bool:
    """Whether an unfinished upload has run out of time."""
    unfinished = row.state == "open" and row.received < row.size
    return unfinished and row.expires_at <= now() and not awaited(session, row)


def awaited(session: Session, row: Upload) -> bool:
    """Whether an accepted submission still waits for these bytes from this person; then they never expire."""
    waiting = exists().where(
        Attachment.person_id == row.person_id, Attachment.sha256 == row.sha256, Attachment.blob.is_(None)
    )
    return bool(session.scalar(select(waiting)))


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
        _write(store, row.id, chunk)
        hit("upload.bytes_written")
        row.received = chunk.offset + chunk.length
        row.expires_at = expires_at
    return _progress(row)


def _check_disk(store: BlobStore, row: Upload) -> None:
    """Bytes that the disk lost have to be sent again, from the start."""
    if row.state == "open" and _staged(store, row.id) < row.received:
        row.received = 0


def _check_fits(row: Upload, end: int) -> None:
    if end > row.size:
        raise Problem("upload.too_large", detail=f"Upload-Length: {row.size}")


def _staged(store: BlobStore, upload_id: str) -> int:
    """Bytes in the staging file."""
    try:
        return (store.staging / upload_id).stat().st_size
    except FileNotFoundError:
        return 0


def _write(store: BlobStore, upload_id: str, chunk: Chunk) -> None:
    """Puts the bytes behind those that count, on stable storage; what a crash left there goes."""
    make_folder(store.staging)
    handle = os.open(store.staging / upload_id, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        file.truncate(chunk.offset)
        file.seek(chunk.offset)
        chunk.file.seek(0)
        shutil.copyfileobj(chunk.file, file, PIECE)
        file.flush()
        os.fdatasync(file.fileno())
    if chunk.offset == 0:
        sync_folder(store.staging)


def _finished(session: Session, person_id: str, upload_id: str) -> Progress:
    row = _own(session, person_id, upload_id)
    if row.state != "open":
        return _progress(row)
    record_blob(session, row.sha256, row.size, row.person_id)
    row.state = "finished"
    bound = bind_waiting(session, row.person_id, row.sha256)
    return replace(_progress(row), bound=tuple(bound))


def _progress(row: Upload) -> Progress:
    return Progress(
        id=row.id, person_id=row.person_id, sha256=row.sha256, size=row.size, received=row.received, state=row.state,
        description=row.description, expires_at=row.expires_at,
    )
