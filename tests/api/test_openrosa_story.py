"""A visit through ODK Collect, from the list of forms to the changed household."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from server import db
from server.config import ROOT
from server.forms.tables import FormVersion
from server.registry.tables import EntityVersion
from server.sync.blobs import store_of
from server.sync.tables import Attachment, Blob, OpLog, Quarantine, Submission
from tests.api import collecting
from tests.api.collecting import FOREIGN, FORM, HOUSEHOLD, JPEG, MEMBER, count, entity, member, phone, rows, visit
from tests.api.county import uid
from tests.collect import Collect, CollectError
from tests.collect_draft import Filled


def full_visit(collect: Collect) -> Filled:
    draft = member(visit(collect, water_shortage_days="35"), m_state="away", m_state_since="2026-03-01")
    draft.attach(".//photo_house_front", "1763687000000.jpg", JPEG)
    return collect.finalise(draft)


def test_the_phone_gets_the_form_and_its_own_households_only(collect: Collect) -> None:
    """Lists, forms and manifests are as Collect insists on them; the lists end at the village's border."""
    form = collect.forms[FORM]
    assert form.listed.name == "入户走访"
    assert form.listed.hash == f"md5:{hashlib.md5(form.xml).hexdigest()}"
    assert form.list_names == {"household", "member"}
    assert set(collect.lists["household"]) == {HOUSEHOLD}
    assert set(collect.lists["member"]) == {MEMBER}
    household = collect.lists["household"][HOUSEHOLD]
    assert (household.label, household.version, household.trunk_version) == ("王大山", 1, 1)
    assert collect.lists["member"][MEMBER].properties["household"] == HOUSEHOLD
    assert "id_number" not in collect.lists["member"][MEMBER].properties


def test_a_refresh_without_news_downloads_nothing(collect: Collect) -> None:
    collect.downloads.clear()
    assert collect.refresh() == []
    assert collect.downloads == []


def test_a_visit_changes_household_and_member_and_brings_the_photo(county: Flask, collect: Collect) -> None:
    """The whole way in: 201, one submission with visit and place, two records changed, the photo byte by byte."""
    filled = full_visit(collect)
    assert [reply.status for reply in collect.submit(filled)] == [201]
    assert entity(county, HOUSEHOLD).values["water_shortage_days"] == "35"
    assert entity(county, MEMBER).values["member_state"] == "away"
    (submission,) = rows(county, Submission)
    assert submission.instance_id == filled.instance_id
    assert submission.instance_xml.encode() == filled.xml
    assert (submission.contact_mode, submission.region_code) == ("in_person", "990101001000")
    assert submission.started_at.isoformat() == "2026-11-21T01:00:00+00:00"
    assert (submission.geom.x, submission.geom.y) == (108.1, 23.1)
    assert submission.location["accuracy_m"] == "6.5"
    (photo,) = rows(county, Attachment)
    assert (photo.name, photo.slot) == ("1763687000000.jpg", "house_front")
    assert store_of(county.config["RUHU"]).open(photo.blob).read() == JPEG


def test_sending_again_is_201_and_makes_no_second_one(county: Flask, collect: Collect) -> None:
    """A lost answer: same ops, same files, same versions after the second send."""
    filled = full_visit(collect)
    collect.submit(filled)
    tables = (Submission, OpLog, EntityVersion, Attachment, Blob, Quarantine)
    before = [count(county, table) for table in tables]
    assert [reply.status for reply in collect.submit(filled)] == [201]
    assert [count(county, table) for table in tables] == before


def test_other_content_under_the_same_id_is_409_and_kept_once(county: Flask, collect: Collect) -> None:
    """The first stands, the second waits in quarantine for a person, however often it comes."""
    filled = full_visit(collect)
    collect.submit(filled)
    other = Filled(filled.instance_id, filled.xml.replace(b">35<", b">200<"), filled.files)
    replies = [collect.post(other.xml, other.files) for _ in range(2)]
    assert [reply.status for reply in replies] == [409, 409]
    assert entity(county, HOUSEHOLD).values["water_shortage_days"] == "35"
    (kept,) = rows(county, Quarantine)
    assert (kept.code, kept.instance_id) == ("instance.other_content", filled.instance_id)
    assert count(county, Submission) == 1
    assert collect.post(filled.xml, {}).status == 201


def test_a_photo_may_come_in_a_second_post(county: Flask, collect: Collect) -> None:
    """Collect splits above the limit; the record is accepted before its photo and says what it waits for."""
    filled = full_visit(collect)
    assert collect.post(filled.xml, {}, incomplete=True).status == 201
    (waiting,) = rows(county, Attachment)
    assert (waiting.name, waiting.slot, waiting.blob) == ("1763687000000.jpg", "house_front", None)
    version = entity(county, HOUSEHOLD).version
    for files in (filled.files, {}, filled.files):
        assert collect.post(filled.xml, files).status == 201
    assert count(county, Quarantine) == 0
    (bound,) = rows(county, Attachment)
    assert bound.blob == hashlib.sha256(JPEG).hexdigest()
    assert entity(county, HOUSEHOLD).version == version
    assert count(county, Submission) == 1


def test_photos_over_the_limit_are_split_and_all_arrive(county: Flask, collect: Collect) -> None:
    """Three photos of 9 MB against the advertised limit, sent twice: one submission, every byte there, none aside."""
    filled = full_visit(collect)
    photos = {f"{number}.jpg": bytes([number]) * 9_000_000 for number in (1, 2, 3)}
    for _ in range(2):
        assert len(collect.submit(Filled(filled.instance_id, filled.xml, filled.files | photos))) == 2
    assert count(county, Quarantine) == 0
    stored = {row.name: row.blob for row in rows(county, Attachment)}
    assert stored == {
        name: hashlib.sha256(content).hexdigest() for name, content in (filled.files | photos).items()
    }
    assert count(county, Submission) == 1


def test_the_next_list_carries_the_new_version(county: Flask, collect: Collect) -> None:
    """The server caught up with the phone: same version, and the phone's copy is clean again."""
    collect.submit(full_visit(collect))
    local = collect.lists["household"][HOUSEHOLD]
    assert (local.version, local.trunk_version, local.dirty) == (2, 1, True)
    assert collect.refresh() == [FORM]
    fresh = collect.lists["household"][HOUSEHOLD]
    assert (fresh.version, fresh.trunk_version, fresh.dirty) == (2, 2, False)
    assert fresh.properties["water_shortage_days"] == "35"
    assert entity(county, HOUSEHOLD).version == 2


def test_two_visits_of_an_offline_phone_follow_each_other(county: Flask, collect: Collect) -> None:
    """A chain on one branch, in order: no conflict, the second stands."""
    first = collect.finalise(visit(collect, water_shortage_days="35"))
    second = collect.finalise(visit(collect, water_shortage_days="40"))
    collect.submit(first)
    collect.submit(second)
    household = entity(county, HOUSEHOLD)
    assert (household.values["water_shortage_days"], household.contested, household.version) == ("40", [], 3)


def test_a_visit_that_overtakes_its_predecessor_waits_for_it(county: Flask, collect: Collect) -> None:
    """The same chain the other way round: the second is held, both are applied once the first is there."""
    first = collect.finalise(visit(collect, water_shortage_days="35"))
    second = collect.finalise(visit(collect, water_shortage_days="40"))
    collect.submit(second)
    assert [row.status for row in rows(county, OpLog, OpLog.kind == "submission")] == ["held"]
    assert entity(county, HOUSEHOLD).values["water_shortage_days"] == "20"
    collect.submit(second)
    collect.submit(first)
    household = entity(county, HOUSEHOLD)
    assert (household.values["water_shortage_days"], household.contested) == ("40", [])


def born_and_changed_offline(collect: Collect) -> tuple[str, Filled, Filled, Filled]:
    """A new member, then two changes of it, before anything was sent: the id and the three visits."""
    newborn = uid("newborn")
    draft = visit(collect)
    row = draft.row("members", "member_row")
    draft.set("m_household", HOUSEHOLD, row).set(".//m_name", "王小宝", row)
    draft.set(".//m_state", "at_home", row)
    draft.writes("member", newborn, "王小宝", row, create=True)
    first = collect.finalise(draft)
    second = collect.finalise(member(visit(collect), newborn, m_state="away"))
    third = collect.finalise(member(visit(collect), newborn, m_name="王宝"))
    return newborn, first, second, third


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_member_born_and_changed_offline_is_one_member(
    county: Flask, collect: Collect, order: tuple[int, int, int]
) -> None:
    """Whatever arrives first: a change waits for the creation, which names no branch, and the end is the same."""
    newborn, *visits = born_and_changed_offline(collect)
    for number in order:
        collect.submit(visits[number])
    born = entity(county, newborn)
    assert (born.label, born.values["member_state"], born.parent_id) == ("王宝", "away", HOUSEHOLD)
    assert (born.contested, born.version) == ([], 3)
    assert count(county, OpLog, OpLog.status == "held") == 0


def test_two_phones_that_differ_leave_a_conflict_and_both_get_201(county: Flask, collect: Collect) -> None:
    """Nobody is overwritten in silence, and neither phone is told to keep its work."""
    other = phone(county, "east")
    other.refresh()
    collect.submit(collect.finalise(visit(collect, water_shortage_days="35")))
    other.submit(other.finalise(visit(other, water_shortage_days="60")))
    household = entity(county, HOUSEHOLD)
    assert household.contested == ["water_shortage_days"]


def test_a_record_that_went_away_leaves_the_phone(county: Flask, collect: Collect) -> None:
    """Integrity: of the records that the phone made itself, the unknown and the foreign are to be forgotten."""
    local = collect.lists["household"]
    for entity_id in (FOREIGN, uid("nobody")):
        local[entity_id] = type(local[HOUSEHOLD])(entity_id, "?", 1, {}, False, None)
    collect.list_hashes.clear()
    collect.refresh()
    assert set(collect.lists["household"]) == {HOUSEHOLD}


def test_a_phone_that_may_not_see_a_household_gets_an_empty_list(county: Flask, collect: Collect) -> None:
    """An auditor is not offered the visit, and reads masked: masked values must not come back as answers."""
    other = phone(county, "auditor")
    other.refresh()
    assert FORM not in other.forms and not any(other.lists.values())
    version, headers = collect.forms[FORM].listed.version, {"X-OpenRosa-Version": "1.0"}
    path = urlsplit(other.server_url).path
    for dataset in ("household", "member"):
        answer = county.test_client().get(f"{path}/forms/{FORM}/{version}/entities/{dataset}.csv", headers=headers)
        assert answer.status_code == 200 and len(answer.text.splitlines()) == 1


def test_a_withdrawn_form_leaves_the_list_but_its_visits_still_come_in(county: Flask, collect: Collect) -> None:
    filled = full_visit(collect)
    version = collect.forms[FORM].listed.version
    answer = county.test_client().post(
        f"/api/v1/forms/{FORM}/{version}/retire", headers=collecting.api(county, "admin")
    )
    assert answer.status_code == 200
    collect.refresh()
    assert FORM not in collect.forms
    collect.submit(filled)
    assert entity(county, HOUSEHOLD).values["water_shortage_days"] == "35"


def test_collect_is_refused_by_a_server_that_is_none(collect: Collect) -> None:
    """The simulator is strict: an address that is no OpenRosa server is an error to it, as to the app."""
    collect.server_url = "http://localhost/api/v1"
    with pytest.raises(CollectError):
        collect.refresh()


def test_a_visit_of_an_unknown_version_stays_one_when_it_is_sent_again_later(county: Flask, collect: Collect) -> None:
    """The form was published in between, so the server reads more out of the same bytes: still the same submission."""
    filled = full_visit(collect)
    version = collect.forms[FORM].listed.version

    def set_state(state: str) -> None:
        with county.app_context():
            db.transact(lambda session: setattr(session.get_one(FormVersion, (FORM, version)), "state", state))
        county.extensions.pop("form_models", None)  # as on another server: no published one becomes a draft

    set_state("draft")
    assert collect.post(filled.xml, filled.files).status == 201
    set_state("published")
    assert collect.post(filled.xml, filled.files).status == 201
    assert [row.code for row in rows(county, Quarantine)] == ["form.draft"]
    assert (count(county, Submission), count(county, Attachment)) == (1, 1)


SHARED = Path(os.environ.get("RUHU_SHARED", ROOT.parent / "shared")) / "data" / "xlsforms"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published XLSForms are not here (RUHU_SHARED)")
def test_forms_of_others_come_down_and_their_visits_come_in(county: Flask) -> None:
    """Three published workbooks: listed, downloaded with their files, and an instance of each is received."""
    headers = collecting.api(county, "admin")
    for path in sorted(SHARED.glob("*.xlsx")):
        added = county.test_client().post(
            "/api/v1/forms", data={"file": (path.open("rb"), path.name)}, headers=headers
        )
        assert added.status_code == 201, added.text
        address = f"/api/v1/forms/{added.json['form_id']}/{added.json['version']}/publish"
        assert county.test_client().post(address, headers=headers).status_code == 200
    collect = phone(county, "cadre")
    collect.refresh()
    others = [form_id for form_id in collect.forms if form_id not in (FORM, "small_visit")]
    assert len(others) == 3
    for form_id in others:
        collect.submit(collect.finalise(collect.start(form_id)))
    assert [row.status for row in rows(county, OpLog, OpLog.kind == "submission")] == ["applied"] * 3
    assert collect.refresh() == []
