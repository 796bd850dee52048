"""Which area an entry of the audit is about: found when it is put into the chain, not while somebody waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from sqlalchemy import Select, and_, literal, select, union_all
from sqlalchemy.orm import Session

from server.accounts.tables import AuditEntry, HelperOf, Install, RoleGrant
from server.geo.tables import Region
from server.registry.tables import Conflict, Entity
from server.sync.office_tables import DatumDoubt, Draft
from server.sync.tables import Attachment, OpLog, Quarantine, Submission
from server.sync.unannounced import UnannouncedVisit

Paths = Select[str, str]

ANYBODY = ""
NAMED = ("household", "of", "to", "region", "area", "inspection", "task")  # parts of a detail that say where it was
# What layers above know of: ids → selects of (id, path of its region).
PLACES: dict[str, Callable[[Collection[str]], list[Paths]]] = {}


def areas_of(session: Session, entries: Sequence[AuditEntry]) -> dict[int, str | None]:
    """By id of the entry: the smallest region that holds all it is about.

    None when that is more than one province, or nowhere. What names nothing, such as an export of all that its reader
    sees, is about where the person who did it works.
    """
    named = {entry.id: _names(entry) for entry in entries}
    doers = {entry.person_id for entry in entries if entry.person_id}
    paths = _paths(session, {name for names in named.values() for name in names} | doers)
    kept = _unannounced(session, {entry.subject for entry in entries})
    return {entry.id: _common(_about(entry, named[entry.id], paths) | _kept(entry, kept)) for entry in entries}


def _kept(entry: AuditEntry, kept: dict[str, dict[str, str]]) -> set[str]:
    """Of what an unannounced visit is about: the region that keeps it, so that the places visited do not read of it."""
    who = {ANYBODY, entry.person_id, *((entry.detail or {}).get(name) for name in ("to", "of"))}
    return {path for person, path in kept.get(entry.subject, {}).items() if person in who}


def _unannounced(session: Session, subjects: Collection[str]) -> dict[str, dict[str, str]]:
    """Household → who comes there unannounced → path of the region that keeps it; answers and photos: of ANYBODY."""
    visit = UnannouncedVisit
    came = and_(visit.person_id == Submission.person_id, visit.household_id == Submission.root_id)
    here = select(visit.household_id, visit.person_id, Region.path).join(Region, Region.code == visit.region_code)
    answers = (
        select(Submission.instance_id, literal(ANYBODY), Region.path)
        .join(visit, came)
        .join(Region, Region.code == visit.region_code)
        .where(Submission.independent.is_(True))
    )
    photos = answers.with_only_columns(Attachment.id, literal(ANYBODY), Region.path).join(
        Attachment, Attachment.instance_id == Submission.instance_id
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for query in (
        here.where(visit.household_id.in_(subjects)), answers.where(Submission.instance_id.in_(subjects)),
        photos.where(Attachment.id.in_(subjects)),
    ):  # fmt: skip
        for subject, person, path in session.execute(query):
            found[subject][person] = path
    return found


def _names(entry: AuditEntry) -> set[str]:
    """Ids and codes that the entry names."""
    detail = entry.detail or {}
    return {entry.subject, *(str(detail[name]) for name in NAMED if detail.get(name))}


def _about(entry: AuditEntry, names: Iterable[str], paths: dict[str, set[str]]) -> set[str]:
    known = [name for name in names if name in paths]
    if not known and entry.person_id:
        known = [entry.person_id]
    return {path for name in known for path in paths.get(name, ())}


def _common(paths: Collection[str]) -> str | None:
    """The last code that all paths begin with; a path of nobody ("") has none in common."""
    if not paths:
        return None
    shared: str | None = None
    for codes in zip(*(path.strip("/").split("/") for path in paths), strict=False):
        if len(set(codes)) > 1:
            break
        shared = codes[0] or None
    return shared


def _paths(session: Session, names: Collection[str]) -> dict[str, set[str]]:
    """Paths of the regions behind ids and codes. Of people: of all their roles and households; "" for none of them."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in session.execute(union_all(*_places(names))):
        found[name].add(path)
    owners = {row.id: row.person_id for row in session.execute(_installs(names))}
    everybody = {*names, *owners.values()}
    for person, path in session.execute(union_all(*_people(everybody))):
        found[person].add(path)
    for install, person in owners.items():
        found[install] |= found.get(person, {""})
    return found


def _places(names: Collection[str]) -> list[Paths]:
    """Of records, visits, photos, conflicts, what is set aside or held, drafts, datum doubts, and of regions."""
    by_code = [
        (Entity.id, Entity.region_code), (Submission.instance_id, Submission.region_code),
        (Quarantine.id, Quarantine.region_code), (OpLog.op_id, OpLog.region_code), (Draft.op_id, Draft.region_code),
        (DatumDoubt.id, DatumDoubt.region_code),
    ]  # fmt: skip
    found: list[Paths] = [
        select(id, Region.path).join(Region, Region.code == code).where(id.in_(names)) for id, code in by_code
    ]
    found.append(select(Region.code, Region.path).where(Region.code.in_(names)))
    found += [place for layer in PLACES.values() for place in layer(names)]
    photos = select(Attachment.id, Region.path).join(Submission, Submission.instance_id == Attachment.instance_id)
    found.append(photos.join(Region, Region.code == Submission.region_code).where(Attachment.id.in_(names)))
    conflicts = select(Conflict.id, Region.path).join(Entity, Entity.id == Conflict.entity_id)
    found.append(conflicts.join(Region, Region.code == Entity.region_code).where(Conflict.id.in_(names)))
    return found


def _installs(names: Collection[str]) -> Paths:
    return select(Install.id, Install.person_id).where(Install.id.in_(names))


def _people(ids: Collection[str]) -> list[Paths]:
    roles = select(RoleGrant.person_id, Region.path).join(Region, Region.code == RoleGrant.region_code)
    helped = (
        select(HelperOf.person_id, Region.path)
        .join(Entity, Entity.id == HelperOf.household_id)
        .join(Region, Region.code == Entity.region_code)
    )
    return [roles.where(RoleGrant.person_id.in_(ids)), helped.where(HelperOf.person_id.in_(ids))]
