"""What waits for a person: ops that were set aside (quarantine) and ops that wait for another one (held).

A supervisor of the area lets one through, and answers for it with the own rights, or dismisses it. Either is kept with
who, when and why; the bytes stay for ever.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, authors
from server.accounts.audit import note
from server.accounts.tables import AuditEntry
from server.errors import Fault, Problem
from server.geo.inside import codes_inside
from server.lock_names import of_op
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.sync import feeds, news, quarantine
from server.sync.batch import read_element
from server.sync.envelope import Unread
from server.sync.judging import judge_again
from server.sync.place import HOME_LEVELS, region_by_code
from server.sync.scope import in_regions, unannounced
from server.sync.tables import OpLog, Quarantine, Submission

DECIDERS = ("supervisor", "admin")
STATES = ("open", "applied", "dismissed")
REGION = "region.unknown"  # the reason for which a region may be chosen
Wire = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; None is no limit."""

    region: str | None = None
    state: str | None = None
    code: str | None = None


def list_quarantine(session: Session, actor: Actor, wanted: Wanted, limit: int, after: str | None) -> Page | None:
    """What was set aside, newest first; None when `after` names nothing of it."""
    known = _set_aside(actor)
    query = known.where(*_narrowed(session, wanted))
    return _page(session, query, known, Quarantine.received_at, Quarantine.id, _quarantined, limit, after)


def list_held(session: Session, actor: Actor, wanted: Wanted, limit: int, after: str | None) -> Page | None:
    """What waits for another op, newest first."""
    query = _held(actor)
    if wanted.region is not None:
        query = query.where(_HELD_REGION.in_(codes_inside(session, wanted.region)))
    return _page(session, query, _ever_held(actor), OpLog.received_at, OpLog.op_id, _waiting, limit, after)


def open_by_region(session: Session, actor: Actor) -> dict[str, dict[str, int]]:
    """How many wait for a person in each region that has a code: `quarantined` and `held`."""
    region = _HELD_REGION.label("region_code")
    aside = _set_aside(actor).where(Quarantine.state == "open", Quarantine.region_code.is_not(None))
    queries = {
        "quarantined": aside.with_only_columns(Quarantine.region_code, func.count()).group_by(Quarantine.region_code),
        "held": _held(actor).where(_HELD_REGION.is_not(None)).with_only_columns(region, func.count()).group_by(region),
    }
    return {name: {str(row[0]): row[1] for row in session.execute(query)} for name, query in queries.items()}


def read_set_aside(session: Session, actor: Actor, row_id: str) -> Wire | None:
    """One row with its bytes as they came, as text; None when it is not there for this person."""
    found = session.execute(_set_aside(actor).where(Quarantine.id == row_id)).one_or_none()
    if found is None:
        return None
    row: Quarantine = found[0]
    note(session, actor.id, "quarantine.read", row_id)
    wire = {**_quarantined(found, authors(session, [row.person_id])), **_bytes(row.raw)}
    if row.code == "op.unreadable" and isinstance(element := read_element(row.raw), Unread):
        wire["detail"] = element.why
    return wire | ({"decision": _decision(session, row)} if row.state != "open" else {})


def _decision(session: Session, row: Quarantine) -> Wire | None:
    """Who let it through or dismissed it, when, why, and with which region."""
    mine = (AuditEntry.subject == row.id, AuditEntry.action == f"quarantine.{row.state}")
    found = session.scalars(select(AuditEntry).where(*mine).order_by(AuditEntry.id.desc()).limit(1)).first()
    if found is None:
        return None
    by = authors(session, [found.person_id]).get(found.person_id or "")
    return {"by": by, "at": found.at.isoformat()} | (found.detail or {})


def _bytes(raw: bytes) -> Wire:
    """As text, and exactly where that would change them."""
    text = raw.decode("utf-8", "replace")
    exact = {} if text.encode() == raw else {"raw_base64": b64encode(raw).decode()}
    return {"raw": text} | exact


@dataclass(frozen=True)
class Placing:
    """The region that a supervisor chooses for a household whose own cannot be taken, and why."""

    region: str
    reason: str


def apply_set_aside(session: Session, actor: Actor, row_id: str, placing: Placing | None = None) -> Wire:
    """Judges the op again for this supervisor. Problem quarantine.not_applied with the reason it still has."""
    row = _open_row(session, actor, row_id)
    if row is None:
        raise Problem("record.not_found")
    op = _op_of(session, row)
    if op is None:
        raise Problem("quarantine.not_applied", detail=row.code)
    if placing is not None:
        _check_placing(session, actor, row, placing)
    written = judge_again(session, op, actor, placing.region if placing else None)
    if written is None or op.status in ("quarantined", "held"):
        raise Problem("quarantine.not_applied", detail=op.code or op.detail or "")
    row.state = "applied"
    chosen = {"region": placing.region, "reason": placing.reason} if placing else {}
    note(session, actor.id, "quarantine.applied", row_id, **chosen)
    feeds.touch(session, written)
    return _outcome(op)


def _check_placing(session: Session, actor: Actor, row: Quarantine, placing: Placing) -> None:
    """A home for households in the person's own area, and only where the op's own region is the reason."""
    region = region_by_code(session, placing.region)
    if row.code != REGION:
        raise Problem("quarantine.not_applied", detail=row.code)
    if region is None or region.level not in HOME_LEVELS or not actor.covers(region.path, DECIDERS):
        fault = Fault("region", "No village or group of your area has this code.", "Take one of GET /regions.")
        raise Problem("quarantine.not_applied", detail=REGION, faults=[fault])


def dismiss_set_aside(session: Session, actor: Actor, row_id: str, reason: str) -> None:
    """Leaves it as it is, kept; its author is told, also when the phone sends it again."""
    row = _open_row(session, actor, row_id)
    if row is None:
        raise Problem("record.not_found")
    row.state = "dismissed"
    if (op := _op_of(session, row)) is not None:
        op.code, op.detail = "op.dismissed", None
    note(session, actor.id, "quarantine.dismissed", row_id, reason=reason)
    if row.op_id and row.person_id:
        feeds.touch(session, [news.of_op(row.person_id, row.op_id, "quarantined", "op.dismissed")])


def _open_row(session: Session, actor: Actor, row_id: str) -> Quarantine | None:
    """The row while nobody has decided on it, locked: who decides at the same moment waits and then finds nothing."""
    undecided = _set_aside(actor).where(Quarantine.id == row_id, Quarantine.state == "open")
    row: Quarantine | None = session.scalar(undecided.with_for_update(of=Quarantine))
    return row


def _op_of(session: Session, row: Quarantine) -> OpLog | None:
    """The op that lies in the row; None where other bytes came under its id, or none."""
    op = session.get(OpLog, row.op_id) if row.op_id else None
    return op if op is not None and op.status == "quarantined" and op.raw == row.raw else None


def apply_held(session: Session, actor: Actor, op_id: str) -> Wire:
    """Judges a waiting op without what it waits for."""
    op = session.scalar(_held(actor).where(OpLog.op_id == op_id))
    written = judge_again(session, op, actor) if op else None
    if op is None or written is None:
        raise Problem("record.not_found")
    note(session, actor.id, "held.applied", op_id)
    feeds.touch(session, written)
    return _outcome(op)


def dismiss_held(session: Session, actor: Actor, op_id: str, reason: str) -> None:
    """Sets a waiting op aside for good; nothing of it is lost."""
    db.lock(session, {of_op(op_id)})
    op = session.scalar(_held(actor).where(OpLog.op_id == op_id))
    if op is None:
        raise Problem("record.not_found")
    region = session.scalar(select(Submission.region_code).where(Submission.op_id == op_id)) or op.region_code
    row_id = quarantine.keep(session, actor, "op.dismissed", op.raw, op_id=op_id, region=region)
    row = session.get_one(Quarantine, row_id)
    row.state, row.person_id = "dismissed", op.person_id
    op.status, op.code, op.detail, op.waits_for, op.judged_at = "quarantined", "op.dismissed", None, None, db.now()
    note(session, actor.id, "held.dismissed", op_id, reason=reason)
    feeds.touch(session, [news.of_op(op.person_id, op_id, "quarantined", "op.dismissed")])


def _outcome(op: OpLog) -> Wire:
    return {"op_id": op.op_id, "status": op.status, "code": op.code, "entities": op.entities or []}


def _mine(actor: Actor, region: Any, person: Any) -> ColumnElement[bool]:
    """In a region where the person decides, by nobody who comes there unannounced; what belongs to no region is for
    administrators.
    """
    below = in_regions(actor, DECIDERS, region)
    told = and_(below, not_(unannounced(actor, person, roles=DECIDERS)))
    return or_(told, region.is_(None)) if actor.has("admin") else told


def _set_aside(actor: Actor) -> Rows:
    return select(Quarantine).where(_mine(actor, Quarantine.region_code, Quarantine.person_id))


_HELD_REGION = func.coalesce(Submission.region_code, OpLog.region_code)


def _held(actor: Actor) -> Rows:
    return _ever_held(actor).where(OpLog.status == "held")


def _ever_held(actor: Actor) -> Rows:
    """Also ops that waited and have gone on."""
    region = _HELD_REGION.label("region_code")
    joined = select(OpLog, region).join(Submission, Submission.op_id == OpLog.op_id, isouter=True)
    return joined.where(_mine(actor, _HELD_REGION, OpLog.person_id))


def _narrowed(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    clauses = [Quarantine.state == wanted.state] if wanted.state else []
    clauses += [Quarantine.code == wanted.code] if wanted.code else []
    return clauses + ([Quarantine.region_code.in_(codes_inside(session, wanted.region))] if wanted.region else [])


def _page(
    session: Session, query: Rows, known: Rows, time: Any, key: Any, on_wire: Any, limit: int, after: str | None
) -> Page | None:
    """A page of `query` by time and key, newest first, with the authors' names.

    `known`: the rows that a page may go on after, also when they have meanwhile left the list.
    """
    page = newest_first(session, query, known, time, key, limit, after)
    if page is None:
        return None
    people = authors(session, (row[0].person_id for row in page.rows))
    return Page([on_wire(row, people) for row in page.rows], page.next)


def _quarantined(found: Row[Any], people: dict[str, dict[str, str]]) -> Wire:
    row: Quarantine = found[0]
    return {
        "id": row.id,
        "op_id": row.op_id,
        "instance_id": row.instance_id,
        "code": row.code,
        "detail": row.detail,
        "region": row.region_code,
        "author": people.get(row.person_id or ""),
        "received_at": row.received_at.isoformat(),
        "state": row.state,
    }


def _waiting(found: Row[Any], people: dict[str, dict[str, str]]) -> Wire:
    row: OpLog = found[0]
    return {
        "op_id": row.op_id,
        "waits_for": row.waits_for,
        "since": row.received_at.isoformat(),
        "author": people.get(row.person_id),
        "region": found.region_code,
    }
