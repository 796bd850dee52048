"""The reviewers' queue: by weight, area and reason, with a share drawn by lot; verdicts, and questions that return."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from shapely import Point
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from server.accounts import people
from server.evidence import tasks
from server.evidence.checks import Limits
from server.evidence.looks import is_drawn, ticket_of
from server.evidence.tables import Photo, PhotoCheck, Verdict
from server.evidence.tally import steps
from tests.evidence.test_judging import LAT, LON, Camera, looked_at, pictures, world  # noqa: F401
from tests.world import BAITA, EAST, LIUSHU, QINGSHI, WANG, WEST, Phone, World

FAR = {"lon": LON + 0.01, "lat": LAT, "accuracy_m": 6, "time": "2026-11-21T01:29:58.000Z"}
VAGUE = {"lon": LON, "lat": LAT, "accuracy_m": 500, "time": "2026-11-21T01:29:58.000Z"}


@pytest.fixture
def queue(world: World) -> World:  # noqa: F811
    """Two photos in Qingshi: one far from its house, one with a vague fix; both were looked through by the worker."""
    camera = Camera(world, "li")
    first, second = pictures(2)
    visit = camera.send([second], camera.sealed([second], fix=VAGUE))
    camera.send([first], camera.sealed([first], fix=FAR), base_version=2)
    looked_at(world, world.phone("zhang"), visit)
    world.people["west"] = world.run(_supervisor_of_the_west)
    return world


def _supervisor_of_the_west(session: Session) -> str:
    person = people.add_person(session, id=str(uuid.uuid4()), username="west", display_name="西", password_hash="-")
    people.give_role(session, person.id, "supervisor", WEST)
    return person.id


def items(reader: Phone, **asked: Any) -> list[Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = reader.get(f"/evidence?{query}")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json["items"]
    return found


def codes(item: Any) -> set[str]:
    return {reason["code"] for reason in item["reasons"]}


def say(reader: Phone, item: Any, verdict: str, note: str = "", **more: Any) -> Any:
    return reader.post(f"/evidence/{item['id']}/verdict", {"verdict": verdict, "note": note, **more})


def test_what_weighs_most_comes_first_and_pages_follow_each_other(queue: World) -> None:
    zhang = queue.phone("zhang")
    far, vague = items(zhang)
    assert "DIST_HH" in codes(far) and "ACC_LOW" in codes(vague) and far["weight"] > vague["weight"]
    first = zhang.get("/evidence?limit=1").json
    rest = zhang.get(f"/evidence?limit=1&after={first['next']}").json
    assert [first["items"][0]["id"], rest["items"][0]["id"], rest["next"]] == [far["id"], vague["id"], None]


def test_the_queue_is_narrowed_by_reason_and_area(queue: World) -> None:
    zhang = queue.phone("zhang")
    assert [codes(item) >= {"ACC_LOW"} for item in items(zhang, code="ACC_LOW")] == [True]
    assert len(items(zhang, region=QINGSHI)) == 2
    assert items(zhang, region=BAITA) == items(zhang, region=LIUSHU) == []


def test_nobody_sees_or_judges_photos_outside_the_area(queue: World) -> None:
    item = items(queue.phone("zhang"))[0]
    for name in ("li", "zhao", "helper"):
        assert queue.phone(name).get("/evidence").status_code == 403
    west = queue.phone("west")
    assert items(west) == []
    unknown = str(uuid.uuid4())
    answers = [west.get(f"/evidence/{one}") for one in (item["id"], unknown)]
    answers += [say(west, {"id": one}, "confirmed") for one in (item["id"], unknown)]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert answers[0].json["code"] == answers[1].json["code"] == "record.not_found"


def test_an_auditor_reads_and_does_not_judge(queue: World) -> None:
    auditor = queue.phone("auditor")
    assert say(auditor, items(auditor)[0], "confirmed").status_code == 403


def test_nobody_judges_a_photo_of_their_own(queue: World) -> None:
    """A supervisor who takes the pictures of a visit needs another one to look at them."""
    queue.run(lambda session: people.give_role(session, queue.people["li"], "supervisor", QINGSHI))
    answer = say(queue.phone("li"), items(queue.phone("li"))[0], "explained")
    assert (answer.status_code, answer.json["code"]) == (403, "review.own")


@pytest.mark.parametrize("verdict", ["confirmed", "explained", "unclear"])
def test_a_verdict_takes_the_photo_off_the_queue_and_is_kept(queue: World, verdict: str) -> None:
    zhang = queue.phone("zhang")
    far = items(zhang)[0]
    answer = say(zhang, far, verdict, "the house was registered at the old place")
    assert answer.status_code == 200 and answer.json["state"] == "done"
    assert far["id"] not in {item["id"] for item in items(zhang)}
    assert [item["id"] for item in items(zhang, state="done")] == [far["id"]]
    (kept,) = zhang.get(f"/evidence/{far['id']}").json["verdicts"]
    assert (kept["verdict"], kept["author"]["username"]) == (verdict, "zhang") and "DIST_HH" in kept["codes"]


def test_the_same_verdict_again_is_one(queue: World) -> None:
    zhang = queue.phone("zhang")
    far, given = items(zhang)[0], str(uuid.uuid4())
    assert [say(zhang, far, "confirmed", id=given).status_code for _ in range(2)] == [200, 200]
    assert queue.look(lambda session: session.scalar(select(func.count()).select_from(Verdict))) == 1
    assert say(queue.phone("admin"), far, "confirmed", id=given).status_code == 404


def test_a_question_reaches_the_author_and_the_answer_brings_the_photo_back(queue: World) -> None:
    zhang, li = queue.phone("zhang"), queue.phone("li")
    far = items(zhang)[0]
    assert say(zhang, far, "ask").status_code == 400
    asked = say(zhang, far, "ask", "这是哪里拍的？").json
    assert asked["state"] == "asked" and far["id"] not in {item["id"] for item in items(zhang)}
    entries = li.pull(f"user:{queue.people['li']}")["entries"]
    (question,) = [entry for entry in entries if entry["type"] == "question"]
    assert (question["attachment_id"], question["text"]) == (far["id"], "这是哪里拍的？")
    op = {
        "op_id": str(uuid.uuid4()), "install_id": li.install_id, "seq": 1, "kind": "answer",
        "device_time": "2026-11-22T09:00:00+08:00", "clock": {}, "depends_on": [],
        "question_id": question["id"], "text": "在村委会补拍的", "attachments": [],
    }  # fmt: skip
    assert li.send(op)[0]["status"] == "applied"
    back = next(item for item in items(zhang) if item["id"] == far["id"])
    assert back["state"] == "open"


def test_a_photo_that_was_judged_comes_back_for_a_new_reason_only(queue: World) -> None:
    zhang = queue.phone("zhang")
    vague = items(zhang, code="ACC_LOW")[0]
    say(zhang, vague, "explained", "deep valley")
    camera = Camera(queue, "li")
    (again,) = pictures(2)[1:]
    camera.send([again], camera.sealed([again]), base_version=2)  # the very same bytes in another visit
    with queue.app.app_context():
        tasks.judge(vague["id"])
    found = next(item for item in items(zhang) if item["id"] == vague["id"])
    assert codes(found) >= {"ACC_LOW", "DUP_EXACT"}


def test_what_came_of_each_reason_is_counted(queue: World) -> None:
    zhang = queue.phone("zhang")
    far, vague = items(zhang)
    say(zhang, far, "explained")
    say(zhang, vague, "confirmed")
    tally = {row["code"]: row for row in zhang.get(f"/evidence/statistics?region={EAST}").json["items"]}
    assert (tally["DIST_HH"]["explained"], tally["DIST_HH"]["confirmed"], tally["ACC_LOW"]["confirmed"]) == (1, 0, 1)
    (error,) = tally["ACC_LOW"]["steps"]
    assert (error["from"], error["to"], error["confirmed"], tally["ACC_LOW"]["limit"]) == (500, 500, 1, 100)
    assert queue.phone("west").get("/evidence/statistics").json["items"] == []


def test_the_newest_word_counts_and_what_was_measured_when_it_was_given(queue: World) -> None:
    """A changed mind is no second photo, and a later check of the photo leaves what the reviewer had seen."""
    zhang = queue.phone("zhang")
    vague = items(zhang, code="ACC_LOW")[0]
    for verdict in ("confirmed", "ask", "unclear"):
        say(zhang, vague, verdict, "为什么误差这么大？")
    with queue.app.app_context():
        queue.run(lambda session: session.execute(delete(PhotoCheck)))
    tally = {row["code"]: row for row in zhang.get("/evidence/statistics").json["items"]}["ACC_LOW"]
    assert [tally[word] for word in ("confirmed", "unclear", "ask")] == [0, 1, 1]
    assert [(step["to"], step["unclear"]) for step in tally["steps"]] == [(500, 1)]


def test_steps_hold_about_as_many_photos_and_never_part_equal_values() -> None:
    values = [(float(n), "confirmed" if n > 5 else "explained") for n in range(12)]
    assert [(step["from"], step["to"]) for step in steps(values, 4)] == [(0, 2), (3, 5), (6, 8), (9, 11)]
    assert [step["explained"] for step in steps(values, 4)] == [3, 3, 0, 0]
    assert len(steps([(5.0, "unclear")] * 9, 4)) == 1 and steps([]) == []


def test_the_lot_falls_on_its_share_and_always_on_the_same() -> None:
    """Of ten thousand photos without reasons five in a hundred, within four standard deviations."""
    limits = Limits("v", {"random_percent": 5})
    drawn = [is_drawn(str(uuid.UUID(int=number)), limits) for number in range(10_000)]
    assert 413 <= sum(drawn) <= 587
    assert drawn == [is_drawn(str(uuid.UUID(int=number)), limits) for number in range(10_000)]


def test_nobody_tells_from_an_id_whether_its_photo_is_drawn(queue: World) -> None:
    """The lot is keyed: other ids are drawn than by their hash alone."""
    limits, ids = Limits("v", {"random_percent": 50}), [str(uuid.UUID(int=number)) for number in range(64)]
    with queue.app.app_context():
        drawn = [is_drawn(ticket_of(id), limits) for id in ids]
        assert drawn == [is_drawn(ticket_of(id), limits) for id in ids]
    assert drawn != [is_drawn(id, limits) for id in ids]


def test_of_a_photo_out_of_sight_not_even_the_time_is_told(queue: World) -> None:
    zhang = queue.phone("zhang")
    far = items(zhang)[0]
    inputs = {"other": str(uuid.uuid4()), "at": "2026-11-21T01:29:58+00:00"}
    row = {"level": "fail", "value": 300, "limit": 120, "rule": "v", "inputs": inputs, "attachment_id": far["id"]}
    queue.run(lambda session: session.add(PhotoCheck(code="SPEED", **row)))
    told = next(one for one in zhang.get(f"/evidence/{far['id']}").json["reasons"] if one["code"] == "SPEED")
    assert told["inputs"] == {"hidden": 1}


def test_a_file_that_shows_no_picture_is_put_before_a_reviewer(world: World) -> None:  # noqa: F811
    """Whoever sends an empty file for a photo cannot count on nobody looking."""
    camera, empty = Camera(world, "li"), b"%PDF-1.7 no photo"
    visit = camera.send([empty], camera.sealed([empty]))
    zhang = world.phone("zhang")
    assert looked_at(world, zhang, visit)[0]["UNREADABLE"] == "warn"
    (item,) = items(zhang, code="UNREADABLE")
    assert item["photo_state"] == "unreadable" and item["reasons"][-1]["message"]["zh"]


def test_two_files_that_show_no_picture_are_no_photo_that_was_used_twice(world: World) -> None:  # noqa: F811
    camera = Camera(world, "li")
    visits = [camera.send([b""], camera.sealed([b""], fix=None), base_version=base) for base in (1, 2)]
    for visit in visits:
        assert set(looked_at(world, world.phone("zhang"), visit)[0]) - {"DEV_NEW"} == {"UNREADABLE"}


def test_a_point_of_no_numbers_is_kept_as_none_and_its_pages_can_be_read(queue: World) -> None:
    zhang = queue.phone("zhang")
    far = items(zhang)[0]
    photo = update(Photo).where(Photo.attachment_id == far["id"]).values(geom=Point(float("nan"), float("nan")))
    queue.run(lambda session: session.execute(photo))
    nowhere = select(Photo.geom.is_(None)).where(Photo.attachment_id == far["id"])
    assert queue.look(lambda session: session.scalar(nowhere))
    for path in (f"/submissions/{far['instance_id']}", f"/evidence/{far['id']}", "/tiles/photos/0/0/0.mvt"):
        assert zhang.get(path).status_code in (200, 204), path


def test_a_photo_of_a_slot_is_looked_at_whatever_its_file_is_called(world: World) -> None:  # noqa: F811
    camera, (content,) = Camera(world, "li"), pictures(1)
    (sent,) = camera.sealed([content], fix=VAGUE)
    sent |= {"name": "x.bin", "media_type": "application/octet-stream", "slot": "front"}
    visit = camera.send([content], [sent])
    zhang = world.phone("zhang")
    assert looked_at(world, zhang, visit)[0]["ACC_LOW"] == "warn"


def test_the_same_slot_of_the_house_is_shown_over_time(world: World) -> None:  # noqa: F811
    camera = Camera(world, "li")
    old, new = pictures(2)
    for base, content in enumerate((old, new), 1):
        sealed = camera.sealed([content], fix=VAGUE)
        camera.send([content], [sealed[0] | {"slot": "front"}], base_version=base)
    zhang = world.phone("zhang")
    looked_at(world, zhang, zhang.get("/submissions").json["items"][0]["instance_id"])
    looks = [zhang.get(f"/evidence/{item['id']}").json for item in items(zhang)]
    assert {look["id"] for look in looks} == {one["id"] for look in looks for one in look["same_slot"]}


def twice(world: World) -> tuple[str, str]:  # noqa: F811
    """The same picture sent for Wang's house by two visits; the attachments, older first."""
    camera, (picture,) = Camera(world, "li"), pictures(1)
    for base in (1, 2):
        sealed = camera.sealed([picture], fix=VAGUE)
        visit = camera.send([picture], [sealed[0] | {"slot": "front"}], base_version=base)
    looked_at(world, world.phone("zhang"), visit)
    found = world.phone("zhang").get(f"/entities/{WANG}/photos?slot=front").json["items"]
    return found[1]["id"], found[0]["id"]


def test_photos_that_a_reason_names_come_with_household_and_place(world: World) -> None:  # noqa: F811
    older, newer = twice(world)
    look = world.phone("zhang").get(f"/evidence/{newer}").json
    (other,) = look["others"]
    assert (other["id"], other["household"]["id"], other["codes"]) == (older, WANG, ["DUP_EXACT"])
    assert other["place"] == {"lon": LON, "lat": LAT, "accuracy_m": 500}
    assert look["household"]["label"] == "王大山"


def test_the_photos_of_a_house_are_read_page_by_page_within_the_area(world: World) -> None:  # noqa: F811
    older, newer = twice(world)
    zhang = world.phone("zhang")
    first = zhang.get(f"/entities/{WANG}/photos?limit=1").json
    rest = zhang.get(f"/entities/{WANG}/photos?limit=1&after={first['next']}").json
    assert [first["items"][0]["id"], rest["items"][0]["id"], rest["next"]] == [newer, older, None]
    assert zhang.get(f"/entities/{WANG}/photos?slot=water").json["items"] == []
    foreign, unknown = (world.phone("bai").get(f"/entities/{one}/photos") for one in (WANG, str(uuid.uuid4())))
    assert foreign.status_code == unknown.status_code == 404 and foreign.json["code"] == unknown.json["code"]
    assert zhang.get(f"/entities/{WANG}/photos?after={uuid.uuid4()}").status_code == 400
