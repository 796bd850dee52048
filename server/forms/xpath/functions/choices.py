"""Functions of choices: selected values, labels, texts of the form."""

from __future__ import annotations

from server.forms.xpath.code import Kind
from server.forms.xpath.context import Context
from server.forms.xpath.functions.registry import Wants, plain
from server.forms.xpath.java import BLANKS, to_int

_TEXT = Wants.TEXT


@plain("selected", "is-selected", wants=(_TEXT, _TEXT), gives=Kind.TRUTH)
def _selected(values: str, value: str) -> bool:
    return f" {value.strip(BLANKS)} " in f" {values} "


@plain("count-selected", wants=(_TEXT,), gives=Kind.NUMBER)
def _count(values: str) -> float:
    return float(sum(value != "" for value in values.split(" ")))


@plain("selected-at", wants=(_TEXT, Wants.NUMBER), gives=Kind.TEXT)
def _at(values: str, index: float) -> str:
    chosen = [value for value in values.split(" ") if value]
    place = to_int(index)
    return chosen[place] if 0 <= place < len(chosen) else ""


@plain("jr:choice-name", wants=(_TEXT, _TEXT), gives=Kind.TEXT, in_context=True)
def _name(context: Context, value: str, path: str) -> str:
    return context.choice_name(value, path) or ""


@plain("jr:itext", wants=(_TEXT,), gives=Kind.TEXT, in_context=True)
def _text(context: Context, key: str) -> str:
    return context.texts.get(key, "")
