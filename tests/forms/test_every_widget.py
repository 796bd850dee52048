"""The table of widgets is made from what pyxform compiles, and leaves out no type that it knows."""

from __future__ import annotations

import re

from pyxform.question_type_dictionary import QUESTION_TYPE_DICT

from tests.forms.every_widget import COMPILED, UNASKED, compiled

_CONTROL = re.compile(r'<(?:odk:)?(input|select1|select|rank|range|trigger|upload)\b[^>]*?ref="([^"]+)"([^>]*)')
_BIND = re.compile(r'<bind nodeset="([^"]+)"[^>]*?\btype="([^"]+)"')


def _media(attributes: str) -> str:
    found = re.search(r'mediatype="([^"]+)"', attributes)
    return found.group(1) if found else ""


def test_the_phones_copy_of_the_form_is_what_pyxform_compiles_now() -> None:
    """Else: .venv/bin/python -m tests.forms.every_widget, and then the Vitest that it names."""
    assert COMPILED.read_text("utf-8") == compiled()


def test_no_question_type_of_pyxform_is_missing() -> None:
    """Types that compile to the same control, bind and media are one; types without a control are listed by name."""
    xform = compiled()
    binds = dict(_BIND.findall(xform))
    covered = {(tag, binds[path], _media(rest)) for tag, path, rest in _CONTROL.findall(xform)}
    for name, definition in QUESTION_TYPE_DICT.items():
        control = definition.get("control") or {}
        tag = control.get("tag", "").removeprefix("odk:")
        if tag in {"", "action"} or name.startswith("background-"):
            continue
        bind = definition.get("bind", {}).get("type", "string")
        assert (tag, bind, control.get("mediatype", "")) in covered, name


def test_every_type_without_a_question_is_listed() -> None:
    tags = {name: (one.get("control") or {}).get("tag") for name, one in QUESTION_TYPE_DICT.items()}
    hidden = {name for name, tag in tags.items() if tag in {None, "action"}}
    spelt_otherwise = {name for name in hidden if " " in name or ":" in name or name == "imei"}
    assert hidden - spelt_otherwise <= set(UNASKED)
