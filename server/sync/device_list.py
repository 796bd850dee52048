"""The phones of an area: when each was last here, what it still holds back, and how far its hand-over is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.tables import Install, Person
from server.db import now
from server.registry.paging import newest_first
from server.registry.reading import Page
from server.sync import people_list
from server.sync.office_tables import InstallScope
from server.sync.tables import OpLog

STATES = ("working", "silent", "waiting", "handing_over", "revoked")
SILENT_DAYS = 7  # a phone that was not here for so long is asked after
Wire = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """`state`: working (not revoked), silent (of those: not here for days), waiting (said that ops wait in it),
    handing_over, revoked; None is no limit.
    """

    region: str | None = None
    state: str | None = None
    q: str | None = None


# A phone greets before it sends: what came since then no longer waits in it.
_CAME = select(func.count()).where(OpLog.install_id == Install.id, OpLog.received_at >= Install.said_at)
LEFT = Install.outbox_count - _CAME.correlate(Install).scalar_subquery()


def silent() -> ColumnElement[bool]:
    """Clause on Install: in use, and not here for days."""
    return and_(Install.revoked_at.is_(None), Install.last_seen_at < now() - timedelta(days=SILENT_DAYS))


def waiting() -> ColumnElement[bool]:
    """Clause on Install: by its own word ops wait in it."""
    return and_(Install.outbox_count > 0, LEFT > 0)


def list_devices(session: Session, actor: Actor, wanted: Wanted, limit: int, after: str | None) -> Page | None:
    """Phones by when they were last here, newest first; None when `after` names none of them."""
    mine = select(Install, Person, LEFT.label("left")).join(Person, Person.id == Install.person_id)
    mine = mine.where(people_list.looked_after(session, actor))
    query = mine.where(*_clauses(session, actor, wanted))
    page = newest_first(session, query, mine, Install.last_seen_at, Install.id, limit, after)
    if page is None:
        return None
    feeds = _feeds(session, [row.Install.id for row in page.rows])
    return Page([_on_wire(row, feeds) for row in page.rows], page.next)


def _clauses(session: Session, actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.region is not None:
        clauses.append(people_list.in_region(session, actor, wanted.region))
    if wanted.state == "working":
        clauses.append(Install.revoked_at.is_(None))
    elif wanted.state == "silent":
        clauses.append(silent())
    elif wanted.state == "revoked":
        clauses.append(Install.revoked_at.is_not(None))
    elif wanted.state == "waiting":
        clauses.append(waiting())
    elif wanted.state == "handing_over":
        clauses.append(exists().where(InstallScope.install_id == Install.id, InstallScope.state == "revoking"))
    if wanted.q:
        text = wanted.q.strip().lower()
        clauses.append(
            or_(*(
                func.lower(column).contains(text, autoescape=True)
                for column in (Person.display_name, Person.username, Install.name, Install.model)
            ))
        )  # fmt: skip
    return clauses


def _feeds(session: Session, ids: Collection[str]) -> dict[str, list[Wire]]:
    found: dict[str, list[Wire]] = defaultdict(list)
    rows = select(InstallScope).where(InstallScope.install_id.in_(ids)).order_by(InstallScope.scope)
    for row in session.scalars(rows):
        since = row.revoking_since.isoformat() if row.revoking_since else None
        found[row.install_id].append({"scope": row.scope, "state": row.state, "since": since, "count": row.count})
    return found


def _on_wire(row: Row[Any], feeds: dict[str, list[Wire]]) -> Wire:
    install, person = row.Install, row.Person
    return {
        "install_id": install.id,
        "device": {"name": install.name, "model": install.model, "app_build": install.app_build},
        "person": {"id": person.id, "username": person.username, "display_name": person.display_name},
        "person_active": person.active,
        "created_at": install.created_at.isoformat(),
        "last_seen_at": install.last_seen_at.isoformat(),
        "revoked_at": install.revoked_at.isoformat() if install.revoked_at else None,
        "said_at": install.said_at.isoformat() if install.said_at else None,
        "outbox": {
            "count": None if row.left is None else max(0, row.left),
            "oldest": install.outbox_oldest.isoformat() if install.outbox_oldest and (row.left or 0) > 0 else None,
        },
        "clock_ahead_s": install.clock_ahead_s,
        "feeds": feeds[install.id],
    }
