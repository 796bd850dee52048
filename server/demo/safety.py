"""Houses, water and toilets of the demo county: screenings, appraisals and their verdicts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

from server.demo.homes import Household
from server.demo.seed import days_before, dice
from server.demo.works import Work, work

# The worst part of a house of this grade, and another part that is a little better.
WORST = {"A": ("a", "a"), "B": ("b", "a"), "C": ("c", "b"), "D": ("d", "c")}
FRAMELESS = ("masonry", "stone", "earth")


def plan_safety(households: Sequence[Household], appraiser: str, today: date) -> Iterator[Work]:
    """All dangerous houses are screened, some appraised; water of every kind is judged."""
    throw = dice("safety")
    dangerous = [one for one in households if one.values["house_grade"] in "CD"]
    sound = [one for one in households if one.values["house_grade"] in "AB"]
    for household in dangerous[:8] + throw.sample(sound, min(len(sound), 8)):
        yield _screening(throw, household, days_before(today, throw.randint(12, 29)))
    screened = [one for one in dangerous[:8] if one.village[:9] == households[0].village[:9]]
    for household in screened[:3]:
        yield _appraisal(throw, household, appraiser, days_before(today, throw.randint(1, 10)))
    for household in _by_water(throw, households):
        yield _water(throw, household, days_before(today, throw.randint(1, 29)))
    for household in throw.sample(list(households), min(len(households), 8)):
        yield _toilet(throw, household, days_before(today, throw.randint(1, 29)))


def _by_water(throw: Random, households: Sequence[Household]) -> list[Household]:
    """A few of each kind of supply, most of them not piped: there the verdicts differ."""
    found: list[Household] = []
    for mode, many in (
        ("centralized", 4),
        ("town_network", 2),
        ("spring", 4),
        ("well", 3),
        ("cistern", 3),
        ("hauled", 2),
    ):
        some = [one for one in households if one.values["water_supply_mode"] == mode]
        found += throw.sample(some, min(len(some), many))
    return found


def _parts(throw: Random, household: Household) -> dict[str, str]:
    """Grades of the parts that make the house's grade."""
    known = household.values
    worst, other = WORST[known["house_grade"]]
    parts = {"foundation": other, "walls": other, "frame": other, "roof": "a"}
    parts[throw.choice(("walls", "roof"))] = worst
    if known["house_structure"] in FRAMELESS:
        parts["frame"] = "n"
    return {**parts, "secondary": "a" if worst == "a" else "b"}


def _building(throw: Random, household: Household) -> dict[str, str]:
    known = household.values
    years = (1968, 1992) if known["house_grade"] in "CD" else (1995, 2019)
    return {
        "household": household.id, "dwelling_name": "老房" if known["house_grade"] in "CD" else "正房",
        "is_main": "yes",
        "structure": known["house_structure"], "built_year": str(throw.randint(*years)),
        "storeys": "1" if known["house_grade"] in "CD" else throw.choice("12"), "area": known["house_area"],
        "house_use": "living", "site_safety": "safe" if throw.random() < 0.9 else "treatable",
        "site_hazards_now": "steep_cut", "disaster_measures": "partial", "measures_seen": "wall_tie",
        "occupied": known["house_occupied"], "occupants_now": known["household_size"],
        "living_place_now": known.get("living_place", "relatives"), "vacated_state_now": "sealed",
    }  # fmt: skip


def _screening(throw: Random, household: Household, day: date) -> Work:
    story = {
        **_building(throw, household), **_parts(throw, household), "occasion": "routine", "build_mode": "self",
        "has_title": "yes", "renovated": "no", "grade_agreed": "yes", "told_family": "yes", "reported_to": "both",
        "move_to": "relatives", "move_by": day.isoformat(),
        "remedy": "rebuild" if household.values["house_grade"] == "D" else "reinforce",
        "cannot_build": "no", "safe_by": "graded", "same_place": "yes",
    }  # fmt: skip
    return work(throw, "housing_screening", household.lead, household, day, story, photos=2)


def _appraisal(throw: Random, household: Household, appraiser: str, day: date) -> Work:
    grade = household.values["house_grade"]
    story = {
        **_building(throw, household), **_parts(throw, household), "which_dwelling": "known",
        "length_m": "11.5", "width_m": "6.2", "height_m": "3.4", "appraisal_basis": "guideline", "tilt_mm": "12",
        "tilt_height_m": "3", "appraised_grade_given": grade, "advice": "rebuild" if grade == "D" else "reinforce",
        "advice_text": "拆除重建，拆前不住人。" if grade == "D" else "加固承重墙和屋面。", "n_appraisers": "2",
        "appraiser_name[1]": "严工", "appraiser_no[1]": "虚建鉴2024-017", "appraiser_name[2]": "孟工",
        "appraiser_no[2]": "虚建鉴2023-102", "appraisal_unit": "虚县农房安全鉴定站", "reviewer": "罗工",
        "certificate_no": f"虚房鉴〔{day.year}〕{throw.randint(1, 400):03}号", "certificate_date": day.isoformat(),
        "reported_to": "both",
    }  # fmt: skip
    return work(throw, "housing_appraisal", appraiser, household, day, story, photos=2)


def _water(throw: Random, household: Household, day: date) -> Work:
    known = household.values
    mode, piped = known["water_supply_mode"], known["water_supply_mode"] in ("centralized", "town_network")
    inside = known["water_in_house"] == "yes"
    clean = known["water_looks_clean"]
    story = {
        "household": household.id, "contact_mode": "in_person", "supply_mode": mode, "supply_name": _supply(mode),
        "works_people_now": str(throw.choice((320, 860, 2400))), "people": known["household_size"],
        "quantity_method": "per_person" if piped else "buckets", "litres_typed": str(throw.choice((48, 65, 80, 95))),
        "bucket_count_now": str(throw.randint(4, 16)), "bucket_litres_now": "20",
        "has_report": "yes" if piped else "no",
        "report_lab_now": "health", "report_date_now": days_before(day, throw.randint(20, 200)).isoformat(),
        "report_result_now": "relaxed" if clean == "yes" else "fails", "look_ok": clean, "smell_ok": "yes",
        "taste_ok": clean, "health_ok": "yes", "tap_place": "yard" if inside else "source", "fetch_on_foot_now": "yes",
        "fetch_minutes_now": known.get("water_fetch_minutes", "8"), "shortage_days": known["water_shortage_days"],
        "shortage_months_now": "3 4", "shortage_causes_now": "drought",
        "works_state": "good" if clean == "yes" else "repair",
        "source_protected_now": "yes" if clean == "yes" else "no", "upkeep": "village" if piped else "household",
        "knows_whom_to_call": "yes", "fee_kind": "by_volume" if piped else "free", "fee_per_m3_now": "1.8",
    }  # fmt: skip
    return work(throw, "water_safety", household.lead, household, day, story, photos=1)


def _supply(mode: str) -> str:
    return {"town_network": "县城供水管网", "centralized": "村集中供水站", "spring": "后山泉水", "well": "院内水井",
            "cistern": "屋后水窖", "hauled": "村口拉水点"}.get(mode, "其他水源")  # fmt: skip


def _toilet(throw: Random, household: Household, day: date) -> Work:
    sanitary = household.values.get("sanitary_toilet") == "yes"
    story = {
        "household": household.id, "contact_mode": "in_person", "long_empty": "no",
        "toilet_kind": "three_tank" if sanitary else "dry", "toilet_place_now": "yard", "toilet_state_now": "normal",
        "convert_year_now": str(day.year - throw.randint(2, 7)), "subsidised_now": "yes", "treatment_now": "self_use",
        "tank_m3_now": "1.6", "tank_depth_m_now": "1.2", "pipe_ok_now": "yes", "cover_ok_now": "yes",
        "room_ok_now": "yes",
        "smell_now": "none" if sanitary else "slight", "flies_now": "0" if sanitary else "4", "maggots_now": "no",
        "faeces_exposed_now": "no" if sanitary else "yes", "old_toilet_kept_now": "no", "faults_now": "none",
        "convert_wish": "yes",
    }  # fmt: skip
    return work(throw, "household_toilet", household.lead, household, day, story, photos=1)
