"""How the work is checked in the demo county: blind spot checks, calls, opinions, rectification. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from server.demo.homes import Household
from server.demo.safety import FRAMELESS, WORST
from server.demo.seed import chance, days_before, dice
from server.demo.works import Work, work

ABOUT = ("helper", "team", "cadres", "housing", "water", "schooling", "care", "fairness")


def plan_checks(households: Sequence[Household], checker: str, today: date) -> Iterator[Work]:
    """Of one township, by its office: `households` are those that it may see."""
    throw = dice("checks")
    chosen = throw.sample(list(households), min(len(households), 18))
    for household in chosen[:5]:
        yield spot(throw, household, checker, days_before(today, throw.randint(1, 20)))
    for household in chosen[5:9]:
        yield _call(throw, household, checker, days_before(today, throw.randint(1, 20)))
    for household in chosen[9:16]:
        yield _opinion(throw, household, checker, days_before(today, throw.randint(1, 25)))
    for k, household in enumerate(chosen[16:18]):
        yield _rectified(throw, household, checker, k, days_before(today, throw.randint(1, 9)))


def spot(throw: Random, household: Household, checker: str, day: date) -> Work:
    """Mostly as on record; now and then something else, which is what a spot check is for."""
    known = household.values
    worst, other = WORST[known["house_grade"]]
    kinds = [kind for kind in ("wage", "operating", "transfer") if int(known.get(f"{kind}_income", "0")) > 0]
    story = {
        "household": household.id, "unannounced": "yes", "locals_left": "yes", "door": "reached", "respondent": "head",
        "n_people": known["household_size"], "n_elderly": "0", "n_school_age": "0", "n_able": "1", "n_away": "0",
        "n_uninsured": "0", "cadre_kin": "no", "food_enough": "yes", "protein": "weekly", "clothes_enough": "yes",
        "care_given_up": "no", "assets": known["assets"], "change": "better", "income_kinds": " ".join(kinds) or "none",
        **{f"{kind}_income": str(int(known[f"{kind}_income"]) * throw.randint(85, 110) // 100) for kind in kinds},
        "operating_cost": known["operating_cost"], "house_occupied": known["house_occupied"],
        "living_place": known.get("living_place", "relatives"), "house_structure": known["house_structure"],
        "site": "safe", "foundation": other, "walls": worst, "roof": other,
        "frame": "n" if known["house_structure"] in FRAMELESS else other, "grade_told": "yes",
        "water_supply_mode": known["water_supply_mode"], "water_in_house": known["water_in_house"],
        "water_fetch_minutes": known.get("water_fetch_minutes", "10"),
        "water_litres": str(throw.randrange(90, 320, 10)),
        "water_shortage_days": known["water_shortage_days"] if chance(throw, 0.6) else "25",
        "water_looks_clean": known["water_looks_clean"], "measures": known.get("measures", "none"),
        "helper_name": known["lead_helper"] if chance(throw, 0.8) else "不知道",
        "helper_visits": str(throw.randint(2, 12)),
        "last_visit": "month", "visit_asked": "yes", "signed_unread": "no", "knows_appraisal": "yes",
        "result": "complete", "read_back": "yes", "companion": "乡镇工作人员一名",
    }  # fmt: skip
    return work(throw, "spot_check", checker, household, day, story, photos=2)


def _call(throw: Random, household: Household, checker: str, day: date) -> Work:
    known = household.values
    story = {
        "household": household.id, "number_source": "registered",
        "number_tail": known.get("contact_phone", "0000")[-4:],
        "call_result": "answered", "adult": "yes", "visited": "in_person", "n_people": known["household_size"],
        "house_occupied": known["house_occupied"], "water_in_house": known["water_in_house"],
        "measures": known.get("measures", "none") if chance(throw, 0.7) else "none", "read_back": "yes",
    }  # fmt: skip
    made = work(throw, "phone_back_check", checker, household, day, story, mode="phone", photos=0)
    return replace(made, rows={"/data/attempt": 1}, ended=made.started + timedelta(minutes=throw.randint(4, 9)))


def _opinion(throw: Random, household: Household, checker: str, day: date) -> Work:
    marks = ("very_satisfied", "satisfied", "satisfied", "fair", "unsatisfied")
    story = {
        "household": household.id, "contact_mode": "in_person", "helper_absent": "yes", "respondent": "head",
        "adult": "yes", "came_to_village": "yes", "came_to_house": "yes",
        "visit_frequency": throw.choice(("monthly", "quarterly")), "knows_helper": throw.choice(("named", "by_sight")),
        "knows_support": throw.choice(("well", "partly")), "received": household.values.get("measures", "none"),
        "was_asked": "yes", "accepts": "yes", "overall": throw.choice(marks),
        **{f"about_{name}": throw.choice(marks) for name in ABOUT},
        "discontent_reason": "夏天水压小，反映过几次。", "read_back": "yes",
    }  # fmt: skip
    return work(throw, "satisfaction", checker, household, day, story, photos=0)


def _rectified(throw: Random, household: Household, checker: str, k: int, day: date) -> Work:
    story = {
        "household": household.id, "finding_ref": f"核查〔{day.year}〕{throw.randint(1, 60)}号",
        "finding_kind": "water" if k else "housing",
        "finding_text": "水窖没有盖，入口堆杂物。" if k else "厨房屋檐开裂掉土，有人在下面做饭。",
        "found_on": days_before(day, 45).isoformat(), "due_on": days_before(day, 5).isoformat(),
        "claimed": "已加盖并清理。" if k else "已支顶，等开春翻修。", "seen": "yes",
        "rectified": "fixed" if k else "partly", "reasons": "unfinished",
        "explanation": "只做了临时支顶，屋檐还没有翻修。",
        "next_due": (day + timedelta(days=40)).isoformat(), "household_view": "agrees", "similar": "no",
    }  # fmt: skip
    return work(throw, "rectification_check", checker, household, day, story, photos=2)
