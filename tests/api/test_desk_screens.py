"""The benchmark of the desk asks what the console asks: it knows every screen, and every address that one reads."""

from __future__ import annotations

import re
from pathlib import Path

from server.config import ROOT
from tests.bench.desk_screens import LATER, SCREENS, Seen, Turn

CONSOLE = ROOT / "client" / "src" / "console"
# A call of `read` with the address as it stands in the source: "/datasets", `/findings/${props.id}`.
READING = re.compile(r"""\bread(?:<[^(\n]*>)?\(\s*["`](/[^"`?]*)["`]""")
SEEN = Seen(["990101000000"], ["home"], ["visit"], ["look"], ["round"], ["compared"], [(9, 1, 1)])


def test_every_screen_of_the_router_is_measured() -> None:
    routes = re.findall(r'name: "([a-z-]+)"', (CONSOLE / "router.ts").read_text())
    assert {name for name in routes if name != "sign-in"} == {name.partition(":")[0] for name in SCREENS} - {"frame"}


def test_every_address_that_the_console_reads_is_measured_or_asked_for_later() -> None:
    asked = {
        _plain(path.partition("?")[0])
        for screen in SCREENS.values()
        for n in range(12)
        for path in screen(Turn(SEEN, n))
    }
    read = {_plain(path) for file in _sources() for path in READING.findall(file.read_text())}
    assert {path for path in read if not _known(path, asked)} == set()


def _sources() -> list[Path]:
    return [file for kind in ("ts", "vue") for file in CONSOLE.rglob(f"*.{kind}") if "tests" not in file.parts]


def _plain(path: str) -> str:
    """The address with {} for what is put in."""
    bare = re.sub(r"\$\{(?:[^{}]|\{[^}]*\})*\}", "{}", path)
    return re.sub(r"/(home|visit|look|round|compared)(?=/|$)", "/{}", bare)


def _known(path: str, asked: set[str]) -> bool:
    return path in LATER or path in asked
