"""Does a household, as the independent visit found it, live up to the standard? PURE.

Two things not to worry about (food, clothes) and three guarantees (schooling, care, housing) with safe water, and the
income line of the day. What the visit did not ask says nothing. The answer is reasons, not a score, and before an
appeal it is a question: codes are shown with the sentence of `REASONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

Answers = Mapping[str, str | None]  # name of the question → answer
Limits = Mapping[str, Mapping[str, str]]  # policy → its row in force

REASONS: Mapping[str, tuple[str, str]] = {
    "income": ("人均纯收入低于监测收入线", "Net income per person below the monitoring line"),
    "food": ("粮食不够吃", "Not enough to eat"),
    "clothes": ("缺换洗衣服或被褥", "Lacks clothes or bedding"),
    "schooling": ("有适龄孩子没有上学", "A child of school age is not in school"),
    "insurance": ("有人没有参加医保", "Somebody has no medical insurance"),
    "care": ("有病因为没钱没看", "Care was given up for lack of money"),
    "housing": ("住的是危房", "Lives in a dangerous house"),
    "water": ("饮水达不到基本标准", "Drinking water does not meet the basic standard"),
}
_INCOMES = ("wage_income", "operating_income", "property_income", "transfer_income")
_KINDS = ("wage", "operating", "property", "transfer")
_WATER = (
    ("water_shortage_days", "basic_shortage_days", True),
    ("water_fetch_minutes", "basic_minutes", True),
    ("litres_per_person", "basic_litres", False),
)


@dataclass(frozen=True)
class Standing:
    """`reasons`: codes of REASONS. `people`: of the household, as the visit counted them; None where it did not."""

    people: int | None
    reasons: tuple[str, ...]

    @property
    def is_below(self) -> bool:
        return bool(self.reasons)


def standing(answers: Answers, limits: Limits) -> Standing:
    """`limits`: the rows of the policies `income` and `water` in force there and then; what lacks judges nothing."""
    people = _number(answers.get("n_people"))
    found = tuple(code for code, holds in _TESTS.items() if holds(answers, limits))
    return Standing(int(people) if people is not None else None, found)


def net_income(answers: Answers) -> Decimal | None:
    """Per person and year, of the kinds that the household has; None where an amount or the people are not known."""
    people, kinds = _number(answers.get("n_people")), answers.get("income_kinds")
    if not people or not kinds:
        return None
    asked = [name for name, kind in zip(_INCOMES, _KINDS, strict=True) if kind in kinds.split()]
    amounts = [_number(answers.get(name)) for name in asked]
    cost = _number(answers.get("operating_cost")) if "operating" in kinds.split() else Decimal(0)
    if cost is None or any(amount is None for amount in amounts):
        return None
    return (sum((amount for amount in amounts if amount is not None), Decimal(0)) - cost) / people


def _income(answers: Answers, limits: Limits) -> bool:
    line, income = _number(limits.get("income", {}).get("monitoring_line")), net_income(answers)
    return line is not None and income is not None and income < line


def _housing(answers: Answers, limits: Limits) -> bool:
    return answers.get("grade") in ("C", "D") and answers.get("house_occupied") == "yes"


def _water(answers: Answers, limits: Limits) -> bool:
    return answers.get("water_looks_clean") == "no" or any(_beyond(answers, limits.get("water", {})))


def _beyond(answers: Answers, limits: Mapping[str, str]) -> Iterator[bool]:
    for name, bar, is_most in _WATER:
        value, limit = _number(answers.get(name)), _number(limits.get(bar))
        if value is not None and limit is not None:
            yield value > limit if is_most else value < limit


def _more_than_none(name: str) -> Callable[[Answers, Limits], bool]:
    return lambda answers, limits: (_number(answers.get(name)) or 0) > 0


def _is(name: str, code: str) -> Callable[[Answers, Limits], bool]:
    return lambda answers, limits: answers.get(name) == code


_TESTS: Mapping[str, Callable[[Answers, Limits], bool]] = {
    "income": _income,
    "food": _is("food_enough", "no"),
    "clothes": _is("clothes_enough", "no"),
    "schooling": _more_than_none("n_out_of_school"),
    "insurance": _more_than_none("n_uninsured"),
    "care": _is("care_given_up", "yes"),
    "housing": _housing,
    "water": _water,
}


def _number(text: str | None) -> Decimal | None:
    try:
        found = Decimal(text or "")
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
