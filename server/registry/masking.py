"""Which values a reader sees clearly, and what stands for those seen in part. PURE.

Three sights: `clear` (the role works with these records: cadre, supervisor, admin), `audit` (reads to check the work,
not to know people) and `whole` (the feed of a phone that works with them offline and has their rows whole). Private by
default: a sensitivity that nobody declared counts as `personal`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from server.forms.dataset import Dataset
from server.sealing.columns import Unreadable
from server.sealing.json_columns import LOST

Sight = Literal["clear", "audit", "whole"]
Treatment = Literal["show", "mask", "hide"]

CLEAR_ROLES = ("cadre", "supervisor", "admin")
HIDDEN = "***"

_TREATMENT: Mapping[Sight, Mapping[str, Treatment]] = {
    "clear": {"public": "show", "internal": "show", "personal": "show", "sensitive": "mask"},
    "audit": {"public": "show", "internal": "show", "personal": "mask", "sensitive": "hide"},
    "whole": {"public": "show", "internal": "show", "personal": "show", "sensitive": "show"},
}

# GB 11643: 17 digits and a check digit or X; 15 digits before 1999.
_ID_NUMBER = re.compile(r"\d{17}[\dXx]|\d{15}", re.ASCII)
_MOBILE = re.compile(r"1\d{10}", re.ASCII)
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}", re.ASCII)
_DATE = re.compile(r"(\d{4})-\d{2}-\d{2}", re.ASCII)
_HAN_NAME = re.compile(r"[\u3400-\u9fff·]{2,15}")


def sight(clear: bool) -> Sight:
    """The sight of a reader on a record that lies (or not) in a region where the reader works."""
    return "clear" if clear else "audit"


def treatment(sight: Sight, sensitivity: str | None) -> Treatment:
    return _TREATMENT[sight].get(sensitivity or "personal", "hide")


def mask(value: str) -> str:
    """`value` with its middle hidden, by its shape; what has no known shape is hidden whole.

    510***********123X, 138****1234, 1985-**-**. Length is kept only where it says nothing.
    """
    if _ID_NUMBER.fullmatch(value):
        return value[:3] + "*" * (len(value) - 7) + value[-4:]
    if _MOBILE.fullmatch(value) or _LANDLINE.fullmatch(value):
        return value[:3] + "*" * (len(value) - 7) + value[-4:]
    if date := _DATE.fullmatch(value):
        return f"{date[1]}-**-**"
    return HIDDEN


def is_id_number(value: str) -> bool:
    """Whether the text has the shape of a citizen's ID number."""
    return _ID_NUMBER.fullmatch(value) is not None


def mask_name(name: str) -> str:
    """张三 → 张*, 张小三 → 张*三; a name in another script is hidden whole."""
    if not _HAN_NAME.fullmatch(name):
        return HIDDEN
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]


@dataclass(frozen=True)
class Shown:
    """Values as one reader may see them. `masked` names those that are not the stored text.

    `unreadable`: whether sealed values of the record did not open; a word stands in their place.
    """

    values: dict[str, str | None]
    masked: tuple[str, ...]
    unreadable: bool = False


def shown(dataset: Dataset, values: Mapping[str, str | None], sight: Sight) -> Shown:
    """All values of a record for this sight; what it may not see at all is absent."""
    out: dict[str, str | None] = {}
    masked = []
    for name, value in _given(dataset, values).items():
        how = property_treatment(dataset, name, sight)
        if how == "hide":
            continue
        out[name] = shown_value(dataset, name, value, sight)
        if how == "mask" and value:
            masked.append(name)
    return Shown(out, tuple(masked), LOST in values)


def _given(dataset: Dataset, values: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """The values; where sealed ones did not open, a word for each that may have been among them."""
    if LOST not in values:
        return values
    lost = {prop.name: values[LOST] for prop in dataset.properties.values() if prop.sensitivity == "sensitive"}
    return {name: value for name, value in {**lost, **values}.items() if name != LOST}


def property_treatment(dataset: Dataset, name: str, sight: Sight) -> Treatment:
    """How to show one property; `@state` and the like are no person's secret."""
    if name.startswith("@"):
        return "show"
    declared = dataset.properties.get(name)
    return treatment(sight, declared.sensitivity if declared else "sensitive")


def shown_value(dataset: Dataset, name: str, value: str | None, sight: Sight) -> str | None:
    """One value for this sight; None when it is empty or may not be seen."""
    how = property_treatment(dataset, name, sight)
    if how == "hide" or not value:
        return None
    if how == "show" or isinstance(value, Unreadable):
        return value
    return mask_name(value) if name == dataset.label_property else mask(value)


def shown_label(dataset: Dataset | None, label: str, sight: Sight) -> str:
    """The record's label; it is (or holds) the label property, so that one's sensitivity decides."""
    if dataset is None:
        return HIDDEN if sight == "audit" else label
    how = property_treatment(dataset, dataset.label_property, sight)
    return label if how == "show" else mask_name(label) if how == "mask" else HIDDEN
