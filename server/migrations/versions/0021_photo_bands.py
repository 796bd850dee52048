"""All photos of a band in one row, each with a sketch: near-duplicates are looked up by thousands of bands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.evidence import bands
from server.evidence.dhash import VARIANTS, Hashes

revision = "0021"
down_revision = "0018"

BATCH = 500
_PUT = "INSERT INTO photo_band (band, photos) VALUES (:band, :photos) ON CONFLICT (band) DO UPDATE SET photos = "
_ADD = {
    "sqlite": _PUT + "CAST(photo_band.photos || excluded.photos AS BLOB)",
    "postgresql": _PUT + "photo_band.photos || excluded.photos",
}
_HASHES = sa.text("SELECT number, bits FROM photo_hash WHERE NOT plain AND number > :after ORDER BY number LIMIT :most")


def upgrade() -> None:
    op.drop_table("photo_band")
    op.create_table(
        "photo_band",
        sa.Column("band", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("photos", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("band", name=op.f("pk_photo_band")),
        postgresql_with={"fillfactor": 70},
    )
    _fill()


def _fill() -> None:
    """From the hashes, which stay as they are."""
    connection = op.get_bind()
    add = sa.text(_ADD[op.get_context().dialect.name])
    after = 0
    while rows := connection.execute(_HASHES, {"after": after, "most": BATCH}).all():
        found: dict[int, bytes] = {}
        for number, bits in rows:
            for band, entry in bands.stored(_hashes(bytes(bits)), number).items():
                found[band] = found.get(band, b"") + entry
        connection.execute(add, [{"band": band, "photos": photos} for band, photos in sorted(found.items())])
        after = rows[-1].number


def _hashes(bits: bytes) -> Hashes:
    size = len(bits) // len(VARIANTS)
    return Hashes(tuple(int.from_bytes(bits[at : at + size], "big") for at in range(0, len(bits), size)))
