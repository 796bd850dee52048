"""From a finding to its closing: who may do what, in which order, and what becomes of an attempt that may not be."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts.tables import HelperOf
from server.db import now
from server.evidence.tables import Photo, PhotoLook
from server.inspection.finding_tables import Finding, FindingStep
from server.inspection.finding_wire import standing_of, steps_of
from server.inspection.tables import Inspection, InspectionTask
from server.registry.tables import RuleFinding
from server.sync.tables import Attachment, OpLog, Quarantine
from tests.inspection.finding_desk import (
    PHOTO,
    claim,
    in_a_week,
    look,
    open_by_hand,
    photo,
    refusals,
    send_look,
    staff,
    step_op,
    take,
    to_claimed,
)
from tests.inspection.outcome_stage import INSPECTION, Home, add_inspection, add_spot_check
from tests.sync.office import add_person, entries, own
from tests.sync.racing import at_once
from tests.world import (
    BAITA,
    COUNTY,
    EAST,
    LIUSHU,
    QINGSHI,
    WANG,
    WEST,
    ZHAO,
    World,
    add_household,
    add_policies,
    build_world,
)

BAI = "44444444-4444-4444-8444-444444444444"


@pytest.fixture
def world(app: Flask) -> World:
    return staff(build_world(app))


def test_the_office_admits_a_late_appeal_with_its_reason(world: World) -> None:
    """Also while it is being put right; the village cannot by itself, and somebody who did not open it rules."""
    finding = open_by_hand(world)
    take(world, "li", finding, "accept")
    assert take(world, "li", finding, "appeal", text="当时没有信号").json["code"] == "finding.moved"
    assert take(world, "li", finding, "admit_late", text="当时没有信号").json["code"] == "finding.own"
    assert take(world, "zhang", finding, "admit_late").json["code"] == "request.invalid"
    take(world, "zhang", finding, "order", due=in_a_week(), lead="住建所")
    late = take(world, "zhang", finding, "admit_late", text="村里大雪断路，纸质申诉今天送到").json
    assert (late["state"], late["steps"][-1]["text"]) == ("appealed", "村里大雪断路，纸质申诉今天送到")
    assert take(world, "zhang", finding, "uphold", text="成立").json["code"] == "finding.own"
    assert take(world, "qian", finding, "withdraw", text="申诉属实").json["state"] == "withdrawn"


def test_a_finding_goes_with_the_help_of_its_household(world: World) -> None:
    """Who ends helping keeps nothing of it on the phone, and who begins is told of it: handed on, given and taken."""
    finding, zhang = open_by_hand(world), world.phone("zhang")
    helper, other = world.phone("helper"), world.phone("bai")
    own, others = (f"user:{world.people[name]}" for name in ("helper", "bai"))
    [before] = entries(helper, own, "finding")
    body = {"to": world.people["bai"], "households": [WANG], "preview": False}
    assert zhang.post(f"/people/{world.people['helper']}/hand-on", body).json["moved"] is True
    assert entries(helper, own, "finding") == []
    assert finding["id"] in [row["id"] for row in entries(helper, own, "eviction")]
    [row] = entries(other, others, "finding")
    assert (row["id"], row["text"], row["offers"]) == (finding["id"], "厨房屋檐开裂", before["offers"])
    taken = {"household_id": WANG, "give": False, "position": "deputy"}
    assert zhang.post(f"/users/{world.people['bai']}/households", taken).status_code == 200
    assert entries(other, others, "finding") == []
    zhang.post(f"/users/{world.people['helper']}/households", {**taken, "give": True})
    assert [row["id"] for row in entries(helper, own, "finding")] == [finding["id"]]


def test_a_finding_goes_from_its_opening_over_an_appeal_to_its_closing(world: World) -> None:
    """Proves the whole way: appeal, ruling by another, order, report with a photo, check on the spot, closing."""
    finding = open_by_hand(world)
    assert (finding["state"], finding["due_on"] is not None, finding["may"]) == ("opened", True, [])
    li = world.phone("li")
    [row] = entries(li, f"region:{QINGSHI}", "finding")
    assert (row["id"], row["text"], row["state"]) == (finding["id"], "厨房屋檐开裂", "opened")
    assert li.send(step_op(li, finding, "appeal", "已经修过", attachments=[photo()]))[0]["status"] == "applied"
    assert take(world, "qian", finding, "uphold", text="照片是去年的").json["state"] == "upheld"
    ordered = take(world, "zhang", finding, "order", due=in_a_week(), lead="住建所", partner="村委会").json
    assert (ordered["state"], ordered["due_on"]) == ("rectifying", in_a_week())
    assert claim(li, finding)["status"] == "applied"
    assert send_look(world, finding).status_code == 201
    seen = look(world, world.phone("inspector"))
    [errand] = world.phone("qian").get(f"/findings/{finding['id']}").json["errands"]
    assert (errand["state"], errand["done_by"], errand["verified"]) == ("done", seen, "yes")
    assert take(world, "inspector", finding, "verify", check=seen).json["state"] == "verified"
    closed = take(world, "inspector", finding, "close").json
    assert (closed["state"], closed["due_on"]) == ("closed", None)
    names = [(step["step"], step["author"]["username"]) for step in closed["steps"]]
    assert names == [
        ("appeal", "li"), ("uphold", "qian"), ("order", "zhang"), ("claim", "li"), ("verify", "inspector"),
        ("close", "inspector"),
    ]  # fmt: skip
    assert entries(li, f"region:{QINGSHI}", "finding")[-1]["state"] == "closed"
    assert refusals(world) == []


def test_it_is_opened_once_by_the_opener_s_own_id(world: World) -> None:
    given = str(uuid.uuid4())
    first = open_by_hand(world, id=given)
    again = world.phone("zhang").post(
        "/findings", {"id": given, "source": {"kind": "hand"}, "household_id": WANG, "text": "再来一次"}
    )
    assert (again.status_code, again.json["id"], again.json["text"]) == (200, first["id"], "厨房屋檐开裂")
    assert len(entries(world.phone("li"), f"region:{QINGSHI}", "finding")) == 1


HOME = Home("a", {"income/wage_income": "91234"}, {"wage_income": "58076"})


def inspect(world: World, **more: Any) -> dict[str, Any]:
    """An inspection in which HOME says another income than its record; the source of a finding about that."""

    def stage(session: Any) -> None:
        add_spot_check(session)
        add_policies(session)
        add_inspection(session, world.people, [HOME], **{"state": "open", **more})
        session.add(HelperOf(person_id=world.people["helper"], household_id=HOME.id, position="lead"))

    world.run(stage)
    return {"kind": "discrepancy", "inspection": INSPECTION, "household": HOME.id, "property": "wage_income"}


def test_a_cleaning_rule_and_a_discrepancy_are_each_opened_once(world: World) -> None:
    """The compared values are those of the comparison, whatever the opener says of them."""
    rule, differing = add_rule_finding(world, WANG), inspect(world)
    for source in ({"kind": "rule", "id": rule}, {**differing, "first": "1", "second": "2"}):
        body = {"source": source, "text": "不一致"}
        answers = at_once([lambda body=body: world.phone("zhang").post("/findings", body)] * 2)  # type: ignore[misc]
        assert sorted(answer.status_code for answer in answers) == [200, 201]
        assert len({answer.json["id"] for answer in answers}) == 1
    items = world.phone("zhang").get("/findings?source=discrepancy").json["items"]
    assert [(one["about"]["first"], one["about"]["second"]) for one in items] == [("58076", "91234")]


def test_a_difference_that_nobody_may_see_yet_or_that_is_none_opens_no_finding(world: World) -> None:
    """Not before the inspection is open to the villages, not while visits are out, not of what agrees or is unknown."""
    source = inspect(world, state="drawn")
    zhang = world.phone("zhang")

    def tried(**more: str) -> tuple[int, str]:
        answer = zhang.post("/findings", {"source": {**source, **more}, "text": "收入不一致"})
        return answer.status_code, answer.json["code"]

    def put(table: Any, state: str) -> None:
        world.run(lambda session: setattr(session.scalars(select(table)).one(), "state", state))

    assert tried() == (409, "inspection.state")
    put(Inspection, "open")
    put(InspectionTask, "sent")
    assert tried() == (409, "inspection.not_over")
    put(InspectionTask, "done")
    assert tried(property="house_grade") == tried(property="nothing") == (400, "request.invalid")
    assert tried(inspection=BAI) == tried(household=WANG) == (404, "record.not_found")
    add_person(world, "west", "supervisor", WEST)
    foreign = world.phone("west").post("/findings", {"source": source, "text": "收入不一致"})
    assert (foreign.status_code, foreign.json["code"]) == (404, "record.not_found")
    assert entries(world.phone("li"), f"region:{QINGSHI}", "finding") == []
    assert zhang.get("/findings").json["items"] == []


def test_a_photo_of_a_visit_that_was_not_announced_opens_no_finding_yet(world: World) -> None:
    """The village would be told, and shown the inspector's photo."""
    inspect(world, state="drawn")

    def look(session: Any) -> None:
        visit = session.scalars(select(InspectionTask.instance_id)).one()
        named = {"name": "a.jpg", "media_type": "image/jpeg", "slot": "house_front"}
        session.add(Attachment(id=BAI, instance_id=visit, person_id=world.people["inspector"], **named))
        session.flush()
        session.add_all([Photo(attachment_id=BAI, state="ready", findings=[]), PhotoLook(attachment_id=BAI, weight=3,
                         codes=["E5"])])  # fmt: skip

    world.run(look)
    zhang = world.phone("zhang")
    zhang.post(f"/evidence/{BAI}/verdict", {"verdict": "confirmed", "note": "翻拍"})
    body = {"source": {"kind": "photo", "id": BAI}, "text": "照片是翻拍的"}
    assert zhang.post("/findings", body).json["code"] == "inspection.state"
    world.run(lambda session: setattr(session.scalars(select(Inspection)).one(), "state", "open"))
    assert zhang.post("/findings", body).status_code == 201


def test_what_a_household_answered_in_an_inspection_is_kept_from_its_village(world: World) -> None:
    """Proves it of list, page and feed: the notice promises it. Auditors and inspectors see neither value."""
    finding = world.phone("zhang").post("/findings", {"source": inspect(world), "text": "收入不一致"}).json
    path = f"/findings/{finding['id']}"
    for by in ("li", "helper"):
        seen = world.phone(by).get(path).text + world.phone(by).get("/findings").text
        assert "91234" not in seen and "58076" in seen
    told = str(entries(world.phone("li"), f"region:{QINGSHI}", "finding"))
    assert "91234" not in told and "58076" in told
    send_look(world, finding)
    for by in ("auditor", "inspector"):
        assert not {"first", "second"} & world.phone(by).get(path).json["about"].keys()


def test_a_photo_leads_to_a_finding_once_its_reason_was_confirmed(world: World) -> None:
    """Proves that the photo comes along as the one before, and that its author decides nothing of it."""
    li, zhang = world.phone("li"), world.phone("zhang")
    visit = li.visit(water_days="35", attachments=[photo()])
    li.send(visit)
    [attachment] = zhang.get(f"/submissions/{visit['instance_id']}").json["attachments"]
    shown = attachment["id"]

    def look(session: Any) -> None:
        session.add(Photo(attachment_id=shown, state="ready", findings=[]))
        session.add(PhotoLook(attachment_id=shown, weight=3, codes=["E5"]))

    world.run(look)
    body = {"source": {"kind": "photo", "id": shown}, "text": "照片是翻拍的"}
    assert zhang.post("/findings", body).json["errors"][0]["where"] == "source.id"
    verdict = {"verdict": "confirmed", "note": "翻拍"}
    assert zhang.post(f"/evidence/{shown}/verdict", verdict).status_code in (200, 201)
    finding = zhang.post("/findings", body).json
    assert (finding["slot"], finding["photo_id"], finding["household"]["id"]) == ("house_front", shown, WANG)
    assert zhang.get(f"/findings/{finding['id']}/photos/before").json["code"] == "photo.missing"


def add_rule_finding(world: World, household: str, rule: str = "grade_missing") -> str:
    given = str(uuid.uuid4())
    row = RuleFinding(
        id=given, rule=rule, version="1", severity="hard", entity_id=household, household_id=household,
        properties=["household.house_grade"], first_seen=now(), last_seen=now(),
    )  # fmt: skip
    world.run(lambda session: session.add(row))
    return given


def test_nobody_decides_about_what_is_their_own_and_every_attempt_is_in_the_audit(world: World) -> None:
    finding = open_by_hand(world)
    assert take(world, "li", finding, "withdraw", text="没有这回事").json["code"] == "finding.own"
    assert take(world, "zhang", finding, "withdraw", text="弄错了").json["code"] == "finding.own"
    assert take(world, "qian", finding, "appeal", text="替村里申诉").json["code"] == "finding.not_yours"
    li = world.phone("li")
    li.send(step_op(li, finding, "appeal"))
    assert take(world, "zhang", finding, "uphold", text="成立").json["code"] == "finding.own"
    assert take(world, "helper", finding, "uphold", text="成立").json["code"] == "finding.own"
    assert refusals(world) == [
        ("withdraw", "finding.own"), ("withdraw", "finding.own"), ("appeal", "finding.not_yours"),
        ("uphold", "finding.own"), ("uphold", "finding.own"),
    ]  # fmt: skip


def test_the_opener_does_not_close_what_the_opener_opened(world: World) -> None:
    finding = to_claimed(world)
    seen = look(world, world.phone("qian"))
    assert take(world, "qian", finding, "verify", check=seen).json["state"] == "verified"
    assert take(world, "zhang", finding, "close").json["code"] == "finding.own"
    assert take(world, "li", finding, "close").json["code"] == "finding.own"
    assert take(world, "qian", finding, "close").json["state"] == "closed"
    assert take(world, "zhang", finding, "reopen", text="又漏了", due=in_a_week()).json["state"] == "rectifying"


def test_who_became_the_village_s_meanwhile_decides_nothing_any_more(world: World) -> None:
    """Proves that the side is asked for at each step: a supervisor who helps the household is one of the village's."""
    finding = to_claimed(world)
    seen = look(world, world.phone("qian"))
    world.run(lambda s: s.add(HelperOf(person_id=world.people["qian"], household_id=WANG, position="deputy")))
    assert take(world, "qian", finding, "verify", check=seen).json["code"] == "finding.own"


def test_an_appeal_after_the_finding_is_final_is_set_aside_and_in_the_audit(world: World) -> None:
    finding = open_by_hand(world)
    take(world, "li", finding, "accept")
    li = world.phone("li")
    [result] = li.send(step_op(li, finding, "appeal", "其实不对"))
    assert (result["status"], result["code"], result["detail"]) == ("quarantined", "finding.moved", "upheld")
    assert world.look(lambda session: session.query(Quarantine).count()) == 1
    assert refusals(world) == [("appeal", "finding.moved")]


def test_when_the_days_to_appeal_are_over_the_finding_stands_without_anybody_s_step(world: World) -> None:
    finding = open_by_hand(world)
    age(world, finding, 6)
    shown = world.phone("qian").get(f"/findings/{finding['id']}").json
    assert (shown["state"], shown["steps"], shown["may"]) == ("upheld", [], ["order", "admit_late"])
    assert take(world, "li", finding, "appeal", text="晚了").json["code"] == "finding.moved"
    assert listed(world, "state=upheld") == [finding["id"]] and listed(world, "state=opened") == []
    assert listed(world, "overdue=1") == []
    age(world, finding, 10)
    assert listed(world, "overdue=1") == [finding["id"]]


def age(world: World, finding: dict[str, Any], days: int) -> None:
    """As if it had been opened so many days ago."""

    def work(session: Any) -> None:
        row = session.get_one(Finding, finding["id"])
        row.opened_at = now() - timedelta(days=days)
        steps = steps_of(session, [row.id])[row.id]
        first = standing_of(row, steps[:0], (row.opened_at).date())
        row.due_on = first.due_on

    world.run(work)


def listed(world: World, query: str, by: str = "zhang") -> list[str]:
    return [one["id"] for one in world.phone(by).get(f"/findings?{query}").json["items"]]


def test_what_is_overdue_rises_from_the_township_to_the_county(world: World) -> None:
    finding = open_by_hand(world)
    age(world, finding, 10)
    shown = world.phone("zhang").get(f"/findings/{finding['id']}").json
    assert (shown["over_days"], shown["risen"], shown["risen_to"]) == (1, 1, COUNTY)
    assert listed(world, "risen=1", "admin") == [finding["id"]] and listed(world, "risen=2", "admin") == []
    age(world, finding, 15)
    assert listed(world, "risen=2", "admin") == [finding["id"]]


def test_steps_out_of_order_and_steps_that_say_too_little_are_refused(world: World) -> None:
    finding = open_by_hand(world)
    for by, step in (("qian", "uphold"), ("qian", "order"), ("qian", "verify"), ("qian", "close"), ("li", "claim")):
        more = {"text": "x", "due": in_a_week(), "lead": "x"}
        assert take(world, by, finding, step, **more).json["code"] == "finding.moved"
    assert len(refusals(world)) == 5
    take(world, "li", finding, "accept")
    lacking = take(world, "qian", finding, "order", due=in_a_week())
    assert (lacking.status_code, lacking.json["errors"][0]["where"]) == (400, "lead")
    late = take(world, "qian", finding, "order", due="2020-01-01", lead="住建所")
    assert (late.status_code, late.json["errors"][0]["where"]) == (400, "due")
    take(world, "qian", finding, "order", due=in_a_week(), lead="住建所")
    li = world.phone("li")
    [result] = li.send(step_op(li, finding, "claim", "没有照片"))
    assert (result["status"], result["code"], result["detail"]) == ("quarantined", "op.incomplete", "photo")


def test_only_a_later_check_on_the_spot_that_says_so_verifies(world: World) -> None:
    """Proves that papers, an older check, another household's and one by the village itself verify nothing."""
    old = look(world, world.phone("qian"))
    finding = to_claimed(world)
    wanting = look(world, world.phone("qian"), "no")
    for check in (None, str(uuid.uuid4()), old, wanting):
        assert take(world, "qian", finding, "verify", check=check).json["code"] == "request.invalid"
    assert take(world, "qian", finding, "return", text="只修了一半", due=in_a_week()).json["state"] == "rectifying"
    assert world.phone("zhang").post(
        f"/findings/{finding['id']}/checks", {"person_id": world.people["li"]}
    ).json["code"] == "finding.own"  # fmt: skip


def test_foreign_and_unknown_findings_answer_alike_and_attempts_on_them_are_noted(world: World) -> None:
    finding = open_by_hand(world)
    foreign, unknown = f"/findings/{finding['id']}", f"/findings/{uuid.uuid4()}"
    for by in ("zhao", "bai", "inspector"):
        phone = world.phone(by)
        answers = [phone.get(path) for path in (foreign, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert phone.get("/findings").json["items"] == []
        assert phone.get(f"{foreign}/photos/before").status_code == 404
        assert entries(phone, own(world, by), "finding") == []
    zhao = world.phone("zhao")
    results = zhao.send(step_op(zhao, finding, "appeal"), step_op(zhao, {"id": str(uuid.uuid4())}, "appeal"))
    told = [(one["status"], one["code"], one.get("detail")) for one in results]
    assert told == [("quarantined", "scope.lost", None)] * 2
    assert [code for _, code in refusals(world)] == ["record.not_found"] * 2
    body = {"source": {"kind": "hand"}, "text": "x"}
    assert world.phone("zhang").post("/findings", {**body, "household_id": ZHAO}).status_code == 404
    assert world.phone("zhang").post("/findings", {**body, "region": LIUSHU}).status_code == 404
    assert world.phone("zhang").post("/findings", {**body, "region": EAST}).status_code == 400
    assert world.phone("li").post("/findings", {**body, "region": QINGSHI}).status_code == 403


def test_the_village_sees_its_own_list_and_a_helper_the_household_s(world: World) -> None:
    of_house, of_village = open_by_hand(world), open_by_hand(world, household_id=None, region=QINGSHI)
    other = open_by_hand(world, household_id=None, region=BAITA)
    assert set(listed(world, "", "li")) == {of_house["id"], of_village["id"]}
    assert listed(world, "", "helper") == [of_house["id"]]
    assert [one["id"] for one in entries(world.phone("helper"), own(world, "helper"), "finding")] == [of_house["id"]]
    assert listed(world, "", "bai") == [other["id"]]
    assert len(listed(world, "", "auditor")) == 3
    [house] = [one for one in world.phone("auditor").get("/findings").json["items"] if one["household"]]
    assert house["household"]["label"] != "王大山"
    assert world.phone("li").get(f"/findings/{of_house['id']}").json["errands"] == []


def test_nobody_of_the_village_s_side_is_offered_to_look_on_the_spot(world: World) -> None:
    finding = open_by_hand(world)
    people = world.phone("zhang").get(f"/findings/{finding['id']}/checkers").json["items"]
    assert {one["username"] for one in people} == {"admin", "inspector", "qian", "zhang"}
    assert world.phone("li").get(f"/findings/{finding['id']}/checkers").status_code == 403


def test_an_inspector_sees_the_findings_that_the_inspector_is_sent_to_and_no_others(world: World) -> None:
    finding, other = open_by_hand(world), open_by_hand(world)
    send_look(world, finding)
    assert listed(world, "", "inspector") == [finding["id"]]
    assert world.phone("inspector").get(f"/findings/{other['id']}").status_code == 404
    assert listed(world, "mine=1", "inspector") == [finding["id"]]


def test_of_two_steps_at_one_moment_the_second_is_told_that_the_finding_has_moved(world: World) -> None:
    """Proves it 6 times on each database: one wins, the other is told, and no number is taken twice."""
    add_person(world, "sun", "supervisor", EAST)
    for _ in range(6):
        finding = open_by_hand(world)
        li = world.phone("li")
        li.send(step_op(li, finding, "appeal"))
        answers = at_once([
            lambda f=finding: take(world, "qian", f, "uphold", text="成立", seen=1),
            lambda f=finding: take(world, "sun", f, "withdraw", text="不成立", seen=1),
        ])  # type: ignore[misc]
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        [told] = [answer.json for answer in answers if answer.status_code == 409]
        assert (told["code"], told["detail"] in ("upheld", "withdrawn")) == ("finding.moved", True)
    numbers = world.look(lambda s: s.execute(select(FindingStep.finding_id, FindingStep.n)).all())
    assert len(numbers) == len(set(numbers)) == 12


def test_who_saw_an_older_state_is_told_although_the_step_would_still_be_possible(world: World) -> None:
    finding = to_claimed(world)
    take(world, "qian", finding, "return", text="缺一块", due=in_a_week())
    claim(world.phone("li"), finding)
    stale = take(world, "qian", finding, "return", text="缺一块", due=in_a_week(), seen=3)
    assert (stale.status_code, stale.json["code"]) == (409, "finding.moved")


def test_a_step_sent_again_is_taken_once(world: World) -> None:
    finding = open_by_hand(world)
    body = {"id": str(uuid.uuid4()), "step": "accept", "seen": 0}
    path = f"/findings/{finding['id']}/steps"
    assert [world.phone("li").post(path, body).status_code for _ in range(2)] == [200, 200]
    assert world.phone("helper").post(path, body).status_code == 404
    li = world.phone("li")
    other = open_by_hand(world)
    given = step_op(li, other, "appeal")
    assert [li.send(given)[0]["status"] for _ in range(2)] == ["applied", "duplicate"]
    assert world.look(lambda session: session.query(FindingStep).count()) == 2


def test_photos_of_a_step_are_asked_for_and_shown_to_who_sees_the_finding(world: World) -> None:
    finding = to_claimed(world)
    [file] = world.phone("qian").get(f"/findings/{finding['id']}").json["steps"][-1]["files"]
    assert (file["slot"], file["state"], file["sha256"]) == ("house_front", "complete", photo()["sha256"])
    path = f"/findings/{finding['id']}/photos/{file['sha256']}"
    assert world.phone("qian").get(path).json["code"] == "photo.unreadable"  # four bytes are no picture
    assert world.phone("zhao").get(path).status_code == 404
    other = open_by_hand(world)
    assert world.phone("qian").get(f"/findings/{other['id']}/photos/{file['sha256']}").status_code == 404
    assert len(PHOTO) == photo()["size"]


def test_a_photo_whose_bytes_did_not_come_is_told_as_missing(world: World) -> None:
    finding = open_by_hand(world)
    li = world.phone("li")
    given = step_op(li, finding, "appeal", attachments=[photo()])
    assert li.send(given)[0]["missing_attachments"] == [photo()["sha256"]]
    [step] = world.phone("qian").get(f"/findings/{finding['id']}").json["steps"]
    assert step["files"][0]["state"] == "missing"
    path = f"/findings/{finding['id']}/photos/{photo()['sha256']}"
    assert world.phone("qian").get(path).json["code"] == "photo.missing"


def test_similar_cases_of_the_township_are_counted_first_and_then_assigned_once(world: World) -> None:
    rule = add_rule_finding(world, WANG)
    world.run(lambda s: add_household(s, world.people["import"], BAI, {"head_name": "白小溪", "region": BAITA}))
    for household in (BAI, ZHAO):
        add_rule_finding(world, household)
    zhang = world.phone("zhang")
    finding = zhang.post("/findings", {"source": {"kind": "rule", "id": rule}, "text": "没有等级"}).json
    path = f"/findings/{finding['id']}/similar"
    shown = zhang.get(path).json
    assert (shown["households"], [one["id"] for one in shown["first"]], shown["region"]) == (1, [BAI], EAST)
    unhelped = zhang.post(path, {"form_id": "small_visit"}).json
    assert (unhelped["errands"], unhelped["left_out"]) == (0, 1) and "帮扶人" in unhelped["why"]["zh"]
    body = {"form_id": "small_visit", "person_id": world.people["bai"], "due": in_a_week()}
    first, again = (zhang.post(path, body).json for _ in range(2))
    assert first == {"errands": 1, "new": 1, "left_out": 0, "why": None}
    assert (again["errands"], again["new"]) == (1, 0) and "派过" in again["why"]["zh"]
    assert len(entries(world.phone("bai"), own(world, "bai"), "assignment")) == 1
    assert world.phone("li").get(path).status_code == 403
    assert world.phone("li").post(path, {}).status_code == 403


def test_where_no_other_household_is_alike_the_reason_is_told(world: World) -> None:
    """Nobody is sent; the office reads why: looked through, or nothing to look for."""
    zhang, rule = world.phone("zhang"), add_rule_finding(world, WANG)
    alone = zhang.post("/findings", {"source": {"kind": "rule", "id": rule}, "text": "没有等级"}).json
    by_hand = open_by_hand(world)
    for finding, word in ((alone, "查过了"), (by_hand, "人工登记")):
        path = f"/findings/{finding['id']}/similar"
        told = zhang.get(path).json
        assert told["households"] == 0 and word in told["why"]["zh"] and told["why"]["en"]
        sent = zhang.post(path, {}).json
        assert (sent["errands"], sent["why"]) == (0, told["why"])


def test_a_finding_names_its_village_to_whoever_has_no_area(world: World) -> None:
    """The inspector's console knows no areas once nothing is on loan."""
    told = world.phone("zhang").get(f"/findings/{open_by_hand(world)['id']}").json
    assert told["region_names"] == {"zh": "青石村", "en": ""}
    assert told["risen_to_names"] is None


def test_what_is_kept_beside_the_steps_is_what_follows_from_them(world: World) -> None:
    """Proves that lists by state ask for the truth: the stored state is the one that the steps give."""
    to_claimed(world)

    def compare(session: Any) -> None:
        for row in session.scalars(select(Finding)):
            now_at = standing_of(row, steps_of(session, [row.id])[row.id])
            assert (row.state, row.due_on) == (now_at.state, now_at.due_on)

    world.look(compare)
    assert world.look(lambda s: s.scalar(select(OpLog.status).where(OpLog.kind == "finding_step"))) == "applied"
