"""OGC API Features: what QGIS asks for, page by page, and nothing of another area."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pyogrio
import pytest
from shapely.geometry import shape
from sqlalchemy import select, update

from server.accounts.tables import AuditEntry
from server.api import ogc
from server.api.ogc_asked import Asked
from server.evidence.tables import Photo
from tests.evidence.test_judging import LAT, LON, Camera, looked_at, pictures, world  # noqa: F401
from tests.serving import forked
from tests.world import PASSWORD, WANG, Phone, World


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
    for one in zhang.get("/ogc/collections").json["collections"]:
        alone = zhang.get(f"/ogc/collections/{one['id']}").json
        assert alone == one and alone["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
        items = next(link for link in alone["links"] if link["rel"] == "items")
        assert items["type"] == "application/geo+json" and items["href"].endswith(f"/collections/{one['id']}/items")
        assert features(zhang, one["id"])


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


def test_boxes_and_times_narrow_a_collection(mapped: World) -> None:
    zhang = mapped.phone("zhang")
    for query, count in (
        ("?bbox=108.2,26.1,108.4,26.3", 2),
        ("?bbox=100,20,101,21", 0),
        ("?datetime=2000-01-01/..", 2),
        ("?datetime=../2001-01-01T00:00:00Z", 0),
        ("?datetime=2026-11-21", 2),
        ("?limit=100000000000", 2),  # a limit above the largest is the largest
    ):
        assert len(features(zhang, "photos", query)) == count, query


WRONG = (
    "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,b,c,d", "bbox=1,2,nan,4", "bbox=1,5,2,4", "bbox=1,2,3,4,5,6,7", "bbox=",
    "datetime=yesterday", "datetime=2026-11-22T08:00:00", "datetime=", "datetime=..", "datetime=2026-13-01",
    "datetime=20261122", "datetime=2026-11-22/2026-11-21", "datetime=2026-11-22/2026-11-23/2026-11-24",
    "datetime=0001-01-01/..",
    "limit=0", "limit=-1", "limit=many", "f=xml", "filter=x", "crs=http://www.opengis.net/def/crs/EPSG/0/4490",
)  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_wrong_question_is_told(mapped: World) -> None:
    """Also a parameter that the description does not name: the standard wants 400."""
    zhang = mapped.phone("zhang")
    for query in WRONG:
        answer = zhang.get(f"/ogc/collections/photos/items?{query}")
        assert answer.status_code == 400 and answer.json["errors"], query
    for path in ("", "/api", "/conformance", "/collections", "/collections/photos"):
        assert zhang.get(f"/ogc{path}?f=json").status_code == 200
        assert zhang.get(f"/ogc{path}?limit=1").status_code == 400, path


def test_boxes_have_heights_cross_the_date_line_and_may_be_pulled_beyond_it(mapped: World) -> None:
    """Of three visits at 179.9, -179.9 and at home."""
    li, zhang = mapped.phone("li"), mapped.phone("zhang")
    ids = {}
    for lon in ("179.9", "-179.9"):
        place = {"lon": lon, "lat": "-16.5", "accuracy_m": "5", "datum": "wgs84", "source": "gps"}
        op = li.visit(base_version=2)
        op["visit"]["location"] = place
        assert li.send(op)[0]["status"] == "applied"
        ids[lon] = op["instance_id"]

    def found(box: str) -> set[str]:
        return {one["id"] for one in features(zhang, "submissions", f"?bbox={box}")} & set(ids.values())

    east, west = ids["179.9"], ids["-179.9"]
    assert found("179,-17,-179,-16") == {east, west} == found("179,-17,-100,-179,-16,9000")
    assert found("179,-17,181,-16") == {east, west}, "a map that was pulled over the line"
    assert found("179,-17,180,-16") == {east} and found("-180,-17,-179,-16") == {west}
    assert found("-179,-17,179,-16") == set()
    assert found("-200,-95,200,95") == {east, west} == found("-180,-90,180,90")


def test_times_are_moments_days_and_open_ends_and_what_has_none_belongs_to_all(mapped: World) -> None:
    zhang = mapped.phone("zhang")
    visit = features(zhang, "submissions")[0]
    at = visit["properties"]["received_at"]

    def ids(when: str) -> set[str]:
        return {one["id"] for one in features(zhang, "submissions", f"?datetime={when}")}

    assert visit["id"] in ids(at.replace("+", "%2B")) & ids(at) & ids(f"{at}/..") & ids(f"/{at}") & ids(f"{at}/{at}")
    assert ids("2001-01-01") == set() == ids("../2001-01-01t00:00:00z") == ids("2999-01-01T00:00:00Z/..")
    mapped.run(lambda session: session.execute(update(Photo).values(taken_at=None)))
    assert len(features(zhang, "photos", "?datetime=2001-01-01")) == 2


def test_one_feature_and_what_is_none(mapped: World) -> None:
    zhang = mapped.phone("zhang")
    visit = features(zhang, "submissions")[0]
    found = zhang.get(f"/ogc/collections/submissions/items/{visit['id']}")
    assert found.json["id"] == visit["id"] and found.json["properties"] == visit["properties"]
    for path in ("/people", "/people/items", "/households/items/unknown"):
        assert zhang.get(f"/ogc/collections{path}").status_code == 404


def test_the_description_names_every_page_and_parameter(mapped: World) -> None:
    zhang = mapped.phone("zhang")
    landing = {link["rel"]: link for link in zhang.get("/ogc").json["links"]}
    assert landing["service-desc"]["type"] == "application/vnd.oai.openapi+json;version=3.0"
    answer = zhang.get(landing["service-desc"]["href"].partition("/api/v1")[2])
    assert answer.headers["Content-Type"] == landing["service-desc"]["type"]
    said = answer.json
    assert said["openapi"].startswith("3.0") and said["servers"] == [{"url": landing["self"]["href"]}]
    rules = {rule.rule for rule in mapped.app.url_map.iter_rules() if rule.rule.startswith("/api/v1/ogc")}
    spelled = {
        path.rstrip("/").replace("{collectionId}", "<name>").replace("{featureId}", "<path:key>")
        for path in said["paths"]
    }
    assert {f"/api/v1/ogc{path}" for path in spelled} == rules
    named = {
        one["$ref"].rpartition("/")[2]
        for path in said["paths"].values()
        for one in path["get"]["parameters"]
        if "$ref" in one
    }
    assert named == set(Asked().fields) == set(said["components"]["parameters"])


def test_an_id_with_a_slash_is_reached_by_its_own_link(mapped: World) -> None:
    li, zhang = mapped.phone("li"), mapped.phone("zhang")
    op = li.visit(base_version=2, instance_id="uuid:a/b c?d")
    op["visit"]["location"] = {"lon": "108.3", "lat": "26.2", "datum": "wgs84"}
    li.send(op)
    found = zhang.get("/ogc/collections/submissions/items/uuid%3Aa%2Fb%20c%3Fd")
    assert found.status_code == 200 and found.json["id"] == "uuid:a/b c?d"
    link = next(one["href"] for one in found.json["links"] if one["rel"] == "self")
    assert zhang.get(link.partition("/api/v1")[2]).json["id"] == found.json["id"]


def test_a_name_and_a_password_open_it_over_https_alone(mapped: World) -> None:
    client = mapped.app.test_client()
    right = {"Authorization": "Basic " + base64.b64encode(f"zhang:{PASSWORD}".encode()).decode()}
    wrong = {"Authorization": "Basic " + base64.b64encode(b"zhang:wrong").decode()}

    def ask(
        headers: dict[str, str], base: str = "https://ruhu.example", path: str = "ogc/collections/photos/items"
    ) -> Any:
        return client.get(f"/api/v1/{path}", headers=headers, base_url=base)

    assert ask(right).json["numberReturned"] == 2
    assert ask(right, "http://ruhu.example").json["code"] == "auth.https_only"
    for headers in ({}, wrong):
        refused = ask(headers)
        assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert ask(right, path="entities").status_code == 401, "nowhere else"
    codes = [ask(wrong).json["code"] for _ in range(8)]
    assert codes[-1] == "auth.too_many_attempts", "and guessing is as slow as at the front door"


@pytest.fixture
def gdal(mapped: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Reads a collection from a server on this machine as a person; its pages hold one feature."""
    monkeypatch.setattr(ogc, "LARGEST", 1)
    tokens = {name: mapped.phone(name).token for name in ("zhang", "bai")}
    with forked(mapped.app.config["RUHU"]) as address:

        def open_it(name: str, collection: str, **narrowed: Any) -> Any:
            pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": tokens[name]})
            source = f"OAPIF:{address}/api/v1/ogc"
            return pyogrio.raw.read(source, layer=collection, **narrowed), pyogrio.list_layers(source)

        yield open_it
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": None, "GDAL_HTTP_BEARER": None})


def test_gdal_reads_it_as_a_real_client(mapped: World, gdal: Callable[..., Any]) -> None:
    """The OAPIF driver goes from the landing page to the last page of items by the links alone."""
    (meta, _, shapes, columns), layers = gdal("zhang", "photos")
    assert {str(name) for name, _ in layers} == {"households", "submissions", "photos"}
    assert len(shapes) == 2 and meta["crs"] in ("EPSG:4326", "OGC:CRS84") and meta["geometry_type"] == "Point"
    assert {"photo", "sha256", "datum", "place_source"} <= set(meta["fields"])
    address = columns[list(meta["fields"]).index("photo")][0]
    assert address.startswith("http://127.0.0.1:")
    assert len(gdal("zhang", "photos", bbox=(108.2, 26.1, 108.4, 26.3))[0][2]) == 2
    assert len(gdal("zhang", "photos", bbox=(100, 20, 101, 21))[0][2]) == 0
    assert len(gdal("bai", "photos")[0][2]) == 0, "another area"


def test_another_area_has_other_features(mapped: World) -> None:
    bai, visit = mapped.phone("bai"), features(mapped.phone("zhang"), "submissions")[0]["id"]
    assert [features(bai, name) for name in ("households", "submissions", "photos")] == [[], [], []]
    assert bai.get(f"/ogc/collections/submissions/items/{visit}").status_code == 404


def test_no_way_of_asking_leads_into_another_area(mapped: World) -> None:
    """Ids, boxes, cursors and photo addresses of another area answer as unknown ones, to the letter."""
    zhang, bai = mapped.phone("zhang"), mapped.phone("bai")

    def answer(path: str) -> Any:
        found = bai.get(path)
        body = {
            name: value
            for name, value in (found.json or {}).items()
            if name not in ("request_id", "timeStamp", "links")
        }
        return found.status_code, body

    for name in ("households", "submissions", "photos"):
        theirs = features(zhang, name)[0]["id"]
        unknown = "uuid:00000000-0000-4000-8000-000000000000"
        assert answer(f"/ogc/collections/{name}/items/{theirs}") == answer(f"/ogc/collections/{name}/items/{unknown}")
        for query in (f"?after={theirs[:-1]}", "?bbox=108.2,26.1,108.4,26.3", "?bbox=179,-90,178,90", "?limit=1000"):
            assert answer(f"/ogc/collections/{name}/items{query}")[1]["features"] == [], (name, query)
    photo = features(zhang, "photos")[0]["properties"]["photo"].partition("/api/v1")[2]
    for size in ("320", "1280", "original"):
        foreign = photo.replace("size=1280", f"size={size}")
        assert zhang.get(foreign).status_code == 200
        assert answer(foreign) == answer(f"/photos/00000000-0000-4000-8000-000000000000?size={size}")


def test_reading_much_is_noted(mapped: World) -> None:
    features(mapped.phone("zhang"), "photos")
    features(mapped.phone("li"), "photos")
    rows = mapped.look(lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "features.read")).all())
    assert [(row.subject, row.detail, row.person_id) for row in rows] == [
        ("photos", {"rows": 2}, mapped.people["zhang"])
    ]


def test_an_auditor_gets_masked_values(mapped: World) -> None:
    clear = next(one for one in features(mapped.phone("zhang"), "households") if one["id"] == WANG)
    masked = next(one for one in features(mapped.phone("auditor"), "households") if one["id"] == WANG)
    assert clear["properties"]["head_name"] != masked["properties"]["head_name"]
