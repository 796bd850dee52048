"""Forms that check the village's work: they belong to the household, and the village does not see them."""

from __future__ import annotations

import uuid
from itertools import chain, product
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import load_actor
from server.accounts.tables import Person
from server.forms.compile import CompiledForm, compile_form
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sync.office_tables import Assignment
from server.sync.scope import (
    parts_in,
    regions_below,
    visible_entities,
    visible_entities_in,
    visible_in,
    visible_submissions,
)
from server.sync.tables import Submission
from server.sync.unannounced import keep
from tests.world import COUNTY, QINGSHI, WANG, ZHAO, Phone, World, add_form

CHECK = """
| survey |
| | type | name | label |
| | select_one_from_file household.csv | household | Household |
| | integer | people | People |
| settings |
| | form_id | version | namespaces | attribute::ruhu:about | attribute::ruhu:roles |
| | check | 1 | ruhu="https://ruhu.example/xforms" | household | inspector supervisor |
"""


def form(source: str = CHECK) -> CompiledForm:
    return compile_form(source.encode(), "check.md")


@pytest.fixture
def checked(world: World) -> World:
    world.run(lambda session: add_form(session, form()))
    return world


def check(phone: Phone, household: str, version: str = "1") -> dict[str, Any]:
    instance = f"uuid:{uuid.uuid4()}"
    xml = (
        f'<data id="check" version="{version}"><household>{household}</household><people>4</people>'
        f"<meta><instanceID>{instance}</instanceID></meta></data>"
    )
    given = {"form_id": "check", "form_version": version, "instance_xml": xml, "entities": []}
    return phone.visit(instance_id=instance, **given)


def stored(world: World, op: dict[str, Any]) -> tuple[str | None, str | None, bool]:
    row = world.look(lambda session: session.get_one(Submission, op["instance_id"]))
    return row.root_id, row.region_code, row.independent


def sees(world: World, name: str, op: dict[str, Any]) -> bool:
    phone = world.phone(name)
    listed = phone.get("/submissions?limit=100").json["items"]
    one = phone.get(f"/submissions/{op['instance_id']}").status_code
    found = op["instance_id"] in {item["instance_id"] for item in listed}
    assert (one == 200) == found
    return found


def test_a_check_belongs_to_its_household_although_it_writes_nothing(checked: World) -> None:
    phone = checked.phone("zhang")
    op = check(phone, WANG)
    [result] = phone.send(op)
    assert (result["status"], result["entities"]) == ("applied", [])
    assert stored(checked, op) == (WANG, QINGSHI, True)


def test_the_village_and_the_helper_do_not_see_what_was_asked_behind_their_back(checked: World) -> None:
    """Only so may the notice say that village cadres and helpers cannot read the answers."""
    phone = checked.phone("zhang")
    op = check(phone, WANG)
    phone.send(op)
    assert {name: sees(checked, name, op) for name in ("zhang", "admin", "auditor")} == dict.fromkeys(
        ("zhang", "admin", "auditor"), True
    )
    assert not any(sees(checked, name, op) for name in ("li", "bai", "helper"))


def test_their_own_visits_stay_in_sight(checked: World) -> None:
    """The rule is about forms that cadres are not offered, and about nothing else."""
    phone = checked.phone("li")
    op = phone.visit(water_days="35")
    phone.send(op)
    assert stored(checked, op) == (WANG, QINGSHI, False)
    assert all(sees(checked, name, op) for name in ("li", "helper", "zhang"))


def test_a_household_out_of_sight_lends_its_region_to_nobody(checked: World) -> None:
    """Unknown and foreign answer alike, and nobody can put work under another township's household."""
    phone = checked.phone("zhang")
    foreign, unknown = check(phone, ZHAO), check(phone, str(uuid.uuid4()))
    answers = phone.send(foreign, unknown)
    assert answers[0].keys() == answers[1].keys()
    assert [answer["status"] for answer in answers] == ["applied", "applied"]
    assert stored(checked, foreign) == stored(checked, unknown)
    assert stored(checked, foreign)[0] is None
    assert not sees(checked, "zhao", foreign)


@pytest.mark.parametrize("roles", ["", "cadre supervisor"])
def test_a_form_that_cadres_fill_in_is_theirs_to_read(world: World, roles: str) -> None:
    source = CHECK.replace("inspector supervisor", roles).replace("| check | 1 |", "| check | 2 |")
    world.run(lambda session: add_form(session, form(source)))
    phone = world.phone("li")
    op = check(phone, WANG, "2")
    phone.send(op)
    assert stored(world, op) == (WANG, QINGSHI, False)
    assert sees(world, "helper", op)


def test_counting_an_area_in_parts_finds_what_is_seen_in_it_and_each_visit_once(checked: World) -> None:
    """Proves the shorter clauses against `visible_submissions`, for every reader and area, unannounced visits too."""
    zhang, li = checked.phone("zhang"), checked.phone("li")
    ops = [check(zhang, WANG), check(zhang, ZHAO), check(checked.phone("zhao"), ZHAO), li.visit()]
    zhang.send(*ops[:2])
    checked.phone("zhao").send(ops[2])
    li.send(ops[3])
    checked.run(lambda session: unannounced(session, checked.people["zhang"], WANG))

    def compare(session: Session) -> int:
        seen = 0
        for name, area in product(sorted(checked.people), session.scalars(select(Region)).all()):
            actor = load_actor(session, session.get_one(Person, checked.people[name]))
            here = Submission.region_code.in_(regions_below((area.path,)))

            def ids(clause: Any, here: Any = here) -> list[str]:
                return sorted(session.scalars(select(Submission.instance_id).where(clause, here)))

            whole = ids(visible_submissions(actor))
            assert ids(visible_in(actor, area.path)) == whole, (name, area.code)
            assert sorted(chain(*map(ids, parts_in(actor, area.path)))) == whole, (name, area.code)
            homes = Entity.region_code.in_(regions_below((area.path,)))
            found = [
                sorted(session.scalars(select(Entity.id).where(clause, homes)))
                for clause in (visible_entities(actor), visible_entities_in(actor, area.path))
            ]
            assert found[0] == found[1], (name, area.code)
            seen += len(whole)
        return seen

    assert checked.look(compare) > len(ops)


def unannounced(session: Session, person: str, household: str) -> None:
    """The person is sent to this household without the townships being told."""
    errand = Assignment(
        id=str(uuid.uuid4()), person_id=person, form_id="check", entity_id=household, reason="", made_by=person
    )
    session.add(errand)
    session.flush()
    keep(session, errand.id, person, household, str(uuid.uuid4()), COUNTY)
