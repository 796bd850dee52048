"""Fitting rows of a table into the division tree. Pure.

Each region hangs on one that is exactly one level above, so a path has always province, county, township,
village and group in this order, and no circle is possible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from server.errors import Fault
from server.geo.messages import at_line, fault
from server.geo.region_file import RegionRow
from server.geo.tables import LEVELS


def tree_faults(
    rows: Sequence[RegionRow], stored: Mapping[str, str], spoiled: Collection[str] = ()
) -> list[Fault]:
    """What does not fit. `stored`: level of each known region by code; `spoiled`: codes of rows with a fault.

    A child of a spoiled row gets no fault of its own: it may be right as soon as its parent is.
    """
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    for row in rows:
        if row.code in lines:
            faults.append(fault("code.twice", at_line(row.line), code=row.code, line=lines[row.code]))
        lines.setdefault(row.code, row.line)
    levels = {**stored, **{row.code: row.level for row in rows}}
    for row in rows:
        if row.parent not in spoiled:
            faults += _parent_faults(row, levels)
    return faults


def _parent_faults(row: RegionRow, levels: Mapping[str, str]) -> Iterator[Fault]:
    where, parent = at_line(row.line), row.parent
    if row.level == "province":
        if parent:
            yield fault("parent.none", where, parent=parent)
    elif not parent:
        yield fault("parent.missing", where)
    elif parent not in levels:
        yield fault("parent.unknown", where, parent=parent)
    elif levels[parent] != _above(row.level):
        yield fault("parent.level", where, parent=parent, found=levels[parent], wanted=_above(row.level))
    elif row.level == "group" and not row.code.startswith(f"{parent}-"):
        yield fault("parent.group", where, parent=parent)


def _above(level: str) -> str:
    return LEVELS[LEVELS.index(level) - 1]


def paths(parents: Mapping[str, str | None]) -> dict[str, str]:
    """`/99…/9901…/` of every region, by code; `parents` must hold every ancestor."""
    found: dict[str, str] = {}

    def path(code: str) -> str:
        if code not in found:
            parent = parents[code]
            found[code] = f"{path(parent) if parent else '/'}{code}/"
        return found[code]

    for code in parents:
        path(code)
    return found
