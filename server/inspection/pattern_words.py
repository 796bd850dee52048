"""All patterns of a batch, and what each says to the person who looks. PURE.

A sentence tells what was seen, the limit, and an innocent way in which it comes about. Chinese first, English second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.inspection.pattern_answers import copies, little_variety, odd_digits, round_amounts
from server.inspection.patterns import Limits, Look, Reason, Record, many, night, one_spot, overlap, short, travel

LOOKS: Mapping[str, Look] = {
    "short": short,
    "overlap": overlap,
    "travel": travel,
    "one_spot": one_spot,
    "copies": copies,
    "variety": little_variety,
    "digits": odd_digits,
    "round": round_amounts,
    "many": many,
    "night": night,
}
_SAID: Mapping[str, tuple[str, str]] = {
    "short": (
        "这份用了 {value} 分钟，同批一般 {limit} 分钟。可能是人口少、情况没有变化，也可能是分几次填的。",
        "This one took {value} minutes; {limit} is usual in the batch. A small household without changes, or a form "
        "filled in at several times, explains it.",
    ),
    "overlap": (
        "这两户的时间重叠了 {value} 分钟。可能是回头补填、两人合用一部手机，或者手机时间改过。",
        "The times of these two households overlap by {value} minutes. Filling in something later, two workers with "
        "one phone, or a changed clock explain it.",
    ),
    "travel": (
        "这两户相距至少 {metres} 米，中间只隔 {minutes} 分钟（按最快每小时 {limit} 公里算不够）。"
        "可能定位不准或手机时间改过。",
        "These two were at least {metres} m apart with {minutes} minutes between them, too little at {limit} km/h. "
        "A bad fix or a changed clock explains it.",
    ),
    "one_spot": (
        "这 {records} 份是在 {metres} 米以内的同一处填的，其中 {value} 户的住房彼此相距 {apart} 米以上。"
        "可能是在村部、集市或路口见的面。",
        "These {records} were filled in within {metres} m of each other, though {value} of the houses stand more than "
        "{apart} m apart. A meeting at the village office or a market explains it.",
    ),
    "copies": (
        "这两份回答的相似程度是 {value}%，把本村各题答案打乱后一般到不了 {limit}%。"
        "可能两家情况确实相近，也可能是照着上一份填的。",
        "These two agree to {value} %; shuffled answers of this village hardly reach {limit} %. Two families may live "
        "alike, or one form was filled in from the other.",
    ),
    "variety": (
        "这 {records} 份里各题的答案很少变化，花样只有同批中位数的 {share}%。可能这一片各户情况确实差不多。",
        "In these {records} the answers hardly vary: {share} % of the variety that is usual in the batch. The "
        "households there may really be alike.",
    ),
    "digits": (
        "这 {records} 份里 {amounts} 个金额的首位数分布和常见规律、同批其他记录都不一样"
        "（平均偏差 {value}%，限 {limit}%）。可能是统一标准的补贴多。",
        "The first digits of {amounts} amounts in these {records} follow neither the usual law nor the rest of the "
        "batch (mean deviation {value} %, limit {limit} %). Many payments of a fixed rate explain it.",
    ),
    "round": (
        "这 {records} 份里 {value}% 的金额是整千，同批其他记录是 {usual}%。可能是农户只说得出大概数。",
        "{value} % of the amounts in these {records} are whole thousands, {usual} % in the rest of the batch. People "
        "may only know rough figures.",
    ),
    "many": (
        "{day} 这一天有 {value} 份（提示线 {limit} 份）。可能是集中办理，也可能是补传以前的。",
        "{value} records on {day} (limit {limit}). A meeting of many households, or work of earlier days, explains it.",
    ),
    "night": (
        "这份是夜里 {value} 点多开始的（夜里按 {limit} 点到 {until} 点算）。农户白天不在家时夜里走访很平常。",
        "This one began at about {value} o'clock (night is from {limit} to {until}). Where people work all day, "
        "evening visits are ordinary.",
    ),
}  # fmt: skip


def look_over(records: Sequence[Record], limits: Limits) -> list[Reason]:
    """All reasons, grouped by what they look at, each group in the order of time."""
    return [reason for look in LOOKS.values() for reason in look(records, limits)]


def in_words(reason: Reason) -> dict[str, str]:
    facts: dict[str, Any] = {"value": reason.value, "limit": reason.limit, "records": len(reason.records)}
    named = {name: _plain(value) for name, value in {**facts, **reason.facts}.items()}
    chinese, english = _SAID[reason.code]
    return {"zh": chinese.format(**named), "en": english.format(**named)}


def _plain(value: Any) -> Any:
    """12.0 is written as 12."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
