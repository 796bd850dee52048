"""The texts of a form by language, with the outputs in them as expressions: "at most ${limit} m²"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from server.forms.xform_texts import language_code
from server.forms.xml import local
from server.forms.xpath import Expression, ExpressionError, compile_expression

XF = "{http://www.w3.org/2002/xforms}"
LANGUAGES = ("zh", "en")
_ITEXT = re.compile(r"\s*jr:itext\(\s*(['\"])(.*?)\1\s*\)\s*")

Pieces = tuple["str | Expression", ...]


@dataclass(frozen=True, slots=True)
class Text:
    """One text in the languages that the form has; a text without translations stands under ""."""

    by_language: Mapping[str, Pieces]

    def said(self, output: Callable[[Expression], str]) -> dict[str, str]:
        """In Chinese and English, outputs filled in; a language that is missing takes the form's first."""
        found = {language: _joined(pieces, output) for language, pieces in self.by_language.items()}
        stand_in = next(iter(found.values()), "")
        return {language: found.get(language, stand_in) for language in LANGUAGES}


def _joined(pieces: Pieces, output: Callable[[Expression], str]) -> str:
    return "".join(piece if isinstance(piece, str) else output(piece) for piece in pieces).strip()


class Texts:
    """The itext of a form: by language, text id → pieces; the default language first."""

    def __init__(self, model: Any) -> None:
        translations = list(model.iterfind(f"{XF}itext/{XF}translation"))
        translations.sort(key=lambda one: one.get("default") is None)
        self.by_language: dict[str, dict[str, Pieces]] = {}
        for translation in translations:
            known = self.by_language.setdefault(language_code(translation.get("lang") or ""), {})
            for text in translation:
                value = next((value for value in text if value.get("form") is None), None)
                if value is not None:
                    known[text.get("id")] = pieces_of(value)

    def by_id(self, text_id: str) -> Text | None:
        found = {language: texts[text_id] for language, texts in self.by_language.items() if text_id in texts}
        return Text(found) if found else None

    def of(self, element: Any) -> Text | None:
        """The text of a label, given in place or by jr:itext; None when there is none."""
        if element is None:
            return None
        if found := _ITEXT.fullmatch(element.get("ref") or ""):
            return self.by_id(found[2])
        pieces = pieces_of(element)
        return Text({"": pieces}) if pieces else None

    def named(self, text: str | None) -> Text | None:
        """A text of a bind: literal or jr:itext('…')."""
        if not text:
            return None
        found = _ITEXT.fullmatch(text)
        return self.by_id(found[2]) if found else Text({"": (text,)})


def pieces_of(element: Any) -> Pieces:
    """The text of an element with its <output value="…"> as expressions; one that cannot be read shows as …"""
    pieces: list[str | Expression] = [element.text] if element.text and element.text.strip() else []
    for child in element:
        if local(child) == "output":
            pieces.append(_output(child.get("value") or child.get("ref") or ""))
        if child.tail:
            pieces.append(child.tail)
    return tuple(pieces)


def _output(text: str) -> Expression | str:
    try:
        return compile_expression(text)
    except ExpressionError:
        return "…"
