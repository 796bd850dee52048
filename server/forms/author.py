"""pyxform's complaints as issues: sheet, row, cause and cure, told apart from one text."""

import re
from collections.abc import Callable

from server.forms.issue import Issue
from server.forms.messages import AUTHOR_CAUSES, issue

_ROW = re.compile(r"\[row : (\d+)\]\s*")
_ON_SHEET = re.compile(
    r"On the '(\w+)' sheet,? ?(?:the '([^']+)' value is invalid\. |the entity declaration is invalid\. )?"
)
_QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")
# Quoted in passing; they name nothing of the author's.
_SHEETS = (
    "survey", "choices", "settings", "entities", "external_choices", "data", "name", "type", "label",
    "allow_choice_duplicates",
)  # fmt: skip
_SHEET_OF_HEADER = re.compile(r"for sheet: '(\w+)'\. ?")
_CURE = re.compile(r"(?:Please (?:either: |check|ensure)|Either |Try |Rename |Learn more: )")


def issue_of(message: str, place_of_word: Callable[[str], str | None]) -> Issue:
    """One pyxform message → where it stands, why, how to fix it.

    Where it names no row, a word that it quotes is looked up in the survey with `place_of_word`.
    """
    text = " ".join(message.split())
    place, text = _place(text)
    if not _ROW.search(message):
        quoted = (place_of_word(word) for word in _QUOTED.findall(text))
        place = next((found for found in quoted if found), place)
    found = _CURE.search(text)
    cause, cure = (text[: found.start()].strip(), text[found.start() :].strip()) if found else (text, "")
    code = next((code for pattern, code in AUTHOR_CAUSES if re.search(pattern, message)), "author.other")
    return _naming(issue(code, place, cause=cause or text, cure=cure), _QUOTED.findall(cause or text))


def _naming(found: Issue, words: list[str]) -> Issue:
    """The Chinese half names what the English one quotes."""
    named = [word for word in dict.fromkeys(words) if word not in _SHEETS][:2]
    chinese, separator, english = found.why.partition(" / ")
    if not separator or not named or any(word in chinese for word in named):
        return found
    told = "、".join(f"“{word}”" for word in named)
    return Issue(found.where, f"{chinese}：{told}{separator}{english}", found.fix)


def _place(text: str) -> tuple[str, str]:
    row = _ROW.search(text)
    text = _ROW.sub("", text, count=1)
    sheet = _ON_SHEET.search(text) or _SHEET_OF_HEADER.search(text)
    name = sheet[1] if sheet else "survey"
    column = sheet[2] if sheet and sheet.re is _ON_SHEET else None
    text = _ON_SHEET.sub("", text, count=1)
    zh, en = name, name
    if row:
        zh, en = f"{name} 第{row[1]}行", f"{name} row {row[1]}"
    if column:
        zh, en = f"{zh} “{column}”列", f"{en}, column “{column}”"
    return f"{zh} / {en}", text
