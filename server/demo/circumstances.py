"""What else a record holds when it was asked by the form of this year: insurance, disability, work, means. Pure.

Its own dice, so that the county stays as it was where these facts were not yet asked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

from server.demo.families import Member
from server.demo.seed import age_on, chance, days_before, dice, weighted

FOLLOWED = ("unstable_exited", "at_risk_marginal", "sudden_hardship")
IN_SCHOOL = ("preschool", "primary", "junior", "senior", "higher")
ABLE = ("skilled", "ordinary", "weak")
RISKS = {"illness": 34, "disability": 16, "schooling": 10, "unstable_job": 14, "no_labour": 10, "disaster": 6}
INDUSTRIES = {"grain": 5, "cash_crop": 3, "pigs": 3, "fruit": 2, "cattle_sheep": 2, "poultry": 2, "shop": 1}


def complete(members: tuple[Member, ...], household: dict[str, str], today: date) -> tuple[Member, ...]:
    """The members with what the household's circumstances say about them."""
    throw = dice(f"circumstances {household['household_no']}")
    people = weighted(throw, {"01": 60, "06": 22, "15": 10, "12": 8})
    return tuple(
        replace(one, values=one.values | _person(throw, one.values, household, people, today)) for one in members
    )


def _person(
    throw: Random, known: dict[str, str], household: dict[str, str], people: str, today: date
) -> dict[str, str]:
    age = age_on(date.fromisoformat(known["birth_date"]), today)
    studies = known.get("school_status") in IN_SCHOOL
    found = {"ethnic_group": people, **_insurance(throw, known, age, studies), **_disability(throw, known)}
    if household["assistance"] in ("dibao", "tekun"):
        found["assistance"] = household["assistance"]
    if known.get("school_status") == "dropped_out" and 6 <= age <= 15:
        found["dropout_reason"] = "unwilling"
    if age < 16:
        found["labour_capacity"] = "none"
    if known["member_state"] == "at_home" and (age < 16 or age >= 60):
        kind = "child" if age < 16 else "elderly"
        found["left_behind"] = kind if chance(throw, 0.08) else "none"
    if known.get("labour_capacity") in ABLE and age >= 16 and not studies:
        found |= _work(throw, known)
    return found


def _insurance(throw: Random, known: dict[str, str], age: int, studies: bool) -> dict[str, str]:
    found = {} if known["medical_insurance"] == "none" else {"serious_illness_insurance": "yes"}
    if age >= 16 and not studies:
        found["pension_insurance"] = weighted(throw, {"resident": 94, "employee": 3, "none": 3})
    return found


def _disability(throw: Random, known: dict[str, str]) -> dict[str, str]:
    if known.get("health") != "disabled":
        return {}
    kind, level = weighted(throw, {"4": 5, "2": 2, "1": 2, "6": 1, "5": 1}), throw.choice("1234")
    found = {"disability_kind": kind, "disability_level": level}
    if chance(throw, 0.9):
        found["disability_certificate"] = f"{known['id_number']}{kind}{level}"
    if level in "12":
        found["disability_subsidy"] = "yes" if chance(throw, 0.93) else "no"
    return found


def _work(throw: Random, known: dict[str, str]) -> dict[str, str]:
    if known.get("works_away") == "yes":
        trades = {"manufacturing": 45, "construction": 30, "services": 20, "logistics": 5}
        return {"work_industry": weighted(throw, trades), "work_wish": "same"}
    posted = chance(throw, 0.05)
    months = {"public_post_months": str(throw.randint(6, 12))} if posted else {}
    return {"works_away": "no", "public_post": "yes" if posted else "no", **months}


def means(household: dict[str, str], members: tuple[Member, ...], today: date) -> dict[str, str]:
    """What the household owns and carries, its land and facilities, why it is followed."""
    throw = dice(f"means {household['household_no']}")
    able = [one for one in members if one.values.get("labour_capacity") in ABLE]
    found = {
        "cadre_kin": "yes" if chance(throw, 0.03) else "no",
        "relocated": "yes" if chance(throw, 0.06) else "no",
        "no_labour_household": "no" if able else "yes",
        **_possessions(throw),
        **_facilities(throw),
    }
    if household["household_category"] in FOLLOWED:
        risks = {household.get("poverty_cause", "illness")} & RISKS.keys() or {weighted(throw, RISKS)}
        since = days_before(today, throw.randint(200, 1200))
        found |= {"risks": " ".join(sorted(risks)), "identified_on": since.isoformat(), "exclusions": "none"}
    return found


def _possessions(throw: Random) -> dict[str, str]:
    owned = ["tv", "fridge", *(kind for kind in ("washer", "motorcycle", "farm_machine", "car") if chance(throw, 0.4))]
    industries = {weighted(throw, INDUSTRIES) for _ in range(2)}
    return {
        "assets": " ".join(sorted(owned)),
        "industries": " ".join(sorted(industries)),
        "cooperative": "yes" if chance(throw, 0.3) else "no",
        "led_by_firm": "yes" if chance(throw, 0.12) else "no",
        "burdens": weighted(throw, {"none": 60, "medical": 18, "schooling": 12, "care": 6, "debt": 4}),
    }


def _facilities(throw: Random) -> dict[str, str]:
    return {
        "farmland_mu": f"{throw.randint(5, 90) / 10:g}",
        "woodland_mu": f"{throw.randint(0, 200) / 10:g}",
        "water_area_mu": throw.choice(("0", "0", "0", "0.3")),
        "road_hardened": "yes" if chance(throw, 0.93) else "no",
        "road_distance_km": f"{throw.choice((0, 0, 1, 2, 3, 5, 8, 15)) / 10:g}",
        "electricity": "yes",
        "three_phase_power": "yes" if chance(throw, 0.8) else "no",
        "broadcast_tv": "yes" if chance(throw, 0.97) else "no",
        "fuels": throw.choice(("electricity", "electricity firewood", "electricity gas", "firewood")),
        "sanitary_toilet": "yes" if chance(throw, 0.82) else "no",
    }
