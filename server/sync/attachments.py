"""The files that submissions name, and the rule by which bytes are bound to them.

Bytes are bound to an attachment only if the person who named them uploaded these bytes, or sees them
already as a bound attachment of a submission in sight. Whatever else the store holds, the attachment is
missing: otherwise a hash would be a key to other people's photos.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Person
from server.db import now, upsert
from server.sync.blobs import guard
from server.sync.scope import visible_submissions
from server.sync.tables import Attachment, BlobHolder, Submission

NAME_LENGTH = 255
TYPE_LENGTH = 100
SLOT_LENGTH = 60


@dataclass(frozen=True)
class AttachmentSpec:
    """One file as an op names it. `sha256` is None while only its name is known (ODK Collect's come later)."""

    name: str
    sha256: str | None = None
    size: int | None = None
    media_type: str = "application/octet-stream"
    slot: str | None = None
    capture: dict[str, Any] | None = None


def usable(session: Session, actor: Actor, hashes: Collection[str]) -> set[str]:
    """Those of the hashes whose bytes this person uploaded or may already see."""
    wanted = set(hashes)
    held = session.scalars(
        select(BlobHolder.sha256).where(BlobHolder.person_id == actor.id, BlobHolder.sha256.in_(wanted))
    )
    found = set(held)
    seen = session.scalars(
        select(Attachment.blob)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(Attachment.blob.in_(wanted - found), visible_submissions(actor))
        .distinct()
    )
    return found | {blob for blob in seen if blob}


@dataclass(frozen=True)
class Files:
    """What one op names for one submission."""

    instance_id: str
    person_id: str
    specs: tuple[AttachmentSpec, ...]


def add_attachments(
    session: Session, instance_id: str, person_id: str, specs: Sequence[AttachmentSpec]
) -> None:
    """Adds what the submission does not have yet; the first bytes named for a file stand. Safe to repeat."""
    add_files(session, [Files(instance_id, person_id, tuple(specs))])


def add_files(session: Session, several: Sequence[Files]) -> None:
    """As `add_attachments`, for many submissions in a few statements."""
    rows = [_row(files, spec) for files in several for spec in sorted(files.specs, key=lambda spec: spec.name)]
    if not rows:
        return
    guard(session, {row["sha256"] for row in rows if row["sha256"]})
    session.flush()
    session.connection().execute(_insert(session), rows)
    by_person: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["sha256"]:
            by_person[row["person_id"]].append(row)
    for person_id, theirs in by_person.items():
        actor = load_actor(session, session.get_one(Person, person_id))
        own = usable(session, actor, {row["sha256"] for row in theirs})
        _bind_named(session, [row for row in theirs if row["sha256"] in own], own)


def _bind_named(session: Session, rows: Sequence[dict[str, Any]], own: Collection[str]) -> None:
    if rows:
        named = tuple_(Attachment.instance_id, Attachment.name).in_([(row["instance_id"], row["name"]) for row in rows])
        _bind(session, named, Attachment.sha256.in_(own))


def _row(files: Files, spec: AttachmentSpec) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "instance_id": files.instance_id,
        "person_id": files.person_id,
        "name": _fit(spec.name, NAME_LENGTH),
        "sha256": spec.sha256,
        "size": spec.size,
        "media_type": _fit(spec.media_type, TYPE_LENGTH),
        "slot": _fit(spec.slot, SLOT_LENGTH) if spec.slot else None,
        "capture": storable(spec.capture),
    }


def _insert(session: Session) -> Any:
    """A name without bytes takes the first bytes that come for it."""
    statement = upsert(session, Attachment.__table__)  # type: ignore[arg-type]
    new = statement.excluded
    filled = {key: new[key] for key in ("sha256", "size", "media_type", "person_id")}
    filled |= {key: func.coalesce(getattr(Attachment, key), new[key]) for key in ("slot", "capture")}
    return statement.on_conflict_do_update(
        index_elements=["instance_id", "name"],
        set_=filled,
        where=Attachment.sha256.is_(None) & new.sha256.is_not(None),
    )


def bind_waiting(session: Session, person_id: str, sha256: str) -> list[str]:
    """Binds bytes that this person just uploaded to every attachment of theirs that waits; ids of these."""
    return _bind(session, Attachment.person_id == person_id, Attachment.sha256 == sha256)


def _bind(session: Session, *clauses: Any) -> list[str]:
    """Binds the waiting attachments that the clauses name. The caller has proved the right to their bytes."""
    bound = session.scalars(
        update(Attachment)
        .where(Attachment.blob.is_(None), Attachment.sha256.is_not(None), *clauses)
        .values(blob=Attachment.sha256, bound_at=now())
        .returning(Attachment.id)
        .execution_options(synchronize_session=False)
    )
    return list(bound)


def usable_and_bound(session: Session, actor: Actor, hashes: Collection[str]) -> tuple[set[str], list[str]]:
    """As `usable`; what the person may name by now is bound where it waits, since nobody will upload it."""
    guard(session, hashes)
    found = usable(session, actor, hashes)
    if not found:
        return found, []
    _count_on(session, actor, found)
    return found, _bind(session, Attachment.person_id == actor.id, Attachment.sha256.in_(found))


def _count_on(session: Session, actor: Actor, found: Collection[str]) -> None:
    """Who was told that we have the bytes will not send them; so the grace of what was uploaded begins anew."""
    session.execute(
        update(BlobHolder)
        .where(BlobHolder.person_id == actor.id, BlobHolder.sha256.in_(found))
        .values(held_at=now())
        .execution_options(synchronize_session=False)
    )


def missing_of_ops(session: Session, op_ids: Collection[str]) -> dict[str, list[str]]:
    """As `missing`, for the submissions that these ops brought, by op; one that misses nothing is absent."""
    rows = session.execute(
        select(Submission.op_id, Attachment.sha256)
        .join(Attachment, Attachment.instance_id == Submission.instance_id)
        .where(Submission.op_id.in_(op_ids), Attachment.blob.is_(None), Attachment.sha256.is_not(None))
        .where(Attachment.answer_id.is_(None))  # an answer's own are told with it
        .distinct()
        .order_by(Attachment.sha256)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for op_id, sha256 in rows:
        found[op_id].append(str(sha256))
    return found


def missing(session: Session, instance_id: str) -> list[str]:
    """Hashes whose bytes the submission still waits for, each once, sorted."""
    return _unbound(session, Attachment.instance_id == instance_id)


def _unbound(session: Session, clause: Any) -> list[str]:
    waiting = select(Attachment.sha256).where(clause, Attachment.blob.is_(None), Attachment.sha256.is_not(None))
    return [sha256 for sha256 in session.scalars(waiting.distinct().order_by(Attachment.sha256)) if sha256]


def bound_ids(session: Session, instance_ids: Collection[str], answer_ids: Collection[str] = ()) -> list[str]:
    """Ids of the attachments of these submissions and answers that have their bytes (what the evidence queue wants)."""
    named = or_(Attachment.instance_id.in_(instance_ids), Attachment.answer_id.in_(answer_ids))
    rows = select(Attachment.id).where(named, Attachment.blob.is_not(None))
    return list(session.scalars(rows.order_by(Attachment.id)))


def storable(value: Any) -> Any:
    """JSON that both databases can keep: NUL becomes U+FFFD, half a surrogate pair a question mark."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    return [storable(inner) for inner in value] if isinstance(value, list) else value


def _fit(text: str, length: int) -> str:
    """The text as a column of this length keeps it."""
    return str(storable(text))[:length]
