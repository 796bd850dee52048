"""What a form finds in a submission is stored beside it and told to its author; it never stands in the way."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.accounts.qualifications import Certificate, qualify
from server.forms import versions
from server.forms.compile import compile_form
from server.forms.source import FormSource
from server.registry.tables import Entity
from server.sync import form_findings
from server.sync.tables import Quarantine, Submission
from tests.world import WANG, ZHAO, Phone, World, named

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to | required | constraint | constraint_message::中文 (zh) | constraint_message::English (en) | relevant | calculation |
| | select_one_from_file household.csv | household | 农户 | Household | | | | | | | |
| | csv-external | member | | | | | | | | | |
| | calculate | known_days | | | | | | | | | instance('household')/root/item[name=${household}]/water_shortage_days |
| | integer | water_days | 缺水天数 | Days short | household#water_shortage_days | true() | . <= 366 | 一年最多366天 | At most 366 days | | |
| | text | why_more | 为什么变多了 | Why more | | true() | | | | ${water_days} > ${known_days} | |
| | calculate | members | | | | | | | | | count(instance('member')/root/item) |
| settings |
| | form_id | version | form_title | namespaces | default_language | attribute::ruhu:about | attribute::ruhu:qualification |
| | judged | 1 | 核对 | ruhu="https://ruhu.example/xforms" | 中文 (zh) | household | QUALIFICATION |
| entities |
| | list_name | label | entity_id | update_if |
| | household | ${water_days} | ${household} | true() |
"""  # noqa: E501


def publish(session: Session, qualification: str = "") -> None:
    source = FORM.replace("QUALIFICATION", qualification).encode()
    versions.add_draft(session, compile_form(source, "form.md"), FormSource(source, "form.md"), None)
    versions.publish(session, "judged", "1")


@pytest.fixture
def judging(world: World) -> World:
    world.run(publish)
    return world


def visit(
    phone: Phone, inside: str, household: str = WANG, base_version: int | None = 1, **given: Any
) -> dict[str, Any]:
    """A visit with the form of this file; `inside`: its nodes after the household."""
    op = phone.visit(household, base_version, form_id="judged", **given)
    op["instance_xml"] = (
        f'<data id="judged" version="1"><household>{household}</household>{inside}<meta>'
        f'<entity dataset="household" id="{household}" update="1"><label>x</label></entity>'
        f"<instanceID>{op['instance_id']}</instanceID></meta></data>"
    )
    return op


def found(result: dict[str, Any]) -> list[tuple[str, str]]:
    """What the form found; the rules of the datasets have tests of their own."""
    places = [(one["path"], one["kind"]) for one in result.get("findings", ()) if one["kind"] != "rule"]
    return [place for place in places if not place[0].startswith("/data/meta")]


RIGHT = "<known_days>20</known_days><water_days>15</water_days><members>1</members>"


def test_a_right_visit_has_no_findings(judging: World) -> None:
    phone = judging.phone("li")
    [result] = phone.send(visit(phone, RIGHT))
    assert (result["status"], found(result)) == ("applied", [])


def test_a_wrong_visit_is_applied_and_its_author_is_asked(judging: World) -> None:
    """In the words of the form; told again when the op is sent again; the reviewer reads the same with labels."""
    phone = judging.phone("li")
    op = visit(phone, "<known_days>20</known_days><water_days>400</water_days><why_more/><members>1</members>")
    [result] = phone.send(op)
    assert result["status"] == "applied"
    assert found(result) == [("/data/water_days", "constraint"), ("/data/why_more", "required")]
    assert result["findings"][0]["message"] == {"zh": "一年最多366天", "en": "At most 366 days"}
    [again] = phone.send(op)
    assert (again["status"], found(again)) == ("duplicate", found(result))
    detail = phone.get(f"/submissions/{op['instance_id']}").json
    first = detail["findings"][0]
    assert (first["path"], first["kind"], first["labels"]["zh"]) == ("/data/water_days", "constraint", "缺水天数")


def test_the_list_of_submissions_counts_and_filters_by_findings(judging: World) -> None:
    phone = judging.phone("li")
    wrong, right = visit(phone, "<known_days>20</known_days><members>1</members>"), phone.visit(ZHAO, 1)
    phone.send(wrong, visit(phone, RIGHT + "<why_more/>", base_version=1), right)
    listed = phone.get("/submissions?findings=1").json["items"]
    assert wrong["instance_id"] in [item["instance_id"] for item in listed]
    assert all(item["findings"] > 0 for item in listed)
    without = phone.get("/submissions?findings=0").json["items"]
    assert without and all(item["findings"] == 0 for item in without)
    assert len(listed) + len(without) == len(phone.get("/submissions").json["items"])


def test_a_computed_value_is_judged_by_the_version_that_the_author_saw(judging: World) -> None:
    """Somebody else changed the record meanwhile: what the phone computed from the older version is right."""
    li, other = judging.phone("li"), judging.phone("li")
    other.send(visit(other, RIGHT))
    [result] = li.send(visit(li, "<known_days>20</known_days><water_days>18</water_days><members>1</members>"))
    assert judging.look(lambda session: session.get_one(Entity, WANG).version) > 2
    assert found(result) == []
    [stale] = li.send(visit(li, "<known_days>15</known_days><water_days>18</water_days><members>1</members>"))
    assert ("/data/known_days", "bind") in found(stale)


def test_members_that_may_have_changed_since_are_not_counted_again(judging: World) -> None:
    """The op names no members: nobody knows what the phone had of them."""
    phone = judging.phone("li")
    [result] = phone.send(visit(phone, RIGHT.replace("<members>1<", "<members>7<")))
    assert found(result) == []


def test_a_household_out_of_sight_tells_nothing_by_its_findings(judging: World) -> None:
    """Foreign and unknown look alike: no finding says whether the record exists."""
    phone = judging.phone("li")
    unknown = "99999999-9999-4999-8999-999999999999"
    answers = [phone.send(visit(phone, RIGHT, household, 1))[0] for household in (ZHAO, unknown)]
    assert [(one["status"], one["code"], found(one)) for one in answers] == [("quarantined", "scope.lost", [])] * 2


def test_a_crash_of_the_evaluation_is_a_finding_and_no_more(judging: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret of the household")

    monkeypatch.setattr(form_findings, "check", crash)
    phone = judging.phone("li")
    op = visit(phone, RIGHT)
    [result] = phone.send(op)
    assert result["status"] == "applied"
    stored = judging.look(lambda session: session.get_one(Submission, op["instance_id"]).findings)
    assert [(one["kind"], one["code"]) for one in stored] == [("envelope", "evaluation.failed")]


def test_a_form_that_needs_a_certificate_is_set_aside_from_others(world: World) -> None:
    """Stored and kept for a person; applied from the day on which its author is certified."""
    world.run(lambda session: publish(session, "house_appraiser"))
    phone = world.phone("li")
    op = visit(phone, RIGHT)
    [result] = phone.send(op)
    assert (result["status"], result["code"], result["detail"]) == (
        "quarantined", "author.not_qualified", "house_appraiser",
    )  # fmt: skip
    [kept] = world.look(lambda session: session.query(Quarantine).all())
    assert (kept.code, kept.instance_id) == ("author.not_qualified", op["instance_id"])
    given = Certificate(
        "44444444-4444-4444-8444-444444444444", "house_appraiser", "1", "县", date(2026, 11, 21), None
    )
    world.run(lambda session: qualify(session, world.people["li"], given, None))
    [later] = phone.send(visit(phone, RIGHT))
    assert later["status"] == "applied"
    before = visit(phone, RIGHT, visit={"started_at": "2026-11-20T09:00:00+08:00"})
    [early] = phone.send(before)
    assert early["code"] == "author.not_qualified"


def test_the_records_bases_are_named_as_before(judging: World) -> None:
    """Findings change nothing in what an op writes."""
    phone = judging.phone("li")
    [result] = phone.send(visit(phone, RIGHT, entities=[named(WANG, 1)]))
    assert result["entities"] == [{"dataset": "household", "id": WANG, "version": 2, "conflicts": []}]
