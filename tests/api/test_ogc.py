"""OGC API Features: what QGIS asks for, page by page, and nothing of another area."""

from __future__ import annotations

from typing import Any

import pytest
from shapely.geometry import shape

from tests.evidence.test_judging import LAT, LON, Camera, looked_at, pictures, world  # noqa: F401
from tests.world import WANG, Phone, World


@pytest.fixture
def mapped(world: World) -> World:  # noqa: F811
    camera, photos = Camera(world, "li"), pictures(2)
    visits = [camera.send([one], camera.sealed([one]), base_version=2) for one in photos]
    looked_at(world, world.phone("zhang"), visits[0])
    return world


def features(reader: Phone, name: str, query: str = "") -> list[Any]:
    answer = reader.get(f"/ogc/collections/{name}/items{query}")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/geo+json"
    found: list[Any] = answer.json["features"]
    assert answer.json["numberReturned"] == len(found)
    return found


def test_the_landing_page_leads_to_every_collection(mapped: World) -> None:
    zhang = mapped.phone("zhang")
    links = {link["rel"]: link["href"] for link in zhang.get("/ogc").json["links"]}
    assert {"self", "service-desc", "conformance", "data"} <= set(links)
    assert any(one.endswith("/core") for one in zhang.get("/ogc/conformance").json["conformsTo"])
    for collection in zhang.get("/ogc/collections").json["collections"]:
        items = next(link["href"] for link in collection["links"] if link["rel"] == "items")
        assert features(zhang, collection["id"]), items


def test_features_are_geojson_with_plain_properties(mapped: World) -> None:
    (household,) = [one for one in features(mapped.phone("zhang"), "households") if one["id"] == WANG]
    place = shape(household["geometry"])
    assert (place.x, place.y) == pytest.approx((LON, LAT), abs=1e-6)
    assert household["properties"]["region"] and household["properties"]["head_name"]
    assert all(isinstance(value, str | int | float | None) for value in household["properties"].values())


def test_pages_follow_their_links_to_the_end(mapped: World) -> None:
    zhang, seen = mapped.phone("zhang"), []
    address: str | None = "/ogc/collections/submissions/items?limit=1"
    while address:
        page = zhang.get(address).json
        seen += [one["id"] for one in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        address = following[0].partition("/api/v1")[2] if following else None
    assert sorted(seen) == sorted(one["id"] for one in features(zhang, "submissions")) and len(seen) == 2


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?bbox=108.2,26.1,108.4,26.3", 2),
        ("?bbox=100,20,101,21", 0),
        ("?datetime=2000-01-01/..", 2),
        ("?datetime=../2001-01-01T00:00:00Z", 0),
        ("?datetime=2026-11-21", 2),
    ],
)
def test_boxes_and_times_narrow_a_collection(mapped: World, query: str, count: int) -> None:
    assert len(features(mapped.phone("zhang"), "photos", query)) == count


@pytest.mark.parametrize("query", ["?bbox=1,2,3", "?datetime=yesterday", "?datetime=2026-11-22T08:00:00", "?limit=0"])
def test_a_wrong_question_is_told(mapped: World, query: str) -> None:
    answer = mapped.phone("zhang").get(f"/ogc/collections/photos/items{query}")
    assert answer.status_code == 400 and answer.json["errors"]


def test_one_feature_and_what_is_none(mapped: World) -> None:
    zhang = mapped.phone("zhang")
    visit = features(zhang, "submissions")[0]
    found = zhang.get(f"/ogc/collections/submissions/items/{visit['id']}")
    assert found.json["id"] == visit["id"] and found.json["properties"] == visit["properties"]
    for path in ("/people", "/people/items", "/households/items/unknown"):
        assert zhang.get(f"/ogc/collections{path}").status_code == 404


def test_another_area_has_other_features(mapped: World) -> None:
    bai, visit = mapped.phone("bai"), features(mapped.phone("zhang"), "submissions")[0]["id"]
    assert [features(bai, name) for name in ("households", "submissions", "photos")] == [[], [], []]
    assert bai.get(f"/ogc/collections/submissions/items/{visit}").status_code == 404


def test_an_auditor_gets_masked_values(mapped: World) -> None:
    clear = next(one for one in features(mapped.phone("zhang"), "households") if one["id"] == WANG)
    masked = next(one for one in features(mapped.phone("auditor"), "households") if one["id"] == WANG)
    assert clear["properties"]["head_name"] != masked["properties"]["head_name"]
