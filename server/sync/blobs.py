"""Which bytes this server has and who may name them: the rows beside the store.

Whoever notes bytes as held looks again, under the lock that `sweep` deletes under, that they are there: between
putting equal bytes (which changes nothing) and noting them, a sweep may have taken them away.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import BinaryIO

from sqlalchemy.orm import Session

from server import db
from server.config import Settings
from server.db import now, upsert
from server.sync.blob_folder import FolderStore
from server.sync.blob_s3 import S3Store
from server.sync.blob_store import BlobStore, Stored
from server.sync.tables import Blob, BlobHolder

_TRIES = 5


class Swept(Exception):
    """The bytes were taken away after they were put; put them again."""


def store_of(settings: Settings) -> BlobStore:
    """The store that the settings name."""
    if settings.s3:
        return S3Store(settings.staging, settings.s3)
    return FolderStore(settings.staging, settings.blobs)


def guard(session: Session, hashes: Collection[str]) -> None:
    """From here to the end of the transaction no sweep takes these bytes away.

    One lock for each first byte of a hash, so that a question about a thousand of them needs few locks, and the same
    ones whether the bytes are there or not.
    """
    db.lock_shared(session, {bucket(sha256) for sha256 in hashes})


def bucket(sha256: str) -> str:
    """Name of the lock of these bytes."""
    return f"blob:{sha256[:2]}"


def keep_streams(store: BlobStore, streams: Sequence[BinaryIO], person_id: str) -> list[Stored]:
    """Puts what the streams hold and notes the person as its holder, in a transaction of its own."""
    for _ in range(_TRIES):
        stored = [_put(store, stream) for stream in streams]
        try:
            db.transact(lambda session: hold(session, store, stored, person_id))  # noqa: B023 (called at once)
        except Swept:
            continue
        return stored
    raise Swept


def _put(store: BlobStore, stream: BinaryIO) -> Stored:
    stream.seek(0)
    return store.put_stream(stream)


def hold(session: Session, store: BlobStore, stored: Collection[Stored], person_id: str) -> None:
    """Notes that the store has these bytes and that this person uploaded them; raises Swept."""
    guard(session, [one.sha256 for one in stored])
    for one in sorted(set(stored), key=lambda one: one.sha256):
        if not store.exists(one.sha256):
            raise Swept(one.sha256)
        record_blob(session, one.sha256, one.size, person_id)


def record_blob(session: Session, sha256: str, size: int, person_id: str) -> None:
    """The rows alone, for bytes that nobody can sweep meanwhile; safe to repeat, and it begins the grace anew."""
    session.execute(upsert(session, Blob).values(sha256=sha256, size=size).on_conflict_do_nothing())
    holder = upsert(session, BlobHolder).values(sha256=sha256, person_id=person_id, held_at=now())
    session.execute(
        holder.on_conflict_do_update(index_elements=["sha256", "person_id"], set_={"held_at": holder.excluded.held_at})
    )
