"""Lists of records for ODK clients: which properties they carry, for whom, and when they count as changed."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import load_actor
from server.accounts.tables import Person
from server.config import ROOT
from server.forms.compile import compile_form
from server.forms.datasets import load_datasets
from server.forms.model import FormModel
from server.registry.tables import Entity
from server.sync.entity_lists import EntityList, list_csv, list_hash, list_tag, lists_of, md5
from server.sync.record import RecordWrite
from tests.api import county
from tests.api.county import uid

DATASETS = load_datasets(ROOT / "form_definitions" / "datasets")

HEAD = """
| survey | | | | | |
| | type | name | label | calculation | save_to |
| | select_one_from_file household.csv | household | Household | | |
"""
TAIL = """
| settings | | | |
| | form_id | version | form_title |
| | lists | 1 | Lists |
| entities | | | | |
| | list_name | label | entity_id | update_if |
| | household | ${household} | ${household} | true() |
"""
LOOK = "instance('household')/root/item[name=${household}]"
PHONE = "household#contact_phone"


def lists(*questions: str, extra: str = "") -> dict[str, EntityList]:
    source = HEAD + "".join(f"| | {question} |\n" for question in questions) + extra + TAIL
    form = compile_form(source.encode(), "lists.md", {})
    found = lists_of(form.xform, FormModel.from_xform(form.xform), DATASETS)
    return {wanted.dataset.name: wanted for wanted in found}


def test_a_list_carries_what_is_public_or_internal_and_no_more() -> None:
    """A form that declares nothing personal gets nothing personal."""
    columns = lists("integer | days | Days | | household#water_shortage_days")["household"].columns
    assert columns[:3] == ("name", "label", "__version")
    assert {"household_no", "region", "water_shortage_days", "lon"} <= set(columns)
    assert not {"head_name", "address", "contact_phone", "assistance", "wage_income"} & set(columns)


@pytest.mark.parametrize(
    ("question", "delivered"),
    [
        pytest.param(f"text | phone | Phone | {LOOK}/contact_phone | {PHONE}", True, id="written and read"),
        pytest.param(f"text | phone | Phone | | {PHONE}", False, id="written only"),
        pytest.param(f"calculate | phone | | {LOOK}/contact_phone | ", False, id="read only"),
        pytest.param(f"text | my_contact_phone | Phone | {LOOK}/region | {PHONE}", False, id="named alike"),
    ],
)  # fmt: skip
def test_a_sensitive_property_goes_to_a_form_that_writes_it_and_reads_it_back(question: str, delivered: bool) -> None:
    """Without the value such a question would come back empty, and an empty node clears."""
    assert ("contact_phone" in lists(question)["household"].columns) == delivered


def test_the_household_form_gets_all_that_it_prefills_and_no_id_numbers() -> None:
    form = compile_form((ROOT / "form_definitions/forms/household_visit/form.md").read_bytes(), "form.md")
    found = lists_of(form.xform, FormModel.from_xform(form.xform), DATASETS)
    assert [wanted.filename for wanted in found] == ["household.csv", "member.csv"]
    household, member = (set(wanted.columns) for wanted in found)
    assert {"head_name", "contact_phone", "wage_income"} <= household
    assert {"household", "full_name", "health", "birth_date"} <= member
    assert not {"id_number", "phone"} & member


def actor_of(session: Session, username: str) -> object:
    return load_actor(session, session.get_one(Person, uid(username)))


def test_the_hash_is_that_of_the_bytes_and_changes_with_them(app: Flask) -> None:
    """A value with comma, quotes and line breaks survives; a change, an archive and another reader change the tag."""
    wanted = lists(f"text | address | Address | {LOOK}/address | household#address")["household"]
    awkward = '东河镇 "老屋", 3号\n后院'

    def change(session: Session) -> None:
        values = {"address": awkward}
        county.write_record(session, "cadre", "move", RecordWrite("household", uid("household 1"), values, 1))

    def state(username: str) -> tuple[str, str, bytes]:
        with db.read() as session:
            actor = actor_of(session, username)
            return list_tag(session, actor, wanted), list_hash(session, actor, wanted), list_csv(session, actor, wanted)

    with app.app_context():
        db.transact(county.build)
        tag, hash, content = state("cadre")
        assert hash == md5(content)
        assert state("cadre") == (tag, hash, content)
        db.transact(change)
        later = state("cadre")
        assert later[0] != tag and later[1] == md5(later[2]) != hash
        [row] = csv.DictReader(io.StringIO(later[2].decode(), newline=""))
        assert (row["name"], row["label"], row["__version"], row["address"]) == (
            uid("household 1"), "王大山", "2", awkward,
        )  # fmt: skip
        assert state("east")[0] != later[0]
        db.transact(lambda session: setattr(session.get_one(Entity, uid("household 1")), "state", "archived"))
        assert state("cadre")[2].count(b"\n") == 1


def test_where_a_person_only_audits_nothing_is_listed(app: Flask) -> None:
    """One person, two roles: the list ends where the work ends, because masked values would come back as answers."""
    wanted = lists("integer | days | Days | | household#water_shortage_days")["household"]
    with app.app_context():
        db.transact(county.build)
        with db.read() as session:
            assert list_csv(session, actor_of(session, "auditor"), wanted).count(b"\n") == 1
            assert list_csv(session, actor_of(session, "stranger"), wanted).count(b"\n") == 1
