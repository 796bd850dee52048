"""Keeps what could not be applied, with its reason, where a person of the area will see it."""

from __future__ import annotations

import hashlib
import uuid

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.tables import HelperOf
from server.db import upsert
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sealing.reseal import HASHES
from server.sealing.vault import vault
from server.sync.tables import Quarantine, Submission


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
    # Keyed: what cannot be read may be as short as an ID number, and be guessed from a bare hash.
    content_hash = vault().digest(hashlib.sha256(sender.encode() + raw).hexdigest())
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
    """The author's own area, else where the author helps or last was, else the county: somebody must see it."""
    if actor:
        own = next((role.region for role in actor.roles if role.region), None)
        own = own or session.scalar(_helped_region(actor)) or session.scalar(_last_region(actor))
        if own:
            return own
    return session.scalar(select(Region.code).where(Region.level == "county").order_by(Region.code).limit(1))


def _helped_region(actor: Actor) -> Select[str]:
    helped = select(HelperOf.household_id).where(HelperOf.person_id == actor.id)
    return select(Entity.region_code).where(Entity.id.in_(helped)).order_by(Entity.region_code).limit(1)


def _last_region(actor: Actor) -> Select[str | None]:
    own = (Submission.person_id == actor.id, Submission.region_code.is_not(None))
    return select(Submission.region_code).where(*own).order_by(Submission.received_at.desc()).limit(1)


# By a new key the same bytes are kept once more at worst, when they are sent again.
HASHES["quarantine", "content_hash"] = lambda row: vault().digest(row["content_hash"])
