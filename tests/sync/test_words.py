"""Ops beside submissions and decisions: contact attempts and drafts follow the same rules as every op."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Any

import pytest

from server.registry.tables import Entity
from server.sync.office_tables import ContactAttempt, Draft
from server.sync.tables import OpLog, Quarantine
from tests.sync.office import VISIT, op, upload
from tests.world import WANG, ZHAO, Phone, World


def contact(phone: Phone, household: str = WANG, disposition: str = "nobody", **more: Any) -> dict[str, Any]:
    return op(phone, "contact_attempt", **{"entity_id": household, "disposition": disposition, "visit": VISIT} | more)


def draft(phone: Phone, household: str | None = WANG, **more: Any) -> dict[str, Any]:
    body = {
        "instance_id": f"uuid:{uuid.uuid4()}",
        "form_id": "small_visit",
        "form_version": "1",
        "instance_xml": "<data><head_name>王</head_name></data>",
        "entity_id": household,
        "saved_at": "2026-11-21T09:00:00+08:00",
    }
    return op(phone, "draft", **body | more)


def every_kind(phone: Phone, household: str) -> list[dict[str, Any]]:
    return [contact(phone, household), draft(phone, household)]


def count(world: World, table: type[Any]) -> int:
    return world.look(lambda session: session.query(table).count())


def test_a_contact_attempt_is_in_the_household_s_history_and_in_what_the_next_person_sees(world: World) -> None:
    phone = world.phone("li")
    first = contact(phone, base_version=1)
    [result] = phone.send(first)
    assert (result["status"], result["entities"]) == (
        "applied",
        [{"dataset": "household", "id": WANG, "version": 2, "conflicts": []}],
    )
    values = world.look(lambda session: session.get_one(Entity, WANG)).values
    assert (values["contact_disposition"], values["contact_tries"]) == ("nobody", "1")
    assert values["contact_at"].startswith("2026-11-21T")
    phone.send(contact(phone, disposition="refused", base_version=2))
    assert world.look(lambda session: session.get_one(Entity, WANG)).values["contact_tries"] == "2"
    [last, before] = phone.get(f"/entities/{WANG}/contacts").json["items"]
    assert (last["disposition"], before["disposition"], before["op_id"]) == ("refused", "nobody", first["op_id"])
    assert (before["author"]["username"], before["visit"]["contact_mode"]) == ("li", "in_person")


def test_the_history_of_a_foreign_household_s_contacts_is_unknown(world: World) -> None:
    assert world.phone("li").get(f"/entities/{ZHAO}/contacts").status_code == 404
    assert world.phone("li").get(f"/entities/{uuid.uuid4()}/contacts").status_code == 404


def test_a_disposition_that_is_no_code_is_set_aside(world: World) -> None:
    phone = world.phone("li")
    [result] = phone.send(contact(phone, disposition="gone fishing"))
    assert (result["status"], result["code"]) == ("quarantined", "op.incomplete")


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_sent_again_counts_once(world: World, place: int) -> None:
    phone = world.phone("li")
    given = every_kind(phone, WANG)[place]
    first, again = phone.send(given)[0], phone.send(given)[0]
    assert (first["status"], again["status"], again["first"]["status"]) == ("applied", "duplicate", "applied")
    assert count(world, ContactAttempt) + count(world, Draft) == 1


@pytest.mark.parametrize("place", [0, 1])
def test_foreign_and_unknown_households_are_set_aside_alike(world: World, place: int) -> None:
    phone = world.phone("li")
    foreign, unknown = (every_kind(phone, household)[place] for household in (ZHAO, str(uuid.uuid4())))
    answers = phone.send(foreign, unknown)
    assert [(a["status"], a["code"], a["entities"], a.get("detail")) for a in answers] == [
        ("quarantined", "scope.lost", [], None)
    ] * 2
    assert count(world, ContactAttempt) + count(world, Draft) == 0


@pytest.mark.parametrize("place", [0, 1])
def test_a_revoked_phone_s_words_wait_for_a_person_who_lets_them_through(world: World, place: int) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    admin = world.phone("admin")
    assert admin.post(f"/installs/{phone.install_id}/revoke", {}).status_code == 200
    [result] = phone.send(every_kind(phone, WANG)[place])
    assert (result["status"], result["code"]) == ("quarantined", "device.revoked")
    [row] = zhang.get("/quarantine").json["items"]
    assert zhang.post(f"/quarantine/{row['id']}/apply", {}).json["status"] == "applied"
    assert count(world, ContactAttempt) + count(world, Draft) == 1


@pytest.mark.parametrize("place", [0, 1])
def test_words_wait_for_what_must_come_before_and_a_supervisor_sees_them_wait(world: World, place: int) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    before = phone.visit(water_days="35")
    waiting = every_kind(phone, WANG)[place] | {"depends_on": [before["op_id"]]}
    [result] = phone.send(waiting)
    assert (result["status"], result["detail"]) == ("held", before["op_id"])
    assert [row["op_id"] for row in zhang.get("/held").json["items"]] == [waiting["op_id"]]
    phone.send(before)
    assert world.look(lambda session: session.get_one(OpLog, waiting["op_id"])).status in ("applied", "merged")


def test_a_form_that_says_how_the_try_ended_is_in_the_same_history(world: World) -> None:
    """Both ways to tell of a try: the op of its own, and a form that writes contact_disposition."""
    from server.forms.compile import compile_form
    from tests.world import add_form

    source = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to |
| | select_one_from_file household.csv | household | 农户 | Household | |
| | text | disposition | 结果 | Result | household#contact_disposition |
| settings |
| | form_id | version | form_title |
| | try | 1 | 联系 |
| entities |
| | list_name | label | entity_id | update_if |
| | household | ${disposition} | ${household} | true() |
"""
    world.run(lambda session: add_form(session, compile_form(source.encode(), "try.md")))
    phone = world.phone("li")
    instance = f"uuid:{uuid.uuid4()}"
    xml = (
        '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="try" version="1">'
        f"<household>{WANG}</household><disposition>lost</disposition><meta><instanceID>{instance}</instanceID>"
        f'<entity dataset="household" id="{WANG}" update="1"><label>王</label></entity></meta></data>'
    )
    [result] = phone.send(phone.visit(instance_id=instance, form_id="try", form_version="1", instance_xml=xml))
    assert result["status"] in ("applied", "merged"), result
    [row] = phone.get(f"/entities/{WANG}/contacts").json["items"]
    assert (row["disposition"], row["instance_id"]) == ("lost", instance)


def test_a_draft_is_kept_for_its_author_and_for_whoever_takes_over(world: World) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    given = draft(phone)
    phone.send(given)
    for reader in (world.phone("li"), zhang):
        [row] = reader.get("/drafts").json["items"]
        assert (row["op_id"], row["author"]["username"]) == (given["op_id"], "li")
        assert reader.get(f"/drafts/{given['op_id']}").json["instance_xml"] == given["instance_xml"]
    for stranger in ("bai", "zhao", "helper"):
        assert world.phone(stranger).get("/drafts").json["items"] == []
        assert world.phone(stranger).get(f"/drafts/{given['op_id']}").status_code == 404
    assert world.look(lambda session: session.get_one(Entity, WANG)).version == 1


def test_of_one_form_the_draft_saved_last_is_listed_until_the_form_arrives(world: World) -> None:
    phone = world.phone("li")
    old, new = draft(phone), draft(phone)
    new["instance_id"] = old["instance_id"]
    phone.send(new)
    phone.send(old)
    assert [row["op_id"] for row in phone.get("/drafts").json["items"]] == [new["op_id"]]
    phone.send(phone.visit(instance_id=old["instance_id"], water_days="35"))
    assert phone.get("/drafts").json["items"] == []


def test_a_draft_s_photos_are_asked_for_and_read_by_whoever_takes_over(world: World) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    photo = b"\xff\xd8 a photo"
    name = sha256(photo).hexdigest()
    file = {"name": "front.jpg", "sha256": name, "size": len(photo), "media_type": "image/jpeg"}
    given = draft(phone, attachments=[file])
    [result] = phone.send(given)
    assert result["missing_attachments"] == [name]
    assert zhang.get(f"/drafts/{given['op_id']}/files/front.jpg").status_code == 404
    upload(phone, photo)
    assert phone.send(given)[0]["missing_attachments"] == []
    assert zhang.get(f"/drafts/{given['op_id']}").json["attachments"][0]["state"] == "complete"
    assert zhang.get(f"/drafts/{given['op_id']}/files/front.jpg").data == photo
    assert world.phone("zhao").get(f"/drafts/{given['op_id']}/files/front.jpg").status_code == 404


def test_what_cannot_be_read_is_kept(world: World) -> None:
    phone = world.phone("li")
    broken = [
        op(phone, "contact_attempt", entity_id="x"),
        op(phone, "contact_attempt", entity_id=WANG, disposition=["not_home"]),
        op(phone, "draft", form_id="f"),
        op(phone, "answer", question_id=str(uuid.uuid4())),
        op(phone, "revocation_ack", scope=7),
        op(phone, "telepathy"),
    ]
    answer = phone.push(*broken)
    codes = [result["code"] for result in answer["results"]]
    assert codes == ["op.incomplete"] * 5 + ["op.unknown_kind"]
    assert answer["acked_seq"] == 6 and count(world, Quarantine) == 6
