"""How the audit tells of inspections: by their names, and in the region that they belong to.

An entry is read where it belongs: what is about an inspection of a county is read by the county, not in the townships
that it checks.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.geo.tables import Region
from server.inspection.finding_tables import Finding
from server.inspection.tables import Inspection, InspectionTask
from server.registry.masking import shown_label
from server.registry.tables import Entity
from server.sync import audit_areas, audit_list
from server.sync.definitions import datasets

Wire = dict[str, Any]


def register() -> None:
    """Makes inspections, their tasks and findings known to whoever keeps and reads the audit; again is harmless."""
    audit_areas.PLACES["inspection"] = _places
    audit_list.SUBJECTS["inspection"] = _subjects


def _places(names: Collection[str]) -> list[audit_areas.Paths]:
    here = select(Inspection.id, Region.path).join(Region, Region.code == Inspection.region_code)
    of_tasks = (
        select(InspectionTask.id, Region.path)
        .join(Inspection, Inspection.id == InspectionTask.inspection_id)
        .join(Region, Region.code == Inspection.region_code)
    )
    findings = select(Finding.id, Region.path).join(Region, Region.code == Finding.region_code)
    return [
        here.where(Inspection.id.in_(names)), of_tasks.where(InspectionTask.id.in_(names)),
        findings.where(Finding.id.in_(names)),
    ]  # fmt: skip


def _subjects(session: Session, ids: Collection[str]) -> dict[str, Wire]:
    """Inspections by name; tasks and findings with the household, whose name is masked."""
    found: dict[str, Wire] = {}
    for row in session.scalars(select(Inspection).where(Inspection.id.in_(ids))):
        found[row.id] = _thing("inspection", row.id, row.name_zh, row.name_en)
    tasks = (
        select(InspectionTask.id, Inspection, Entity)
        .join(Inspection, Inspection.id == InspectionTask.inspection_id)
        .join(Entity, Entity.id == InspectionTask.household_id)
        .where(InspectionTask.id.in_(ids))
    )
    for task_id, inspection, home in session.execute(tasks):
        name = _masked(home)
        found[task_id] = _thing(
            "inspection", inspection.id, f"{inspection.name_zh} · {name}", f"{inspection.name_en} · {name}"
        )
    findings = select(Finding, Entity, Region).join(Region, Region.code == Finding.region_code)
    for finding, home, region in session.execute(
        findings.join(Entity, Entity.id == Finding.household_id, isouter=True).where(Finding.id.in_(ids))
    ):
        names = (_masked(home),) * 2 if home is not None else (region.name_zh, region.name_en)
        found[finding.id] = _thing("finding", finding.id, *names)
    return found


def _thing(kind: str, id: str, zh: str, en: str | None) -> Wire:
    return {"kind": kind, "id": id, "name": zh, "names": {"zh": zh, "en": en or zh}}


def _masked(home: Entity) -> str:
    return shown_label(datasets().get(home.dataset), home.label, "audit")
