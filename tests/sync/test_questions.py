"""A supervisor asks, the author's phone hears of it and answers, the asker sees the answer."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Any

import pytest

from tests.sync.office import entries, op, own, upload
from tests.world import LIUSHU, QINGSHI, WANG, Phone, World

FILE = b"\xff\xd8 the roof"


def asked(world: World, phone: Phone, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A visit of this phone, and what zhang asks about it."""
    visit = phone.visit(water_days="35")
    phone.send(visit)
    body = {"text": "屋顶漏不漏？", "path": "/data/grade", **more}
    answer = world.phone("zhang").post(f"/submissions/{visit['instance_id']}/questions", body)
    assert answer.status_code == 201, answer.text
    return visit, answer.json


def answer(phone: Phone, question_id: str, text: str = "不漏", **more: Any) -> dict[str, Any]:
    return op(phone, "answer", **{"question_id": question_id, "text": text, "attachments": []} | more)


def test_a_question_reaches_the_author_s_phone_and_leaves_it_when_it_is_answered(world: World) -> None:
    phone = world.phone("li")
    visit, question = asked(world, phone)
    [entry] = entries(phone, own(world, "li"), "question")
    assert (entry["id"], entry["instance_id"], entry["text"]) == (question["id"], visit["instance_id"], "屋顶漏不漏？")
    assert (entry["path"], entry["asked_by"]["username"]) == ("/data/grade", "zhang")
    given = answer(phone, question["id"])
    assert phone.send(given)[0]["status"] == "applied"
    [left] = entries(phone, own(world, "li"), "eviction", entry["n"])
    assert (left["dataset"], left["id"]) == ("question", question["id"])
    [row] = world.phone("zhang").get("/questions?state=answered").json["items"]
    assert (row["answers"][0]["text"], row["answers"][0]["author"]["username"]) == ("不漏", "li")
    assert world.phone("zhang").get("/questions?state=open").json["items"] == []


def test_a_question_about_a_photo_names_it_as_the_phone_knows_it(world: World) -> None:
    """Proves that the phone finds its own copy without asking: the server's id of the file says nothing to it."""
    phone, zhang = world.phone("li"), world.phone("zhang")
    name = sha256(FILE).hexdigest()
    file = {"name": "roof.jpg", "sha256": name, "size": len(FILE), "media_type": "image/jpeg", "slot": "house_front"}
    visit = phone.visit(water_days="35", attachments=[file])
    phone.send(visit)
    [attachment] = zhang.get(f"/submissions/{visit['instance_id']}").json["attachments"]
    body = {"text": "这是哪一间？", "attachment_id": attachment["id"]}
    assert zhang.post(f"/submissions/{visit['instance_id']}/questions", body).status_code == 201
    [entry] = entries(phone, own(world, "li"), "question")
    assert entry["attachment"] == {"name": "roof.jpg", "slot": "house_front", "sha256": name}
    assert (entry["entity_id"], "path" in entry) == (WANG, False)


def test_asking_again_with_the_same_id_asks_once(world: World) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    question_id = str(uuid.uuid4())
    visit, question = asked(world, phone, id=question_id)
    again = zhang.post(f"/submissions/{visit['instance_id']}/questions", {"text": "again", "id": question_id})
    assert (question["id"], again.json["text"]) == (question_id, "屋顶漏不漏？")
    assert len(entries(phone, own(world, "li"), "question")) == 1


def test_an_answer_s_photo_is_asked_for_bound_and_shown_with_the_answer(world: World) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    _visit, question = asked(world, phone)
    name = sha256(FILE).hexdigest()
    file = {"name": "roof.jpg", "sha256": name, "size": len(FILE), "media_type": "image/jpeg"}
    given = answer(phone, question["id"], "", attachments=[file])
    assert phone.send(given)[0]["missing_attachments"] == [name]
    upload(phone, FILE)
    assert phone.send(given)[0]["missing_attachments"] == []
    [row] = zhang.get("/questions").json["items"]
    [shown] = row["answers"][0]["attachments"]
    assert (shown["name"], shown["state"]) == ("roof.jpg", "complete")
    assert zhang.get(f"/photos/{shown['id']}?size=original").data == FILE


def test_an_answer_s_photo_that_is_here_is_prepared_without_waiting_for_the_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes came first, so nothing but this push can put it into the queue."""
    queued: list[str] = []
    monkeypatch.setattr("server.api.sync.enqueue", queued.extend)
    phone = world.phone("li")
    _visit, question = asked(world, phone)
    upload(phone, FILE)
    name = sha256(FILE).hexdigest()
    file = {"name": "roof.jpg", "sha256": name, "size": len(FILE), "media_type": "image/jpeg"}
    assert phone.send(answer(phone, question["id"], "", attachments=[file]))[0]["missing_attachments"] == []
    [row] = world.phone("zhang").get("/questions").json["items"]
    assert queued == [row["answers"][0]["attachments"][0]["id"]]


def test_two_answers_with_files_of_one_name_keep_both(world: World) -> None:
    phone = world.phone("li")
    _visit, question = asked(world, phone)
    for content in (b"one", b"two"):
        file = {"name": "x.jpg", "sha256": sha256(content).hexdigest(), "size": 3, "media_type": "image/jpeg"}
        phone.send(answer(phone, question["id"], attachments=[file]))
    [row] = world.phone("zhang").get("/questions").json["items"]
    files = [one["attachments"][0]["sha256"] for one in row["answers"]]
    assert sorted(files) == sorted(sha256(content).hexdigest() for content in (b"one", b"two"))


def test_foreign_and_unknown_questions_are_set_aside_alike(world: World) -> None:
    _visit, question = asked(world, world.phone("li"))
    stranger = world.phone("zhao")
    results = stranger.send(answer(stranger, question["id"]), answer(stranger, str(uuid.uuid4())))
    assert [(r["status"], r["code"], r.get("detail")) for r in results] == [("quarantined", "scope.lost", None)] * 2
    assert world.phone("zhao").get("/questions").json["items"] == []


def test_only_who_reviews_the_area_asks_and_lists_are_scoped_and_paged(world: World) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    visit, first = asked(world, phone)
    zhao = world.phone("zhao")
    far = zhao.visit("22222222-2222-4222-8222-222222222222", water_days="35")
    zhao.send(far)
    assert zhang.post(f"/submissions/{far['instance_id']}/questions", {"text": "?"}).status_code == 404
    assert phone.post(f"/submissions/{visit['instance_id']}/questions", {"text": "?"}).status_code == 403
    second = zhang.post(f"/submissions/{visit['instance_id']}/questions", {"text": "second"}).json
    page = zhang.get("/questions?limit=1").json
    assert [row["id"] for row in page["items"]] == [second["id"]]
    rest = zhang.get(f"/questions?limit=1&after={page['next']}").json
    assert ([row["id"] for row in rest["items"]], rest["next"]) == ([first["id"]], None)
    assert len(zhang.get(f"/questions?region={QINGSHI}").json["items"]) == 2
    assert zhang.get(f"/questions?region={LIUSHU}").json["items"] == []


def test_a_page_goes_on_although_the_row_before_it_has_been_answered(world: World) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    _visit, first = asked(world, phone)
    _visit, second = asked(world, phone, text="second")
    page = zhang.get("/questions?limit=1&state=open").json
    assert page["next"] == second["id"]
    phone.send(answer(phone, second["id"]))
    rest = zhang.get(f"/questions?limit=1&state=open&after={page['next']}").json
    assert [row["id"] for row in rest["items"]] == [first["id"]]


def test_an_attachment_of_another_submission_cannot_be_asked_about(world: World) -> None:
    phone = world.phone("li")
    visit, _question = asked(world, phone)
    body = {"text": "?", "attachment_id": str(uuid.uuid4())}
    answer = world.phone("zhang").post(f"/submissions/{visit['instance_id']}/questions", body)
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")


def test_a_review_with_comments_reaches_the_author_s_phone(world: World) -> None:
    phone = world.phone("li")
    visit = phone.visit(water_days="35")
    phone.send(visit)
    body = {"state": "has_issues", "comments": [{"text": "照片看不清", "path": "/data/front"}]}
    assert world.phone("zhang").post(f"/submissions/{visit['instance_id']}/review", body).status_code == 200
    [entry] = entries(phone, own(world, "li"), "review")
    assert (entry["instance_id"], entry["state"], entry["comments"]) == (
        visit["instance_id"], "has_issues", body["comments"],
    )  # fmt: skip


def test_a_question_is_closed_without_an_answer_for_a_reason(world: World) -> None:
    """It leaves the phone as an answered one does; again changes nothing; a late answer is kept all the same."""
    phone, zhang = world.phone("li"), world.phone("zhang")
    _, question = asked(world, phone)
    [entry] = entries(phone, own(world, "li"), "question")
    path = f"/questions/{question['id']}/close"
    assert zhang.post(path, {"reason": "  "}).status_code == 400
    closed = zhang.post(path, {"reason": "户主已当面说明"}).json
    assert (closed["state"], closed["closed"]["why"], closed["closed"]["by"]["username"]) == (
        "closed", "户主已当面说明", "zhang",
    )  # fmt: skip
    assert zhang.post(path, {"reason": "再来一次"}).json == closed
    [left] = entries(phone, own(world, "li"), "eviction", entry["n"])
    assert (left["dataset"], left["id"]) == ("question", question["id"])
    assert phone.send(answer(phone, question["id"]))[0]["status"] == "applied"
    [row] = zhang.get("/questions?state=answered").json["items"]
    assert (row["answers"][0]["text"], row["closed"]["why"]) == ("不漏", "户主已当面说明")


def test_an_answered_question_is_not_closed_and_nobody_else_closes_one(world: World) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    _, question = asked(world, phone)
    path = f"/questions/{question['id']}/close"
    assert [world.phone(name).post(path, {"reason": "x"}).status_code for name in ("li", "auditor")] == [403, 403]
    phone.send(answer(phone, question["id"]))
    late = zhang.post(path, {"reason": "不用了"})
    assert (late.status_code, late.json["code"]) == (409, "question.answered")
