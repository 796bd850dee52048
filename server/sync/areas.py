"""The areas that a person works in, and how much lies in each. Areas are counted, people are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import shapely
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.geo.inside import codes_inside
from server.geo.regions import code_of
from server.geo.tables import Region
from server.registry.tables import Conflict, Entity
from server.sync import concerns
from server.sync.loans import lent_to
from server.sync.office_tables import Question
from server.sync.reading import SubmissionFilter, submission_clauses
from server.sync.scope import parts_in, visible_entities, visible_entities_in, visible_in, visible_regions
from server.sync.tables import Submission

# Seven decimals of a degree are a centimetre; a boundary on a screen needs a decimetre.
_GRID = 1e-6
MEASURES = (
    "households", "unsafe_houses", "unsafe_water", "overdue", "visited", "submissions", "waiting_photos", "conflicted",
    "to_review", "open_questions", "open_conflicts",
)  # fmt: skip
Counting = Callable[[], dict[str, int]]


def list_regions(session: Session, actor: Actor, geometry: bool) -> list[dict[str, Any]]:
    """What the person may see, with the names above it (`above`: a name only, no count, and a boundary only of the
    village of an own group: whoever helps households there sees them on a map).

    Of the villages of households on loan the names alone: whoever is sent there has to find the way.
    """
    seen = session.scalars(select(Region).where(visible_regions(actor)).order_by(Region.path)).all()
    above = _above(session, seen, _of_loans(session, actor))
    counts = upwards(_households(session, actor), seen)
    rows = sorted([*seen, *above], key=lambda region: region.path)
    own = {region.code for region in seen}
    villages = {region.parent_code for region in seen if region.level == "group"}
    drawn = {*own, *villages} if geometry else set()
    return [_region(region, counts, region.code in own, region.code in drawn) for region in rows]


def _of_loans(session: Session, actor: Actor) -> Sequence[str]:
    """Paths of the regions where households lie that are lent to this person."""
    homes = select(Entity.region_code).where(Entity.id.in_(lent_to(actor)))
    return session.scalars(select(Region.path).where(Region.code.in_(homes))).all()


def _above(session: Session, regions: Sequence[Region], further: Sequence[str]) -> Sequence[Region]:
    codes = {code for path in (*(one.path for one in regions), *further) for code in path.strip("/").split("/")}
    missing = codes - {region.code for region in regions}
    return session.scalars(select(Region).where(Region.code.in_(missing))).all() if missing else []


def _region(region: Region, counts: dict[str, int], own: bool, drawn: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "code": region.code,
        "name": region.name_zh,
        "names": {"zh": region.name_zh, "en": region.name_en or region.name_zh},
        "level": region.level,
        "parent": region.parent_code,
    }
    if own:
        answer["households"] = counts.get(region.code, 0)
    else:
        answer["above"] = True
    if drawn and region.boundary is not None:
        answer["geometry"] = shapely.geometry.mapping(shapely.set_precision(region.boundary, _GRID))
    return answer


def _households(session: Session, actor: Actor) -> dict[str, int]:
    return by_region(session, Entity.region_code, [concerns.CURRENT, visible_entities(actor)])


def by_region(session: Session, region: Any, clauses: Iterable[ColumnElement[bool]]) -> dict[str, int]:
    """How many rows of the region's table there are in each region; those of none are left out."""
    query = select(region, func.count()).where(*clauses).group_by(region)
    return {code: count for code, count in session.execute(query) if code is not None}


def upwards(counts: Mapping[str, int], regions: Iterable[Region]) -> dict[str, int]:
    """Counts of each region with everything below it."""
    total: dict[str, int] = defaultdict(int)
    for region in regions:
        for code in region.path.strip("/").split("/"):
            total[code] += counts.get(region.code, 0)
    return total


def overview(
    session: Session, actor: Actor, code: str, wanted: SubmissionFilter, names: Sequence[str] = MEASURES
) -> dict[str, Any] | None:
    """Counts of one area and of each area directly below it; None when the person may not see that area.

    Each number is the length of a list that the same person gets with the same filter; `names`: which numbers.
    """
    regions = regions_at(session, actor, code)
    if not regions:
        return None
    counts_of = _columns(session, actor, regions[0], wanted)
    columns = {name: upwards(counts_of[name](), regions) for name in names}
    items = [
        {"region": region.code, **{name: counts.get(region.code, 0) for name, counts in columns.items()}}
        for region in rows_of(regions)
    ]
    return {"area": items[0], "items": items[1:]}


def regions_at(session: Session, actor: Actor, code: str) -> Sequence[Region]:
    """An area and all regions below it, itself first; none when the person may not see it."""
    area = session.scalar(select(Region).where(Region.code == code_of(session, code), visible_regions(actor)))
    if area is None:
        return []
    below = Region.path.startswith(area.path, autoescape=True)
    return session.scalars(select(Region).where(visible_regions(actor), below).order_by(Region.path)).all()


def rows_of(regions: Sequence[Region]) -> list[Region]:
    """Of `regions_at`: the area, then those directly below it."""
    return [regions[0], *(region for region in regions if region.parent_code == regions[0].code)]


def _columns(session: Session, actor: Actor, area: Region, wanted: SubmissionFilter) -> dict[str, Counting]:
    """Each number by a statement of its own: a condition that narrows goes by its index, one that is counted beside
    others reads every row.
    """
    inside, path = codes_inside(session, area.code), area.path
    seen = visible_in(actor, path)

    def submissions(*parts: ColumnElement[bool], **more: Any) -> dict[str, int]:
        asked = SubmissionFilter(since=wanted.since, until=wanted.until, **more)
        clauses = [*submission_clauses(session, actor, asked), Submission.region_code.in_(inside)]
        return _added(by_region(session, Submission.region_code, [part, *clauses]) for part in parts)

    def households(*clauses: ColumnElement[bool]) -> dict[str, int]:
        mine = (concerns.CURRENT, visible_entities_in(actor, path), Entity.region_code.in_(inside))
        return by_region(session, Entity.region_code, [*mine, *clauses])

    return {
        "households": households,
        "unsafe_houses": lambda: households(concerns.house()),
        "unsafe_water": lambda: households(concerns.water()),
        "overdue": lambda: households(concerns.overdue()),
        "visited": lambda: households(concerns.visited(actor, wanted.since, wanted.until)),
        "submissions": lambda: submissions(*parts_in(actor, path)),
        "waiting_photos": lambda: submissions(seen, photos="missing"),
        "conflicted": lambda: submissions(seen, status="conflicted"),
        "to_review": lambda: by_region(session, Submission.region_code, [
            seen, Submission.review == "received", Submission.region_code.in_(inside),
        ]),
        "open_questions": lambda: _open_questions(session, seen, inside),
        "open_conflicts": lambda: _open_conflicts(session, visible_entities_in(actor, path), inside),
    }  # fmt: skip


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


def _open_questions(session: Session, seen: ColumnElement[bool], inside: Select[str]) -> dict[str, int]:
    query = (
        select(Submission.region_code, func.count(Question.id))
        .join(Question, Question.instance_id == Submission.instance_id)
        .where(Question.state == "open", seen, Submission.region_code.in_(inside))
        .group_by(Submission.region_code)
    )
    return {str(row[0]): row[1] for row in session.execute(query)}


def _open_conflicts(session: Session, seen: ColumnElement[bool], inside: Select[str]) -> dict[str, int]:
    query = (
        select(Entity.region_code, func.count(Conflict.id))
        .join(Conflict, Conflict.entity_id == Entity.id)
        .where(Conflict.state == "open", seen, Entity.region_code.in_(inside))
        .group_by(Entity.region_code)
    )
    return {row[0]: row[1] for row in session.execute(query)}
