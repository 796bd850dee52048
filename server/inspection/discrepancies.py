"""Where record and independent visit part: counted by type of fact, form, question and area.

Counts only, no household and no person; both languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.model import Question
from server.forms.tables import FormVersion
from server.geo.tables import Region
from server.inspection.comparison import KINDS, Item
from server.inspection.facts import property_of
from server.inspection.outcome import Asked, Found
from server.inspection.tally import counted, tally, tally_by

Wire = dict[str, Any]
Datasets = Mapping[str, Dataset]
Compared = Sequence[tuple[Found, Asked, Item]]


def discrepancies(session: Session, found: Sequence[Found], datasets: Datasets, counts_changing: bool) -> Wire:
    """`counts_changing`: whether what changes by itself is part of the error rate."""
    items = [(one, asked, item) for one in found for asked in one.asked for item in asked.items]
    plain = [item for _, _, item in items]
    return {
        "counts_changing": counts_changing,
        "all": tally(counted(plain, counts_changing)).as_json(),
        "by_kind": [
            {"kind": kind, "type": KINDS[kind], **tally(item for item in plain if item.fact.kind == kind).as_json()}
            for kind in KINDS
        ],
        "by_form": _by_form(session, items),
        "by_question": list(_by_question(items, datasets)),
        "by_region": _by_region(session, items, counts_changing),
        "rules": sorted({item.fact.tolerance.rule for item in plain if item.fact.tolerance.rule}),
    }


def _by_form(session: Session, items: Compared) -> list[Wire]:
    tallies = tally_by((asked.task.form_id, item) for _, asked, item in items)
    names = names_of(session, sorted(tallies))
    return [{"form_id": key, "names": names.get(key), **found.as_json()} for key, found in sorted(tallies.items())]


def _by_question(items: Compared, datasets: Datasets) -> Iterator[Wire]:
    """In the order of the forms; a question of two versions is one."""
    questions: dict[tuple[str, str], tuple[Question | None, Item]] = {}
    for _, asked, item in items:
        key = (asked.task.form_id, item.fact.question)
        questions[key] = (asked.model.by_path.get(item.fact.question) if asked.model else None, item)
    tallies = tally_by(((asked.task.form_id, item.fact.question), item) for _, asked, item in items)
    for (form_id, path), found in tallies.items():
        question, item = questions[form_id, path]
        yield {
            "form_id": form_id,
            "question": path,
            "labels": label_of(question, item, datasets),
            "dataset": item.fact.dataset,
            "property": item.fact.property,
            "kind": item.fact.kind,
            **found.as_json(),
        }


def label_of(question: Question | None, item: Item, datasets: Datasets) -> dict[str, str]:
    """What the record calls the fact, else how it was asked."""
    property = property_of(datasets, item.fact.dataset, item.fact.property)
    if property is not None:
        return property.labels
    asked = question.labels if question else {}
    return {language: asked.get(language) or item.fact.property for language in ("zh", "en")}


def _by_region(session: Session, items: Compared, counts_changing: bool) -> list[Wire]:
    """Townships and villages; a village stands below its township. Only what counts for the error rate."""
    kept = [(one, item) for one, _, item in items if counted([item], counts_changing)]
    townships = tally_by((one.sampled.township_code, item) for one, item in kept)
    villages = tally_by((one.sampled.village_code, item) for one, item in kept)
    above = {one.sampled.village_code: one.sampled.township_code for one, _ in kept}
    tallies = {**townships, **villages}
    names = region_names(session, sorted(tallies))
    order = sorted(tallies, key=lambda code: (above.get(code, code), code in above, code))
    return [
        {"code": code, "names": names.get(code), "above": above.get(code), **tallies[code].as_json()} for code in order
    ]


def region_names(session: Session, codes: Sequence[str]) -> dict[str, dict[str, str]]:
    rows = session.execute(select(Region.code, Region.name_zh, Region.name_en).where(Region.code.in_(codes)))
    return {row.code: {"zh": row.name_zh, "en": row.name_en or row.name_zh} for row in rows}


def names_of(session: Session, form_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The names of each form's newest version."""
    rows = session.execute(
        select(FormVersion.form_id, FormVersion.names)
        .where(FormVersion.form_id.in_(form_ids), FormVersion.state != "draft")
        .order_by(FormVersion.published_at)
    )
    return {row.form_id: row.names for row in rows}
