"""The texts of an XForm by language: labels, hints, choices, and the media they name."""

import re
from typing import Any

from server.forms.dataset import Choice

XF = "{http://www.w3.org/2002/xforms}"
_CODE = re.compile(r"\(([A-Za-z]{2,3})[A-Za-z-]*\)\s*$")
_ITEXT = re.compile(r"jr:itext\('([^']*)'\)")
_SOURCE = re.compile(r"instance\('([^']+)'\)")
_KNOWN = {"chinese": "zh", "中文": "zh", "english": "en"}


class Texts:
    """Reads texts of one form. Where a form lacks Chinese or English, its default language stands in."""

    def __init__(self, model: Any) -> None:
        self._by_language: dict[str, dict[str, str]] = {}
        self.files: list[str] = []
        default = None
        for translation in model.iterfind(f"{XF}itext/{XF}translation"):
            language = language_code(translation.get("lang") or "")
            self._by_language.setdefault(language, {}).update(self._translation(translation))
            if default is None or translation.get("default"):
                default = language
        self._default = default
        self._lists = {
            instance.get("id"): instance for instance in model.iterfind(f"{XF}instance") if instance.get("id")
        }

    def of(self, control: Any, kind: str) -> dict[str, str]:
        """The label or hint of a control: {language: text}; {} when it has none."""
        element = None if control is None else control.find(f"{XF}{kind}")
        if element is None:
            return {}
        found = _ITEXT.match(element.get("ref") or "")
        return self._text(found[1]) if found else _everywhere(_flat(element))

    def choices(self, control: Any) -> tuple[tuple[Choice, ...] | None, str | None]:
        """The choices of a select, or the jr:// address they come from; (None, None) for other controls."""
        if control is None:
            return None, None
        itemset = control.find(f"{XF}itemset")
        if itemset is not None:
            return self._listed(itemset)
        items = control.findall(f"{XF}item")
        if not items:
            return None, None
        return tuple(Choice(item.findtext(f"{XF}value") or "", self.of(item, "label")) for item in items), None

    def _listed(self, itemset: Any) -> tuple[tuple[Choice, ...] | None, str | None]:
        found = _SOURCE.search(itemset.get("nodeset") or "")
        source = self._lists.get(found[1]) if found else None
        if source is None:
            return None, None
        if source.get("src"):
            return None, source.get("src")
        return tuple(self._item(item) for item in source.iterfind(f"{XF}root/{XF}item")), None

    def _item(self, item: Any) -> Choice:
        text_id = item.findtext(f"{XF}itextId")
        label = self._text(text_id) if text_id else _everywhere(item.findtext(f"{XF}label") or "")
        return Choice(item.findtext(f"{XF}name") or "", label)

    def _translation(self, translation: Any) -> dict[str, str]:
        texts = {}
        for text in translation:
            for value in text:
                if value.get("form") is None:
                    texts[text.get("id")] = _flat(value)
                elif (value.text or "").startswith("jr://"):
                    self.files.append(value.text)
        return texts

    def _text(self, text_id: str) -> dict[str, str]:
        found = {language: texts[text_id] for language, texts in self._by_language.items() if text_id in texts}
        stand_in = found.get(self._default or "", next(iter(found.values()), ""))
        return {"zh": stand_in, "en": stand_in, **found} if found else {}


def language_code(name: str) -> str:
    """ "中文 (zh)" → "zh"; a name without a code stays itself in lower case."""
    found = _CODE.search(name)
    plain = name.strip().lower()
    return found[1].lower() if found else _KNOWN.get(plain, plain)


def _everywhere(text: str) -> dict[str, str]:
    return {"zh": text, "en": text} if text else {}


def _flat(element: Any) -> str:
    """The text with an ellipsis in place of each <output>."""
    return "".join([element.text or "", *("…" + (output.tail or "") for output in element)]).strip()
