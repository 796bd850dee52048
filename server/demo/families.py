"""Who lives in an invented household: relations, ages, schooling, health and work that fit each other.

Values are texts by the properties of form_definitions/datasets/member.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from server.demo.numbers import IdNumbers
from server.demo.seed import age_on, chance, new_id, weighted
from server.demo.words import GIVEN_FEMALE, GIVEN_MALE, SURNAMES, WORK_PLACES

MALE, FEMALE = "1", "2"
HEAD, SPOUSE, SON, SONS_WIFE, DAUGHTER, GRANDCHILD, FATHER, MOTHER = (
    "02", "10", "20", "38", "30", "40", "51", "52",
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A member's record."""

    id: str
    values: dict[str, str]

    @property
    def wages(self) -> int:
        """Yuan a year from work away from home."""
        return int(self.values.get("work_months", "0")) * int(self.values.get("monthly_wage", "0"))


@dataclass(frozen=True)
class _Person:
    relation: str
    sex: str
    age: int
    surname: str


def family(throw: Random, numbers: IdNumbers, today: date) -> tuple[Member, ...]:
    """Two to six members, the head first."""
    people = list(_people(throw, throw.choice(SURNAMES)))[:6]
    taken: set[str] = set()
    return tuple(_member(throw, numbers, person, taken, today) for person in people)


def _people(throw: Random, surname: str) -> Iterator[_Person]:
    shape = weighted(throw, {"young": 34, "three": 26, "old": 14, "couple": 12, "left": 8, "single": 6})
    low, high = {"young": (28, 46), "three": (34, 50), "single": (33, 52)}.get(shape, (58, 74))
    sex = MALE if chance(throw, 0.86) else FEMALE
    head = _Person(HEAD, sex, throw.randint(low, high), surname)
    yield head
    if shape != "single" and not (shape == "left" and chance(throw, 0.4)):
        yield _spouse(throw, head)
    if shape in ("young", "three", "single"):
        yield from _children(throw, head, throw.randint(1, 3 if shape == "young" else 2))
    if shape == "three":
        yield from _parents(throw, head)
    if shape in ("old", "left"):
        yield from _below(throw, head, shape == "old")


def _spouse(throw: Random, head: _Person) -> _Person:
    sex = FEMALE if head.sex == MALE else MALE
    return _Person(SPOUSE, sex, max(22, head.age + throw.randint(-4, 3)), throw.choice(SURNAMES))


def _children(throw: Random, head: _Person, count: int) -> Iterator[_Person]:
    age = head.age - throw.randint(22, 28)
    while count > 0 and age >= 0:
        sex = throw.choice((MALE, FEMALE))
        yield _Person(SON if sex == MALE else DAUGHTER, sex, age, head.surname)
        age -= throw.randint(2, 5)
        count -= 1


def _parents(throw: Random, head: _Person) -> Iterator[_Person]:
    if chance(throw, 0.5):
        yield _Person(FATHER, MALE, head.age + throw.randint(23, 30), head.surname)
    yield _Person(MOTHER, FEMALE, head.age + throw.randint(21, 27), throw.choice(SURNAMES))


def _below(throw: Random, head: _Person, with_couple: bool) -> Iterator[_Person]:
    """An older head's son with his wife and children, or the grandchildren alone."""
    age = head.age - throw.randint(24, 28)
    if with_couple:
        yield _Person(SON, MALE, age, head.surname)
        yield _Person(SONS_WIFE, FEMALE, age - throw.randint(0, 4), throw.choice(SURNAMES))
    for child in range(throw.randint(1, 2)):
        young = max(0, age - 25 - 3 * child)
        yield _Person(GRANDCHILD, throw.choice((MALE, FEMALE)), min(young, 17), head.surname)


def _member(throw: Random, numbers: IdNumbers, person: _Person, taken: set[str], today: date) -> Member:
    this_day = today.replace(year=today.year - person.age, day=min(today.day, 28))
    born = this_day - timedelta(days=throw.randint(0, 364))
    person = replace(person, age=age_on(born, today))
    values = {
        "full_name": _name(throw, person, taken),
        "relation": person.relation,
        "sex": person.sex,
        "birth_date": born.isoformat(),
        "id_number": numbers.next(born, person.sex),
        "medical_insurance": weighted(throw, {"resident": 93, "employee": 4, "none": 3}),
        **_schooling(throw, person.age),
        **_strength(throw, person.age),
    }
    if person.age >= 14:
        values["phone"] = numbers.phone()
    values |= _work(throw, person, values, today)
    return Member(new_id(throw), values)


def _name(throw: Random, person: _Person, taken: set[str]) -> str:
    while True:
        name = person.surname + throw.choice(GIVEN_MALE if person.sex == MALE else GIVEN_FEMALE)
        if name not in taken:
            taken.add(name)
            return name


def _schooling(throw: Random, age: int) -> dict[str, str]:
    found: dict[str, str] = {}
    if 3 <= age <= 25:
        found["school_status"] = _school(throw, age)
    if age >= 16 and found.get("school_status") not in ("senior", "higher"):
        old = {"none": 22, "primary": 50, "junior": 24, "senior": 4}
        middle = {"primary": 22, "junior": 55, "senior": 17, "college": 4, "university": 2}
        young = {"junior": 30, "senior": 40, "college": 18, "university": 12}
        found["education"] = weighted(throw, old if age > 58 else middle if age > 32 else young)
    return found


def _school(throw: Random, age: int) -> str:
    if age < 6:
        return "preschool"
    if age <= 15:
        return "dropped_out" if chance(throw, 0.006) else "primary" if age < 12 else "junior"
    if age <= 18:
        return weighted(throw, {"senior": 85, "not_in_school": 15})
    return weighted(throw, {"higher": 40, "not_in_school": 60} if age <= 22 else {"not_in_school": 1})


def _strength(throw: Random, age: int) -> dict[str, str]:
    ill = 0.02 if age < 40 else 0.12 if age < 60 else 0.35
    health = weighted(throw, {"healthy": 1 - ill, "chronic": ill * 0.7, "serious": ill * 0.12, "disabled": ill * 0.18})
    if age < 16:
        return {"health": health}
    if health in ("serious", "disabled"):
        labour = weighted(throw, {"weak": 40, "lost": 60})
    elif age >= 70:
        labour = weighted(throw, {"none": 75, "weak": 25})
    elif age >= 60:
        labour = weighted(throw, {"weak": 60, "ordinary": 40})
    else:
        labour = weighted(throw, {"ordinary": 82, "skilled": 12, "weak": 6})
    return {"health": health, "labour_capacity": labour}


def _work(throw: Random, person: _Person, values: dict[str, str], today: date) -> dict[str, str]:
    able = values.get("labour_capacity") in ("ordinary", "skilled") and values.get("school_status") in (
        None, "not_in_school",
    )  # fmt: skip
    likely = {HEAD: 0.55, SPOUSE: 0.35, SON: 0.75, SONS_WIFE: 0.55, DAUGHTER: 0.6}.get(person.relation, 0.1)
    if not able or not chance(throw, likely):
        return {"member_state": "at_home", **({"works_away": "no"} if able else {})}
    months = throw.randint(3, 11)
    found = {
        "works_away": "yes",
        "work_place": throw.choice(WORK_PLACES),
        "work_months": str(months),
        "monthly_wage": str(throw.randrange(2200, 6200, 100)),
        "member_state": "away" if months >= 6 else "at_home",
    }
    if months >= 6:
        left = date(today.year, 2, throw.randint(16, 27))
        found["state_since"] = (left if left < today else left.replace(year=left.year - 1)).isoformat()
    return found
