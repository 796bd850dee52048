"""Why an item came out as it did, in plain sentences without values: they may be shown where values may not.

Chinese first, English second; `{limit}` is what the policy allows. None of them says that somebody did wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from server.inspection.comparison import Item
from server.inspection.tolerance import Tolerance

_SAID: Mapping[str, tuple[str, str]] = {
    "not_asked": ("这次没有问到。", "Not asked this time."),
    "no_record": (
        "登记里没有这一项对应的唯一记录，比不了。",
        "There is no single record that this belongs to; nothing to compare with.",
    ),
    "nothing_recorded": ("登记里这一项是空的，比不了。", "The record is empty here; nothing to compare with."),
    "cannot_say": ("这次没有得到明确的回答，比不了。", "The answer this time was that nobody can say; not compared."),
    "unreadable": ("登记或回答不是一个数或日期，比不了。", "One of the two is no number or date; not compared."),
    "other_codes": (
        "两边的选项不是同一套，比不了。", "The two come from different lists of choices; not compared."
    ),
    "equal": ("两次一致。", "Both say the same."),
    "number_within": ("两次略有出入，在允许的{limit}以内。", "Slightly apart, within the {limit} that is allowed."),
    "number_differs": ("两次相差超过允许的{limit}。", "Further apart than the {limit} that is allowed."),
    "date_within": ("两个日期相差在允许的{limit}以内。", "The dates are within the {limit} that is allowed."),
    "date_differs": ("两个日期相差超过允许的{limit}。", "The dates are further apart than the {limit} allowed."),
    "choice_within": ("两次选得不同，但按规定算相同。", "Different choices that count as one by the rule."),
    "choice_differs": ("两次选得不同。", "Different choices."),
    "step_within": ("两次差 {limit} 级以内，在允许范围内。", "Within the {limit} step(s) that are allowed."),
    "step_differs": ("两次的等级不同。", "Different grades."),
    "list_within": (
        "有出入的选项不超过允许的 {limit} 项。", "No more than the {limit} choice(s) that may differ."
    ),
    "list_differs": (
        "有出入的选项超过允许的 {limit} 项。", "More choices differ than the {limit} that may."
    ),
    "text_differs": ("两次的文字不同。", "The texts differ."),
    "unequal": ("两次不一致。", "The two differ."),
}
_UNITS = {
    "CNY": ("元", "yuan"), "min": ("分钟", "min"), "d": ("天", "days"), "L": ("升", "L"), "m2": ("平方米", "m²"),
    "mu": ("亩", "mu"), "km": ("公里", "km"), "mo": ("个月", "months"),
}  # fmt: skip


def sentence(item: Item, unit: str | None = None) -> dict[str, str]:
    """Why, in both languages. `unit`: of the property."""
    zh, en = _limit(item, unit)
    chinese, english = _SAID[item.why if zh else "unequal"]
    return {"zh": chinese.format(limit=zh), "en": english.format(limit=en)}


def _limit(item: Item, unit: str | None) -> tuple[str, str]:
    """What the policy allows, in words; empty where something differs and nothing is allowed."""
    tolerance = item.fact.tolerance
    if item.outcome == "differs" and tolerance.is_none:
        return "", ""
    if item.why.startswith("number"):
        return _measure(tolerance, _UNITS.get(unit or "", (unit or "", unit or "")))
    if item.why.startswith("date"):
        return _measure(tolerance, _UNITS["d"])
    number = tolerance.steps if item.why.startswith("step") else tolerance.codes
    return str(number), str(number)


def _measure(tolerance: Tolerance, unit: tuple[str, str]) -> tuple[str, str]:
    """The absolute bound, the relative one, or both: then the wider of the two holds."""
    plain, share = _number(tolerance.within), _number(tolerance.percent)
    zh, en = f" {plain} {unit[0]}".rstrip(), f"{plain} {unit[1]}".rstrip()
    if not tolerance.percent:
        return zh, en
    if not tolerance.within:
        return f" {share}%", f"{share} %"
    return f" {share}% 或{zh}（取大的）", f"{share} % or {en}, whichever is more,"


def _number(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
