"""docs/EXPRESSIONS.md names every function, and no function that is none."""

from __future__ import annotations

import re
from pathlib import Path

from server.forms.xpath.functions import FUNCTIONS

DOCS = Path(__file__).parents[3] / "docs" / "EXPRESSIONS.md"
# Other words for the same, kept for old forms, or of no use without a device.
UNTOLD = {"is-selected", "enclosed-area", "depend", "property", "version", "id", "lang", "namespace-uri"}


def test_the_table_of_functions_is_complete() -> None:
    table = DOCS.read_text("utf-8").partition("# Expressions")[2].partition("A date in a condition")[0]
    named = {word for row in re.findall(r"^\| \w+ \| (.*) \|$", table, re.MULTILINE) for word in row.split()}
    assert named == set(FUNCTIONS) - UNTOLD
