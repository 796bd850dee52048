"""Published forms as a test bed: XLSForms and XForms from folders, none of them ours.

RUHU_FORMS=folder[:folder…] names the folders. In them are read: .xls, .xlsx and .xml files, and the Markdown forms in
the tests of pyxform (md=\"\"\"…\"\"\" in .py files). pyxform's sources with tests:
pip download --no-binary :all: --no-deps pyxform==1.3.0, or its repository.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

SHARED = Path(os.environ.get("RUHU_SHARED", str(Path(__file__).parents[4] / "shared")))


def folders() -> list[Path]:
    named = [Path(folder) for folder in os.environ.get("RUHU_FORMS", "").split(":") if folder]
    return [folder for folder in [*named, SHARED / "data" / "xlsforms"] if folder.is_dir()]


def xforms() -> Iterator[tuple[str, str]]:
    """(name, XForm) of every form that pyxform accepts or that is an XForm already."""
    for folder in folders():
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            if path.suffix in (".xls", ".xlsx"):
                yield from _converted(name, path)
            elif path.suffix == ".xml" and (xml := _xform(path)):
                yield name, xml
            elif path.suffix == ".py":
                for line, text in _markdown(path):
                    yield from _converted(f"{name}:{line}", text)


def _converted(name: str, source: Path | str) -> Iterator[tuple[str, str]]:
    try:
        yield name, convert(source, form_name="data").xform
    except (PyXFormError, Exception):
        # Much of it is wrong on purpose, and some of it crashes pyxform.
        return


def _xform(path: Path) -> str | None:
    try:
        text = path.read_text("utf-8")
    except (UnicodeDecodeError, OSError):
        return None
    return text if "http://www.w3.org/2002/xforms" in text and "<instance" in text else None


def _markdown(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a test that looks like a form as Markdown tables."""
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "| survey" in node.value:
            yield node.lineno, node.value
