"""Keeps what could not be applied, with its reason, where a person of the area will see it."""

from __future__ import annotations

import hashlib
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.geo.tables import Region
from server.sync.feeds import upsert
from server.sync.tables import Quarantine


def keep(
    session: Session,
    actor: Actor | None,
    code: str,
    raw: bytes,
    *,
    op_id: str | None = None,
    instance_id: str | None = None,
    region: str | None = None,
    detail: str | None = None,
    install_id: str | None = None,
    seq: int | None = None,
) -> str:
    """Id of the quarantine row; the same bytes from the same sender for the same reason are kept once."""
    sender = f"{actor.id if actor else ''} {install_id or ''} "
    content_hash = hashlib.sha256(sender.encode() + raw).hexdigest()
    statement = upsert(session, Quarantine).values(
        id=str(uuid.uuid4()),
        op_id=op_id,
        instance_id=instance_id,
        code=code,
        detail=detail,
        region_code=region or area_of(session, actor),
        person_id=actor.id if actor else None,
        install_id=install_id,
        seq=seq,
        content_hash=content_hash,
        raw=raw,
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["code", "content_hash"]))
    row_id: str = session.scalars(
        select(Quarantine.id).where(Quarantine.code == code, Quarantine.content_hash == content_hash)
    ).one()
    return row_id


def area_of(session: Session, actor: Actor | None) -> str | None:
    """The author's own area, else the county's: somebody must see it."""
    regions = [role.region for role in actor.roles if role.region] if actor else []
    if regions:
        return regions[0]
    return session.scalar(select(Region.code).where(Region.level == "county").order_by(Region.code).limit(1))
