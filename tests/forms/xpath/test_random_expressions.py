"""Random expressions over random instances: JavaRosa and we agree, or the difference is a listed one.

RUHU_EXAMPLES=20000 tries more (make soak does).
"""

from __future__ import annotations

import os
import re
from typing import Any

from hypothesis import HealthCheck, given, note, settings

from tests.forms.xpath.calls import calls, instances
from tests.forms.xpath.differences import ERRORS
from tests.forms.xpath.javarosa import Case, JavaRosa
from tests.forms.xpath.ours import evaluate
from tests.forms.xpath.strategies import cases
from tests.forms.xpath.test_same_as_javarosa import same

EXAMPLES = int(os.environ.get("RUHU_EXAMPLES", "300"))
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:E-?\d+)?")


def _spelled_alike(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Texts that differ only in needless digits of numbers (Java 17 and older, JDK-4511638)."""
    a, b = str(ours.get("value")), str(theirs.get("value"))
    same_around = _NUMBER.sub("#", a) == _NUMBER.sub("#", b)
    numbers = zip(map(float, _NUMBER.findall(a)), map(float, _NUMBER.findall(b)), strict=False)
    return same_around and all(abs(x - y) <= 1e-12 * abs(y) for x, y in numbers)


def _is_kept(theirs: dict[str, Any]) -> bool:
    return any(part in theirs.get("error", "") for part in ERRORS)


_settings = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@_settings
@given(case=cases())
def test_random_expressions_have_the_same_value_in_both_engines(javarosa: JavaRosa, case: Case) -> None:
    """Every operator and most functions, nested, over typed answers and rows, and look-ups in a list."""
    _compare(javarosa, case)


@_settings
@given(expression=calls(), instance=instances())
def test_random_calls_have_the_same_value_in_both_engines(javarosa: JavaRosa, expression: str, instance: str) -> None:
    """Functions with corners of their own: regular expressions, dates as texts, places, mathematics, choices."""
    _compare(javarosa, {"expr": expression, "instance": instance})


def _compare(javarosa: JavaRosa, case: Case) -> None:
    ours, theirs = evaluate(case), javarosa.evaluate(case)
    note(f"ours {ours}")
    note(f"JavaRosa {theirs}")
    assert same(ours, theirs) or _spelled_alike(ours, theirs) or _is_kept(theirs)
