"""What a dataset's own rules find in the record that a submission made, after the merge."""

from __future__ import annotations

from typing import Any

import pytest

from server.registry.tables import Entity
from server.sync import record_findings
from server.sync.tables import Submission
from tests.world import WANG, Phone, World


def told(world: World, instance_id: str) -> list[dict[str, Any]]:
    row = world.look(lambda session: session.get_one(Submission, instance_id))
    return [one for one in row.findings if one["kind"] == "rule" or one.get("code") == "evaluation.failed"]


def send(phone: Phone, **values: Any) -> str:
    op = phone.visit(**values)
    (result,) = phone.send(op)
    assert result["status"] == "applied"
    return str(op["instance_id"])


def give(world: World, **values: str | None) -> None:
    def work(session: Any) -> None:
        wang = session.get_one(Entity, WANG)
        wang.values = {**wang.values, **values}

    world.run(work)


def test_a_broken_rule_is_a_finding_beside_the_submission(world: World) -> None:
    """Stored and applied all the same, with what to look at and what to do in both languages."""
    (finding,) = told(world, send(world.phone("li"), water_days="400"))
    assert (finding["rule"], finding["path"]) == ("household.shortage_days_impossible", f"household/{WANG}")
    assert finding["properties"] == ["household.water_shortage_days"] and finding["severity"] == "hard"
    assert finding["message"]["zh"].endswith("。") and finding["message"]["en"].endswith(".")


def test_a_reviewer_reads_it_and_who_may_not_see_the_property_does_not(world: World) -> None:
    """The rule about days is told to both; one about the phone number to the supervisor alone."""
    instance_id = send(world.phone("li"), water_days="400")

    def about_phone(session: Any) -> None:
        row = session.get_one(Submission, instance_id)
        other = {**row.findings[-1], "rule": "household.phone", "properties": ["household.contact_phone"]}
        row.findings = [*row.findings, other]

    world.run(about_phone)

    def rules(person: str) -> list[str]:
        answer = world.phone(person).get(f"/submissions/{instance_id}").json
        return [one["rule"] for one in answer["findings"] if one["kind"] == "rule"]

    assert rules("zhang") == ["household.shortage_days_impossible", "household.phone"]
    assert rules("auditor") == ["household.shortage_days_impossible"]


def test_a_good_record_has_none(world: World) -> None:
    assert told(world, send(world.phone("li"), water_days="30")) == []


def test_nobody_is_asked_about_what_others_left(world: World) -> None:
    """The record breaks a rule already; this submission wrote nothing that the rule is about."""
    give(world, water_shortage_days="400")
    assert told(world, send(world.phone("li"), head_name="王二山")) == []


def test_the_rule_sees_what_was_written_beside_what_was_there(world: World) -> None:
    give(world, house_occupied="yes", living_place="rented")
    assert told(world, send(world.phone("li"), water_days="30")) == []


def test_a_crash_of_a_rule_costs_nobody_a_visit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(record_findings, "check_record", crash)
    (finding,) = told(world, send(world.phone("li"), water_days="30"))
    assert finding["code"] == "evaluation.failed"
