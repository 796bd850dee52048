"""Records and areas, read within the borders of a role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from server import db
from tests.api.county import COUNTY, EAST, QINGSHI, WEST, Desk, Visit, build, desk, submit, uid


@pytest.fixture
def county(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        db.transact(build)
        visit = Visit(
            "cadre", "household 1", {"water_shortage_days": "35", "contact_phone": "13900009999"}, 108.1, 23.1
        )
        db.transact(lambda session: submit(session, "visit", visit))
    yield app


@pytest.fixture
def east(county: Flask) -> Desk:
    return desk(county, "east")


def households(*numbers: int) -> set[str]:
    return {uid(f"household {number}") for number in numbers}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {1, 2}),
        ({"region": QINGSHI}, {1}),
        ({"region": WEST}, set()),
        ({"region": COUNTY}, {1, 2}),
        ({"region": "9901"}, {1, 2}),  # the beginning of a code stands for the region
        ({"region": QINGSHI[:9]}, {1}),
        ({"region": "99"}, {1, 2}),  # or for all regions that begin so
        ({"region": "990199"}, set()),
        ({"q": "秀兰"}, {2}),
        ({"q": "铁柱"}, set()),
        ({"q": "_"}, set()),
        ({"state": "archived"}, set()),
        ({"bbox": "108.05,23.05,108.15,23.15"}, {1}),
        ({"bbox": "108,23,109,24"}, {1, 2}),
        ({"near": "108.1,23.1,1"}, {1}),
        ({"near": "108.3,23.101,100"}, set()),
        ({"near": "108.3,23.101,120"}, {2}),
        ({"near": "108.6,23.1,5000"}, set()),
    ],
)
def test_a_list_of_households_stays_inside_the_area(east: Desk, query: dict[str, str], found: set[int]) -> None:
    assert set(east.ids("/entities", "id", dataset="household", **query)) == households(*found)


@pytest.mark.parametrize(
    "query",
    [
        {"region": "qingshi"}, {"region": "0"},
        {"bbox": "1,2,3"}, {"bbox": "0,9,1,8"}, {"near": "1,2,nan"}, {"near": "1,2,1e9"}, {"after": uid("household 3")},
    ],
)
def test_a_place_that_cannot_be_read_is_told(east: Desk, query: dict[str, str]) -> None:
    assert east.ask("/entities", **query).status_code == 400


def test_pages_of_records_follow_each_other_also_inside_a_box(east: Desk) -> None:
    first = east.read("/entities", dataset="household", limit=1, bbox="108,23,109,24")
    second = east.read("/entities", dataset="household", limit=1, bbox="108,23,109,24", after=first["next"])
    assert {first["items"][0]["id"], second["items"][0]["id"]} == households(1, 2)
    assert second["next"] is None


def test_a_record_is_read_as_in_a_feed_with_masked_values_named(east: Desk) -> None:
    told = east.read(f"/entities/{uid('household 1')}")
    assert told["type"] == "entity"
    assert told["label"] == "王大山"
    assert told["data"]["contact_phone"] == "139****9999"
    assert told["masked"] == ["contact_phone"]
    assert told["location"] == {"lon": "108.1000000", "lat": "23.1000000", "accuracy_m": "5"}
    member = east.read(f"/entities/{uid('member 1')}")
    assert member["parent"] == uid("household 1")
    assert member["data"]["id_number"] == "510***********123X"


@pytest.mark.parametrize("address", ["/entities/{}", "/entities/{}/history"])
def test_a_foreign_record_answers_exactly_as_an_unknown_one(east: Desk, address: str) -> None:
    foreign, unknown = (east.ask(address.format(uid(name))) for name in ("household 3", "nobody"))
    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json, "request_id": ""} == {**unknown.json, "request_id": ""}


def test_the_history_says_who_when_and_by_which_submission(east: Desk) -> None:
    items = east.read(f"/entities/{uid('household 1')}/history")["items"]
    assert [item["version"] for item in items] == [2, 1]
    assert items[0]["instance_id"] == f"uuid:{uid('visit')}"
    assert items[0]["author"]["display_name"] == "青石干部"
    assert {"property": "water_shortage_days", "from": "20", "to": "35", "shown": True} in items[0]["changes"]
    assert {"property": "contact_phone", "from": "138****1234", "to": "139****9999", "shown": True} in items[0][
        "changes"
    ]
    page = east.read(f"/entities/{uid('household 1')}/history", limit=1)
    assert page["next"] == "2"
    assert east.read(f"/entities/{uid('household 1')}/history", after=2)["items"][0]["version"] == 1


def test_an_auditor_reads_records_without_what_makes_people_known(county: Flask) -> None:
    auditor = desk(county, "auditor")
    told = auditor.read(f"/entities/{uid('member 1')}")
    assert told["label"] == told["data"]["full_name"] == "王*山"
    assert "id_number" not in told["data"]
    assert auditor.ids("/entities", "id", q="王大山") == []
    history = auditor.ask(f"/entities/{uid('household 1')}/history").text
    assert "王大山" not in history
    assert "1390000" not in history


def test_regions_show_the_own_area_with_counts_and_only_the_names_above(east: Desk) -> None:
    items = {item["code"]: item for item in east.read("/regions")["items"]}
    assert set(items) == {COUNTY, EAST, QINGSHI, "990101002000"}
    assert items[COUNTY] == {"code": COUNTY, "name": "虚县", "names": {"zh": "虚县", "en": "Xu County"},
                             "level": "county", "parent": None, "above": True}  # fmt: skip
    assert items[EAST]["households"] == 2
    assert items[QINGSHI]["households"] == 1
    assert "geometry" not in items[QINGSHI]


def test_boundaries_come_as_geojson_and_are_asked_for_once(east: Desk) -> None:
    answer = east.ask("/regions", geometry=1)
    shape = next(item for item in answer.json["items"] if item["code"] == QINGSHI)["geometry"]
    assert shape["type"] == "Polygon"
    assert [108.2, 23.2] in [[round(x, 6), round(y, 6)] for x, y in shape["coordinates"][0]]
    again = east.client.get(
        "/api/v1/regions?geometry=1",
        headers={"Authorization": f"Bearer {east.token}", "If-None-Match": answer.headers["ETag"]},
    )
    assert again.status_code == 304
    assert "private" in answer.headers["Cache-Control"]


def test_a_helper_sees_the_village_of_the_named_household_alone(county: Flask) -> None:
    items = desk(county, "helper").read("/regions", geometry=1)["items"]
    assert [item["code"] for item in items if "above" not in item] == ["990101002000"]
    assert not any("geometry" in item for item in items if "above" in item)
