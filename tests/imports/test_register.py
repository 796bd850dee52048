"""A register comes in: previewed without a trace, applied once, repeated as often as wanted, overwriting nobody."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from server import db
from server.accounts.tables import AuditEntry, Person
from server.errors import Problem
from server.imports import applying, listing
from server.imports.files import refused_csv, vanished_csv
from server.imports.job import staging_path
from server.imports.staging import Staging
from server.imports.tables import ImportKey
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.definitions import datasets
from tests.imports.registers import MAPPING, bring, counts, csv_bytes, household, look, person, records, wire
from tests.sync.test_resolution import open_conflict, resolution
from tests.world import QINGSHI, WANG, ZHAO, World


def versions(world: World) -> int:
    return int(world.look(lambda session: session.scalar(select(func.count()).select_from(EntityVersion))))


def test_a_preview_writes_nothing_to_the_registry(world: World) -> None:
    before = versions(world)
    found = look(world, csv_bytes([person(1), person(2), person(3, household=2)]))
    assert found["counts"] == {"household": counts(new=2), "member": counts(new=3)}
    assert versions(world) == before
    assert world.look(lambda session: session.scalar(select(func.count()).select_from(ImportKey))) == 0


def test_what_was_applied_is_what_the_preview_said(world: World) -> None:
    rows = [person(1), person(2), person(3, household=2, 户类型="胡说")]
    found = bring(world, csv_bytes(rows))
    assert found["applied"] == found["counts"]
    assert found["counts"] == {"household": counts(new=1, refused=1), "member": counts(new=2, refused=1)}
    assert [one.label for one in records(world, "member")] == ["成员1", "成员2"]


def test_records_get_ids_that_odk_clients_take_and_their_members(world: World) -> None:
    bring(world, csv_bytes([person(1), person(2)]))
    house = household(world)
    assert house.id[14] == "4" and house.region_code == QINGSHI
    assert house.values["household_no"] == "H1" and house.values["region"] == QINGSHI
    assert {one.parent_id for one in records(world, "member")} == {house.id}


def test_the_same_register_again_writes_nothing(world: World) -> None:
    content = csv_bytes([person(1), person(2), person(3, household=2)])
    bring(world, content)
    before = versions(world)
    found = bring(world, content)
    assert found["applied"] == {"household": counts(unchanged=2), "member": counts(unchanged=3)}
    assert versions(world) == before


def test_next_months_changes_come_in_and_the_rest_is_left_alone(world: World) -> None:
    bring(world, csv_bytes([person(1), person(2)]))
    ids = {one.label: one.id for one in records(world, "member")}
    found = bring(world, csv_bytes([person(1, 耕地="4.20"), person(2, 耕地="4.20"), person(5)]))
    assert found["applied"] == {"household": counts(changed=1), "member": counts(new=1, unchanged=2)}
    assert household(world).values["farmland_mu"] == "4.2"
    assert {one.label: one.id for one in records(world, "member")}.items() >= ids.items()


def edit(world: World, name: str, household_id: str, base_version: int, **values: str) -> Any:
    phone = world.phone(name)
    return phone.send(phone.visit(household_id, base_version, **values))[0]


def test_what_a_cadre_changed_meanwhile_is_not_overwritten_in_silence(world: World) -> None:
    """The register gives a new value too: both stand, a conflict names them, and nobody loses."""
    bring(world, csv_bytes([person(1)]))
    house = household(world)
    assert edit(world, "li", house.id, house.version, head_name="干部写的")["status"] == "applied"
    found = bring(world, csv_bytes([person(1, 户主="登记册写的")]))
    assert found["counts"]["household"] == counts(conflicting=1)
    assert found["applied"]["household"] == counts(conflicting=1)
    conflict = world.look(lambda session: session.scalars(select(Conflict).where(Conflict.entity_id == house.id)).one())
    assert conflict.state == "open" and conflict.properties == ["head_name"]
    assert household(world).values["head_name"] == "干部写的"


def test_a_value_that_the_register_did_not_change_leaves_the_cadres_value_alone(world: World) -> None:
    bring(world, csv_bytes([person(1)]))
    house = household(world)
    edit(world, "li", house.id, house.version, head_name="干部写的")
    found = bring(world, csv_bytes([person(1, 耕地="9")]))
    assert found["applied"]["household"] == counts(changed=1)
    after = household(world)
    assert (after.values["head_name"], after.values["farmland_mu"]) == ("干部写的", "9")
    assert after.contested == []


def test_the_register_that_says_what_the_cadre_wrote_agrees(world: World) -> None:
    bring(world, csv_bytes([person(1)]))
    house = household(world)
    edit(world, "li", house.id, house.version, head_name="一样的")
    bring(world, csv_bytes([person(1, 户主="一样的")]))
    assert household(world).contested == []


def test_an_empty_cell_says_nothing_unless_the_mapping_says_that_it_clears(world: World) -> None:
    bring(world, csv_bytes([person(1, 耕地="3", 电话="19900001111")]))
    bring(world, csv_bytes([person(1, 耕地="", 电话="")]))
    values = household(world).values
    assert (values["farmland_mu"], values["contact_phone"]) == ("3", None)


def test_households_that_are_in_ruhu_already_are_found_by_the_matching_property(world: World) -> None:
    """Otherwise the first import would double every household that a cadre had registered."""

    def number(session: Any) -> None:
        entity = session.get_one(Entity, WANG)
        entity.values = entity.values | {"household_no": "H1"}

    world.run(number)
    found = bring(world, csv_bytes([person(1, 户主="王大山", 缺水天数="20")]))
    assert found["applied"]["household"]["new"] == 0
    assert household(world).id == WANG
    assert household(world).values["head_name"] == "王大山"


def test_of_several_that_match_none_is_taken_for_the_registers(world: World) -> None:
    """Numbers may be unique within a village only: the one whose id comes first was written over."""

    def number(session: Any) -> None:
        for id in (WANG, ZHAO):
            entity = session.get_one(Entity, id)
            entity.values = entity.values | {"household_no": "H1"}

    world.run(number)
    before = versions(world)
    found = bring(world, csv_bytes([person(1), person(2, household=2)]))
    assert found["applied"] == {"household": counts(new=1, refused=1), "member": counts(new=1, refused=1)}
    assert [one["column"] for one in found["problems"] if one["code"] == "match.several"] == [""]
    assert versions(world) == before + 2


def test_match_names_as_many_properties_as_the_key_has_columns(world: World) -> None:
    """Else no household of the cadres is found, and the first import registers all of them a second time."""
    with pytest.raises(Problem) as refused:
        look(world, csv_bytes([person(1)]), MAPPING.replace("key: [户编号]", "key: [村, 户编号]"))
    (fault,) = refused.value.faults
    assert "村、户编号" in fault.why


def test_a_member_who_moved_goes_to_the_other_household_and_stays_one_person(world: World) -> None:
    bring(world, csv_bytes([person(1), person(2, household=2)]))
    before = {one.label: one.id for one in records(world, "member")}
    bring(world, csv_bytes([person(1), person(9, household=2), person(2)]))
    moved = next(one for one in records(world, "member") if one.label == "成员2")
    assert moved.id == before["成员2"]
    assert moved.parent_id == household(world, "H1").id


def test_who_gets_an_id_number_later_stays_one_person(world: World) -> None:
    """Known by household and name until then. The name stands for nobody afterwards: a namesake is somebody else."""
    bring(world, csv_bytes([person(1, 身份证号=""), person(2)]))
    ids = {one.label: one.id for one in records(world, "member")}
    found = bring(world, csv_bytes([person(1), person(2)]))
    assert found["applied"]["member"] == counts(changed=1, unchanged=1) and found["vanished"] == 0
    assert {one.label: one.id for one in records(world, "member")} == ids
    assert "id_number" in next(one for one in records(world, "member") if one.label == "成员1").values
    again = bring(world, csv_bytes([person(1), person(2), person(3, 姓名="成员1")]))
    assert again["applied"]["member"] == counts(new=1, unchanged=2)


def test_of_two_namesakes_only_the_one_without_an_id_number_is_the_one_who_was_known(world: World) -> None:
    bring(world, csv_bytes([person(1, 身份证号="")]))
    found = bring(world, csv_bytes([person(1, 身份证号=""), person(3, 姓名="成员1")]))
    assert found["applied"]["member"] == counts(new=1, unchanged=1)
    twins = [person(5, 姓名="成员1"), person(7, 姓名="成员1")]
    assert bring(world, csv_bytes(twins))["applied"]["member"] == counts(new=2)


def test_a_record_that_was_another_one_takes_the_register_there(world: World) -> None:
    """Two registers had made one person twice, and a supervisor said so: news of either reach the one that stayed."""
    other = MAPPING.replace("source: register", "source: other").replace("  match: [id_number]\n", "")
    bring(world, csv_bytes([person(1)]))
    bring(world, csv_bytes([person(1)]), other)
    zhang = world.phone("zhang")
    conflict = open_conflict(zhang)
    stays, gone = (side["entity_id"] for side in conflict["heads"])
    zhang.send(resolution(zhang, conflict, conflict["heads"][0]["op_id"]))

    def of(id: str) -> tuple[str, str | None]:
        entity = world.look(lambda session: session.get_one(Entity, id))
        return entity.state, entity.values.get("birth_date")

    for source, day in ((other, "1970-01-03"), (MAPPING, "1970-01-04")):
        bring(world, csv_bytes([person(1, 出生日期=day)]), source)
    assert of(gone) == ("archived", "1970-01-02")
    written = world.look(lambda session: session.scalars(select(Head.value).where(Head.entity_id == stays)).all())
    assert {"1970-01-03", "1970-01-04"} <= {value.get("birth_date") for value in written}
    again = bring(world, csv_bytes([person(1, 出生日期="1970-01-03")]), other)
    assert again["applied"]["member"] == counts(unchanged=1)


def test_rows_that_vanished_are_listed_and_never_archived(world: World) -> None:
    bring(world, csv_bytes([person(1), person(2), person(3, household=2)]))
    found = bring(world, csv_bytes([person(1)]))
    assert found["vanished"] == 3
    assert {one.state for one in [*records(world, "household"), *records(world, "member")]} == {"active"}
    text = "".join(_lists(world, found["import_id"], vanished_csv))
    assert "户主2" in text and "成员3" in text and "户主1" not in text


def _lists(world: World, import_id: str, lines: Any) -> list[str]:
    row = world.look(lambda session: listing.find(session, None, import_id))
    staging = Staging(staging_path(world.app.config["RUHU"], import_id), row.secret)
    try:
        return list(lines(staging))
    finally:
        staging.close()


def test_refused_rows_can_be_had_back_with_their_reasons(world: World) -> None:
    found = bring(world, csv_bytes([person(1), person(2, household=2, 村="没有村", 姓名="=cmd()")]))
    text = "".join(_lists(world, found["import_id"], refused_csv))
    assert found["refused_rows"] == 2
    assert "没有村" in text and "找不到这个村组" in text
    assert "'=cmd()" in text  # no spreadsheet takes it for a formula


@pytest.mark.parametrize("merged", [False, True])
def test_the_list_of_refused_rows_is_corrected_and_imported(world: World, merged: bool) -> None:
    """Also the members of a refused household, whose own rows had nothing wrong; and where cells were merged."""
    rows = [person(n, household=n // 4, 村="没有村") for n in range(4, 12)]
    if merged:
        rows = [row | ({"户编号": "", "村": ""} if n % 4 else {}) for n, row in enumerate(rows)]
        rows[5]["出生日期"] = "昨天"
    mapping = MAPPING + ("fill_down: [户编号, 村]\n" if merged else "")
    found = bring(world, csv_bytes(rows), mapping)
    assert found["applied"]["member"] == counts(refused=8)
    text = "".join(_lists(world, found["import_id"], refused_csv))
    assert len(text.splitlines()) == 9
    corrected = text.replace("没有村", "青石村").replace("昨天", "1970-01-02")
    again = bring(world, corrected.encode(), mapping)
    assert again["applied"] == {"household": counts(new=2), "member": counts(new=8)}
    homes = {one.id: one.values["household_no"] for one in records(world, "household")}
    assert {one.label: homes[one.parent_id or ""] for one in records(world, "member")} == {
        f"成员{n}": f"H{n // 4}" for n in range(4, 12)
    }


def test_the_author_is_the_import_and_nobody_can_sign_in_as_it(world: World) -> None:
    def no_importer(session: Any) -> None:
        session.get_one(Person, world.people["import"]).username = "somebody"

    world.run(no_importer)
    bring(world, csv_bytes([person(1)]))
    house = household(world)
    author = world.look(lambda session: session.get_one(Person, house.updated_by))
    assert (author.username, author.active) == ("import", False)


def test_imports_of_one_household_are_told_in_its_villages_feed(world: World) -> None:
    phone = world.phone("li")
    head = phone.pull(f"region:{QINGSHI}")["head"]
    bring(world, csv_bytes([person(1)]))
    entries = phone.pull(f"region:{QINGSHI}", after=head)["entries"]
    assert {(one["dataset"], one["label"]) for one in entries} == {("household", "户主1"), ("member", "成员1")}


def test_who_imported_what_is_kept(world: World) -> None:
    found = bring(world, csv_bytes([person(1)]))
    entries = world.look(
        lambda session: session.scalars(select(AuditEntry).where(AuditEntry.subject == found["import_id"])).all()
    )
    assert [one.action for one in entries] == ["register.asked", "register.applied"]
    assert entries[1].detail["file_hash"] == found["file_hash"]


def test_applying_twice_is_applying_once(world: World) -> None:
    found = bring(world, csv_bytes([person(1)]))
    before = versions(world)
    with world.app.app_context():
        row = db.transact(lambda session: applying.start(session, None, found["import_id"]))
        assert row.state == "applied"
        assert not applying.go_on(world.app.config["RUHU"], datasets(), found["import_id"])
    assert versions(world) == before
    assert wire(world, found["import_id"])["applied"] == found["applied"]


def test_nothing_about_people_lies_readable_beside_the_database(world: World) -> None:
    """The staging file is sealed, and the office's file is gone once it was read."""
    look(world, csv_bytes([person(1, 姓名="张小三")]))
    folder = world.app.config["RUHU"].var / "imports"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.suffix for path in files] == [".staging"]
    assert all("张小三".encode() not in path.read_bytes() for path in files)


def test_an_import_whose_staging_file_is_gone_ends_and_the_register_can_come_again(world: World) -> None:
    """As after a restore: a backup holds the database and the blobs. What was merged is known by its keys."""
    content = csv_bytes([person(n, household=n) for n in range(1, 4)])
    found = look(world, content)
    with world.app.app_context():
        settings = world.app.config["RUHU"]
        db.transact(lambda session: applying.start(session, None, found["import_id"]))
        staging_path(settings, found["import_id"]).unlink()
        assert not applying.go_on(settings, datasets(), found["import_id"])
    assert wire(world, found["import_id"])["state"] == "failed"
    assert bring(world, content)["applied"]["household"] == counts(new=3)
