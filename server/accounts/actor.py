"""Who is asking, and where that person may look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.tables import HelperOf, Person, RoleGrant
from server.geo.tables import Region

READING = ("cadre", "supervisor", "admin", "auditor")


@dataclass(frozen=True)
class Role:
    """A role with its region; `path` is the region's path, "" for a helper of named households."""

    role: str
    region: str | None
    path: str


@dataclass(frozen=True)
class Actor:
    """The signed-in person, loaded anew with each request. `install_id` is None for a desk."""

    id: str
    username: str
    display_name: str
    roles: tuple[Role, ...]
    install_id: str | None = None
    kind: str = "api"
    revoked: bool = False

    def has(self, *names: str) -> bool:
        return any(role.role in names for role in self.roles)

    def paths(self, names: Iterable[str] = READING) -> tuple[str, ...]:
        """Paths of the regions in which the person holds one of these roles."""
        return tuple(sorted({role.path for role in self.roles if role.role in names and role.path}))

    def covers(self, path: str, names: Iterable[str] = READING) -> bool:
        return any(path.startswith(prefix) for prefix in self.paths(names))

    def above(self, names: Iterable[str]) -> set[str]:
        """Codes of the regions that hold those in which the person holds one of these roles."""
        return {code for path in self.paths(names) for code in path.strip("/").split("/")[:-1]}

    def author(self) -> dict[str, str]:
        return {"id": self.id, "username": self.username, "display_name": self.display_name}


def load_actor(
    session: Session, person: Person, *, install_id: str | None = None, kind: str = "api", revoked: bool = False
) -> Actor:
    """The actor as the database has the person now."""
    return Actor(
        id=person.id,
        username=person.username,
        display_name=person.display_name,
        roles=_roles(session, person.id),
        install_id=install_id,
        kind=kind,
        revoked=revoked,
    )


def _roles(session: Session, person_id: str) -> tuple[Role, ...]:
    rows = session.execute(
        select(RoleGrant.role, RoleGrant.region_code, Region.path)
        .join(Region, Region.code == RoleGrant.region_code, isouter=True)
        .where(RoleGrant.person_id == person_id)
    )
    return roles_of(session, person_id, [(role, region, path) for role, region, path in rows])


def roles_of(
    session: Session, person_id: str, granted: Iterable[tuple[str, str | None, str | None]]
) -> tuple[Role, ...]:
    """The roles from what was granted: (role, region, path of the region). Who helps a household is a cadre."""
    ordered = sorted(granted, key=lambda one: (one[0], one[1] or ""))
    roles = [Role(role, region, path or "") for role, region, path in ordered]
    if not any(role.role == "cadre" for role in roles) and _helps(session, person_id):
        roles.append(Role("cadre", None, ""))
    return tuple(roles)


def _helps(session: Session, person_id: str) -> bool:
    return session.scalar(select(HelperOf.person_id).where(HelperOf.person_id == person_id).limit(1)) is not None


def authors(session: Session, person_ids: Iterable[str | None]) -> dict[str, dict[str, str]]:
    """`{id, username, display_name}` of each person, by id."""
    wanted = {person_id for person_id in person_ids if person_id}
    rows = session.execute(select(Person.id, Person.username, Person.display_name).where(Person.id.in_(wanted)))
    return {row.id: {"id": row.id, "username": row.username, "display_name": row.display_name} for row in rows}
