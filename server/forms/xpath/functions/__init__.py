"""The functions of XPath 1.0 and of ODK forms."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from server.forms.xpath.errors import ExpressionError

# Importing a module declares its functions.
from server.forms.xpath.functions import (
    choices,
    dates,
    digests,
    logic,
    mathematics,
    nodes,
    places,
    repeats,
    sets,
    strings,
)
from server.forms.xpath.functions.registry import FUNCTIONS, Function
from server.forms.xpath.syntax import Call

_MODULES = (choices, dates, logic, mathematics, nodes, places, digests, repeats, sets, strings)
__all__ = ["FUNCTIONS", "Function", "function_of", "is_closed"]


def function_of(call: Call) -> Function:
    """The function that a call means. Raises ExpressionError: unknown, or with a wrong number of arguments."""
    function = FUNCTIONS.get(call.name)
    if function is None:
        near = difflib.get_close_matches(call.name, FUNCTIONS, n=1)
        hint_zh, hint_en = (f"，是不是“{near[0]}”", f"; did you mean “{near[0]}”?") if near else ("", "")
        raise ExpressionError("unknown_function", call.at, name=call.name, hint_zh=hint_zh, hint_en=hint_en)
    function.check(call)
    return function


def is_closed(calls: Iterable[Call]) -> bool:
    """Do they give the same whenever and wherever they are made, as long as the lists that they name are the same?"""
    return all(FUNCTIONS[call.name].is_pure or (call.name == "instance" and call.lists) for call in calls)
