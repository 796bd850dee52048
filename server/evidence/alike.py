"""Photos that look like one: their hashes are kept, and found again among a million."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ARRAY, ColumnElement, Integer, LargeBinary, any_, cast, delete, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.db import is_sqlite, upsert
from server.evidence import bands
from server.evidence.dhash import VARIANTS, Hashes
from server.evidence.tables import PhotoBand, PhotoHash

MOST_COMPARED = 5_000  # photos whose whole hashes are read: those whose sketches are nearest
MOST_IN_BAND = 4_096  # photos; a band that holds more tells nothing
_NAMES = list(VARIANTS)


@dataclass(frozen=True)
class Alike:
    """A photo that looks like the one asked about: bits that differ, and the crop by which they met."""

    attachment_id: str
    distance: int
    variant: str


def keep_hashes(session: Session, attachment_id: str, hashes: Hashes | None) -> None:
    """Replaces the photo's hashes; None for a file that shows no picture. Plain ones are found by nothing."""
    row = session.scalars(select(PhotoHash).where(PhotoHash.attachment_id == attachment_id)).one_or_none()
    before = hashes_in(row) if row else None
    if before == hashes:
        return
    if row is not None and before is not None:
        _leave(session, row.number, before)
        session.execute(delete(PhotoHash).where(PhotoHash.number == row.number))
    if hashes is not None:
        _add(session, attachment_id, hashes)


def _add(session: Session, attachment_id: str, hashes: Hashes) -> None:
    """Does nothing when another worker just did."""
    row = {"attachment_id": attachment_id, "bits": bands.packed(hashes), "plain": hashes.plain}
    statement = upsert(session, PhotoHash).values(**row).on_conflict_do_nothing(index_elements=["attachment_id"])
    number = session.scalar(statement.returning(PhotoHash.number))
    if number is not None and not hashes.plain:
        _join(session, number, hashes)


def _join(session: Session, number: int, hashes: Hashes) -> None:
    """Puts the photo behind those that its bands hold; in the order of the bands, so that two workers go on."""
    statement = upsert(session, PhotoBand)
    behind = cast(PhotoBand.photos.op("||")(statement.excluded.photos), LargeBinary)
    statement = statement.on_conflict_do_update(
        index_elements=["band"],
        set_={"photos": behind},
        where=func.length(PhotoBand.photos) < MOST_IN_BAND * bands.ENTRY.itemsize,
    )
    rows = [{"band": band, "photos": entry} for band, entry in bands.stored(hashes, number).items()]
    session.execute(statement, rows)


def _leave(session: Session, number: int, hashes: Hashes) -> None:
    mine = _one_of(session, PhotoBand.band, list(bands.stored(hashes, number)))
    for row in session.scalars(select(PhotoBand).where(mine).order_by(PhotoBand.band).with_for_update()).all():
        row.photos = bands.without(row.photos, number)
        if not row.photos:
            session.delete(row)
    session.flush()


def hashes_of_photo(session: Session, attachment_id: str) -> Hashes | None:
    row = session.scalars(select(PhotoHash).where(PhotoHash.attachment_id == attachment_id)).one_or_none()
    return hashes_in(row) if row else None


def hashes_in(row: PhotoHash) -> Hashes:
    size = len(row.bits) // len(VARIANTS)
    pieces = (row.bits[at : at + size] for at in range(0, len(row.bits), size))
    return Hashes(tuple(int.from_bytes(piece, "big") for piece in pieces), row.plain)


def alike(session: Session, hashes: Hashes, limit: int) -> list[Alike]:
    """All photos at most `limit` bits away, the nearest first, also this photo itself. Plain ones are like nothing.

    Complete up to 40 bits between wholes, nearly so with crops (bands.py); above, most are found.
    """
    numbers = [] if hashes.plain else _met(session, bands.probes(hashes))
    if not numbers:
        return []
    rows = session.execute(
        select(PhotoHash.attachment_id, PhotoHash.bits).where(_one_of(session, PhotoHash.number, numbers))
    ).all()
    if not rows:
        return []
    mine = bands.words([bands.packed(hashes)])[0]
    bits, variants = bands.distances(mine, bands.words([row.bits for row in rows]))
    near = [int(at) for at in np.flatnonzero(bits <= limit)]
    found = [Alike(rows[at].attachment_id, int(bits[at]), _NAMES[variants[at]]) for at in near]
    return sorted(found, key=lambda one: (one.distance, one.attachment_id))


def _met(session: Session, asked: bands.Probes) -> list[int]:
    """Numbers of the photos that share bands and look near by their sketches, the nearest first."""
    names = np.unique(asked.bands).tolist()
    rows = session.execute(select(PhotoBand.band, PhotoBand.photos).where(_one_of(session, PhotoBand.band, names)))
    return bands.met(asked, [(row[0], row[1]) for row in rows], MOST_COMPARED)


def _one_of(session: Session, column: InstrumentedAttribute[int], numbers: Sequence[int]) -> ColumnElement[bool]:
    """Thousands of numbers as one parameter: as many parameters would take longer to read than to look up."""
    if is_sqlite(session):
        return column.in_(select(func.json_each(json.dumps(numbers)).table_valued("value").c.value))
    return column == any_(literal(numbers, ARRAY(Integer)))
