"""regex(): Java's regular expressions on whole texts, bounded in time."""

from __future__ import annotations

from functools import lru_cache

import regex

from server.forms.xpath.errors import EvaluationError

# A text in a form matches in microseconds; a pattern that needs longer is one that never ends.
SECONDS = 0.1
# What these mean in Java: ASCII only.
_CLASSES = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "w": "[a-zA-Z_0-9]",
    "W": "[^a-zA-Z_0-9]",
    "s": r"[ \t\n\x0B\f\r]",
    "S": r"[^ \t\n\x0B\f\r]",
    "h": r"[ \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]",
    "z": r"\Z",
    "Z": r"(?=(?:\r\n|[\n\r\u0085\u2028\u2029])?\Z)",
}


def matches(text: str, pattern: str) -> bool:
    """Does the whole text match? Raises EvaluationError: the pattern is wrong, or takes too long."""
    compiled = _compiled(pattern)
    try:
        return compiled.fullmatch(text, timeout=SECONDS) is not None
    except TimeoutError as error:
        raise EvaluationError("regex_slow", text=pattern[:80]) from error


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> regex.Pattern[str]:
    try:
        return regex.compile(_translated(pattern), regex.VERSION1)
    except (regex.error, OverflowError, RecursionError) as error:
        raise EvaluationError("regex", text=pattern[:80], cause=str(error)) from error


def _translated(pattern: str) -> str:
    """Java's spelling → regex's: classes of ASCII, quotations \\Q…\\E, names of groups."""
    parts: list[str] = []
    at, in_class = 0, 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and at + 1 < len(pattern):
            at = _escape(pattern, at, parts)
            continue
        in_class += (character == "[") - (character == "]" and in_class > 0)
        parts.append(r"[^\n\r\u0085\u2028\u2029]" if character == "." and not in_class else character)
        at += 1
    return "".join(parts)


def _escape(pattern: str, at: int, parts: list[str]) -> int:
    """One escape from `at` on; returns where the pattern goes on."""
    letter = pattern[at + 1]
    if letter == "Q":
        end = pattern.find("\\E", at)
        end = end if end >= 0 else len(pattern)
        parts.append(regex.escape(pattern[at + 2 : end]))
        return end + 2
    if letter == "k" and pattern[at + 2 : at + 3] == "<" and (end := pattern.find(">", at)) > 0:
        parts.append(f"(?P={pattern[at + 3 : end]})")
        return end + 1
    parts.append(_CLASSES.get(letter, f"\\{letter}"))
    return at + 2
