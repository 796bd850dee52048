"""A new household comes from the field: village from the worker's own list, record and people in one visit."""

from __future__ import annotations

import dataclasses

from flask import Flask

from server.registry.tables import Entity
from server.sync.tables import Quarantine
from tests.api.collecting import FORM, count, phone, rows
from tests.api.county import BAITA, LIUSHU, QINGSHI
from tests.collect import Collect
from tests.forms.case_files import read_cases
from tests.forms.our_engine import fill_case

NEW = "a new household is registered with everybody in it"


def registration(region: str) -> bytes:
    """The whole case of a registration, with another village."""
    (case,) = [case for case in read_cases(FORM) if case.name == NEW]
    lists = {**case.lists, "region": [{"name": region, "label": region, "level": "village", "parent": ""}]}
    answers = [(path, region if path == "/data/facts/region" else value) for path, value in case.answers]
    return fill_case(dataclasses.replace(case, lists=lists, answers=answers)).xml().encode()


def test_a_cadre_is_offered_the_own_village_and_nothing_else(collect: Collect) -> None:
    listed = collect.forms[FORM].media["region.csv"].decode()
    assert listed == f"name,label,level,parent\n{QINGSHI},青石村,village,990101000000\n"


def test_a_supervisor_is_offered_every_village_of_the_township(county: Flask) -> None:
    made = phone(county, "east")
    made.refresh()
    codes = {line.split(",")[0] for line in made.forms[FORM].media["region.csv"].decode().splitlines()[1:]}
    assert codes == {QINGSHI, BAITA}


def test_a_registered_household_is_on_the_list_with_its_members(county: Flask, collect: Collect) -> None:
    assert collect.post(registration(QINGSHI), {}).status == 201
    (household,) = rows(county, Entity, Entity.dataset == "household", Entity.label == "赵有田")
    assert (household.region_code, household.version, household.values["registered_on"]) == (QINGSHI, 1, "2025-06-10")
    members = rows(county, Entity, Entity.parent_id == household.id)
    assert {member.label for member in members} == {"赵有田", "赵小云"}
    assert {member.region_code for member in members} == {QINGSHI}
    collect.refresh()
    assert household.id in collect.lists["household"]


def test_sent_twice_it_is_registered_once(county: Flask, collect: Collect) -> None:
    xml = registration(QINGSHI)
    before = count(county, Entity)
    assert [collect.post(xml, {}).status for _ in range(2)] == [201, 201]
    assert count(county, Entity) == before + 3


def test_a_household_of_another_area_is_set_aside_and_kept(county: Flask, collect: Collect) -> None:
    """Nobody registers where nobody sent him; what he wrote waits for a person."""
    before = count(county, Entity)
    assert collect.post(registration(LIUSHU), {}).status == 201
    assert count(county, Entity) == before
    assert [row.code for row in rows(county, Quarantine)] == ["region.unknown"]
