"""What can be said about a filled form: kinds, and the sentence for each. Chinese first, English second.

A finding is a question to the worker, not a refusal. `{label}` is the question as it was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# What the field may say: the wire contract's kinds.
KINDS = ("required", "constraint", "type", "choice", "relevance", "repeat_count", "bind")

# No answer stands in them: findings are read by people who may not see every answer.
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "required": ("“{label}”需要填写", "Please answer “{label}”"),
    "required.computed": ("“{label}”应由表单算出，但是空的", "“{label}” is empty; the form should have computed it"),
    "constraint": ("“{label}”填的内容不符合要求，请核对", "Please check “{label}”: it does not keep the form's rule"),
    "type.int": ("“{label}”要填整数", "“{label}” takes a whole number"),
    "type.integer": ("“{label}”要填整数", "“{label}” takes a whole number"),
    "type.decimal": ("“{label}”要填数字", "“{label}” takes a number"),
    "type.date": ("“{label}”要填日期，如 2026-11-21", "“{label}” takes a date, such as 2026-11-21"),
    "type.time": ("“{label}”要填时刻，如 09:30", "“{label}” takes a time of day, such as 09:30"),
    "type.dateTime": ("“{label}”要填日期和时刻", "“{label}” takes a date with a time"),
    "type.boolean": ("“{label}”只能是“是”或“否”", "“{label}” can only be true or false"),
    "type.geopoint": ("“{label}”要填位置：纬度、经度", "“{label}” takes a position: latitude and longitude"),
    "type.geotrace": ("“{label}”要填至少两个位置连成的线", "“{label}” takes a line of at least two positions"),
    "type.geoshape": ("“{label}”要填首尾相接的一圈位置", "“{label}” takes a closed ring of positions"),
    "choice": ("“{label}”的回答不在可选的选项里", "The answer to “{label}” is not among its choices"),
    "choice.twice": ("“{label}”里同一个选项选了两次", "A choice stands twice in “{label}”"),
    "choice.range": ("“{label}”要填 {least} 到 {most}", "“{label}” takes a number from {least} to {most}"),
    "relevance": (
        "按其他回答，“{label}”不用填，但这里有内容",
        "By the other answers “{label}” is not asked, yet it is filled in",
    ),
    "repeat_count": (
        "“{label}”应有 {expected} 组，实际有 {found} 组",
        "“{label}” should have {expected} entries and has {found}",
    ),
    "bind": ("“{label}”与表单算出的结果不一致", "“{label}” differs from what the form computes"),
    "bind.twice": ("“{label}”出现了不止一次", "“{label}” stands there more than once"),
    "bind.unknown": ("这个版本的表单没有“{label}”", "This version of the form has no “{label}”"),
    "too_large": ("内容太多，没有逐项核对", "There is too much in it to be checked item by item"),
    "too_many": ("还有更多问题没有列出", "There are more findings than are listed"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `path` with positions (/data/row[2]/name), `kind` of KINDS, `message` {zh, en}."""

    path: str
    kind: str
    message: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def sentence(code: str, label: Mapping[str, str], **values: str) -> dict[str, str]:
    """The sentence of the catalogue in both languages; `label` names the question."""
    zh, en = _SENTENCES[code]
    return {
        "zh": zh.format(label=label["zh"], **values),
        "en": en.format(label=label["en"], **values),
    }
