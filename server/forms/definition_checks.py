"""What every kind of definition checks alike: keys, names, bilingual texts, words of a known list, numbers, days.

Each function answers something usable and complains to the file where it is not: so one load finds all mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from server.forms.definition_file import DefinitionFile, Place

_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
NAME = re.compile(r"(?!__)[a-z][a-z0-9_]{0,62}", re.ASCII)


def check_keys(
    file: DefinitionFile, at: Place, content: dict[str, Any], known: Sequence[str], needed: Sequence[str]
) -> None:
    for key in content:
        if key not in known:
            file.complain("key.unknown", (*at, key), key=key, known=", ".join(known))
    for key in needed:
        if key not in content:
            file.complain("key.missing", at, key=key)


def mapping(file: DefinitionFile, at: Place, given: Any) -> dict[str, Any]:
    """A mapping of names to contents; empty when it is none."""
    if isinstance(given, dict):
        return given
    if given is not None:
        file.complain("value.kind", at, zh="“名称: 内容”的清单", en="a mapping of names to contents")
    return {}


def sequence(file: DefinitionFile, at: Place, given: Any) -> list[Any]:
    """A list; empty when it is none."""
    if isinstance(given, list):
        return given
    if given is not None:
        file.complain("value.kind", at, zh="[…] 清单", en="a list […]")
    return []


def name(file: DefinitionFile, at: Place, given: Any) -> str:
    if not isinstance(given, str) or not NAME.fullmatch(given):
        file.complain("name.bad", at, name=given)
    return str(given)


def labels(file: DefinitionFile, at: Place, given: Any) -> dict[str, str]:
    """{zh: …, en: …}; both are needed. An unquoted comma would end a text and begin a key: that is told."""
    for key in given if isinstance(given, dict) else ():
        if not _LANGUAGE.fullmatch(key):
            file.complain("labels.comma", (*at, key), key=key)
    if isinstance(given, dict) and given.get("zh") and given.get("en"):
        return {language: str(text) for language, text in given.items()}
    file.complain("labels.incomplete", at)
    return {"zh": at[-1], "en": at[-1]}


def word(file: DefinitionFile, at: Place, value: Any, known: Sequence[str]) -> str | None:
    """One of the known words; None is nobody's mistake."""
    if value is None:
        return None
    if value not in known:
        file.complain("value.unknown", at, value=value, known=", ".join(known))
        return None
    return str(value)


def words(file: DefinitionFile, at: Place, given: Any, known: Sequence[str]) -> tuple[str, ...]:
    found = (word(file, (*at, str(n)), item, known) for n, item in enumerate(sequence(file, at, given)))
    return tuple(item for item in found if item)


def known_name(file: DefinitionFile, at: Place, given: Any, known: Iterable[str]) -> str | None:
    """A name that is defined; None is nobody's mistake."""
    if given is None:
        return None
    if given not in known:
        file.complain("reference.unknown", at, name=given)
        return None
    return str(given)


def day(file: DefinitionFile, at: Place, given: Any) -> date | None:
    """YYYY-MM-DD between 1949 and 2100; None is nobody's mistake."""
    if given is None:
        return None
    try:
        found = date.fromisoformat(str(given))
    except ValueError:
        found = None
    if found is None or not 1949 <= found.year <= 2100 or len(str(given)) != 10:
        file.complain("value.kind", at, zh="日期，如 2026-01-31", en="a date such as 2026-01-31")
        return None
    return found


def number(file: DefinitionFile, at: Place, given: Any, *, whole: bool = False) -> Decimal | None:
    """A plain number, with at most 6 decimals (`whole`: with none); None is nobody's mistake."""
    if given is None:
        return None
    try:
        found = Decimal(str(given)) if re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", str(given), re.ASCII) else None
    except InvalidOperation:
        found = None
    if found is None or (whole and "." in str(given)):
        zh, en = ("整数", "a whole number") if whole else ("数字，如 8500 或 0.5", "a number such as 8500 or 0.5")
        file.complain("value.kind", at, zh=zh, en=en)
        return None
    return found
