"""Registers over HTTP: administrators only, their own area only, previewed, applied, listed."""

from __future__ import annotations

import io
import time
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest

from server import db
from server.accounts import people
from server.imports import listing, tasks
from tests.forms.test_definition_yaml import LAUGHS
from tests.imports.registers import MAPPING, counts, csv_bytes, household, person, records
from tests.world import EAST, LIUSHU, Phone, World


def send(phone: Phone, content: bytes, mapping: str = MAPPING, **fields: Any) -> Any:
    body = {
        "file": (io.BytesIO(content), "register.csv"),
        "mapping": (io.BytesIO(mapping.encode()), "mapping.yaml"),
        **fields,
    }
    return phone.client.post(
        "/api/v1/imports/register", data=body, headers=phone.headers, content_type="multipart/form-data"
    )


def test_a_register_is_previewed_and_then_applied(world: World) -> None:
    admin = world.phone("admin")
    asked = send(admin, csv_bytes([person(1), person(2)]))
    assert asked.status_code == 200, asked.text
    assert asked.json["state"] == "previewed"
    assert asked.json["counts"] == {"household": counts(new=1), "member": counts(new=2)}
    assert records(world, "household") == []
    path = f"/imports/register/{asked.json['import_id']}"
    assert admin.get(path).json == asked.json
    applied = admin.post(f"{path}/apply", {})
    assert (applied.status_code, applied.json["state"]) == (200, "applied")
    assert household(world).label == "户主1"
    assert admin.post(f"{path}/apply", {}).json["applied"] == applied.json["applied"]
    assert [one["import_id"] for one in admin.get("/imports/register").json["items"]] == [asked.json["import_id"]]


@pytest.mark.parametrize("name", ["li", "zhang", "auditor", "helper"])
def test_only_administrators_import(world: World, name: str) -> None:
    assert send(world.phone(name), csv_bytes([person(1)])).json["code"] == "auth.forbidden"


def test_another_administrators_import_is_as_unknown(world: World) -> None:
    import_id = send(world.phone("admin"), csv_bytes([person(1)])).json["import_id"]
    other = _admin_of_east(world)
    unknown = other.get("/imports/register/00000000-0000-4000-8000-000000000000")
    for path in ("", "/refused.csv", "/vanished.csv"):
        foreign = other.get(f"/imports/register/{import_id}{path}")
        assert (foreign.status_code, foreign.json["code"]) == (404, unknown.json["code"])
    assert other.post(f"/imports/register/{import_id}/apply", {}).status_code == 404


def _admin_of_east(world: World) -> Phone:
    def add(session: Any) -> None:
        person_id = "99999999-9999-4999-8999-999999999999"
        people.add_person(session, id=person_id, username="east", display_name="东", password_hash="!")
        people.give_role(session, person_id, "admin", EAST)
        world.people["east"] = person_id

    world.run(add)
    return world.phone("east")


def test_rows_outside_the_administrators_area_are_refused_as_unknown(world: World) -> None:
    rows = [person(1), person(2, household=2, 乡镇="西山乡", 村="柳树村")]
    found = send(_admin_of_east(world), csv_bytes(rows)).json
    assert found["counts"]["household"] == counts(new=1, refused=1)
    assert {one["code"] for one in found["problems"]} == {"region.unknown", "household.refused"}


def test_a_record_that_moved_out_of_the_area_is_not_touched(world: World) -> None:
    """The whole county's register made it; an administrator of one township cannot change it elsewhere."""
    admin = world.phone("admin")
    far = send(admin, csv_bytes([person(1, 乡镇="西山乡", 村="柳树村")])).json["import_id"]
    admin.post(f"/imports/register/{far}/apply", {})
    assert household(world).region_code == LIUSHU
    found = send(_admin_of_east(world), csv_bytes([person(1, 户主="换了")])).json
    assert found["counts"]["household"] == counts(refused=1)
    assert household(world).label == "户主1"


def test_the_area_can_be_narrowed_and_a_foreign_one_is_unknown(world: World) -> None:
    rows = [person(1), person(2, household=2, 乡镇="西山乡", 村="柳树村")]
    narrowed = send(world.phone("admin"), csv_bytes(rows), region=EAST).json
    assert narrowed["counts"]["household"] == counts(new=1, refused=1)
    assert send(_admin_of_east(world), csv_bytes(rows), region="990102000000").json["code"] == "record.not_found"


def test_refused_and_vanished_rows_come_as_csv(world: World) -> None:
    admin = world.phone("admin")
    first = send(admin, csv_bytes([person(1), person(2, household=2)])).json["import_id"]
    admin.post(f"/imports/register/{first}/apply", {})
    second = send(admin, csv_bytes([person(1), person(3, household=3, 村="无此村")])).json
    assert (second["refused_rows"], second["vanished"]) == (2, 2)
    refused = admin.get(f"/imports/register/{second['import_id']}/refused.csv")
    assert refused.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in refused.headers["Content-Disposition"]
    assert "无此村" in refused.text and refused.data.startswith("\ufeff".encode())
    vanished = admin.get(f"/imports/register/{second['import_id']}/vanished.csv")
    assert "户主2" in vanished.text and "户主1" not in vanished.text


@pytest.mark.parametrize("missing", ["file", "mapping"])
def test_a_missing_part_is_named(world: World, missing: str) -> None:
    body = {"file": (io.BytesIO(b"a"), "a.csv"), "mapping": (io.BytesIO(b"source: a"), "a.yaml")}
    del body[missing]
    phone = world.phone("admin")
    answer = phone.client.post("/api/v1/imports/register", data=body, headers=phone.headers)
    assert (answer.status_code, answer.json["errors"][0]["where"]) == (400, missing)


def test_every_mistake_of_a_mapping_is_told_with_its_line(world: World) -> None:
    wrong = """
source: register
household:
  key: [户编号]
  columns:
    户编号: household_number
    户主: {to: head_name, codez: {}}
    户类型: {to: household_category, codes: {贫: poor}}
    村: region
member:
  columns: {姓名: full_name}
"""
    answer = send(world.phone("admin"), csv_bytes([person(1)]), wrong)
    assert (answer.status_code, answer.json["code"]) == (422, "import.not_readable")
    told = " ".join(f"{one['where']} {one['why']}" for one in answer.json["errors"])
    for mistake in ("household_number", "household_no", "codez", "“poor”", "line 9", "region", "key", "household"):
        assert mistake in told, (mistake, told)


def test_what_is_not_a_mapping_at_all_is_told(world: World) -> None:
    assert send(world.phone("admin"), csv_bytes([person(1)]), "- a\n- b: [").json["code"] == "import.not_readable"
    binary = world.phone("admin").client.post(
        "/api/v1/imports/register",
        data={"file": (io.BytesIO(b"a"), "a.csv"), "mapping": (io.BytesIO(b"\xff\xfe"), "a.yaml")},
        headers=world.phone("admin").headers,
    )
    assert binary.status_code == 400


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        (LAUGHS, "锚点"),
        ("a: &a {b: *a}", "锚点"),
        ("[" * 3000, "嵌套"),
        ("".join(f"a{n}: b\n" for n in range(4_000)), "a99”"),
        ("source: a\nhousehold:\n  columns:\n" + "".join(f"    c{n}: p{n}\n" for n in range(4_000)), "p90"),
    ],
    ids=["nested aliases", "a recursive alias", "brackets", "unknown keys", "unknown properties"],
)
def test_a_mapping_that_would_grow_is_refused_at_once_and_in_little_memory(
    world: World, mapping: str, word: str
) -> None:
    admin = world.phone("admin")
    tracemalloc.start()
    begun = time.process_time()
    try:
        answer = send(admin, csv_bytes([person(1)]), mapping)
        seconds, memory = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer.status_code, answer.json["code"]) == (422, "import.not_readable")
    assert word in " ".join(one["why"] for one in answer.json["errors"])
    assert len(answer.json["errors"]) <= 100
    assert seconds < 5
    assert memory < 80 * 1024 * 1024


def test_a_quote_left_open_is_told_by_the_offices_own_file_name(world: World) -> None:
    """Not by the name of our copy, and where the quote was opened."""
    content = csv_bytes([person(1), person(2)]) + b'H3,"open,a,b\n' + csv_bytes([person(4)])
    found = send(world.phone("admin"), content).json
    assert (found["state"], found["error"]) == ("failed", "import.not_readable")
    (told,) = found["problems"]
    assert told["where"] == "register.csv 第4行 / register.csv line 4"
    assert told["why"].partition(" / ")[0] == "引号不成对"


def test_a_large_register_is_read_and_applied_in_the_background(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.api.imports.AT_ONCE", 10)
    monkeypatch.setattr("server.api.imports.HOUSEHOLDS_AT_ONCE", 1)
    admin = world.phone("admin")
    asked = send(admin, csv_bytes([person(n, household=n) for n in range(1, 4)]))
    assert (asked.status_code, asked.json["state"]) == (202, "waiting")
    path = f"/imports/register/{asked.json['import_id']}"
    with world.app.app_context():
        assert tasks.run_waiting(world.app.config["RUHU"]) == 1
    assert admin.get(path).json["state"] == "previewed"
    assert admin.post(f"{path}/apply", {}).status_code == 202
    with world.app.app_context():
        assert tasks.run_waiting(world.app.config["RUHU"]) == 0  # somebody may be at it
        monkeypatch.setattr(listing, "LEASE", timedelta(0))
        assert tasks.run_waiting(world.app.config["RUHU"]) == 1
    assert admin.get(path).json["state"] == "applied"
    assert len(records(world, "household")) == 3


def test_only_what_was_previewed_can_be_applied(world: World) -> None:
    admin = world.phone("admin")
    import_id = send(admin, csv_bytes([person(1)])).json["import_id"]

    def fail(session: Any) -> None:
        listing.find(session, None, import_id).state = "failed"

    world.run(fail)
    assert admin.post(f"/imports/register/{import_id}/apply", {}).json["code"] == "import.state"


def test_one_import_of_a_source_at_a_time(world: World) -> None:
    admin = world.phone("admin")
    first, second = (send(admin, csv_bytes([person(n)])).json["import_id"] for n in (1, 2))

    def begin(session: Any) -> None:
        row = listing.find(session, None, first)
        row.state, row.beat_at = "applying", db.now()

    world.run(begin)
    assert admin.post(f"/imports/register/{second}/apply", {}).json["code"] == "import.busy"


def test_a_file_over_the_limit_stores_nothing(world: World) -> None:
    import dataclasses

    world.app.config["RUHU"] = dataclasses.replace(world.app.config["RUHU"], import_bytes=100)
    answer = send(world.phone("admin"), csv_bytes([person(n) for n in range(50)]))
    assert answer.status_code == 413
    folder = world.app.config["RUHU"].var / "imports"
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_the_columns_of_a_register_are_told_and_nothing_of_it_is_kept(world: World) -> None:
    phone = world.phone("admin")

    def ask(name: str = "admin", **fields: Any) -> Any:
        desk = world.phone(name)
        body = {"file": (io.BytesIO("x\n户编号,姓名,\nA1,王大山,\n".encode("gb18030")), "r.csv"), **fields}
        return desk.client.post("/api/v1/imports/register/columns", data=body, headers=desk.headers)

    assert ask(header_row="2").json["sheets"] == [{"name": "r", "columns": ["户编号", "姓名"]}]
    assert [ask(header_row=row).status_code for row in ("0", "x", "²")] == [400] * 3
    assert ask("zhang").status_code == 403
    assert phone.get("/imports/register").json["items"] == []
