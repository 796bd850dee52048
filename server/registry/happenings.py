"""What a new version of a record means in the life of a household: births, deaths, moves, splits, merges. PURE.

Each is `{kind, day?, to?, from?}`: `day` is the day that the record itself names, `to` and `from` name a household or a
region. What a reader does not see clearly is not told to them in this way either.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from server.forms.dataset import Dataset
from server.registry.masking import Sight, property_treatment

Values = Mapping[str, str | None]
Happening = dict[str, Any]

_STATE, _SAME_AS = "@state", "@same_as"
_GONE = ("left", "died")
_INFANT = timedelta(days=366)


def happenings(dataset: Dataset, now: Values, before: Values | None, seen: Sight) -> list[Happening]:
    """What changed from `before` (None: the record is new) to `now`, in the words of a register."""
    found = [] if before is not None else [{"kind": "registered"}]
    old = before or {}
    found += _ended(now, old)
    if dataset.parent is not None:
        found += _moved(now, old, dataset.parent.property, before is not None)
    if dataset.region_source is not None and before is not None:
        found += _moved(now, old, dataset.region_source, True, kind="village_changed")
    if dataset.name == "household" and before is not None and _is_shown(dataset, "head_name", seen):
        found += [{"kind": "head_changed"}] if old.get("head_name") and _differs(now, old, "head_name") else []
    if dataset.name == "member" and _is_shown(dataset, "member_state", seen):
        found += _presence(dataset, now, old, before is None, seen)
    return found


def _ended(now: Values, old: Values) -> list[Happening]:
    """Closed, opened again, or found to be the same as another record."""
    if not _differs(now, old, _STATE) and not _differs(now, old, _SAME_AS):
        return []
    if now.get(_STATE) != "archived":
        return [{"kind": "reopened"}] if old.get(_STATE) == "archived" else []
    same = now.get(_SAME_AS)
    return [{"kind": "merged", "to": same}] if same else [{"kind": "archived"}]


def _moved(now: Values, old: Values, name: str, was_known: bool, kind: str = "household_changed") -> list[Happening]:
    if not was_known or not old.get(name) or not _differs(now, old, name):
        return []
    return [{"kind": kind, "from": old.get(name), "to": now.get(name)}]


def _presence(dataset: Dataset, now: Values, old: Values, is_new: bool, seen: Sight) -> list[Happening]:
    """Born, died, left, went away, came back: dated by the member's own dates."""
    state, was = now.get("member_state"), old.get("member_state")
    day = {"day": now["state_since"]} if now.get("state_since") else {}
    if is_new and _is_newborn(now) and _is_shown(dataset, "birth_date", seen):
        return [{"kind": "born", "day": now["birth_date"]}]
    if state == was or state is None:
        return []
    if state in _GONE:
        return [{"kind": state, **day}]
    if is_new:
        return []
    if state == "away":
        return [{"kind": "went_away", **day}]
    return [{"kind": "came_back", **day}] if was is not None else []


def _is_newborn(now: Values) -> bool:
    """Born within a year before the day from which the member's presence counts."""
    try:
        born, since = (date.fromisoformat(now.get(name) or "") for name in ("birth_date", "state_since"))
    except ValueError:
        return False
    return timedelta() <= since - born <= _INFANT


def _differs(now: Values, old: Values, name: str) -> bool:
    return (now.get(name) or None) != (old.get(name) or None)


def _is_shown(dataset: Dataset, name: str, seen: Sight) -> bool:
    return property_treatment(dataset, name, seen) == "show"
