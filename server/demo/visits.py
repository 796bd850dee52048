"""The household visits of the demo county: what had changed, and where two helpers disagree. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random

from server.demo.homes import Household
from server.demo.seed import chance, days_before, dice, weighted
from server.demo.words import NOTES, REQUESTS
from server.demo.works import Work, work

PLAIN_VISITS = 36
CONTESTED = 3  # households where lead and deputy, both offline, wrote down different phone numbers
# Plain visits whose phone knew its place only roughly, or was not allowed to ask, or had a wrong clock.
COARSE, COARSE_M, REFUSED, AHEAD, AHEAD_S = (6, 24), 1400, (3, 21), (5,), 14 * 60
AWAY_M = 420  # two photos taken at the wrong place, in metres from the house
INCOMES = ("wage_income", "operating_income", "operating_cost", "property_income", "transfer_income")


def plan_visits(households: tuple[Household, ...], today: date) -> Iterator[Work]:
    """Visits of the last weeks, by helpers."""
    throw = dice("visits")
    chosen = throw.sample(households, min(len(households), PLAIN_VISITS + CONTESTED))
    plain, contested = chosen[CONTESTED:], chosen[:CONTESTED]
    visits = [_plain(throw, household, k, today) for k, household in enumerate(plain)]
    waiting = _in_sight(visits, households[0].village)
    second = _second([one for one in visits if one.village[:9] == households[0].village[:9]])
    yield from (replace(one, unsent=one is waiting, reuses=one is second and one is not waiting) for one in visits)
    for household in contested:
        yield from _contested(throw, household, today)


def _in_sight(visits: list[Work], village: str) -> Work | None:
    """A visit with several photos in the township of the first sign-ins: its last photo is still on the phone."""
    near = [one for one in visits if one.village[:9] == village[:9] and one.mode == "in_person"]
    return next((one for one in near if one.household and _asks_more(one.household)), near[0] if near else None)


def _second(visits: list[Work]) -> Work | None:
    """The second visit of the first worker who was at two houses: one of its photos is that of the other house."""
    seen: Counter[str] = Counter()
    for visit in sorted((one for one in visits if one.place), key=lambda one: one.started):
        seen[visit.worker] += 1
        if seen[visit.worker] == 2 and visit.fix == "exact" and not visit.ahead_s:
            return visit
    return None


def _asks_more(household: Household) -> bool:
    """Whether the form asks for more than the front of the house."""
    known = household.values
    return known["house_grade"] in "CD" or known["water_supply_mode"] not in ("town_network", "centralized")


def _plain(throw: Random, household: Household, k: int, today: date) -> Work:
    mode = "phone" if k % 9 == 8 else "proxy" if k % 18 == 11 else "in_person"
    changes = dict(_changes(throw, household)) if mode == "in_person" else {}
    income = dict(_income(throw, household)) if k % 3 == 0 and mode == "in_person" else {"income_asked": "no"}
    born = dict(_newborn(throw, household, today)) if k in (2, 16) else {"n_new": "0"}
    story = {**_opening(household, mode), **changes, **income, **born, **_closing(throw)}
    day = days_before(today, throw.randint(1, 28))
    made = work(
        throw, "household_visit", household.lead, household, day, story, mode=mode, photos=3,
        metres=AWAY_M if k in (4, 13) or k in COARSE else 6,
    )  # fmt: skip
    return _with_phone(made, k)


def _with_phone(made: Work, k: int) -> Work:
    """Most phones know where and when they are; some do not, and nobody is to blame."""
    if k in COARSE:
        return replace(made, fix="coarse", accuracy_m=COARSE_M)
    if k in REFUSED:
        return replace(made, fix="refused")
    return replace(made, ahead_s=AHEAD_S) if k in AHEAD else made


def _contested(throw: Random, household: Household, today: date) -> Iterator[Work]:
    days = throw.randint(3, 20)
    for k, worker in enumerate((household.lead, household.deputy)):
        changes = {"contact_phone": f"1990001{throw.randint(0, 9999):04}", "income_asked": "no", "n_new": "0"}
        story = {**_opening(household, "in_person"), **changes, **_closing(throw)}
        day = days_before(today, days - k)
        yield work(throw, "household_visit", worker, household, day, story, photos=1, stale=k > 0)


def _opening(household: Household, mode: str) -> dict[str, str]:
    return {"household": household.id, "contact_mode": mode, "consent": "agreed", "means_changed": "no",
            "grade_changed": "no", "place_again": "no"}  # fmt: skip


def _closing(throw: Random) -> dict[str, str]:
    told = {"requests": throw.choice(REQUESTS), "notes": throw.choice(NOTES)}
    return {name: text for name, text in told.items() if text}


def _changes(throw: Random, household: Household) -> Iterator[tuple[str, str]]:
    """What a visitor may find changed; often nothing."""
    known = household.values
    if chance(throw, 0.25):
        yield "contact_phone", f"1990002{throw.randint(0, 9999):04}"
    if chance(throw, 0.35):
        yield "water_shortage_days", str(throw.choice((0, 3, 7, 12, 20)))
    if chance(throw, 0.12) and known["house_grade"] in "AB":
        yield "grade_changed", "yes"
        yield "house_grade", weighted(throw, {"B": 6, "C": 3, "D": 1})
    if chance(throw, 0.1):
        yield "water_looks_clean", "no" if known["water_looks_clean"] == "yes" else "yes"


def _income(throw: Random, household: Household) -> Iterator[tuple[str, str]]:
    yield "income_asked", "yes"
    for name in INCOMES:
        yield name, str(int(household.values.get(name, "0")) * throw.randint(94, 112) // 100)


def _newborn(throw: Random, household: Household, today: date) -> Iterator[tuple[str, str]]:
    row = len(household.members) + 1
    born = {
        "m_name": f"{household.values['head_name'][0]}小宝", "m_state": "at_home", "m_relation": "40",
        "m_sex": throw.choice("12"), "m_birth_date": days_before(today, throw.randint(40, 200)).isoformat(),
        "m_ethnic_group": household.members[0].values["ethnic_group"], "m_health": "healthy",
        "m_medical_insurance": "resident", "m_serious_illness_insurance": "yes",
    }  # fmt: skip
    yield "n_new", "1"
    for name, value in born.items():
        yield f"{name}[{row}]", value
