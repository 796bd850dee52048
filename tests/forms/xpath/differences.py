"""Where JavaRosa answers otherwise and we keep our answer: the one list, with the reasons (docs/EXPRESSIONS.md).

Each entry has an example that both engines are asked, so that the list stays true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INSTANCE = (
    "<data><a>5</a><b/><row><x>1</x><y>a</y></row><row><x>2</x><y>b</y></row><row><x>3</x><y/></row>"
    "<shape>1 2;1 3;2 3;1 2</shape></data>"
)
REPEATED, NO_FUNCTION, UNSUPPORTED, WILDCARD, OTHER = (
    "This field is repeated",
    "cannot handle function",
    "unsupported construct",
    "Unexpected multiplicity",
    "",
)


@dataclass(frozen=True)
class Difference:
    """`theirs`: JavaRosa's value, or a part of its error after “!”."""

    reason: str
    example: str
    ours: Any
    theirs: Any
    context: str = "/data"


DIFFERENCES = (
    # XPath 1.0 stands (design): numeric predicates.
    Difference("a number in a predicate is a place", "/data/row[2]/x", ["2"], []),
    # … node-sets.
    Difference("comparing nodes: true when any of them fits", "/data/row/x = 2", True, f"!{REPEATED}"),
    Difference("comparing nodes: no node equals nothing, not even ''", "/data/none = ''", False, True),
    Difference("several nodes are true", "boolean(/data/row)", True, f"!{REPEATED}"),
    Difference("the text of several nodes is that of the first", "string(/data/row/x)", "1", f"!{REPEATED}"),
    Difference("concat takes all nodes of each argument", "concat('-', /data/row/x)", "-123", f"!{REPEATED}"),
    Difference("a wildcard means all children", "count(/data/row/*)", 6.0, f"!{WILDCARD}"),
    Difference("a wildcard means all children in a repeat, too", "count(/data/*)", 6.0, 1.0, "/data/row[1]/x"),
    Difference("steps up may follow steps down", "/data/a/../b", [""], []),
    # … equality of numbers.
    Difference("equal numbers are exactly equal", "0.1 + 0.2 = 0.3", False, True),
    # … min and max.
    Difference("max of negative numbers", "max(-1, -2)", -1.0, 5e-324),
    Difference("max with something that is no number", "max('a', 1)", "NaN", 1.0),
    Difference("min with something that is no number", "min(/data/row/x, '')", "NaN", f"!{REPEATED}"),
    # What JavaRosa does not have.
    Difference("core functions", "substring('12345', 2, 3)", "234", f"!{NO_FUNCTION}"),
    Difference("core functions", "floor(1.5) + ceiling(1.5)", 3.0, f"!{NO_FUNCTION}"),
    Difference("core functions", "/data/row[last()]/x", ["3"], f"!{NO_FUNCTION}"),
    Difference("core functions", "name(/data/a)", "a", f"!{NO_FUNCTION}"),
    Difference("unions", "/data/a | /data/b", ["5", ""], f"!{UNSUPPORTED}"),
    Difference("axes", "//y", ["a", "b", ""], f"!{UNSUPPORTED}"),
    Difference("axes", "/data/row[x = 2]/preceding-sibling::row/x", ["1"], f"!{UNSUPPORTED}"),
    Difference("the text() of a node", "/data/a/text()", ["5"], f"!{UNSUPPORTED}"),
    # More that is understood.
    Difference("selected() takes any value", "selected('1 2', 2)", True, "!must be in quotes"),
    Difference("places as texts", "area('1 2;1 3;2 3;1 2') > 0", True, "!requires a field"),
    Difference("places as texts", "geofence('1.2 2.9', '1 2;1 3;2 3;1 2')", True, "!requires a field"),
    Difference("a text as seed", "count(randomize(/data/row, 'abc'))", 3.0, "!SHA256Digest"),
    Difference("an offset without a colon", "date-time('2024-06-01T10:00+0530') = '2024-06-01'", True, False),
    Difference("the time of day is that of its own day, in summer time too", "decimal-time('1990-06-01')", 0, 23 / 24),
    Difference("intersects() is Collect's own", "intersects(/data/shape)", False, f"!{NO_FUNCTION}"),
)
# Java 17 writes some numbers with more digits than they need (JDK-4511638, mended in 19).
# Errors of JavaRosa where we have a value; any other error of one engine alone is a failure.
ERRORS = (REPEATED, NO_FUNCTION, UNSUPPORTED, WILDCARD, "must be in quotes", "requires a field", "ClassCastException")
