"""The demo county: the same on every run, invented throughout, and true to the datasets."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from shapely.geometry import Point

from server.config import ROOT
from server.demo import files, pictures
from server.demo.county import County, build_county
from server.demo.numbers import check_digit
from server.demo.plan import plan_works
from server.demo.seed import age_on
from server.forms.canonical import canonical
from server.forms.datasets import load_datasets
from server.geo.boundaries import read_boundaries
from server.geo.region_file import read_region_file
from server.geo.region_tree import tree_faults

TODAY = date(2026, 11, 20)
CODE = (
    "from datetime import date; from server.demo.county import build_county; from server.demo.plan import plan_works; "
)
CODE += "county = build_county(date(2026, 11, 20)); print(county.fingerprint(), repr(plan_works(county)))"


@cache
def county() -> County:
    return build_county(TODAY)


def in_another_process(hash_seed: str) -> str:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "America/New_York"}
    command = [sys.executable, "-c", CODE]
    return subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_two_processes_invent_the_same_county_and_works() -> None:
    """Neither hash seeds nor the time zone nor the clock has a say."""
    assert in_another_process("1") == in_another_process("2")


def test_it_has_the_size_that_was_promised() -> None:
    levels = Counter(area.level for area in county().areas)
    assert (levels["township"], levels["village"], len(county().households)) == (3, 12, 600)
    assert all(2 <= len(household.members) <= 6 for household in county().households)
    roles = Counter(role for worker in county().workers for role, _ in worker.roles)
    assert roles == {"cadre": 12, "supervisor": 4, "inspector": 2, "admin": 1, "auditor": 1}


def test_every_household_has_a_lead_and_a_deputy_of_its_village() -> None:
    helpers = {household.lead for household in county().households} | {h.deputy for h in county().households}
    assert len(helpers) == 24
    assert all(household.lead != household.deputy for household in county().households)
    assert all(len({h.village for h in county().households if helper in (h.lead, h.deputy)}) == 1 for helper in helpers)


def test_its_files_pass_the_region_import_without_a_fault_or_a_repair() -> None:
    table = read_region_file(files.table(county().areas))
    areas = read_boundaries(files.boundaries(county().areas), {row.code for row in table.rows})
    assert (table.faults, tree_faults(table.rows, {}), areas.faults, areas.notes) == ([], [], [], [])
    assert len(areas.shapes) == 1 + 3 + 12


def test_villages_share_borders_and_never_overlap() -> None:
    villages = [area.boundary for area in county().areas if area.level == "village"]
    total = sum(village.area for village in villages)
    whole = next(area.boundary for area in county().areas if area.level == "county")
    assert total == pytest.approx(whole.area, rel=1e-3)
    overlaps = [a.intersection(b).area for i, a in enumerate(villages) for b in villages[:i]]
    assert max(overlaps) < 1e-9


def test_every_house_stands_in_its_village() -> None:
    areas = county().area_by_code
    for household in county().households:
        place = Point(float(household.values["lon"]), float(household.values["lat"]))
        assert areas[household.village].boundary.contains(place)
        assert areas[household.values["region"]].parent == household.village


def test_numbers_are_valid_unique_and_belong_to_nobody() -> None:
    numbers = [member.values["id_number"] for household in county().households for member in household.members]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("99") and check_digit(number[:17]) == number[17] for number in numbers)
    # GB 11643-1999 prints this specimen.
    assert check_digit("11010519491231002") == "X"
    phones = [m.values["phone"] for h in county().households for m in h.members if "phone" in m.values]
    assert len(set(phones)) == len(phones)
    assert all(phone.startswith("199000") and len(phone) == 11 for phone in phones)


def test_values_are_properties_and_codes_of_the_datasets() -> None:
    known = load_datasets(ROOT / "form_definitions" / "datasets")
    records = [("household", h.values) for h in county().households]
    records += [("member", m.values) for h in county().households for m in h.members]
    for dataset, values in records:
        for name, value in values.items():
            found = known[dataset].properties[name]
            codes = {choice.value for choice in found.choices or ()}
            given = value.split() if found.type == "select_multiple" else [value]
            assert not codes or set(given) <= codes, (dataset, name, value)
            assert canonical(value, found.type)


def test_a_family_fits_together() -> None:
    for household in county().households:
        head, *others = (member.values for member in household.members)
        assert head["relation"] == "02"
        assert household.values["household_size"] == str(len(household.members))
        assert household.values["wage_income"] == str(sum(member.wages for member in household.members))
        for member in others:
            age = age_on(date.fromisoformat(member["birth_date"]), TODAY)
            assert member["id_number"][6:14] == member["birth_date"].replace("-", "")
            assert int(member["id_number"][16]) % 2 == (member["sex"] == "1")
            studies = member.get("school_status") in ("preschool", "primary", "junior", "senior", "higher")
            assert ("education" in member) == (age >= 16 and not studies)


@pytest.mark.parametrize("today", [TODAY, date(2024, 2, 29), date(2027, 1, 1), date(2030, 10, 15)])
def test_everything_was_done_in_the_last_thirty_days(today: date) -> None:
    """Whenever a newcomer starts it, the console's last month is full; nothing lies in the future."""
    works = plan_works(build_county(today))
    assert all(today - timedelta(days=30) <= work.started.date() < today for work in works)
    assert [work.ended for work in works] == sorted(work.ended for work in works)


def test_every_form_of_this_installation_was_filled_and_some_visits_disagree() -> None:
    works = plan_works(county())
    assert {work.form for work in works} == {folder.name for folder in (ROOT / "form_definitions" / "forms").iterdir()}
    visits = [work for work in works if work.form == "household_visit"]
    twice = [h for h, n in Counter(work.household.id for work in visits if work.household).items() if n == 2]
    assert len(twice) == 3
    assert sum(work.stale for work in works) == 3
    (waiting,) = [work for work in works if work.unsent]
    # In sight of the first supervisor, with photos before it.
    assert waiting.village[:9] == county().households[0].village[:9] and waiting.photos > 1


def test_most_of_it_is_in_sight_of_the_first_sign_ins() -> None:
    village = county().households[0].village
    works = [work for work in plan_works(county()) if work.form != "household_visit"]
    assert sum(work.village == village for work in works) > len(works) / 3


def test_a_photo_is_the_same_bytes_each_time_and_carries_its_place() -> None:
    taken = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)

    def photo() -> bytes:
        return pictures.jpeg(pictures.draw("house_front", "wood", "well", 7), taken, (108.123456, 26.654321))

    assert hashlib.sha256(photo()).digest() == hashlib.sha256(photo()).digest()
    degrees, minutes, seconds = pictures._degrees(108.123456)
    assert float(degrees + minutes / 60 + seconds / 3600) == pytest.approx(108.123456, abs=1e-9)
