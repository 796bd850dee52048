"""Which questions of a blind form ask again what is on record, and how far the two may be apart. PURE."""

from __future__ import annotations

from collections.abc import Mapping

from server.forms.dataset import Dataset, Property
from server.forms.model import FormModel, Question
from server.inspection.comparison import Fact, Kind
from server.inspection.tolerance import tolerance_of

VISIT = "visit"  # stands for a dataset where an answer is compared with a fact of the visit itself
_KINDS: Mapping[str | None, Kind] = {"fixed": "fixed", "stable": "stable", "changing": "changing"}


def facts_of(model: FormModel, datasets: Mapping[str, Dataset], row: Mapping[str, str] | None) -> tuple[Fact, ...]:
    """In form order. `row`: of the policy `comparison` where and when the visit was.

    A question that names nothing known is left out; definitions are checked before they are published.
    """
    found = (_fact(question, datasets, row) for question in model.questions)
    return tuple(fact for fact in found if fact is not None)


def _fact(question: Question, datasets: Mapping[str, Dataset], row: Mapping[str, str] | None) -> Fact | None:
    dataset, name = question.backcheck or ("", "")
    if dataset == VISIT:
        return Fact(question.path, dataset, name, "select_one", "fixed", tolerance=tolerance_of(row, name))
    property = property_of(datasets, dataset, name)
    if property is None:
        return None
    return Fact(
        question=question.path,
        dataset=dataset,
        property=name,
        type=property.type,
        kind=_KINDS.get(property.backcheck, "stable"),
        codes=frozenset(choice.value for choice in property.choices) if property.choices else None,
        order=property.order,
        tolerance=tolerance_of(row, name),
    )


def property_of(datasets: Mapping[str, Dataset], dataset: str, name: str) -> Property | None:
    found = datasets.get(dataset)
    return found.properties.get(name) if found else None
