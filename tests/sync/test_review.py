"""A supervisor's word on a submission, and what a rejection takes back."""

from __future__ import annotations

import uuid
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from server.accounts import people
from server.sync.tables import Review, Submission
from tests.world import QINGSHI, WANG, Phone, World

COMMENT = {"text": "the photo shows another house", "path": "/data/front"}


def judge(phone: Phone, op: dict[str, Any], state: str, *comments: dict[str, str]) -> Any:
    return phone.post(f"/submissions/{op['instance_id']}/review", {"state": state, "comments": list(comments)})


def value(phone: Phone, name: str = "water_shortage_days") -> Any:
    return phone.get(f"/entities/{WANG}").json["data"].get(name)


def test_a_rejection_gives_back_what_stood_before_and_is_told_to_the_author(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="3")
    li.send(op)
    answer = judge(zhang, op, "rejected", COMMENT)
    assert answer.status_code == 200, answer.text
    assert value(li) == "20"
    (told,) = [e for e in li.pull(f"user:{world.people['li']}")["entries"] if e["type"] == "review"]
    assert (told["state"], told["comments"]) == ("rejected", [COMMENT])
    seen = zhang.get(f"/submissions/{op['instance_id']}").json
    assert (seen["review"], seen["reviews"][0]["author"]["username"]) == ("rejected", "zhang")


def test_what_later_work_built_on_a_rejected_value_is_for_a_person(world: World) -> None:
    """Neither the later value nor the one from before vanishes."""
    li, zhang = world.phone("li"), world.phone("zhang")
    first = li.visit(water_days="3")
    version = li.send(first)[0]["entities"][0]["version"]
    bai = world.phone("helper")
    bai.send(bai.visit(base_version=version, water_days="4"))
    judge(zhang, first, "rejected", COMMENT)
    assert value(zhang) in ("20", "4")
    (conflict,) = zhang.get("/conflicts?state=open").json["items"]
    assert {head["value"] for head in conflict["heads"]} == {"20", "4"}


def test_a_rejection_closes_the_conflict_that_the_submission_had_made(world: World) -> None:
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    li.send(li.visit(water_days="3"))
    wrong = helper.visit(water_days="9")
    assert helper.send(wrong)[0]["status"] == "conflicted"
    judge(zhang, wrong, "rejected", COMMENT)
    assert zhang.get("/conflicts?state=open").json["items"] == []
    (ended,) = zhang.get("/conflicts?state=resolved").json["items"]
    assert ended["resolution"]["how"] == "withdrawn"
    assert value(zhang) == "3"


def test_a_member_that_only_a_rejected_submission_knew_is_archived_and_comes_back(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    member = str(uuid.uuid4())
    entities = [
        {"dataset": "household", "id": WANG, "base_version": 1, "base": {}},
        {"dataset": "member", "id": member, "base": {}},
    ]
    op = li.visit(members=[(member, "1", "王小梅")], entities=entities)
    assert li.send(op)[0]["status"] == "applied"
    judge(zhang, op, "rejected", COMMENT)
    assert zhang.get(f"/entities/{member}").json["state"] == "archived"
    assert judge(zhang, op, "approved").status_code == 200
    row = zhang.get(f"/entities/{member}").json
    assert (row["state"], row["data"]["full_name"]) == ("active", "王小梅")


def test_taking_a_rejection_back_puts_the_values_where_they_were(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="3", grade="C")
    li.send(op)
    judge(zhang, op, "rejected", COMMENT)
    judge(zhang, op, "has_issues", COMMENT)
    assert (value(zhang), value(zhang, "house_grade")) == ("3", "C")
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_the_same_word_twice_is_one(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="3")
    li.send(op)
    judge(zhang, op, "rejected", COMMENT)
    version = zhang.get(f"/entities/{WANG}").json["version"]
    judge(zhang, op, "rejected", COMMENT)
    assert zhang.get(f"/entities/{WANG}").json["version"] == version
    assert len(zhang.get(f"/submissions/{op['instance_id']}").json["reviews"]) == 1


def test_only_a_supervisor_of_the_area_may_review(world: World) -> None:
    li, west = world.phone("li"), world.phone("zhao")
    op = li.visit(water_days="3")
    li.send(op)
    assert judge(li, op, "approved").status_code == 403
    assert judge(west, op, "approved").status_code == 403
    assert judge(world.phone("zhang"), {"instance_id": "uuid:none"}, "approved").status_code == 404


def test_nobody_approves_a_visit_of_their_own(world: World) -> None:
    """A supervisor who visits too may take the own visit back, but approving it is for somebody else."""
    world.run(lambda session: people.give_role(session, world.people["li"], "supervisor", QINGSHI))
    li = world.phone("li")
    op = li.visit(water_days="3")
    li.send(op)
    refused = judge(li, op, "approved")
    assert (refused.status_code, refused.json["code"]) == (403, "review.own")
    assert judge(li, op, "rejected", COMMENT).status_code == 200
    assert judge(world.phone("zhang"), op, "approved").status_code == 200


@pytest.mark.parametrize("state", ["rejected", "has_issues"])
def test_a_submission_is_sent_back_only_with_words(world: World, state: str) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="3")
    li.send(op)
    answer = judge(zhang, op, state)
    assert (answer.status_code, answer.json["errors"][0]["where"]) == (400, "comments")


def test_a_value_put_back_by_an_author_who_did_not_know_of_the_rejection_is_said(world: World) -> None:
    """His earlier value was on his screen, so the old one is a change; taking the rejection back does not undo it."""
    li, zhang = world.phone("li"), world.phone("zhang")
    wrong, right = li.visit(water_days="3"), li.visit(water_days="20")
    li.send(wrong)
    judge(zhang, wrong, "rejected", COMMENT)
    assert value(zhang) == "20"
    li.send(right)
    judge(zhang, wrong, "approved")
    assert value(zhang) == "20"
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_the_first_word_on_a_visit_is_the_time_of_its_earliest_review(world: World) -> None:
    """Proves the stored moment against the reviews, after further words on it, and what the migration fills in."""
    li, zhang = world.phone("li"), world.phone("zhang")
    ops = [li.visit(water_days="3"), li.visit(water_days="4"), li.visit(water_days="5")]
    li.send(*ops)
    for op, state in ((ops[0], "approved"), (ops[1], "rejected"), (ops[0], "has_issues"), (ops[1], "approved")):
        assert judge(zhang, op, state, COMMENT).status_code == 200
    reckoned = world.look(first_words)
    assert set(reckoned) == {op["instance_id"] for op in ops[:2]}
    assert world.look(stored_words) == {op["instance_id"]: reckoned.get(op["instance_id"]) for op in ops}
    world.run(lambda session: session.execute(update(Submission).values(first_review_at=None)))
    world.run(lambda session: session.execute(text(import_module("server.migrations.versions.0032_desk_counts").FILL)))
    assert world.look(stored_words) == {op["instance_id"]: reckoned.get(op["instance_id"]) for op in ops}


def first_words(session: Session) -> dict[str, Any]:
    rows = session.execute(select(Review.instance_id, func.min(Review.at)).group_by(Review.instance_id))
    return {row[0]: row[1] for row in rows}


def stored_words(session: Session) -> dict[str, Any]:
    return {one.instance_id: one.first_review_at for one in session.scalars(select(Submission))}
