"""How an area went over time: visits, households visited, and what stood open, from one edge of time to the next.

Areas are compared with areas and with their own past; people are not. What stood open is reckoned back from what stands
open now, so that the newest number is the length of today's list and only the rows of the asked time are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from server.accounts.actor import Actor
from server.columns import BigInt, UtcDateTime
from server.geo.inside import codes_inside
from server.geo.tables import Region
from server.registry.paging import Rows
from server.registry.tables import Conflict, Entity
from server.sync import concerns
from server.sync.areas import regions_at, rows_of
from server.sync.office_tables import Answer, Question
from server.sync.scope import parts_in, visible_entities_in, visible_in, visible_submissions
from server.sync.tables import Submission

Edges = Sequence[datetime]
Inside = Select[str]  # codes of the regions that are looked at
Wire = dict[str, Any]
# Counts of each region for each stretch between two edges, and one more for what came after the last.
Stretches = dict[str, list[int]]


@dataclass(frozen=True)
class _Asked:
    """What all series of one request have in common. `path`, `inside`: the area."""

    session: Session
    actor: Actor
    edges: Edges
    path: str
    inside: Inside

    @cached_property
    def visits(self) -> Stretches:
        """Submissions by when they were received."""
        return self.counted(Submission.received_at)

    def counted(self, time: Any) -> Stretches:
        """Submissions that the actor may see, by one of their times."""
        found: Stretches = defaultdict(lambda: [0] * len(self.edges))
        for part in parts_in(self.actor, self.path):
            query = select(Submission).where(part, Submission.region_code.in_(self.inside))
            for code, counts in _counted(self.session, query, Submission.region_code, time, self.edges).items():
                found[code] = [a + b for a, b in zip(found[code], counts, strict=True)]
        return found


def trends(session: Session, actor: Actor, code: str, edges: Edges, names: Sequence[str]) -> Wire | None:
    """Series of an area and of each directly below it, one number for each stretch between two edges.

    `visits` received and `visited` households in it; `to_review`, `open_conflicts` and `open_questions` at its end.
    None when the person may not see the area. A household visited in two stretches counts in both.
    """
    regions = regions_at(session, actor, code)
    if not regions:
        return None
    asked = _Asked(session, actor, edges, regions[0].path, codes_inside(session, regions[0].code))
    series = {name: _upwards(SERIES[name](asked), regions, len(edges)) for name in names}
    items = [
        {"region": row.code, **{name: found[row.code][: len(edges) - 1] for name, found in series.items()}}
        for row in rows_of(regions)
    ]
    return {"edges": [edge.isoformat() for edge in edges], "area": items[0], "items": items[1:]}


def _upwards(counts: Stretches, regions: Sequence[Region], length: int) -> Stretches:
    """Of the area and of each region directly below it, with everything below them."""
    total: Stretches = {row.code: [0] * length for row in rows_of(regions)}
    for region in regions:
        if region.code not in counts:
            continue
        for code in total.keys() & region.path.strip("/").split("/"):
            total[code] = [a + b for a, b in zip(total[code], counts[region.code], strict=True)]
    return total


def _stretch(column: Any, edges: Edges) -> ColumnElement[int]:
    """The number of the stretch in which a time lies; the last is what came after the last edge."""
    return case(*((column < edge, number) for number, edge in enumerate(edges[1:])), else_=len(edges) - 1)


def _bit(column: Any, edges: Edges) -> ColumnElement[int]:
    """The stretch in which a time lies as a bit, the first as 1."""
    bits = [literal(1 << number, BigInt) for number in range(len(edges))]
    return case(*((column < edge, bit) for edge, bit in zip(edges[1:], bits[:-1], strict=True)), else_=bits[-1])


class bits_of(GenericFunction[int]):
    """Aggregate: all bits of these numbers, each of which has one."""

    type = BigInt
    inherit_cache = True


@compiles(bits_of)
def _with_or(element: bits_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"bit_or({compiler.process(element.clauses, **more)})"


@compiles(bits_of, "sqlite")
def _with_sum(element: bits_of, compiler: SQLCompiler, **more: Any) -> str:
    """SQLite has no bit_or; different powers of two add up to the same."""
    return f"sum(DISTINCT {compiler.process(element.clauses, **more)})"


def _counted(session: Session, query: Rows, region: Any, time: Any, edges: Edges) -> Stretches:
    """Rows of the query by region and stretch, from the first edge on."""
    number = _stretch(time, edges).label("number")
    rows = query.where(time >= edges[0])
    told = rows.with_only_columns(region, number, func.count(), maintain_column_froms=True).group_by(region, number)
    found: Stretches = defaultdict(lambda: [0] * len(edges))
    for code, at, many in session.execute(told):
        found[code][at] = many
    return found


def _standing(now: Mapping[str, int], came: Stretches, went: Stretches, edges: Edges) -> Stretches:
    """How many stood open at the end of each stretch, from how many do now (where the last one ends)."""
    found: Stretches = {}
    for code in {*now, *came, *went}:
        nothing = [0] * len(edges)
        open_then, left = now.get(code, 0), []
        for new, done in zip(reversed(came.get(code, nothing)), reversed(went.get(code, nothing)), strict=True):
            left.append(max(0, open_then))
            open_then += done - new
        found[code] = left[::-1]
    return found


def _now(session: Session, query: Rows, region: Any) -> dict[str, int]:
    rows = query.with_only_columns(region, func.count(), maintain_column_froms=True)
    return {row[0]: row[1] for row in session.execute(rows.group_by(region))}


def _visits(asked: _Asked) -> Stretches:
    return asked.visits


def _visited(asked: _Asked) -> Stretches:
    """Households as the list of them is narrowed (concerns.visited).

    The visits of a household become one number with a bit for each stretch: they lie side by side in ix_submission_of,
    so that nothing of 400,000 rows is sorted, and each household is looked up once.
    """
    actor, edges = asked.actor, asked.edges
    seen = (
        select(Submission.root_id, func.bits_of(_bit(Submission.received_at, edges)).label("bits"))
        .where(Submission.root_id.is_not(None), visible_submissions(actor), Submission.received_at >= edges[0])
        .group_by(Submission.root_id)
        .subquery()
    )
    each = [func.count(case((seen.c.bits.op("&")(literal(1 << n, BigInt)) != 0, 1))) for n in range(len(edges))]
    query = (
        select(Entity.region_code, *each)
        .join(seen, seen.c.root_id == Entity.id)
        .where(concerns.CURRENT, visible_entities_in(actor, asked.path), Entity.region_code.in_(asked.inside))
        .group_by(Entity.region_code)
    )
    return {row[0]: list(row[1:]) for row in asked.session.execute(query)}


def _to_review(asked: _Asked) -> Stretches:
    """Submissions that nobody had judged yet; the first word on one counts."""
    mine = select(Submission).where(visible_in(asked.actor, asked.path), Submission.region_code.in_(asked.inside))
    now = _now(asked.session, mine.where(Submission.review == "received"), Submission.region_code)
    return _standing(now, asked.visits, asked.counted(Submission.first_review_at), asked.edges)


def _open_conflicts(asked: _Asked) -> Stretches:
    session, edges = asked.session, asked.edges
    query = select(Conflict).join(Entity, Entity.id == Conflict.entity_id)
    query = query.where(visible_entities_in(asked.actor, asked.path), Entity.region_code.in_(asked.inside))
    region = Entity.region_code
    now = _now(session, query.where(Conflict.state == "open"), region)
    came = _counted(session, query, region, Conflict.opened_at, edges)
    closed = query.where(Conflict.state != "open")
    return _standing(now, came, _counted(session, closed, region, Conflict.closed_at, edges), edges)


def _open_questions(asked: _Asked) -> Stretches:
    session, edges = asked.session, asked.edges
    query = (
        select(Question)
        .join(Submission, Submission.instance_id == Question.instance_id)
        .where(visible_in(asked.actor, asked.path), Submission.region_code.in_(asked.inside))
    )
    first = select(Answer.question_id, func.min(Answer.received_at).label("at")).group_by(Answer.question_id).subquery()
    ended = func.coalesce(Question.closed_at, first.c.at, type_=UtcDateTime)
    over = query.join(first, first.c.question_id == Question.id, isouter=True).where(Question.state != "open")
    region = Submission.region_code
    now = _now(session, query.where(Question.state == "open"), region)
    came = _counted(session, query, region, Question.asked_at, edges)
    return _standing(now, came, _counted(session, over, region, ended, edges), edges)


SERIES: Mapping[str, Callable[[_Asked], Stretches]] = {
    "visits": _visits,
    "visited": _visited,
    "to_review": _to_review,
    "open_conflicts": _open_conflicts,
    "open_questions": _open_questions,
}
