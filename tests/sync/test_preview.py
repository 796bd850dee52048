"""A decision is looked at before it is taken, and taken back after it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.tables import AuditEntry
from server.config import ROOT
from server.forms.rules import Judged, Tripped
from server.registry.definitions import rules as load
from server.sync import preview
from server.sync.tables import Feed, OpLog, Review
from tests.sync.quarrel import begin_quarrel, open_conflict
from tests.world import WANG, Phone, World


@pytest.fixture
def quarrel(world: World) -> tuple[Phone, Phone, Phone]:
    return begin_quarrel(world)


def stored(world: World) -> Any:
    """Everything that a preview must leave alone."""
    counted = (AuditEntry, Review, OpLog)
    return world.look(
        lambda session: (
            [len(session.scalars(select(one)).all()) for one in counted],
            sorted(session.execute(select(Feed.scope, Feed.ref, Feed.n)).all()),
        )
    )


def choice(conflict: Any, value: str) -> dict[str, Any]:
    seen = [head["op_id"] for head in conflict["heads"]]
    return {"choose": next(one["op_id"] for one in conflict["heads"] if one["value"] == value), "seen": seen}


def test_what_a_rejection_would_take_back_is_told_and_nothing_is_stored(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="3")
    li.send(op)
    before = stored(world)
    told = zhang.get(f"/submissions/{op['instance_id']}/withdrawal")
    assert told.status_code == 200, told.text
    (record,) = told.json["records"]
    assert record["changes"] == [{"property": "water_shortage_days", "from": "3", "to": "20"}]
    assert (told.json["opens"], told.json["closes"]) == (0, 0)
    assert stored(world) == before
    assert zhang.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == "3"


def test_a_rejection_that_would_open_a_conflict_says_so(world: World) -> None:
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    first = li.visit(water_days="3")
    version = li.send(first)[0]["entities"][0]["version"]
    helper.send(helper.visit(base_version=version, water_days="4"))
    assert zhang.get(f"/submissions/{first['instance_id']}/withdrawal").json["opens"] == 1


def test_the_withdrawal_of_a_foreign_visit_is_unknown_as_one_that_never_was(world: World) -> None:
    zhao, zhang = world.phone("zhao"), world.phone("zhang")
    op = zhao.visit(household="22222222-2222-4222-8222-222222222222", water_days="3")
    zhao.send(op)
    foreign = zhang.get(f"/submissions/{op['instance_id']}/withdrawal")
    unknown = zhang.get("/submissions/uuid:never/withdrawal")
    told = [{**one.json, "request_id": None} for one in (foreign, unknown)]
    assert foreign.status_code == unknown.status_code == 404 and told[0] == told[1]
    assert world.phone("auditor").get(f"/submissions/{op['instance_id']}/withdrawal").status_code == 403


def test_a_decision_is_shown_with_its_record_before_it_is_taken(world: World, quarrel: tuple[Phone, ...]) -> None:
    zhang = quarrel[2]
    conflict, before = open_conflict(zhang), stored(world)
    told = zhang.post(f"/conflicts/{conflict['id']}/preview", choice(conflict, "9"))
    assert told.status_code == 200, told.text
    assert told.json["records"][0]["changes"] == [{"property": "water_shortage_days", "from": "5", "to": "9"}]
    assert (told.json["closes"], told.json["breaks"], told.json["mends"]) == (1, [], [])
    assert stored(world) == before and open_conflict(zhang)["id"] == conflict["id"]


def test_several_decisions_of_a_household_are_shown_as_one_record(world: World, quarrel: tuple[Phone, ...]) -> None:
    """Proves that what each would change stands in one record, and that an unknown one among them refuses all."""
    li, helper, zhang = quarrel
    li.send(li.visit(base_version=None, phone="13800000001"))
    helper.send(helper.visit(base_version=1, phone="13800000002"))
    waiting = {one["properties"][0]: one for one in zhang.get("/conflicts?state=open").json["items"]}
    before = stored(world)
    days = choice(waiting["water_shortage_days"], "9")
    call = {
        "choose": "value",
        "value": "13800000003",
        "seen": [head["op_id"] for head in waiting["contact_phone"]["heads"]],
    }
    both = [
        {**days, "conflict_id": waiting["water_shortage_days"]["id"]},
        {**call, "conflict_id": waiting["contact_phone"]["id"]},
    ]
    told = zhang.post("/conflicts/preview", {"decisions": both}).json
    (record,) = told["records"]
    assert {change["property"] for change in record["changes"]} == {"water_shortage_days", "contact_phone"}
    assert (told["closes"], stored(world)) == (2, before)
    strange = zhang.post("/conflicts/preview", {"decisions": [*both, {**days, "conflict_id": WANG}]})
    assert strange.status_code == 404 and stored(world) == before


def test_a_preview_names_the_rules_that_it_would_break_and_mend() -> None:
    known = load(ROOT / "form_definitions").rules
    old, new, both = known[:3]
    before = Judged((Tripped(old, WANG), Tripped(both, WANG)), frozenset())
    after = Judged((Tripped(new, WANG), Tripped(both, WANG)), frozenset())
    told = preview._findings({WANG: before}, {WANG: after})
    assert [[one["rule"] for one in told[name]] for name in ("breaks", "mends")] == [[new.id], [old.id]]
    assert told["breaks"][0]["message"] == new.message


def test_another_township_neither_previews_nor_undoes(world: World, quarrel: tuple[Phone, ...]) -> None:
    conflict = open_conflict(quarrel[2])
    zhao = world.phone("zhao")
    for path in ("preview", "undo"):
        told = zhao.post(f"/conflicts/{conflict['id']}/{path}", choice(conflict, "9"))
        unknown = zhao.post(f"/conflicts/{WANG}/{path}", choice(conflict, "9"))
        assert told.status_code == unknown.status_code == 404
        assert {**told.json, "request_id": 0} == {**unknown.json, "request_id": 0}


def decide(zhang: Phone, conflict: Any) -> Any:
    body = {**choice(conflict, "9"), "reason": "asked"}
    assert zhang.post(f"/conflicts/{conflict['id']}/resolve", body).json["status"] == "applied"
    return conflict


def test_a_decision_is_taken_back_and_both_values_stand_again(quarrel: tuple[Phone, ...]) -> None:
    zhang = quarrel[2]
    decided = decide(zhang, open_conflict(zhang))
    answer = zhang.post(f"/conflicts/{decided['id']}/undo", {})
    assert answer.status_code == 200, answer.text
    again = open_conflict(zhang)
    assert again["id"] != decided["id"]
    assert {head["value"] for head in again["heads"]} == {"5", "9"}
    kept = zhang.get(f"/conflicts/{decided['id']}").json
    assert kept["resolution"]["reason"] == "asked"
    assert zhang.post(f"/conflicts/{decided['id']}/undo", {}).json["code"] == "conflict.not_undone"
    decide(zhang, again)
    assert zhang.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == "9"
