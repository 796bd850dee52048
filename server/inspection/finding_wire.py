"""Findings as their readers get them: the state derived from the steps, on the day of reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.db import CHINA, today
from server.forms.policy_rows import Row
from server.geo.tables import Region
from server.inspection.finding_access import clock_rows, workflow
from server.inspection.finding_clocks import flow_in
from server.inspection.finding_course import Standing, Taken, days_over, levels_risen, standing
from server.inspection.finding_tables import Finding, FindingStep
from server.inspection.finding_workflow import Workflow
from server.registry.masking import CLEAR_ROLES, shown_label, sight
from server.registry.tables import Entity
from server.sync import named_files
from server.sync.definitions import datasets
from server.sync.office_tables import OpFile
from server.sync.review import REVIEWERS

Wire = dict[str, Any]
HANDLING = ("township", "county", "prefecture", "province")  # who handles it first, then where it rises to


def day_of(moment: datetime) -> date:
    """The day where the work is done."""
    return moment.astimezone(CHINA).date()


def number_of(finding: Finding) -> str:
    """Short enough for a notice on paper, from the day and the id."""
    return f"{day_of(finding.opened_at):%Y%m%d}-{finding.id[:6].upper()}"


def steps_of(session: Session, ids: Sequence[str]) -> dict[str, list[FindingStep]]:
    """The steps of these findings, each in their order."""
    found: dict[str, list[FindingStep]] = defaultdict(list)
    rows = select(FindingStep).where(FindingStep.finding_id.in_(ids)).order_by(FindingStep.finding_id, FindingStep.n)
    for row in session.scalars(rows):
        found[row.finding_id].append(row)
    return found


def standing_of(
    finding: Finding, steps: Sequence[FindingStep], day: date | None = None, *, rows: Sequence[Row] = ()
) -> Standing:
    """Where it stands on this day (default: today). `rows`: of the policy of the clocks (finding_access.clock_rows)."""
    taken = [Taken(row.step, day_of(row.at), _day(row.said.get("due"))) for row in steps]
    return standing(_flow_of(rows, finding), day_of(finding.opened_at), taken, day or today())


def _flow_of(rows: Sequence[Row], finding: Finding) -> Workflow:
    return flow_in(workflow(), rows, finding.region_code, day_of(finding.opened_at))


def _day(text: object) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None


def in_words(session: Session, actor: Actor | None, findings: Sequence[Finding]) -> list[Wire]:
    """These findings with their steps. `actor` None: for the phones of their village."""
    steps = steps_of(session, [one.id for one in findings])
    people = {row.person_id for rows in steps.values() for row in rows} | {one.opened_by for one in findings}
    names, files = authors(session, people), _files(session, [row for rows in steps.values() for row in rows])
    places, homes = _places(session, findings), _homes(session, findings)
    rows = clock_rows(session)
    return [
        _plain(rows, one, standing_of(one, steps[one.id], rows=rows), places)
        | {
            "about": _about(actor, one, places[one.region_code].path),
            "household": _household(actor, one, homes, places),
            "opened_by": names.get(one.opened_by),
            "steps": [_step(row, names, files.get(row.op_id or "", [])) for row in steps[one.id]],
        }
        for one in findings
    ]


def _plain(rows: Sequence[Row], finding: Finding, now_at: Standing, places: Mapping[str, Region]) -> Wire:
    level = levels_risen(_flow_of(rows, finding), day_of(finding.opened_at), now_at, today())
    risen_to = _risen_to(places, finding, level)
    return {
        "id": finding.id,
        "number": number_of(finding),
        "region": finding.region_code,
        "region_names": _names(places, finding.region_code),
        "source": finding.source,
        "kind": finding.kind,
        "text": finding.text,
        "photo_id": finding.photo_id,
        "slot": finding.slot,
        "opened_at": finding.opened_at.isoformat(),
        "state": now_at.state,
        "since": now_at.since.isoformat(),
        "due_on": now_at.due_on.isoformat() if now_at.due_on else None,
        "over_days": days_over(now_at, today()),
        "risen": level,
        "risen_to": risen_to,
        "risen_to_names": _names(places, risen_to),
        "last": finding.last,
    }


def _names(places: Mapping[str, Region], code: str | None) -> Wire | None:
    """Also for whoever has no area of their own, such as an inspector whose loan is over."""
    region = places.get(code or "")
    return {"zh": region.name_zh, "en": region.name_en} if region else None


def _about(actor: Actor | None, finding: Finding, path: str) -> Wire:
    """What the source says. Both compared values are for the office alone: what a household answered in an inspection
    is kept from its village (it was told so), and an inspector goes there blind. The village knows its own record.
    """
    if actor is not None and actor.covers(path, REVIEWERS):
        return finding.about
    village = actor is None or actor.has("cadre")
    hidden = ("second",) if village else ("first", "second")
    return {name: value for name, value in finding.about.items() if name not in hidden}


def _risen_to(places: Mapping[str, Region], finding: Finding, level: int) -> str | None:
    """The area that it has risen to, the highest there is at most."""
    codes = places[finding.region_code].path.strip("/").split("/")
    above = [places[code] for code in reversed(codes) if code in places and places[code].level in HANDLING]
    return above[min(level, len(above) - 1)].code if level and above else None


def _places(session: Session, findings: Sequence[Finding]) -> dict[str, Region]:
    """The regions of these findings and those above them."""
    own = session.scalars(select(Region).where(Region.code.in_({one.region_code for one in findings}))).all()
    codes = {code for region in own for code in region.path.strip("/").split("/")}
    return {region.code: region for region in session.scalars(select(Region).where(Region.code.in_(codes)))}


def _homes(session: Session, findings: Sequence[Finding]) -> dict[str, Entity]:
    """The households that these findings are about."""
    ids = {one.household_id for one in findings}
    return {entity.id: entity for entity in session.scalars(select(Entity).where(Entity.id.in_(ids - {None})))}


def _household(
    actor: Actor | None, finding: Finding, homes: Mapping[str, Entity], places: Mapping[str, Region]
) -> Wire | None:
    entity = homes.get(finding.household_id or "")
    if entity is None:
        return None
    path = places[finding.region_code].path
    clear = actor is None or actor.covers(path, CLEAR_ROLES) or not actor.covers(path, ("auditor",))
    return {"id": entity.id, "label": shown_label(datasets().get("household"), entity.label, sight(clear))}


def _step(row: FindingStep, names: Mapping[str, Wire], files: Sequence[Wire]) -> Wire:
    return {
        "id": row.id,
        "n": row.n,
        "step": row.step,
        "side": row.side,
        "author": names.get(row.person_id),
        "at": row.at.isoformat(),
        "text": row.text,
        **{name: row.said.get(name) for name in ("due", "lead", "partner", "check")},
        "files": list(files),
    }


def _files(session: Session, steps: Sequence[FindingStep]) -> dict[str, list[Wire]]:
    """The files of each op, with whether their bytes are here."""
    found: dict[str, list[Wire]] = defaultdict(list)
    ops = [row.op_id for row in steps if row.op_id]
    query = named_files.with_bytes().where(OpFile.op_id.in_(ops)).order_by(OpFile.op_id, OpFile.name)
    for file, here in session.execute(query):
        shown = {"name": file.name, "slot": file.slot, "sha256": file.sha256}
        found[file.op_id].append(shown | {"op_id": file.op_id, "state": "complete" if here else "missing"})
    return found
