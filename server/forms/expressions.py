"""Expressions that no client could work with: pyxform passes them on, and the phone fails when it opens the form."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from server.forms.evaluation import FormPlan
from server.forms.evaluation.plan import Part
from server.forms.evaluation.reading import read_plan
from server.forms.issue import FormInvalid, Issue
from server.forms.messages import issue
from server.forms.unknown_names import unknown_names
from server.forms.xpath import EvaluationError, Expression
from server.forms.xpath.patterns import matches

# attribute of a part → column of the survey sheet
_COLUMNS = {"relevant": "relevant", "constraint": "constraint", "calculate": "calculation", "required": "required"}
# XPath literals know no escapes: a pattern ends at its quote.
_PATTERN = re.compile(r"""\bregex\s*\(.*?,\s*(?:'([^']*)'|"([^"]*)")\s*\)""", re.DOTALL)
# Phones match as Python's own engine does: an endless pattern takes twice as long with each letter more.
_LETTERS = range(6, 32)
_SLOW_SECONDS = 0.02
_NO_END = "\x01"  # what nothing matches


def checked_plan(xform: str, place: Callable[[str], str]) -> FormPlan:
    """The plan of a form that can be computed; `place` tells where a question of a name stands.

    Raises FormInvalid: what cannot be read, circles, names that lead nowhere, patterns that are wrong or never end.
    """
    plan = read_plan(xform, place)
    if broken := [*unknown_names(plan, place), *_broken_patterns(plan, place)]:
        raise FormInvalid(broken)
    return plan


def _broken_patterns(plan: FormPlan, place: Callable[[str], str]) -> Iterator[Issue]:
    for part in plan.parts.values():
        for column, text in _texts(part):
            for pattern in _patterns(text):
                if cause := _cause(pattern):
                    yield issue("author.expression", place(part.name), column=column, text=text[:80], cause=cause)


def _texts(part: Part) -> Iterator[tuple[str, str]]:
    for attribute, column in _COLUMNS.items():
        expression = getattr(part, attribute)
        if isinstance(expression, Expression) and "regex" in expression.functions:
            yield column, expression.text


def _patterns(text: str) -> set[str]:
    return {found[1] or found[2] or "" for found in _PATTERN.finditer(text)}


def _cause(pattern: str) -> str | None:
    """Why the pattern cannot be used; None when it can."""
    try:
        matches("", pattern)
    except EvaluationError as error:
        return f"{error.why} {error.fix}"
    if not _never_ends(pattern):
        return None
    slow = issue("evaluation.regex_slow", "", text=pattern[:80])
    return f"{slow.why} {slow.fix}"


def _never_ends(pattern: str) -> bool:
    """Tried on texts that nearly match, one letter longer each time, and stopped as soon as one takes long."""
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False  # Java's own spelling; the server matches it bounded in time
    letters = dict.fromkeys([*(character for character in pattern if character.isalnum()), "a", "0", " ", "-"])
    return any(_seconds(compiled, letter * length) > _SLOW_SECONDS for letter in letters for length in _LETTERS)


def _seconds(compiled: re.Pattern[str], text: str) -> float:
    began = time.thread_time()
    compiled.fullmatch(text + _NO_END)
    return time.thread_time() - began
