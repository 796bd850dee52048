"""A register beside the database: records it could stand for, and records it no longer names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select, true
from sqlalchemy.orm import Session

from server.geo.tables import Region
from server.imports.cells import key_part
from server.imports.job import Job
from server.imports.keys import key_hash
from server.imports.mapping import Section
from server.imports.tables import ImportKey, RegisterImport
from server.registry.masking import shown_label
from server.registry.tables import Entity

PAGE = 1000

Stranger = Row[str, dict[str, str | None]]
Written = Row[str, str, str, str]


def adopt(session: Session, job: Job, row: RegisterImport) -> None:
    """Finds records that no import of this source wrote, by the properties that the mapping's `match` names."""
    for section in (job.mapping.household, job.mapping.member):
        if section is not None and section.match:
            for page in _strangers(session, job, row, section.dataset.name):
                job.staging.adopt(section.dataset.name, _matches(job, section, page))
    job.staging.keep()


def _strangers(session: Session, job: Job, row: RegisterImport, dataset: str) -> Iterator[Sequence[Stranger]]:
    own = exists().where(ImportKey.source == job.source, ImportKey.entity_id == Entity.id)
    query = (
        select(Entity.id, Entity.values)
        .join(Region, Region.code == Entity.region_code)
        .where(Entity.dataset == dataset, Entity.state == "active", ~own, _within(row))
    )
    after = ""
    while page := session.execute(query.where(Entity.id > after).order_by(Entity.id).limit(PAGE)).all():
        yield page
        after = page[-1].id


def _matches(job: Job, section: Section, page: Sequence[Stranger]) -> Iterator[tuple[str, str]]:
    for row in page:
        parts = [key_part(row.values.get(name) or "") for name in section.match]
        if all(parts):
            yield key_hash(job.secret, section.dataset.name, 0, parts), row.id


def list_vanished(session: Session, job: Job, row: RegisterImport) -> None:
    """Records that an earlier import wrote and this register does not name. They are listed and left as they are."""
    for section in (job.mapping.household, job.mapping.member):
        if section is None:
            continue
        name = section.dataset.name
        for page in _written(session, job, row, name):
            there = job.staging.has(name, [one.key for one in page])
            for one in page:
                if one.key not in there:
                    label = shown_label(section.dataset, one.label, "clear")
                    job.staging.vanish(name, one.entity_id, {"label": label, "region": one.region_code})
    job.staging.keep()


def _written(session: Session, job: Job, row: RegisterImport, dataset: str) -> Iterator[Sequence[Written]]:
    query = (
        select(ImportKey.key, ImportKey.entity_id, Entity.label, Entity.region_code)
        .join(Entity, Entity.id == ImportKey.entity_id)
        .join(Region, Region.code == Entity.region_code)
        .where(ImportKey.source == job.source, ImportKey.dataset == dataset, Entity.state == "active", _within(row))
    )
    after = ""
    while page := session.execute(query.where(ImportKey.key > after).order_by(ImportKey.key).limit(PAGE)).all():
        yield page
        after = page[-1].key


def _within(row: RegisterImport) -> ColumnElement[bool]:
    """Clause on Region: what the import may touch."""
    area = Region.path.startswith(row.area, autoescape=True) if row.area else true()
    if row.scope is None:
        return area
    return and_(area, or_(*(Region.path.startswith(path, autoescape=True) for path in row.scope)))
