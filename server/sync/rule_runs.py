"""The cleaning rules over a region: household by household, in batches of a transaction each.

A run that was stopped goes on where it was, as long as day and rules are the same; run again it only confirms.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from server import db
from server.errors import Problem
from server.forms.rules import Judged
from server.geo.tables import Region
from server.registry.definitions import rules
from server.registry.households import shared_id_numbers
from server.registry.judging import Bench, bench, judge_households
from server.registry.rule_findings import Kept, close_stale_findings, keep_findings
from server.registry.tables import Entity, RuleRun
from server.sync.scope import regions_below

BATCH = 100

# (households done, of how many)
Progress = Callable[[int, int], None]


@dataclass
class RunOutcome:
    """`households` were looked at in this go, after the `resumed_after` of an earlier one that was stopped.

    `by_rule`: what is open in them now, by rule; `new` findings were added and `closed` ones ended.
    """

    households: int = 0
    new: int = 0
    closed: int = 0
    resumed_after: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)

    @property
    def findings(self) -> int:
        return self.by_rule.total()

    def add(self, households: int, found: Counter[str], kept: Kept) -> None:
        self.households += households
        self.by_rule += found
        self.new += kept.new
        self.closed += kept.closed


def run_rules(forms: Path, region: str, day: date, progress: Progress, *, dry: bool = False) -> RunOutcome:
    """Judges all active households of a region. Problem record.not_found: no such region. Needs an app context.

    `dry`: only counts.
    """
    with db.read() as session:
        inside = _households_of(session, region)
        total = session.scalar(select(func.count()).select_from(Entity).where(*inside)) or 0
        at = bench(session, forms, day, shared_id_numbers(session))
    outcome = RunOutcome()
    run = None if dry else db.transact(lambda session: _begin(session, region, day, rules(forms).version))
    reached = run.reached if run else ""
    outcome.resumed_after = run.households if run else 0
    while batch := _next(inside, reached):
        outcome.add(len(batch), *_judge(at, batch, run.id if run else None))
        reached = batch[-1]
        progress(outcome.resumed_after + outcome.households, total)
    if run:
        db.transact(lambda session: _end(session, run.id, forms))
    return outcome


def _households_of(session: Session, region: str) -> tuple[ColumnElement[bool], ...]:
    path = session.scalar(select(Region.path).where(Region.code == region))
    if path is None:
        raise Problem("record.not_found", detail=region)
    return (
        Entity.dataset == "household",
        Entity.state == "active",
        Entity.region_code.in_(regions_below((path,))),
    )


def _next(inside: tuple[ColumnElement[bool], ...], after: str) -> list[str]:
    with db.read() as session:
        wanted = select(Entity.id).where(*inside, Entity.id > after).order_by(Entity.id).limit(BATCH)
        return list(session.scalars(wanted))


def _judge(at: Bench, batch: list[str], run_id: str | None) -> tuple[Counter[str], Kept]:
    """Open findings of a batch by rule, and what was kept of them (nothing without a run)."""
    if run_id is None:
        with db.read() as session:
            return _count(judge_households(session, at, batch)), Kept(0, 0, 0)

    def work(session: Session) -> tuple[Counter[str], Kept]:
        verdicts = judge_households(session, at, batch)
        run = session.get_one(RuleRun, run_id)
        run.reached, run.households = batch[-1], run.households + len(batch)
        return _count(verdicts), keep_findings(session, verdicts)

    return db.transact(work)


def _count(verdicts: Mapping[str, Judged]) -> Counter[str]:
    return Counter(one.rule.id for verdict in verdicts.values() for one in verdict.tripped)


def _begin(session: Session, region: str, day: date, version: str) -> RuleRun:
    """The unfinished run of this region, day and rules, or a new one."""
    db.lock(session, {f"rules:{region}"})
    same = (RuleRun.region_code == region, RuleRun.day == day, RuleRun.rules == version)
    run = session.scalar(select(RuleRun).where(*same, RuleRun.finished_at.is_(None)).order_by(RuleRun.started_at))
    if run is None:
        run = RuleRun(id=str(uuid.uuid4()), region_code=region, day=day, rules=version)
        session.add(run)
        session.flush()
    return run


def _end(session: Session, run_id: str, forms: Path) -> None:
    """Rules that are no longer defined find nothing any more, and households that were archived have nothing."""
    session.get_one(RuleRun, run_id).finished_at = db.now()
    close_stale_findings(session, rules(forms).by_id)
