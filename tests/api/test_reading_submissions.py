"""Supervisors read what came from their area, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from server import db
from tests.api.county import BAITA, COUNTY, EAST, LIUSHU, QINGSHI, WEST, Desk, Visit, build, desk, submit, uid

NEAR = Visit("cadre", "household 1", {"water_shortage_days": "35", "contact_phone": "13900009999"}, 108.1001, 23.1)
FAR = Visit("helper", "household 2", {"house_grade": "B"}, 108.31, 23.1, photos=[("a.jpg", True), ("b.jpg", False)])
WESTERN = Visit("west", "household 3", {"house_grade": "B"}, 108.6, 23.1, photos=[("w.jpg", True)])


@pytest.fixture
def county(app: Flask) -> Iterator[Flask]:
    """Three submissions, one each hour: near (Qingshi), far (Baita), western (Liushu)."""
    with app.app_context():
        db.transact(build)
        for hour, (name, visit) in enumerate((("near", NEAR), ("far", FAR), ("western", WESTERN))):
            db.transact(lambda session, n=name, v=visit, h=hour: submit(session, n, v, h))
    yield app


@pytest.fixture
def east(county: Flask) -> Desk:
    return desk(county, "east")


def iid(name: str) -> str:
    return f"uuid:{uid(name)}"


def test_the_list_is_newest_first_and_ends_at_the_border_of_the_area(county: Flask, east: Desk) -> None:
    assert east.ids("/submissions") == [iid("far"), iid("near")]
    assert desk(county, "west").ids("/submissions") == [iid("western")]
    assert desk(county, "auditor").ids("/submissions") == [iid("western"), iid("far"), iid("near")]


def test_a_helper_reads_what_was_written_of_the_named_household_and_an_inspector_reads_nothing(county: Flask) -> None:
    assert desk(county, "helper").ids("/submissions") == [iid("far")]
    assert desk(county, "stranger").ids("/submissions") == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"region": QINGSHI}, ["near"]),
        ({"region": EAST}, ["far", "near"]),
        ({"region": COUNTY}, ["far", "near"]),
        ({"region": WEST}, []),
        ({"region": "990199"}, []),
        ({"author": "cadre"}, ["near"]),
        ({"author": "west"}, []),
        ({"household": uid("household 3")}, []),
        ({"household": uid("household 1")}, ["near"]),
        ({"q": "李秀"}, ["far"]),
        ({"q": "赵铁柱"}, []),
        ({"q": "H001"}, ["near"]),
        ({"q": "%"}, []),
        ({"has_photo": "1"}, ["far"]),
        ({"has_photo": "0"}, ["near"]),
        ({"photos": "missing"}, ["far"]),
        ({"form_id": "small_visit"}, ["far", "near"]),
        ({"form_id": "other"}, []),
        ({"from": "2026-11-20T02:00:00Z"}, ["far"]),
        ({"to": "2026-11-20T02:00:00Z"}, ["near"]),
        ({"from": "2026-11-20T10:00:00+08:00"}, ["far"]),
        ({"status": "applied"}, ["far", "near"]),
        ({"status": "quarantined"}, []),
    ],
)
def test_a_filter_narrows_the_list_and_never_widens_it(east: Desk, query: dict[str, str], names: list[str]) -> None:
    """Proves that no filter, not even one that names a foreign id, shows anything of another area."""
    assert east.ids("/submissions", **query) == [iid(name) for name in names]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-20"},
        {"limit": "0"},
        {"limit": "100000"},
        {"photos": "some"},
        {"after": "nothing"},
        {"q": "a\0b"},
    ],
)
def test_a_filter_that_cannot_be_read_is_told(east: Desk, query: dict[str, str]) -> None:
    answer = east.ask("/submissions", **query)
    assert answer.status_code == 400
    assert answer.json["code"] == "request.invalid"
    assert answer.json["errors"]


def test_pages_follow_each_other_without_gap_or_repeat(county: Flask) -> None:
    auditor = desk(county, "auditor")
    seen, after = [], None
    for _ in range(3):
        page = auditor.read("/submissions", limit=1, **({"after": after} if after else {}))
        seen += [item["instance_id"] for item in page["items"]]
        after = page["next"]
    assert seen == [iid("western"), iid("far"), iid("near")]
    assert after is None


def test_a_page_behind_a_foreign_submission_is_as_behind_an_unknown_one(east: Desk) -> None:
    """Proves that the paging key is no way to learn whether an id exists."""
    foreign, unknown = (east.ask("/submissions", after=iid(name)) for name in ("western", "never sent"))
    assert foreign.status_code == unknown.status_code == 400
    assert _without_request(foreign) == _without_request(unknown)


def test_a_foreign_submission_answers_exactly_as_an_unknown_one(east: Desk) -> None:
    foreign, unknown = (east.ask(f"/submissions/{iid(name)}") for name in ("western", "never sent"))
    assert foreign.status_code == unknown.status_code == 404
    assert _without_request(foreign) == _without_request(unknown)


def _without_request(answer: object) -> dict[str, object]:
    return {key: value for key, value in answer.json.items() if key != "request_id"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", ["uuid:%00", "%F0%9F%98%80", "a" * 2000, "..%2f..%2fetc"])
def test_an_absurd_id_is_not_found(east: Desk, bad: str) -> None:
    assert east.ask(f"/submissions/{bad}").status_code in (400, 404)


def test_one_submission_shows_answers_in_form_order_with_names_and_words(east: Desk) -> None:
    told = east.read(f"/submissions/{iid('near')}")
    names = [answer["path"].rpartition("/")[2] for answer in told["answers"]]
    assert names[:6] == ["head_name", "phone", "short_days", "grade", "front", "remark"]
    grade = told["answers"][3]
    assert grade["labels"] == {"zh": "房屋等级", "en": "House grade"}
    assert grade["value"] == "A"
    assert grade["display"] == {"zh": "A级", "en": "Grade A"}
    assert told["status"] == "applied"
    assert told["author"]["username"] == "cadre"
    assert told["visit"]["contact_mode"] == "in_person"
    assert told["form_names"] == {"zh": "走访", "en": "Visit"}


def test_a_phone_number_is_masked_in_answers_writes_and_the_household(east: Desk) -> None:
    """Proves that no part of the answer carries a sensitive value whole."""
    answer = east.ask(f"/submissions/{iid('near')}")
    assert "13900009999" not in answer.text
    assert "13800001234" not in answer.text
    assert {"dataset": "household", "id": uid("household 1"), "property": "contact_phone", "from": "138****1234",
            "to": "139****9999", "shown": True} in answer.json["writes"]  # fmt: skip


def test_an_auditor_reads_names_masked_and_sensitive_values_not_at_all(county: Flask) -> None:
    auditor = desk(county, "auditor")
    text = auditor.ask(f"/submissions/{iid('near')}").text
    told = auditor.read(f"/submissions/{iid('near')}")
    assert "王大山" not in text
    assert told["household"]["label"] == "王*山"
    assert "contact_phone" not in told["household"]["after"]
    assert [answer["value"] for answer in told["answers"]][:3] == ["王*山", None, "35"]
    assert auditor.ids("/submissions", q="王大山") == []
    assert auditor.ids("/submissions", q="H001") == [iid("near")]


def test_the_household_is_shown_before_and_after(east: Desk) -> None:
    told = east.read(f"/submissions/{iid('near')}")
    assert told["household"]["id"] == uid("household 1")
    assert told["household"]["before"]["water_shortage_days"] == "20"
    assert told["household"]["after"]["water_shortage_days"] == "35"
    fields = {field["property"]: field for field in told["records"][0]["fields"]}
    assert [name for name, field in fields.items() if field["changed"]] == ["contact_phone", "water_shortage_days"]
    assert fields["house_grade"]["after"]["display"]["en"] == "A (no danger found)"
    assert fields["water_shortage_days"]["labels"]["en"] == "Days short of water in 12 months"


def test_before_is_what_stood_just_then_also_when_others_wrote_later(county: Flask, east: Desk) -> None:
    """Proves that a later visit does not change the picture of an earlier one."""
    later = Visit("cadre", "household 1", {"water_shortage_days": "60"}, 108.1, 23.1, base_version=2)
    with county.app_context():
        db.transact(lambda session: submit(session, "later", later, 9))
    first, second = (east.read(f"/submissions/{iid(name)}")["household"] for name in ("near", "later"))
    assert first["after"]["water_shortage_days"] == second["before"]["water_shortage_days"] == "35"
    assert second["after"]["water_shortage_days"] == "60"


def test_a_value_that_waits_for_a_person_is_shown_as_waiting(county: Flask, east: Desk) -> None:
    other = Visit("helper", "household 1", {"water_shortage_days": "90"}, 108.1, 23.1, base_version=1)
    with county.app_context():
        db.transact(lambda session: submit(session, "other", other, 9, "conflicted"))
    told = east.read(f"/submissions/{iid('other')}")
    field = next(f for f in told["records"][0]["fields"] if f["property"] == "water_shortage_days")
    assert field["after"]["value"] == "35"
    assert field["waits"]["value"] == "90"
    assert told["writes"][0]["shown"] is False


def test_a_household_that_moved_out_of_the_area_takes_its_values_along(county: Flask, east: Desk) -> None:
    """Proves that a submission of my area shows no record that is no longer mine."""
    with county.app_context():
        from server.registry.tables import Entity

        def move(session: db.Session) -> None:
            session.get_one(Entity, uid("household 1")).region_code = LIUSHU

        db.transact(move)
    told = east.read(f"/submissions/{iid('near')}")
    assert told["household"] is None
    assert told["records"] == told["writes"] == []
    assert east.read("/submissions")["items"][1]["household"] is None
    assert east.ids("/submissions", q="王大山") == []


def test_positions_carry_accuracy_and_the_distance_to_the_house(east: Desk) -> None:
    near, far = (east.read(f"/submissions/{iid(name)}")["map"] for name in ("near", "far"))
    assert near["position"]["distance_m"] == pytest.approx(10.2, abs=0.1)
    assert near["position"]["beyond_accuracy"] is False
    assert far["position"]["distance_m"] == pytest.approx(1023.6, abs=1)
    assert far["position"]["beyond_accuracy"] is True
    assert far["house"] == {"lon": 108.3, "lat": 23.1, "accuracy_m": 5.0, "placed_by_this_visit": False}
    assert [photo["attachment_id"] for photo in far["photos"]] == [
        uid(iid("far") + name) for name in ("a.jpg", "b.jpg")
    ]


def test_a_visit_that_moves_the_house_is_measured_against_the_registered_place(county: Flask, east: Desk) -> None:
    """Proves that correcting the position does not hide that the visit was made elsewhere."""
    moved = {"lon": "108.12", "lat": "23.1", "accuracy_m": "3", "datum": "wgs84"}
    visit = Visit("cadre", "household 1", moved, 108.12, 23.1, base_version=2)
    with county.app_context():
        db.transact(lambda session: submit(session, "moved", visit, 9))
    told = east.read(f"/submissions/{iid('moved')}")["map"]
    assert told["house"]["lon"] == 108.1
    assert told["position"]["distance_m"] == pytest.approx(2047, abs=2)


def test_a_photo_says_whether_its_bytes_are_here(east: Desk) -> None:
    files = east.read(f"/submissions/{iid('far')}")["attachments"]
    assert [(file["name"], file["state"], file["photo_state"]) for file in files] == [
        ("a.jpg", "complete", "ready"), ("b.jpg", "missing", "pending"),
    ]  # fmt: skip
    assert east.read("/submissions", region=BAITA)["items"][0]["photos"] == {"named": 2, "here": 1}


def test_an_unknown_form_version_still_shows_every_answer(county: Flask, east: Desk) -> None:
    """Proves that nothing is lost to the reader when the form is not known."""
    from server.sync.tables import Submission

    def forget(session: db.Session) -> None:
        session.get_one(Submission, iid("near")).form_version = "unknown"

    with county.app_context():
        db.transact(forget)
    shown = {answer["path"]: answer["value"] for answer in east.read(f"/submissions/{iid('near')}")["answers"]}
    assert shown["/data/short_days"] == "35"


def test_an_id_number_is_masked_also_where_a_form_declares_nothing(county: Flask, east: Desk) -> None:
    """Proves that another office's form cannot show ID numbers by leaving out their sensitivity."""
    asked = Visit("cadre", "household 1", {}, 108.1, 23.1, base_version=2, remark="51012319850102123X")
    with county.app_context():
        db.transact(lambda session: submit(session, "asked", asked, 9))
    told = east.read(f"/submissions/{iid('asked')}")
    remark = next(answer for answer in told["answers"] if answer["path"] == "/data/remark")
    assert remark["value"] == remark["display"]["zh"] == "510***********123X"
    assert remark["masked"] is True


def test_each_number_of_the_overview_is_the_length_of_a_list(county: Flask, east: Desk) -> None:
    told = east.read("/overview", region=EAST)
    assert told["area"] == {"region": EAST, "households": 2, "visited": 2, "submissions": 2, "waiting_photos": 1,
                            "conflicted": 0, "open_conflicts": 0, "unsafe_houses": 0, "unsafe_water": 0, "overdue": 0,
                            "open_questions": 0, "to_review": 2}  # fmt: skip
    assert [item["region"] for item in told["items"]] == [QINGSHI, BAITA]
    for item in told["items"]:
        area = item["region"]
        assert item["submissions"] == len(east.ids("/submissions", region=area))
        assert item["waiting_photos"] == len(east.ids("/submissions", region=area, photos="missing"))
        assert item["households"] == len(east.ids("/entities", "id", region=area, dataset="household", state="active"))


@pytest.mark.parametrize("region", ["99%", "nowhere", "9901011004567", "９９０１"])
def test_what_cannot_be_a_region_is_told_and_no_list_is_empty_for_it(east: Desk, region: str) -> None:
    for address in ("/submissions", "/entities", "/conflicts", "/questions", "/drafts", "/assignments", "/evidence",
                    "/evidence/statistics", "/rule-findings", "/rule-findings/summary", "/quarantine", "/held",
                    "/handovers"):  # fmt: skip
        answer = east.ask(address, region=region)
        assert (answer.status_code, answer.json["errors"][0]["where"]) == (400, "region"), address


@pytest.mark.parametrize("region", [WEST, COUNTY, LIUSHU, "unknown"])
def test_there_is_no_overview_of_another_area(east: Desk, region: str) -> None:
    assert east.ask("/overview", region=region).status_code == 404


def test_nobody_reads_without_signing_in(county: Flask) -> None:
    client = county.test_client()
    for address in ("/submissions", "/entities", "/regions", "/overview?region=1", f"/submissions/{iid('near')}"):
        assert client.get(f"/api/v1{address}").status_code == 401
