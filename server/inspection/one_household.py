"""Households of an inspection, one by one: record and independent visit side by side, as the reader may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Problem
from server.forms.dataset import Choice, Dataset
from server.inspection.comparison import Item
from server.inspection.comparison_words import sentence
from server.inspection.discrepancies import label_of, names_of, region_names
from server.inspection.facts import property_of
from server.inspection.outcome import Asked, Found, compared_ids, gather, over
from server.inspection.standing import REASONS
from server.inspection.tables import Inspection
from server.inspection.tally import tally
from server.registry.masking import CLEAR_ROLES, Sight, shown_label, shown_value, sight
from server.registry.reading import Page
from server.registry.tables import Entity
from server.sync.scope import visible_entities

Wire = dict[str, Any]
Datasets = Mapping[str, Dataset]
_SEPARATORS = {"zh": "、", "en": ", "}


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; None is no limit. `property`: `dataset#name` that differs; `differing`: at least
    one item does; `region`: a village or township.
    """

    property: str | None = None
    region: str | None = None
    differing: bool = False
    below: bool = False

AT_ONCE = 100  # households that are read together while a page is filled


def households(
    session: Session, datasets: Datasets, actor: Actor, inspection: Inspection, wanted: Wanted,
    limit: int, after: str | None,
) -> Page | None:  # fmt: skip
    """A page by village and ticket; None when `after` names none of them. No more is read than fills the page."""
    ids = compared_ids(session, inspection, wanted.region)
    if after is not None and after not in ids:
        return None
    left = ids[ids.index(after) + 1 :] if after is not None else ids
    size = limit + 1 if wanted == Wanted(region=wanted.region) else AT_ONCE
    fitting: list[Found] = []
    while left and len(fitting) <= limit:
        some, left = left[:size], left[size:]
        fitting += [one for one in gather(session, inspection, some) if _fits(one, wanted)]
    page = fitting[:limit]
    labels = labels_of(session, datasets, actor, [one.sampled.household_id for one in page])
    villages = region_names(session, sorted({one.sampled.village_code for one in page}))
    items = [_row(one, labels, villages) for one in page]
    return Page(items, page[-1].sampled.household_id if len(fitting) > limit else None)


def _fits(one: Found, wanted: Wanted) -> bool:
    wrong = [item for asked in one.asked for item in asked.items if item.outcome == "differs"]
    standing = one.visited.standing
    return (
        (wanted.property is None or any(_name(item) == wanted.property for item in wrong))
        and (not wanted.differing or bool(wrong))
        and (not wanted.below or (standing is not None and standing.is_below))
    )


def _name(item: Item) -> str:
    return f"{item.fact.dataset}#{item.fact.property}"


def labels_of(
    session: Session, datasets: Datasets, actor: Actor, ids: Iterable[str | None]
) -> dict[str, tuple[str, Sight]]:
    """How each household is called for this reader, and with what sight its record is read."""
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    rows = session.execute(
        select(Entity.id, Entity.dataset, Entity.label, clear).where(Entity.id.in_(list(ids)), visible_entities(actor))
    )
    return {
        row.id: (shown_label(datasets.get(row.dataset), row.label, sight(bool(row.clear))), sight(bool(row.clear)))
        for row in rows
    }


def _row(one: Found, labels: Mapping[str, tuple[str, Sight]], villages: Mapping[str, dict[str, str]]) -> Wire:
    counts = tally(item for asked in one.asked for item in asked.items)
    standing = one.visited.standing
    return {
        "household": one.sampled.household_id,
        "label": labels.get(one.sampled.household_id, ("***", "audit"))[0],
        "village": one.sampled.village_code,
        "village_names": villages.get(one.sampled.village_code),
        "kind": one.sampled.kind,
        "disposition": one.visited.drawn.disposition,
        "checked": counts.checked,
        "wrong": counts.wrong,
        "below": _reasons(standing.reasons if standing else ()),
    }


def _reasons(codes: Iterable[str]) -> list[Wire]:
    return [{"code": code, "names": {"zh": REASONS[code][0], "en": REASONS[code][1]}} for code in codes]


def one_household(
    session: Session, datasets: Datasets, actor: Actor, inspection_id: str, household_id: str
) -> Wire:
    """Every item with both values. Problems: record.not_found, inspection.not_over. Reading it is in the audit."""
    inspection = over(session, actor, inspection_id)
    labels = labels_of(session, datasets, actor, [household_id])
    found = gather(session, inspection, [household_id])
    if not found or household_id not in labels:
        raise Problem("record.not_found")
    one, (_, seen) = found[0], labels[household_id]
    villages = region_names(session, [one.sampled.village_code])
    names = names_of(session, sorted({asked.task.form_id for asked in one.asked}))
    note(session, actor.id, "inspection.comparison_read", household_id, inspection=inspection.id)
    return {
        **_row(one, labels, villages),
        "forms": [
            {
                "form_id": asked.task.form_id,
                "names": names.get(asked.task.form_id),
                "disposition": asked.disposition,
                "instance_id": asked.task.instance_id,
                "cadre_instance_id": asked.task.cadre_instance_id,
                "version": asked.task.cadre_version,
                "items": [_item(asked, item, datasets, seen) for item in asked.items],
            }
            for asked in one.asked
        ],
    }


def _item(asked: Asked, item: Item, datasets: Datasets, seen: Sight) -> Wire:
    question = asked.model.by_path.get(item.fact.question) if asked.model else None
    property = property_of(datasets, item.fact.dataset, item.fact.property)
    choices = (property.choices if property else None) or (question.choices if question else None) or ()
    both = (_shown(item, value, datasets, seen) for value in (item.recorded, item.found))
    recorded, found = ({"value": value, "words": _words(value, choices)} for value in both)
    return {
        "dataset": item.fact.dataset,
        "property": item.fact.property,
        "question": item.fact.question,
        "labels": label_of(question, item, datasets),
        "asked": question.labels if question else None,
        "kind": item.fact.kind,
        "unit": property.unit if property else None,
        "recorded": recorded,
        "found": found,
        "outcome": item.outcome,
        "why": sentence(item, property.unit if property else None),
        "rule": item.fact.tolerance.rule or None,
    }


def _shown(item: Item, value: str | None, datasets: Datasets, seen: Sight) -> str | None:
    dataset = datasets.get(item.fact.dataset)
    return value if dataset is None else shown_value(dataset, item.fact.property, value, seen)


def _words(value: str | None, choices: Sequence[Choice]) -> dict[str, str] | None:
    """The value in words; None where it is shown as it is."""
    if value is None or not choices:
        return None
    labels = {choice.value: choice.labels for choice in choices}
    return {
        language: separator.join(labels.get(code, {}).get(language) or code for code in value.split())
        for language, separator in _SEPARATORS.items()
    }
