"""Which households an inspection could draw: the active ones of its region, by id, village and township alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.geo.tables import Region
from server.inspection.frame import COLUMNS, Frame
from server.inspection.frame_file import frame_of
from server.inspection.tables import Inspection
from server.registry.tables import Entity
from server.sync.definitions import datasets

DATASET = "household"
_VILLAGE, _TOWNSHIP = 3, 2  # places in the path of a village: province, county, township, village, group
# What a plan may go by beside the codes: column of the frame → property of a household, and what an empty one means.
MARKS = {
    "category": ("household_category", "none"),
    "cadre_kin": ("cadre_kin", "no"),
    "persons": ("household_size", "1"),
}


@dataclass(frozen=True)
class Candidate:
    """A household with the codes of its village and township; `marks`: values of the columns that the plan asks for."""

    household_id: str
    village: str
    township: str
    marks: tuple[str, ...] = ()


def below(session: Session, region_code: str) -> Select[str]:
    """Codes of the region and all below it."""
    path = session.scalars(select(Region.path).where(Region.code == region_code)).one()
    return select(Region.code).where(Region.path.startswith(path, autoescape=True))


def candidates(session: Session, inspection: Inspection, marks: Sequence[str] = ()) -> list[Candidate]:
    """All active households of the region that lie in a village. `marks`: names among MARKS."""
    homes = _homes(session, inspection.region_code)
    columns = (Entity.id, Entity.region_code, *((Entity.values,) if marks else ()))
    here = Entity.region_code.in_(below(session, inspection.region_code))
    query = select(*columns).where(Entity.dataset == DATASET, Entity.state == "active", here)
    found = []
    for row in session.execute(query.execution_options(yield_per=5000)):
        home = homes.get(row.region_code)
        if home is not None:
            values = row.values if marks else {}
            found.append(Candidate(row.id, *home, tuple(_mark(values, name) for name in marks)))
    return found


def _mark(values: dict[str, str | None], name: str) -> str:
    column, instead = MARKS[name]
    return values.get(column) or instead


def _homes(session: Session, region_code: str) -> dict[str, tuple[str, str]]:
    """Region of a household → its village and township; a household above a village can not be drawn."""
    rows = session.execute(select(Region.code, Region.path).where(Region.code.in_(below(session, region_code))))
    parts = {row.code: row.path.strip("/").split("/") for row in rows}
    return {code: (path[_VILLAGE], path[_TOWNSHIP]) for code, path in parts.items() if len(path) > _VILLAGE}


def frame_from(found: Sequence[Candidate], marks: Sequence[str], out: Collection[str]) -> Frame:
    """The frame of those that are not left out. Problem frame.invalid."""
    return frame_of([*COLUMNS, *marks], _rows(found, out))


def _rows(found: Sequence[Candidate], out: Collection[str]) -> Iterator[Sequence[str]]:
    return ((one.household_id, one.village, one.township, *one.marks) for one in found if one.household_id not in out)


def is_known_mark(name: str) -> bool:
    """Whether a plan may name this column of the frame."""
    return name in MARKS and MARKS[name][0] in datasets()[DATASET].properties
