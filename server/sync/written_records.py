"""What one submission made of the records: each property before and after, with its name and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from server.accounts.actor import Actor
from server.forms.dataset import Dataset, Property
from server.registry.masking import (
    CLEAR_ROLES,
    HIDDEN,
    Sight,
    property_treatment,
    shown,
    shown_label,
    shown_value,
    sight,
)
from server.registry.reading import Datasets
from server.registry.tables import Entity, EntityVersion
from server.sync.scope import visible_entities
from server.sync.tables import Submission

Values = Mapping[str, str | None]
_SEPARATORS = {"zh": "、", "en": ", "}


@dataclass(frozen=True)
class WrittenRecord:
    """A record that the person may see, as it stood before and after the submission, unmasked.

    `version` is the one that the submission made, None where it wrote nothing there; `changes` is its history entry.
    """

    entity: Entity
    seen: Sight
    version: int | None
    label: str
    before: Values
    after: Values
    changes: Sequence[Mapping[str, Any]]

    @property
    def created(self) -> bool:
        return self.version == 1


def written_records(session: Session, actor: Actor, submission: Submission) -> list[WrittenRecord]:
    """The records that it wrote, its household first; the household is there also when nothing of it changed."""
    earlier = aliased(EntityVersion)
    rows = session.execute(
        select(Entity, EntityVersion, earlier.values, visible_entities(actor, CLEAR_ROLES).label("clear"))
        .join(EntityVersion, EntityVersion.entity_id == Entity.id)
        .join(
            earlier,
            and_(earlier.entity_id == Entity.id, earlier.version == EntityVersion.version - 1),
            isouter=True,
        )
        .where(EntityVersion.op_id == submission.op_id, visible_entities(actor))
        .order_by(Entity.dataset, Entity.label, Entity.id)
    )
    records = [
        WrittenRecord(entity, sight(bool(clear)), made.version, made.label, before or {}, made.values, made.changes)
        for entity, made, before, clear in rows
    ]
    if all(record.entity.id != submission.root_id for record in records):
        records += _untouched(session, actor, submission)
    return sorted(records, key=lambda record: record.entity.id != submission.root_id)


def _untouched(session: Session, actor: Actor, submission: Submission) -> list[WrittenRecord]:
    """The household as it stood when the submission came, which did not change it."""
    row = session.execute(
        select(Entity, visible_entities(actor, CLEAR_ROLES).label("clear")).where(
            Entity.id == submission.root_id, visible_entities(actor)
        )
    ).one_or_none()
    if row is None:
        return []
    then = session.scalar(
        select(EntityVersion)
        .where(EntityVersion.entity_id == row.Entity.id, EntityVersion.at <= submission.received_at)
        .order_by(EntityVersion.version.desc())
        .limit(1)
    )
    values, label = (then.values, then.label) if then else (row.Entity.values, row.Entity.label)
    return [WrittenRecord(row.Entity, sight(bool(row.clear)), None, label, values, values, ())]


def writes_on_wire(records: Sequence[WrittenRecord], datasets: Datasets) -> list[dict[str, Any]]:
    """Flat list of everything that was written, values as the reader may see them."""
    return [
        {"dataset": record.entity.dataset, "id": record.entity.id, **_change(datasets, record, change)}
        for record in records
        for change in record.changes
    ]


def _change(datasets: Datasets, record: WrittenRecord, change: Mapping[str, Any]) -> dict[str, Any]:
    dataset, name = datasets.get(record.entity.dataset), change["property"]
    before, after = (
        shown_value(dataset, name, change.get(end), record.seen) if dataset else None for end in ("from", "to")
    )
    return {"property": name, "from": before, "to": after, "shown": change.get("shown", True)}


def household_on_wire(record: WrittenRecord, datasets: Datasets) -> dict[str, Any]:
    dataset = datasets.get(record.entity.dataset)
    before, after = (
        shown(dataset, values, record.seen).values if dataset else {} for values in (record.before, record.after)
    )
    label = shown_label(dataset, record.label, record.seen)
    return {"id": record.entity.id, "label": label, "before": before, "after": after}


def record_on_wire(record: WrittenRecord, datasets: Datasets) -> dict[str, Any]:
    """The record with its fields in the order of its dataset; fields that never held anything are left out."""
    dataset = datasets.get(record.entity.dataset)
    return {
        "dataset": record.entity.dataset,
        "dataset_labels": dataset.labels if dataset else {},
        "id": record.entity.id,
        "label": shown_label(dataset, record.label, record.seen),
        "version": record.version,
        "created": record.created,
        "card": list(dataset.card) if dataset else [],
        "fields": _fields(dataset, record) if dataset else [],
    }


def _fields(dataset: Dataset, record: WrittenRecord) -> list[dict[str, Any]]:
    written = {change["property"]: change for change in record.changes}
    fields = []
    for name, prop in dataset.properties.items():
        known = record.before.get(name) or record.after.get(name) or name in written
        if known and property_treatment(dataset, name, record.seen) != "hide":
            fields.append(_field(dataset, prop, record, written.get(name)))
    return fields


def _field(dataset: Dataset, prop: Property, record: WrittenRecord, change: Mapping[str, Any] | None) -> dict[str, Any]:
    """`before` and `after` are what was shown; `waits` is what was written but stands back until a person decides."""
    before, after = record.before.get(prop.name), record.after.get(prop.name)
    stands_back = change is not None and not change.get("shown", True)
    return {
        "property": prop.name,
        "labels": prop.labels,
        "unit": prop.unit,
        "group": prop.group,
        "changed": before != after,
        "before": _words(dataset, prop, before, record.seen),
        "after": _words(dataset, prop, after, record.seen),
        "waits": _words(dataset, prop, change["to"], record.seen) if change and stands_back else None,
        "masked": property_treatment(dataset, prop.name, record.seen) == "mask",
    }


def _words(dataset: Dataset, prop: Property, value: str | None, seen: Sight) -> dict[str, Any] | None:
    """A value with its words in both languages; None when it is empty."""
    text = shown_value(dataset, prop.name, value, seen)
    if not text or value is None:
        return None
    if text == HIDDEN or not prop.choices:
        return {"value": text, "display": {"zh": text, "en": text}}
    labels = {choice.value: choice.labels for choice in prop.choices}
    codes = value.split() if prop.type == "select_multiple" else [value]
    display = {
        language: separator.join(labels.get(code, {}).get(language) or code for code in codes)
        for language, separator in _SEPARATORS.items()
    }
    return {"value": text, "display": display}
