"""The two READMEs say the same, name every command that there is, and lead to files that exist."""

from __future__ import annotations

import re

import click
import pytest

from server.cli import main
from server.config import ROOT

READMES = ("README.md", "README.zh-CN.md")
_ROW = re.compile(r"^\| (`ruhu .+?) \| .+ \|$", re.MULTILINE)
_PART = re.compile(r"`ruhu ([a-z-]+)`([^·]*)")
_WORD = re.compile(r"`([a-z-]+)`")


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _told(name: str) -> set[str]:
    """The commands in the table, as "group command" or the word alone."""
    found: set[str] = set()
    for row in _ROW.findall(_text(name)):
        for first, rest in _PART.findall(row):
            words = _WORD.findall(rest)
            group = isinstance(main.commands.get(first), click.Group)
            found |= {f"{first} {word}" for word in words} if group else {first, *words}
    return found


def _there() -> set[str]:
    found: set[str] = set()
    for name, command in main.commands.items():
        if command.hidden:
            continue
        inner = command.commands if isinstance(command, click.Group) else {}
        found |= {f"{name} {word}" for word in inner} or {name}
    return found


@pytest.mark.parametrize("name", READMES)
def test_the_table_of_commands_names_all_that_there_are_and_no_other(name: str) -> None:
    assert _told(name) == _there()


def test_both_languages_have_the_same_parts() -> None:
    outlines = [re.findall(r"^(#+) ", _text(name), re.MULTILINE) for name in READMES]
    bullets = [len(re.findall(r"^- ", _text(name), re.MULTILINE)) for name in READMES]
    assert outlines[0] == outlines[1] and bullets[0] == bullets[1]


@pytest.mark.parametrize("name", READMES)
def test_every_link_leads_somewhere_and_the_guides_are_linked(name: str) -> None:
    links = {link for link in re.findall(r"\]\(([^)]+)\)", _text(name)) if "://" not in link}
    assert [link for link in sorted(links) if not (ROOT / link).exists()] == []
    guides = {link.replace(".zh-CN", "") for link in links}
    assert guides >= {
        f"docs/{guide}.md" for guide in ("ARCHITECTURE", "FORMS", "IMPORT", "SYNC", "SECURITY", "COURIER", "API")
    }
