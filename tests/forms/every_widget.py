"""Every question type and appearance that pyxform compiles, as one form: the source of docs/WIDGETS.md.

.venv/bin/python -m tests.forms.every_widget     writes the compiled form that the phone's tests read
cd client && npx vitest run src/field/form/tests/widgets.test.ts -u     writes docs/WIDGETS.md from it
"""

from __future__ import annotations

from pathlib import Path

from pyxform.xls2xform import convert

ROOT = Path(__file__).parents[2]
COMPILED = ROOT / "client/src/field/form/tests/fixtures/every_widget.xml"

_CALENDARS = ("ethiopian", "coptic", "islamic", "bikram-sambat", "myanmar", "persian", "buddhist")
_SELECT = (
    "minimal", "search", "autocomplete", "compact", "quickcompact", "horizontal", "horizontal-compact", "columns",
    "columns-3", "columns-pack", "columns-flex", "no-buttons", "list-nolabel", "label", "image-map", "w2",
)  # fmt: skip
_ONE = (*_SELECT, "quick", "likert", "map", "quick map")
_OUTSIDE = ("ex:org.example.app(unit='m')", "printer:org.example.print(text='a')")

# Types that an XLSForm may write in several ways stand once, with their other names beside them.
TYPES: dict[str, tuple[str, ...]] = {
    "text": ("multiline", "numbers", "numbers thousands-sep", "url", "masked", "hidden-answer", *_OUTSIDE, "w2"),
    "integer": ("counter", "thousands-sep", "masked", "ex:org.example.app", "w2"),
    "decimal": ("counter", "thousands-sep", "bearing", "masked", "ex:org.example.app"),
    "date": ("no-calendar", "month-year", "year", *_CALENDARS),
    "time": ("no-calendar",),
    "dateTime": ("no-calendar", "ethiopian"),
    "select_one few": _ONE,
    "select_one sought": ("search('lists')",),
    "select_one_from_file listed.csv": ("minimal", "map"),
    "select_one_external far": ("minimal",),
    "select_multiple few": _SELECT,
    "select_multiple_from_file listed.csv": ("minimal",),
    "rank few": ("minimal",),
    "range": ("vertical", "no-ticks", "vertical no-ticks", "picker", "rating"),
    "acknowledge": ("minimal",),
    "barcode": ("front", "hidden-answer"),
    "geopoint": ("maps", "placement-map"),
    "geotrace": ("maps", "placement-map"),
    "geoshape": ("maps", "placement-map"),
    "image": ("new", "new-front", "selfie", "front", "annotate", "draw", "signature", "ex:org.example.app"),
    "audio": ("new", "ex:org.example.app"),
    "video": ("new", "new-front", "selfie", "ex:org.example.app"),
    "file": ("ex:org.example.app",),
    "osm": (),
    "note": ("url", "w2"),
}
GROUPS = ("", "field-list", "table-list", "summary", "w2", "ex:org.example.app(unit='m')")
REPEATS = ("", "field-list", "minimal")
# No question of their own: what the phone does with them stands in the page's last table.
UNASKED = (
    "start", "end", "today", "deviceid", "username", "phonenumber", "email", "simserial", "subscriberid", "hidden",
    "calculate", "start-geopoint", "background-geopoint", "background-audio", "audit", "csv-external", "xml-external",
)  # fmt: skip

_HEAD = "| survey |\n| | type | name | label | appearance | parameters | calculation | trigger | choice_filter |\n"
_LISTS = (
    "| choices |\n| | list_name | name | label |\n| | few | a | Alpha |\n| | few | b | Beta |\n| | few | c | Gamma |\n"
    "| | sought | a | Alpha |\n"
    "| external_choices |\n| | list_name | name | label | kind |\n| | far | x | Xi | a |\n"
    "| settings |\n| | form_id | version | form_title |\n| | every_widget | 1 | Widgets |\n"
)


def _question(kind: str, name: str, appearance: str, label: str) -> str:
    parameters = "start=0 end=40 step=2" if kind == "range" else ""
    narrowed = "kind='a'" if kind.startswith("select_one_external") else ""
    return f"| | {kind} | {name} | {label} | {appearance} | {parameters} | | | {narrowed} |\n"


def _looks(kind: str, found: tuple[str, ...]) -> tuple[str, ...]:
    """pyxform wants a list that search() narrows to be used by it alone: there is no plain row of that one."""
    return found if kind.endswith(" sought") else ("", *found)


def _questions() -> list[str]:
    asked = [(kind, appearance) for kind, found in TYPES.items() for appearance in _looks(kind, found)]
    return [_question(kind, f"q{n}", look, f"{kind.split()[0]} · {look}") for n, (kind, look) in enumerate(asked)]


def _sections(kind: str, looks: tuple[str, ...]) -> list[str]:
    rows = []
    for n, look in enumerate(looks):
        inside = _question("select_one few" if kind == "group" else "text", f"{kind}{n}_q", "", "inside")
        begin = f"| | begin_{kind} | {kind}{n} | {kind} · {look} | {look} | | | | |\n"
        rows += [begin, inside, f"| | end_{kind} | | | | | | | |\n"]
    return rows


def _unasked(kind: str) -> str:
    name = "audit" if kind == "audit" else f"u_{kind.replace('-', '_')}"
    trigger = "${q0}" if kind == "background-geopoint" else ""
    return f"| | {kind} | {name} | | | | {'1' if kind == 'calculate' else ''} | {trigger} | |\n"


def source() -> str:
    """The whole form in pyxform's Markdown; a question's label is "type · appearance"."""
    rows = [*_questions(), *_sections("group", GROUPS), *_sections("repeat", REPEATS), *map(_unasked, UNASKED)]
    return _HEAD + "".join(rows) + _LISTS


def compiled() -> str:
    return convert(xlsform=source(), file_type=".md", validate=False, pretty_print=True).xform


if __name__ == "__main__":
    COMPILED.write_text(compiled(), "utf-8")
