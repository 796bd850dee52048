"""regex(): Java's regular expressions on whole texts, bounded in time."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from server.forms.xpath.errors import EvaluationError

# A text in a form matches in microseconds; a pattern that needs longer is one that never ends.
SECONDS = 0.1
SHORT = 200
_RISKS = re.compile(r"\)[*+{]|\\[1-9k]|\(\?")
_REPETITION = re.compile(r"[*+]|\{\d*,\}")
_OCTAL = re.compile(r"[0-3]?[0-7]{1,2}")
_NAME = re.compile(r"\{(\w+)\}")
# What these mean in Java: ASCII only.
_ASCII = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Blank": r" \t",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0B\f\r",
}
_CLASSES = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "w": "[a-zA-Z_0-9]",
    "W": "[^a-zA-Z_0-9]",
    "s": r"[ \t\n\x0B\f\r]",
    "S": r"[^ \t\n\x0B\f\r]",
    "h": r"[ \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]",
    "e": r"\x1b",
    "z": r"\Z",
    "Z": r"(?=(?:\r\n|[\n\r\u0085\u2028\u2029])?\Z)",
}


def matches(text: str, pattern: str) -> bool:
    """Does the whole text match? Raises EvaluationError: the pattern is wrong, or takes too long."""
    compiled = _compiled(pattern)
    if len(text) <= SHORT and _is_harmless(pattern):
        return compiled.fullmatch(text) is not None
    try:
        return compiled.fullmatch(text, timeout=SECONDS) is not None
    except TimeoutError as error:
        raise EvaluationError("regex_slow", text=pattern[:80]) from error


@lru_cache(maxsize=1024)
def _is_harmless(pattern: str) -> bool:
    """No repeated group, no back reference, at most two open repetitions: quick on every short text.

    Watching the clock costs twenty times what such a match does.
    """
    return _RISKS.search(pattern) is None and len(_REPETITION.findall(pattern)) <= 2


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
        if in_class and pattern.startswith("[:", at):
            # No POSIX name in Java: a class that begins with a colon.
            parts.append("[\\:")
            in_class, at = in_class + 1, at + 2
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
    if letter == "0" and (octal := _OCTAL.match(pattern, at + 2)):
        parts.append(regex.escape(chr(int(octal[0], 8))))
        return octal.end()
    if letter in "pP" and (name := _NAME.match(pattern, at + 2)) and name[1] in _ASCII:
        within = _ASCII[name[1]]
        parts.append(f"[{within}]" if letter == "p" else f"[^{within}]")
        return name.end()
    if letter == "k" and pattern[at + 2 : at + 3] == "<" and (end := pattern.find(">", at)) > 0:
        parts.append(f"(?P={pattern[at + 3 : end]})")
        return end + 1
    parts.append(_CLASSES.get(letter, f"\\{letter}"))
    return at + 2
