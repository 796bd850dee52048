"""What a supervisor looks for among households, as clauses on Entity: an unsafe house, unsafe water."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_

from server.registry.tables import Entity

_GRADE = Entity.values["house_grade"].as_string()
_WATER = Entity.values["water_verdict"].as_string()
_CURRENT = and_(Entity.dataset == "household", Entity.state == "active")

# C and D are dangerous houses (JGJ 125); "unsafe" is the verdict of the water form.
CONCERNS: Mapping[str, ColumnElement[bool]] = {
    "house": and_(_CURRENT, _GRADE.in_(("C", "D"))),
    "water": and_(_CURRENT, _WATER == "unsafe"),
}
