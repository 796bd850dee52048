"""An invented household: its place, its house and water, why it is followed and what it earns.

Values are texts by the properties of form_definitions/datasets/household.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from server.demo.circumstances import complete, means
from server.demo.families import Member
from server.demo.seed import chance, days_before, new_id, some, weighted

FOLLOWED = ("unstable_exited", "at_risk_marginal", "sudden_hardship")
CAUSES = {
    "illness": 34, "disability": 14, "schooling": 12, "no_labour": 12, "no_skill": 12, "no_capital": 8,
    "disaster": 4, "poor_roads": 4,
}  # fmt: skip
MEASURES = (
    "industry", "employment", "public_post", "finance", "education", "health", "housing", "water",
    "social_security", "donation",
)  # fmt: skip


@dataclass(frozen=True)
class Household:
    """A household's record with its members and its two helpers (ids of workers)."""

    id: str
    village: str
    lead: str
    deputy: str
    values: dict[str, str]
    members: tuple[Member, ...]


def home(
    throw: Random,
    number: int,
    group: str,
    place: tuple[str, str],
    helpers: tuple[str, str],
    members: tuple[Member, ...],
    today: date,
) -> dict[str, str]:
    """All values of a household. `place`: longitude and latitude; `helpers`: names of lead and deputy."""
    head = members[0].values
    category = weighted(throw, {
        "ordinary": 58, "exited": 30, "unstable_exited": 5, "at_risk_marginal": 5, "sudden_hardship": 2,
    })  # fmt: skip
    return {
        "household_no": f"XH{number:05}",
        "head_name": head["full_name"],
        "region": group,
        "address": f"{throw.randint(1, 60)}号",
        "contact_phone": head.get("phone", ""),
        "household_category": category,
        "assistance": _assistance(throw, category),
        "household_size": str(len(members)),
        "lead_helper": helpers[0],
        "deputy_helper": helpers[1],
        **_support(throw, category, today),
        **_income(throw, members, category, today),
        **_house(throw, today),
        **_water(throw),
        **_place(throw, place, today),
    }


def _assistance(throw: Random, category: str) -> str:
    if category in FOLLOWED:
        return weighted(throw, {"dibao": 45, "dibao_marginal": 20, "tekun": 8, "none": 27})
    return weighted(throw, {"none": 93, "dibao": 5, "dibao_marginal": 2})


def _support(throw: Random, category: str, today: date) -> dict[str, str]:
    if category == "ordinary":
        return {}
    causes = [weighted(throw, CAUSES) for _ in range(2)]
    exit_year = today.year + throw.randint(0, 2) if category in FOLLOWED else throw.randint(2016, 2020)
    found = {
        "poverty_cause": causes[0],
        "measures": " ".join(sorted(some(throw, MEASURES, throw.randint(1, 3)))),
        "planned_exit_year": str(exit_year),
    }
    if causes[1] != causes[0]:
        found["other_causes"] = causes[1]
    return found


def _income(throw: Random, members: tuple[Member, ...], category: str, today: date) -> dict[str, str]:
    wages = sum(member.wages for member in members)
    farming = throw.randrange(6000, 38000, 100)
    kinds = {
        "wage": wages,
        "operating": farming,
        "property": throw.choice((0, 0, 0, 300, 600, 1200)),
        "transfer": throw.randrange(800, 4500, 50) * (2 if category in FOLLOWED else 1),
    }
    cost = farming * throw.randint(25, 45) // 100
    net = sum(kinds.values()) - cost
    return {
        **_year_before(today),
        **{f"{kind}_income": str(yuan) for kind, yuan in kinds.items()},
        "operating_cost": str(cost),
        "net_income": str(net),
        "per_capita_net_income": _money(net / len(members)),
        "main_income_source": max(kinds, key=lambda kind: kinds[kind]),
    }


def _year_before(today: date) -> dict[str, str]:
    """The last whole year that ends with September, as the register counts."""
    ends = today.year if today >= date(today.year, 10, 15) else today.year - 1
    return {"income_from": f"{ends - 1}-10-01", "income_to": f"{ends}-09-30"}


def _money(yuan: float) -> str:
    return f"{yuan:.2f}".rstrip("0").rstrip(".")


def _house(throw: Random, today: date) -> dict[str, str]:
    grade = weighted(throw, {"A": 55, "B": 39, "C": 4.5, "D": 1.5})
    lived_in = chance(throw, 0.25 if grade == "D" else 0.95)
    sound = {"masonry": 50, "concrete": 24, "wood": 20, "stone": 4, "steel": 2}
    found = {
        "house_structure": weighted(throw, sound if grade in "AB" else {"earth": 50, "wood": 35, "masonry": 15}),
        "house_area": str(throw.randrange(62, 240, 2)),
        "house_grade": grade,
        "assessment_level": "appraisal" if grade in "CD" and chance(throw, 0.6) else "screening",
        "house_graded_on": days_before(today, throw.randint(60, 500)).isoformat(),
        "house_occupied": "yes" if lived_in else "no",
    }
    if not lived_in:
        places = {"own_other_house": 3, "relatives": 3, "away": 3, "rented": 1, "public_housing": 1}
        found["living_place"] = weighted(throw, places)
    return found


def _water(throw: Random) -> dict[str, str]:
    mode = weighted(throw, {
        "centralized": 62, "town_network": 12, "spring": 12, "well": 7, "cistern": 5, "hauled": 2,
    })  # fmt: skip
    piped = mode in ("centralized", "town_network")
    in_house = mode != "hauled" and (piped or chance(throw, 0.8))
    found = {
        "water_supply_mode": mode,
        "water_in_house": "yes" if in_house else "no",
        "water_shortage_days": str(throw.choice((0, 0, 0, 0, 2, 5)) if piped else throw.choice((0, 5, 10, 20, 35))),
        "water_looks_clean": "yes" if chance(throw, 0.97 if piped else 0.9) else "no",
    }
    if not in_house:
        found["water_fetch_minutes"] = str(throw.randrange(5, 45, 5))
    return found


def _place(throw: Random, place: tuple[str, str], today: date) -> dict[str, str]:
    by_hand = chance(throw, 0.08)
    moment = datetime.combine(days_before(today, throw.randint(90, 600)), datetime.min.time()) + timedelta(
        hours=throw.randint(1, 9), minutes=throw.randint(0, 59)
    )
    return {
        "lon": place[0],
        "lat": place[1],
        "accuracy_m": "0" if by_hand else str(throw.randint(3, 18)),
        "datum": "wgs84",
        "source": "manual_pin" if by_hand else "gps",
        "fix_time": f"{moment.isoformat()}Z",
    }


def household(
    throw: Random,
    number: int,
    village: str,
    group: str,
    place: tuple[str, str],
    helpers: tuple[str, str],
    names: tuple[str, str],
    members: tuple[Member, ...],
    today: date,
) -> Household:
    """A household with its helpers' ids and names."""
    values = {name: value for name, value in home(throw, number, group, place, names, members, today).items() if value}
    members = complete(members, values, today)
    return Household(new_id(throw), village, helpers[0], helpers[1], values | means(values, members, today), members)
