"""Planning an inspection: what is said of it before anything is fixed, and what the plan would ask of the villages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import upsert
from server.errors import Fault, Problem
from server.forms import versions
from server.geo.tables import Region
from server.inspection.candidates import is_known_mark
from server.inspection.days import check_to_come
from server.inspection.frame import COLUMNS
from server.inspection.plan import Plan
from server.inspection.plan_file import plan_of
from server.inspection.rights import PLANNERS, find_inspection
from server.inspection.tables import Inspection
from server.sync import scope

SPARING = ("leave_out", "share")
SEED_WAYS = ("dice", "reveal")
BY_PHONE = "back_check"  # purpose of forms that are asked by telephone


@dataclass(frozen=True)
class Wanted:
    """What a planner says of an inspection; `id` is the planner's own, so that a repetition plans once."""

    id: str
    region: str
    name_zh: str
    name_en: str
    plan: dict[str, Any]
    form_ids: tuple[str, ...]
    recent: str
    seed_way: str
    starts_on: date
    ends_on: date


def make_plan(session: Session, actor: Actor, wanted: Wanted) -> Inspection:
    """The inspection as planned. Problems: record.not_found (region out of sight), plan.invalid, request.invalid."""
    _check(session, actor, wanted)
    check_to_come(wanted.ends_on, "ends_on")
    values = {**_values(wanted), "id": wanted.id, "made_by": actor.id}
    statement = upsert(session, Inspection).values(values)
    new = session.scalar(statement.on_conflict_do_nothing(index_elements=["id"]).returning(Inspection.id))
    row = session.get_one(Inspection, wanted.id)
    if new is None:
        _same(session, actor, row, _values(wanted))
    else:
        note(session, actor.id, "inspection.planned", row.id, region=row.region_code)
    return row


def _same(session: Session, actor: Actor, row: Inspection, values: dict[str, Any]) -> None:
    find_inspection(session, actor, row.id, PLANNERS)
    if any(getattr(row, name) != value for name, value in values.items()):
        raise Problem("inspection.other_content")


def change_plan(session: Session, actor: Actor, wanted: Wanted) -> Inspection:
    """The inspection with other plans; only before its frame is frozen."""
    row = at_work(session, actor, wanted.id, "planned")
    _check(session, actor, wanted)
    check_to_come(wanted.ends_on, "ends_on")
    for name, value in _values(wanted).items():
        setattr(row, name, value)
    note(session, actor.id, "inspection.plan_changed", row.id)
    return row


def at_work(session: Session, actor: Actor, inspection_id: str, *states: str) -> Inspection:
    """The inspection, for whoever may steer it, locked to the end of the transaction.

    Problems: record.not_found, inspection.state when it is in none of these states.
    """
    db.lock(session, {f"inspection:{inspection_id}"})
    found = find_inspection(session, actor, inspection_id, PLANNERS)
    session.refresh(found)
    if found.state not in states:
        raise Problem("inspection.state")
    return found


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "region_code": wanted.region,
        "name_zh": wanted.name_zh,
        "name_en": wanted.name_en,
        "plan": text_of(plan_of(wanted.plan)),
        "form_ids": list(wanted.form_ids),
        "recent": wanted.recent,
        "seed_way": wanted.seed_way,
        "starts_on": wanted.starts_on,
        "ends_on": wanted.ends_on,
    }


def text_of(plan: Plan) -> str:
    """The plan as YAML that reads back as the same plan; it is published as it is."""
    return yaml.safe_dump(plan.canonical(), allow_unicode=True, sort_keys=False)


def plan_in(inspection: Inspection) -> Plan:
    return plan_of(yaml.safe_load(inspection.plan))


def marks_of(plan: Plan) -> tuple[str, ...]:
    """Columns that the plan goes by beside the codes. Problem plan.invalid for one that no frame of ours has."""
    named = [plan.stratum, *(one.column for one in plan.always)]
    if isinstance(plan.spread, str):
        named.append(plan.spread)
    wanted = sorted({name for name in named if name and name not in COLUMNS})
    unknown = [name for name in wanted if not is_known_mark(name)]
    if unknown:
        why = f"抽样框没有这一列：{unknown[0]} / The frame has no column “{unknown[0]}”."
        fix = "可用：township、village、category、cadre_kin、persons / Use one of these."
        raise Problem("plan.invalid", faults=[Fault("stratum", why, fix)])
    return tuple(wanted)


def _check(session: Session, actor: Actor, wanted: Wanted) -> None:
    here = scope.in_regions(actor, PLANNERS, Region.code)
    if session.scalar(select(Region.code).where(Region.code == wanted.region, here)) is None:
        raise Problem("record.not_found")
    marks_of(plan_of(wanted.plan))
    faults = [fault for form_id in wanted.form_ids for fault in _form_faults(session, form_id)]
    if wanted.ends_on < wanted.starts_on:
        why = "还没开始就结束了 / It ends before it begins."
        faults.append(Fault("ends_on", why, "写晚一些的一天 / Give a later day."))
    if not wanted.name_zh.strip():
        faults.append(Fault("name_zh", "没有写名称 / It has no name.", "写一个名称 / Give one."))
    if faults:
        raise Problem("request.invalid", faults=faults)


def _form_faults(session: Session, form_id: str) -> Sequence[Fault]:
    """A form that cadres are offered would not be blind: the village reads what was answered in it."""
    settings = newest_settings(session, form_id)
    if settings is None:
        return [Fault("form_ids", f"There is no published form {form_id}.", "Name a published form.")]
    roles = settings.get("roles", "").split()
    if "inspector" not in roles or "cadre" in roles:
        return [Fault("form_ids", f"{form_id} is no form for inspectors alone.", "Name one such as spot_check.")]
    return []


def newest_settings(session: Session, form_id: str) -> dict[str, str] | None:
    """Settings of the newest published version of a form; None for an unknown one."""
    rows = [row for row in versions.list_versions(session) if row.form_id == form_id and row.state == "published"]
    rows.sort(key=lambda row: (row.published_at or row.created_at, row.version))
    return versions.settings_of(rows[-1]) if rows else None


def kind_of(session: Session, form_id: str) -> str:
    """How a form is asked: `phone` or `visit`."""
    return "phone" if (newest_settings(session, form_id) or {}).get("purpose") == BY_PHONE else "visit"
