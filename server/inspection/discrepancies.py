"""Where record and independent visit part: counted by type of fact, form, question and area.

Counts only, no household and no person; both languages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.model import Question
from server.forms.tables import FormVersion
from server.geo.tables import Region
from server.inspection.comparison import KINDS, Item, Kind, Outcome
from server.inspection.facts import property_of
from server.inspection.outcome import Found
from server.inspection.tally import Tally, tally_by

Wire = dict[str, Any]
Datasets = Mapping[str, Dataset]
Examples = dict[tuple[str, str], tuple[Question | None, Item]]


@dataclass(frozen=True)
class Cell:
    """What is counted together: one question of a form in one village."""

    form_id: str
    question: str
    kind: Kind
    township: str
    village: str


Counts = Mapping[Cell, Counter[Outcome]]


def discrepancies(session: Session, found: Sequence[Found], datasets: Datasets, counts_changing: bool) -> Wire:
    """`counts_changing`: whether what changes by itself is part of the error rate."""
    cells, examples, rules = _counted(found)
    steady = {cell: counts for cell, counts in cells.items() if counts_changing or cell.kind != "changing"}
    by_kind = tally_by((cell.kind, counts) for cell, counts in cells.items())
    return {
        "counts_changing": counts_changing,
        "all": _sum(steady).as_json(),
        "by_kind": [{"kind": k, "type": type, **by_kind.get(k, Tally({})).as_json()} for k, type in KINDS.items()],
        "by_form": _by_form(session, cells),
        "by_question": list(_by_question(cells, examples, datasets)),
        "by_region": _by_region(session, steady),
        "rules": rules,
    }


def _counted(found: Sequence[Found]) -> tuple[Counts, Examples, list[str]]:
    """One pass over all items; an item of each question stands for what does not differ between households."""
    cells: dict[Cell, Counter[Outcome]] = {}
    examples: Examples = {}
    rules: set[str] = set()
    for one in found:
        township, village = one.sampled.township_code, one.sampled.village_code
        for asked in one.asked:
            form_id, model = asked.task.form_id, asked.model
            for item in asked.items:
                path = item.fact.question
                cell = Cell(form_id, path, item.fact.kind, township, village)
                cells.setdefault(cell, Counter())[item.outcome] += 1
                if (form_id, path) not in examples:
                    examples[form_id, path] = (model.by_path.get(path) if model else None, item)
                rules.add(item.fact.tolerance.rule)
    return cells, examples, sorted(rules - {""})


def _sum(cells: Counts) -> Tally:
    return tally_by(("", counts) for counts in cells.values()).get("", Tally({}))


def _by_form(session: Session, cells: Counts) -> list[Wire]:
    tallies = tally_by((cell.form_id, counts) for cell, counts in cells.items())
    names = names_of(session, sorted(tallies))
    return [{"form_id": key, "names": names.get(key), **found.as_json()} for key, found in sorted(tallies.items())]


def _by_question(cells: Counts, examples: Examples, datasets: Datasets) -> Iterator[Wire]:
    """In the order of the forms; a question of two versions is one."""
    tallies = tally_by(((cell.form_id, cell.question), counts) for cell, counts in cells.items())
    for (form_id, path), found in tallies.items():
        question, item = examples[form_id, path]
        yield {
            "form_id": form_id,
            "question": path,
            "labels": label_of(question, item, datasets),
            "dataset": item.fact.dataset,
            "property": item.fact.property,
            "kind": item.fact.kind,
            **found.as_json(),
        }


def _by_region(session: Session, cells: Counts) -> list[Wire]:
    """Townships and villages; a village stands below its township. Only what counts for the error rate."""
    above = {cell.village: cell.township for cell in cells}
    tallies = tally_by((cell.township, counts) for cell, counts in cells.items())
    tallies |= tally_by((cell.village, counts) for cell, counts in cells.items())
    names = region_names(session, sorted(tallies))
    order = sorted(tallies, key=lambda code: (above.get(code, code), code in above, code))
    return [
        {"code": code, "names": names.get(code), "above": above.get(code), **tallies[code].as_json()} for code in order
    ]


def label_of(question: Question | None, item: Item, datasets: Datasets) -> dict[str, str]:
    """What the record calls the fact, else how it was asked."""
    property = property_of(datasets, item.fact.dataset, item.fact.property)
    if property is not None:
        return property.labels
    asked = question.labels if question else {}
    return {language: asked.get(language) or item.fact.property for language in ("zh", "en")}


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
