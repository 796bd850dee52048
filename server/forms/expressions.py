"""Expressions that no client could read: pyxform passes them on, and the phone fails when it opens the form."""

from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from server.forms.issue import Issue
from server.forms.messages import issue
from server.forms.xml import parse_xml

_BIND = "{http://www.w3.org/2002/xforms}bind"
# attribute of a bind → column of the survey sheet
_COLUMNS = {
    "relevant": "relevant",
    "constraint": "constraint",
    "calculate": "calculation",
    "required": "required",
    "readonly": "read_only",
}


def broken_expressions(xform: str, place: Callable[[str], str]) -> list[Issue]:
    """Every expression that is no XPath. `place` tells where a question of a name stands."""
    return [found for bind in parse_xml(xform).iter(_BIND) for found in _broken(bind, place)]


def _broken(bind: Any, place: Callable[[str], str]) -> Iterator[Issue]:
    name = str(bind.get("nodeset")).rpartition("/")[2]
    for attribute, column in _COLUMNS.items():
        text = bind.get(attribute)
        if text and (cause := _cause(text)):
            yield issue("author.expression", place(name), column=column, text=text[:80], cause=cause)


def _cause(text: str) -> str | None:
    """Why it cannot be read; None when it can."""
    try:
        etree.XPath(text)
    except etree.XPathError as error:
        return str(error)
    return None
