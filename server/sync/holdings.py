"""Which feeds each install holds rows of, and the hand-over of those that its person may no longer see.

An install is entered as holder before the first row of a feed leaves the server. When the person loses the feed (a role
ends, the install is revoked) it becomes `revoking`: the phone sends what it has, wipes, and says so. Who has not said
so is listed. What is `revoking` is not served; its ops go to quarantine like those of any foreign record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, authors, load_actor
from server.accounts.tables import Install, Person
from server.db import now, upsert
from server.geo.inside import codes_inside
from server.registry.reading import Page
from server.sync import scope
from server.sync.administered import is_of_county
from server.sync.office_tables import InstallScope
from server.sync.quarantine import area_of
from server.sync.review import REVIEWERS
from server.sync.tables import Feed

STATES = ("held", "revoking", "wiped")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """Since when an install fetches a feed (anew), and the feed's last number when it last did."""

    since: datetime
    reached: int | None


def held_by(session: Session, install_id: str) -> dict[str, Held]:
    """The feeds that the install holds."""
    mine = (InstallScope.install_id == install_id, InstallScope.state == "held")
    rows = session.execute(select(InstallScope.scope, InstallScope.held_since, InstallScope.reached).where(*mine))
    return {row.scope: Held(row.held_since, row.reached) for row in rows}


def hold(session: Session, actor: Actor, scopes: Mapping[str, int]) -> None:
    """Enters the actor's install as holder of these feeds, which it begins to fetch now; each with its last number."""
    began = {"state": "held", "held_since": now(), "revoking_since": None, "wiped_at": None, "count": None}
    area = area_of(session, actor)
    for name in sorted(scopes):
        fresh = {**began, "reached": scopes[name]}
        code = name.removeprefix("region:") if name.startswith("region:") else area
        statement = upsert(session, InstallScope).values(
            install_id=actor.install_id, scope=name, region_code=code, **fresh
        )
        session.execute(statement.on_conflict_do_update(index_elements=["install_id", "scope"], set_=fresh))


def reach(session: Session, install_id: str, scopes: Mapping[str, int]) -> None:
    """Keeps how far the install has fetched these feeds, before their rows leave."""
    for name in sorted(scopes):
        mine = (InstallScope.install_id == install_id, InstallScope.scope == name, InstallScope.state == "held")
        behind = or_(InstallScope.reached.is_(None), InstallScope.reached < scopes[name])
        session.execute(update(InstallScope).where(*mine, behind).values(reached=scopes[name]))


def phones_with(session: Session, scopes: Iterable[str], space: str, ref: str) -> int:
    """How many installs have fetched the newest news of this thing from one of these feeds, and hold it still.

    Where nobody kept how far an install has come it counts as one that has it.
    """
    told = and_(Feed.scope == InstallScope.scope, Feed.space == space, Feed.ref == ref)
    has = or_(InstallScope.reached.is_(None), InstallScope.reached >= Feed.n)
    query = select(func.count(InstallScope.install_id.distinct())).join(Feed, told)
    holds = (InstallScope.scope.in_(list(scopes)), InstallScope.state != "wiped")
    return int(session.scalar(query.where(*holds, has)) or 0)


def notice(session: Session, actor: Actor) -> None:
    """Compares what the actor's install holds with what the actor may see now."""
    granted = set() if actor.revoked else set(scope.granted_scopes(session, actor))
    rows = session.scalars(
        select(InstallScope).where(InstallScope.install_id == actor.install_id, InstallScope.state != "wiped")
    )
    for row in rows:
        if (row.state == "held") == (row.scope in granted):
            continue
        row.state = "held" if row.scope in granted else "revoking"
        row.revoking_since = now() if row.state == "revoking" else None
    session.flush()


def notice_person(session: Session, person_id: str) -> None:
    """As `notice`, for all installs of a person: call it wherever a right ends or begins."""
    person = session.get_one(Person, person_id)
    for install in session.scalars(select(Install).where(Install.person_id == person_id)).all():
        revoked = install.revoked_at is not None or not person.active
        notice(session, load_actor(session, person, install_id=install.id, revoked=revoked))


def notice_all() -> None:
    """As `notice_person`, for everybody who holds something: finds rights that ended without a word to us."""
    holders = select(Install.person_id).join(InstallScope, InstallScope.install_id == Install.id)
    with db.read() as session:
        people = session.scalars(holders.where(InstallScope.state != "wiped").distinct()).all()
    for person_id in sorted(people):
        db.transact(partial(notice_person, person_id=person_id))


def revoking(session: Session, install_id: str) -> Sequence[str]:
    """Feeds that the install is to hand over and wipe."""
    rows = select(InstallScope.scope).where(InstallScope.install_id == install_id, InstallScope.state == "revoking")
    return session.scalars(rows.order_by(InstallScope.scope)).all()


def wiped(session: Session, actor: Actor, name: str, count: int) -> None:
    """The actor's install has wiped a feed that it was to hand over; one that it gets again is entered anew.

    A word about a feed that is granted, or was never held, settles nothing: else a later hand-over would not be asked
    for. A phone may know of the loss before the feed is marked here, so what is granted now counts.
    """
    row = session.get(InstallScope, (actor.install_id, name), with_for_update=True)
    if row is None or row.state == "wiped" or (row.state == "held" and _is_granted(session, actor, name)):
        return
    row.state, row.count, row.wiped_at = "wiped", count, now()
    row.revoking_since = row.revoking_since or row.wiped_at
    session.flush()


def _is_granted(session: Session, actor: Actor, name: str) -> bool:
    return not actor.revoked and name in scope.granted_scopes(session, actor)


def revoke_install(session: Session, install: Install) -> None:
    """Takes every right from an install but to hand over what it holds."""
    session.execute(
        update(Install).where(Install.id == install.id, Install.revoked_at.is_(None)).values(revoked_at=now())
    )
    session.refresh(install)
    notice_person(session, install.person_id)


def list_handovers(
    session: Session, actor: Actor, state: str, region: str | None, limit: int, after: str | None
) -> Page:
    """Feeds to hand over (`revoking`) or handed over (`wiped`), in the areas that the actor supervises.

    `after`: `install_id scope` of the last row before.
    """
    query = (
        select(InstallScope, Install)
        .join(Install, Install.id == InstallScope.install_id)
        .where(InstallScope.state == state, InstallScope.revoking_since.is_not(None), _mine(session, actor))
        .order_by(InstallScope.install_id, InstallScope.scope)
    )
    if region is not None:
        query = query.where(InstallScope.region_code.in_(codes_inside(session, region)))
    if after is not None:
        install_id, _, name = after.partition(" ")
        later = (InstallScope.install_id == install_id) & (InstallScope.scope > name)
        query = query.where(or_(InstallScope.install_id > install_id, later))
    rows = session.execute(query.limit(limit + 1)).all()
    names = authors(session, (row.Install.person_id for row in rows))
    last = rows[limit - 1].InstallScope if len(rows) > limit else None
    items = [_wire(row.InstallScope, row.Install, names) for row in rows[:limit]]
    return Page(items, f"{last.install_id} {last.scope}" if last else None)


def _mine(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Rows in the actor's areas; those of people without an area are the county's."""
    here = scope.in_regions(actor, REVIEWERS, InstallScope.region_code)
    return or_(here, InstallScope.region_code.is_(None)) if is_of_county(session, actor) else here


def _wire(row: InstallScope, install: Install, names: dict[str, dict[str, str]]) -> Wire:
    return {
        "install_id": row.install_id,
        "device": {"name": install.name, "model": install.model, "app_build": install.app_build},
        "person": names.get(install.person_id),
        "scope": row.scope,
        "region": row.region_code,
        "state": row.state,
        "device_revoked": install.revoked_at is not None,
        "since": row.revoking_since.isoformat() if row.revoking_since else None,
        "wiped_at": row.wiped_at.isoformat() if row.wiped_at else None,
        "count": row.count,
        "last_seen_at": install.last_seen_at.isoformat(),
    }


def installs_of(session: Session, person_id: str) -> list[Wire]:
    """A person's installs, the one seen last first, with the feeds that each holds or held."""
    rows = session.scalars(
        select(Install).where(Install.person_id == person_id).order_by(Install.last_seen_at.desc(), Install.id)
    ).all()
    held: dict[str, list[Wire]] = {row.id: [] for row in rows}
    scopes = select(InstallScope).where(InstallScope.install_id.in_(held)).order_by(InstallScope.scope)
    for row in session.scalars(scopes):
        since = row.revoking_since.isoformat() if row.revoking_since else None
        held[row.install_id].append({"scope": row.scope, "state": row.state, "since": since, "count": row.count})
    return [
        {
            "install_id": row.id,
            "device": {"name": row.name, "model": row.model, "app_build": row.app_build},
            "created_at": row.created_at.isoformat(),
            "last_seen_at": row.last_seen_at.isoformat(),
            "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
            "feeds": held[row.id],
        }
        for row in rows
    ]
