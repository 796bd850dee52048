"""What phones learn of a finding: those of its village, and those of whoever is sent to see whether it was put right.

Both can go on without a network: they get the state in words and the steps that are theirs now.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, load_actor
from server.accounts.tables import HelperOf, Person
from server.inspection.finding_access import find, path_of, workflow
from server.inspection.finding_checks import errands_of
from server.inspection.finding_course import possible
from server.inspection.finding_steps import may_take
from server.inspection.finding_tables import Finding, FindingErrand
from server.inspection.finding_wire import in_words
from server.inspection.finding_workflow import StepKind
from server.sync import feeds, scope
from server.sync.feeds import News
from server.sync.office_tables import Assignment

Wire = dict[str, Any]
_PASSING = ("over_days", "risen", "risen_to")  # of the day of reading; the phone reckons its own


def tell(session: Session, finding: Finding) -> None:
    """Tells the phones; the last statements of the transaction."""
    feeds.touch(session, news_of(session, finding))


def news_of(session: Session, finding: Finding) -> list[News]:
    """The finding for the phones of its village, of its household's helpers, and of those who are sent to look."""
    helpers = select(HelperOf.person_id).where(HelperOf.household_id == finding.household_id)
    people = session.scalars(helpers).all() if finding.household_id else ()
    payload = _for_village(session, finding)
    villages = scope.feed_scopes_of(path_of(session, finding))
    scopes = (*villages, *(f"user:{person}" for person in sorted(people)))
    return [*(_news(name, payload) for name in scopes), *_for_checkers(session, finding)]


def of_helper(session: Session, person_id: str, household_id: str) -> list[News]:
    """Findings go with their household: what somebody is told of them who began to help it, or ended that."""
    feed = f"user:{person_id}"
    mine = (HelperOf.person_id == person_id, HelperOf.household_id == household_id)
    helps = session.scalar(select(HelperOf.person_id).where(*mine)) is not None
    found = session.scalars(select(Finding).where(Finding.household_id == household_id).order_by(Finding.id)).all()
    if helps:
        return [_news(feed, _for_village(session, finding)) for finding in found]
    return [_after_helping(session, finding, person_id) for finding in found]


def _after_helping(session: Session, finding: Finding, person_id: str) -> News:
    """It stays with who was sent to look at it, as far as that goes."""
    if person_id in _checkers(session, finding):
        return _for_checker(session, finding, person_id)
    return feeds.eviction(f"user:{person_id}", "finding", finding.id, "finding")


def after_withdrawal(session: Session, assignment_id: str) -> None:
    """An errand to look at a finding was taken back: the finding leaves that phone, unless another brings it there."""
    errand = session.get(FindingErrand, assignment_id)
    if errand is not None and errand.kind == "check":
        feeds.touch(session, _for_checkers(session, session.get_one(Finding, errand.finding_id)))


def _for_checkers(session: Session, finding: Finding) -> list[News]:
    """For everybody who was ever sent; who is no longer, loses it."""
    return [_for_checker(session, finding, person) for person in sorted(_checkers(session, finding))]


def _checkers(session: Session, finding: Finding) -> set[str]:
    of = (FindingErrand.finding_id == finding.id, FindingErrand.kind == "check")
    query = select(Assignment.person_id).join(FindingErrand, FindingErrand.assignment_id == Assignment.id).where(*of)
    return set(session.scalars(query))


def _for_checker(session: Session, finding: Finding, person_id: str) -> News:
    feed, actor = f"user:{person_id}", load_actor(session, session.get_one(Person, person_id))
    if find(session, actor, finding.id) is None:
        return feeds.eviction(feed, "finding", finding.id, "finding")
    [payload] = in_words(session, actor, [finding])
    mine = [kind for name in may_take(session, actor, finding) if (kind := workflow().steps[name]).by == "inspection"]
    own = {"side": "inspection", "check": _last_check(session, actor, finding)}
    return _news(feed, _for_phone(payload, mine) | own)


def _last_check(session: Session, actor: Actor, finding: Finding) -> Wire | None:
    """What was seen on the spot last: {instance_id, verified}."""
    checks = [one for one in errands_of(session, actor, finding) if one["kind"] == "check" and one["done_by"]]
    return {"instance_id": checks[0]["done_by"], "verified": checks[0]["verified"]} if checks else None


def _for_village(session: Session, finding: Finding) -> Wire:
    [payload] = in_words(session, None, [finding])
    return _for_phone(payload, [kind for kind in possible(workflow(), payload["state"]) if kind.by == "village"])


def _for_phone(payload: Wire, offers: Iterable[StepKind]) -> Wire:
    """`lapses`: when the day is over, the finding stands by itself and nothing is offered any more."""
    here = workflow().states[payload["state"]]
    for step in payload["steps"]:
        step["labels"] = workflow().steps[step["step"]].labels
    kept = {name: value for name, value in payload.items() if name not in _PASSING}
    offered = [{"step": one.name, "labels": one.labels, "needs": list(one.needs)} for one in offers]
    words = {"state_labels": here.labels, "final": here.final, "lapses": here.then is not None}
    return {**kept, **words, "offers": offered}


def _news(feed: str, payload: Wire) -> News:
    return News(feed, "finding", payload["id"], "finding", payload)
