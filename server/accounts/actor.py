"""Who is asking, and where that person may look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, exists, select
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
        roles=roles_of(session.execute(_GRANTED, {"person": person.id}).all()),
        install_id=install_id,
        kind=kind,
        revoked=revoked,
    )


HELPS = exists().where(HelperOf.person_id == Person.id).label("helps")
_GRANTED = (
    select(RoleGrant.role, RoleGrant.region_code, Region.path, HELPS)
    .select_from(Person)
    .join(RoleGrant, RoleGrant.person_id == Person.id, isouter=True)
    .join(Region, Region.code == RoleGrant.region_code, isouter=True)
    .where(Person.id == bindparam("person"))
)


def roles_of(granted: Sequence[Any]) -> tuple[Role, ...]:
    """The roles from what was granted: rows of role, region_code, path of the region and `helps` (the person helps a
    household); without a grant one row of which only that is known. Who helps a household is a cadre.
    """
    rows = sorted((row for row in granted if row.role is not None), key=lambda row: (row.role, row.region_code or ""))
    roles = [Role(row.role, row.region_code, row.path or "") for row in rows]
    if granted and granted[0].helps and not any(role.role == "cadre" for role in roles):
        roles.append(Role("cadre", None, ""))
    return tuple(roles)


def authors(session: Session, person_ids: Iterable[str | None]) -> dict[str, dict[str, str]]:
    """`{id, username, display_name}` of each person, by id."""
    wanted = {person_id for person_id in person_ids if person_id}
    rows = session.execute(select(Person.id, Person.username, Person.display_name).where(Person.id.in_(wanted)))
    return {row.id: {"id": row.id, "username": row.username, "display_name": row.display_name} for row in rows}
