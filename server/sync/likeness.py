"""Whether two records look like one thing registered twice. Pure.

By all values that stand open of each, not by what happens to be shown: so no order of arrival matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from server.forms.dataset import Alike, Dataset

# property → the values that its heads give it
Open = Mapping[str, Set[str | None]]


def compared(alike: Alike) -> tuple[str, ...]:
    """The properties that tell records apart."""
    return (*alike.same, *alike.where_known)


def look_alike(dataset: Dataset, one: Open, other: Open) -> bool:
    """`same`: known and equal; `where_known`: not different where both know it. Of a date the year counts."""
    if dataset.alike is None:
        return False
    equal = all(_known(dataset, name, one) & _known(dataset, name, other) for name in dataset.alike.same)
    return bool(equal) and all(_may_be_equal(dataset, name, one, other) for name in dataset.alike.where_known)


def _may_be_equal(dataset: Dataset, name: str, one: Open, other: Open) -> bool:
    if _unknown(one.get(name, ())) or _unknown(other.get(name, ())):
        return True
    return bool(_known(dataset, name, one) & _known(dataset, name, other))


def _unknown(values: Iterable[str | None]) -> bool:
    """Whether somebody who may be right knows no value, or nobody said any."""
    found = list(values)
    return not found or None in found


def _known(dataset: Dataset, name: str, values: Open) -> set[str]:
    declared = dataset.properties.get(name)
    texts = {text for text in values.get(name, ()) if text}
    return {text[:4] for text in texts} if declared and declared.type in ("date", "datetime") else texts
