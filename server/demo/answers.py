"""What is written into the visit form for a visit: answers by question name, as the phone app leaves them. Pure.

Questions that were not asked are left out, and so is every group that was not relevant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.demo.families import Member
from server.demo.seed import age_on, dice, new_id
from server.demo.visits import Visit

GONE = ("left", "died")
ABLE = ("skilled", "ordinary", "weak")
INCOME = ("wage_income", "operating_income", "operating_cost", "property_income", "transfer_income")
WATER = ("water_supply_mode", "water_in_house", "water_fetch_minutes", "water_shortage_days", "water_looks_clean")


@dataclass(frozen=True)
class Row:
    """One member in the form's repeat; `is_new` creates the record."""

    id: str
    is_new: bool
    values: dict[str, str]


@dataclass(frozen=True)
class Answers:
    """Answers of a whole form: at the top by name, and one row a member."""

    top: dict[str, str]
    rows: tuple[Row, ...]


def answer(visit: Visit) -> Answers:
    """All answers of a visit on which the household agreed."""
    known = visit.household.values
    now = {**known, **visit.changes}
    rows = tuple(_rows(visit))
    return Answers(
        {
            **_opening(visit),
            **_facts(now),
            **_members(visit, rows),
            **_income(visit, now, len(rows)),
            **_housing(visit, known, now),
            **_water(now),
            **{f"photo_{shot.slot}": shot.name for shot in visit.shots},
            **({"place_known": "yes", "place_again": "no"} if visit.mode == "in_person" else {}),
            "requests": visit.requests,
            "notes": visit.notes,
        },
        rows,
    )


def _opening(visit: Visit) -> dict[str, str]:
    return {
        "start": visit.started.isoformat(timespec="milliseconds"),
        "end": visit.ended.isoformat(timespec="milliseconds"),
        "household": visit.household.id,
        "first_household": visit.household.id,
        "contact_mode": visit.mode,
        "visit_date": visit.started.date().isoformat(),
        "consent": "agreed",
        "notice_version": "2026-12",
    }


def _facts(now: dict[str, str]) -> dict[str, str]:
    names = ["head_name", "address", "contact_phone", "household_category", "assistance"]
    if now["household_category"] != "ordinary":
        names += ["poverty_cause", "measures", "planned_exit_year"]
    return {name: now.get(name, "") for name in names}


def _members(visit: Visit, rows: tuple[Row, ...]) -> dict[str, str]:
    return {
        "n_members": str(len(visit.household.members)),
        "n_new": str(int(visit.born)),
        "n_rows": str(len(rows)),
        "household_size": str(len(rows)),
        "year_wages": str(sum(member.wages for member in visit.household.members)),
    }


def _rows(visit: Visit) -> list[Row]:
    day = visit.started.date()
    rows = [Row(member.id, False, _member(member, visit.household.id, day)) for member in visit.household.members]
    if visit.born:
        rows.append(_newborn(visit, day))
    return rows


def _member(member: Member, household: str, day: date) -> dict[str, str]:
    known = member.values
    age = age_on(date.fromisoformat(known["birth_date"]), day)
    found = {
        "is_new": "0", "m_household": household, "member_id": member.id, "m_name": known["full_name"],
        "m_state": known["member_state"], "m_counts": "1", "m_relation": known["relation"], "m_sex": known["sex"],
        "m_birth_date": known["birth_date"], "m_age": str(age), "m_id_typed": "", "m_health": known["health"],
        "m_medical_insurance": known["medical_insurance"],
    }  # fmt: skip
    if known["member_state"] != "at_home":
        found["m_state_since"] = known.get("state_since", "")
    if 3 <= age <= 25:
        found["m_school_status"] = known.get("school_status", "")
    if age >= 16:
        found |= {"m_education": known.get("education", ""), "m_labour_capacity": known.get("labour_capacity", "")}
    return found | _work(known, age)


def _work(known: dict[str, str], age: int) -> dict[str, str]:
    able = age >= 16 and known.get("labour_capacity") in ABLE
    away = able and known.get("works_away") == "yes"
    found = {"m_work_place": "", "m_work_months": "", "m_monthly_wage": "", "m_year_wage": "0"}
    if able:
        found["m_works_away"] = known.get("works_away", "")
    if away:
        months, wage = known["work_months"], known["monthly_wage"]
        found |= {
            "m_work_place_now": known["work_place"], "m_work_months_now": months, "m_monthly_wage_now": wage,
            "m_work_place": known["work_place"], "m_work_months": months, "m_monthly_wage": wage,
            "m_year_wage": str(int(months) * int(wage)),
        }  # fmt: skip
    return found


def _newborn(visit: Visit, day: date) -> Row:
    throw = dice(f"newborn {visit.household.id}")
    surname = visit.household.values["head_name"][0]
    values = {
        "is_new": "1", "m_household": visit.household.id, "m_name": f"{surname}小宝", "m_state": "at_home",
        "m_counts": "1", "m_relation": "40", "m_sex": throw.choice("12"), "m_age": "0",
        "m_birth_date": day.replace(day=1).isoformat(), "m_id_typed": "", "m_health": "healthy",
        "m_medical_insurance": "resident", "m_work_place": "", "m_work_months": "", "m_monthly_wage": "",
        "m_year_wage": "0",
    }  # fmt: skip
    child = new_id(throw)
    return Row(child, True, {**values, "member_id": child})


def _income(visit: Visit, now: dict[str, str], size: int) -> dict[str, str]:
    if not visit.income_asked:
        return {"income_asked": "no"}
    throw = dice(f"income {visit.number}")
    amounts = {name: int(now.get(name, "0")) * throw.randint(94, 112) // 100 for name in INCOME}
    net = sum(amounts.values()) - 2 * amounts["operating_cost"]
    kinds = [name for name in INCOME if name != "operating_cost"]
    day = visit.started.date()
    return {
        "income_asked": "yes",
        "income_from": day.replace(year=day.year - 1, day=1).isoformat(),
        "income_to": day.isoformat(),
        **{name: str(yuan) for name, yuan in amounts.items()},
        "net_income": str(net),
        "per_capita_net_income": f"{net / size:.2f}",
        "main_income_source": max(kinds, key=lambda name: amounts[name]).removesuffix("_income"),
    }


def _housing(visit: Visit, known: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    found = {name: now.get(name, "") for name in ("house_structure", "house_area", "house_occupied", "living_place")}
    if now["house_occupied"] == "no":
        found["living_place_now"] = now.get("living_place", "")
    if visit.mode != "in_person":
        return found | {"grade_now": ""}
    found |= {"known_grade": known["house_grade"], "grade_changed": "no", "grade_now": now["house_grade"]}
    if now["house_grade"] != known["house_grade"]:
        found |= {
            "grade_changed": "yes", "house_grade": now["house_grade"], "assessment_level": "screening",
            "house_graded_on": visit.started.date().isoformat(),
        }  # fmt: skip
    return found


def _water(now: dict[str, str]) -> dict[str, str]:
    found = {name: now.get(name, "") for name in WATER}
    if now["water_in_house"] == "no":
        found["water_fetch_minutes_now"] = now.get("water_fetch_minutes", "")
    return found
