"""The batch whose answer patterns are looked at: submissions of one form, of an area and a time, as records.

Who made them is known here only to keep one worker's records together; it is told nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import today
from server.forms.answers import answers_once
from server.forms.dataset import Dataset
from server.forms.instance import parse_instance
from server.forms.issue import InstanceUnreadable
from server.forms.model import FormModel, Question
from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows
from server.geo.inside import codes_inside
from server.inspection.discrepancies import names_of, region_names
from server.inspection.facts import property_of
from server.inspection.one_household import labels_of
from server.inspection.pattern_words import in_words, look_over
from server.inspection.patterns import POLICY, Limits, Reason, Record, Spot
from server.inspection.recorded import in_batches
from server.inspection.rights import READERS
from server.registry.tables import Entity
from server.sync.definitions import form_model
from server.sync.place import length
from server.sync.scope import announced, in_regions
from server.sync.tables import Submission

MOST = 1500  # records of a batch
MOST_NAMED = 50  # of one reason
VILLAGE_CODE = 12  # digits
_CHOSEN = ("select_one", "select_multiple", "int", "integer", "string", "decimal")
_MONEY = "CNY"

Wire = dict[str, Any]
_COLUMNS = (
    Submission.instance_id, Submission.form_id, Submission.form_version, Submission.instance_xml, Submission.person_id,
    Submission.root_id, Submission.region_code, Submission.received_at, Submission.started_at, Submission.ended_at,
    Submission.location, Submission.geom,
)  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """Which submissions; `since` is in, `until` is out, by time of receipt."""

    form_id: str
    region: str
    since: datetime | None = None
    until: datetime | None = None


def patterns(session: Session, datasets: Mapping[str, Dataset], actor: Actor, batch: Batch) -> Wire:
    """Reasons to look at records of the batch, for those who answer for their area."""
    rows = _submissions(session, actor, batch)
    row = in_force(policy_rows(session, POLICY), batch.region, today())
    limits = Limits.of(row) if row else None
    records = list(_records(session, datasets, rows[:MOST]))
    reasons = look_over(records, limits) if limits else []
    return {
        "form_id": batch.form_id,
        "names": names_of(session, [batch.form_id]).get(batch.form_id),
        "records": len(records),
        "is_cut": len(rows) > MOST,
        "least": limits["least_records"] if limits else None,
        "rule": limits.rule if limits else None,
        "items": _told(session, datasets, actor, reasons, {row.instance_id: row for row in rows}),
    }


def _submissions(session: Session, actor: Actor, batch: Batch) -> Sequence[Row[Any]]:
    """The newest ones, one more than are taken, as columns: a whole Submission costs more than its answers."""
    query = select(*_COLUMNS).where(
        Submission.form_id == batch.form_id,
        Submission.region_code.in_(codes_inside(session, batch.region)),
        in_regions(actor, READERS, Submission.region_code),
        announced(actor, READERS),
    )
    if batch.since is not None:
        query = query.where(Submission.received_at >= batch.since)
    if batch.until is not None:
        query = query.where(Submission.received_at < batch.until)
    order = (Submission.received_at.desc(), Submission.instance_id)
    return session.execute(query.order_by(*order).limit(MOST + 1)).all()


def _records(session: Session, datasets: Mapping[str, Dataset], rows: Sequence[Row[Any]]) -> Iterator[Record]:
    houses = _houses(session, {row.root_id for row in rows if row.root_id})
    spent = cache(partial(_is_money, datasets))
    for row in rows:
        said = _said(form_model(session, row.form_id, row.form_version), row.instance_xml)
        yield Record(
            id=row.instance_id,
            worker=row.person_id,
            village=(row.region_code or "")[:VILLAGE_CODE],
            started=row.started_at,
            ended=row.ended_at,
            place=_spot(row),
            house=houses.get(row.root_id or ""),
            answers={question.path: value for question, value in said if _is_told(question)},
            amounts=[
                amount for question, value in said
                if spent(question.save_to or question.backcheck) and (amount := _amount(value)) is not None
            ],
        )  # fmt: skip


def _said(model: FormModel | None, xml: str) -> list[tuple[Question, str]]:
    """Answers outside of repeats."""
    if model is None:
        return []
    try:
        return list(answers_once(model.asked_once, parse_instance(xml).root))
    except InstanceUnreadable:
        return []


def _is_told(question: Question) -> bool:
    """Asked and chosen there: not prefilled by a calculation, not the choice of the record itself."""
    return question.type in _CHOSEN and question.calculate is None and question.choice_file is None


def _is_money(datasets: Mapping[str, Dataset], target: tuple[str, str] | None) -> bool:
    """Whether this property of a dataset is an amount of money."""
    property = property_of(datasets, *target) if target else None
    return property is not None and property.unit == _MONEY


def _amount(value: str) -> float | None:
    try:
        return float(Decimal(value))
    except InvalidOperation:
        return None


def _spot(row: Row[Any]) -> Spot | None:
    if row.geom is None:
        return None
    lon, lat = row.geom.coords[0][:2]
    return Spot(lon, lat, length((row.location or {}).get("accuracy_m")) or 0.0)


def _houses(session: Session, ids: Collection[str]) -> dict[str, Spot]:
    """Household → where it is registered."""
    found: dict[str, Spot] = {}
    for some in in_batches(ids):
        query = select(Entity.id, Entity.geom).where(Entity.id.in_(some), Entity.geom.is_not(None))
        found |= {row.id: Spot(*row.geom.coords[0][:2]) for row in session.execute(query)}
    return found


def _told(
    session: Session,
    datasets: Mapping[str, Dataset],
    actor: Actor,
    reasons: Sequence[Reason],
    rows: Mapping[str, Row[Any]],
) -> list[Wire]:
    """Reasons in words, with the records by household, village and time."""
    named = {id for reason in reasons for id in reason.records[:MOST_NAMED]}
    labels = labels_of(session, datasets, actor, {rows[id].root_id for id in named} - {None})
    villages = region_names(session, sorted({rows[id].region_code or "" for id in named}))
    return [
        {
            "code": reason.code,
            "says": in_words(reason),
            "value": reason.value,
            "limit": reason.limit,
            "count": len(reason.records),
            "records": [_named(rows[id], labels, villages) for id in reason.records[:MOST_NAMED]],
        }
        for reason in reasons
    ]


def _named(row: Row[Any], labels: Mapping[str, Any], villages: Mapping[str, dict[str, str]]) -> Wire:
    return {
        "instance_id": row.instance_id,
        "household": labels.get(row.root_id or "", (None,))[0],
        "village_names": villages.get(row.region_code or ""),
        "started_at": row.started_at.isoformat() if row.started_at else None,
    }
