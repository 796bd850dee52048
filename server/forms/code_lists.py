"""Code lists: form_definitions/codes/*.csv, one file a list. PURE.

Columns: code, zh, en, and where wanted note and source. UTF-8 (with or without a byte order mark) or GB18030, which
Chinese Excel writes. A code is text: 02 keeps its zero.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from server.forms import definition_checks as check
from server.forms.dataset import Choice
from server.forms.definition_file import DefinitionFile, read_definition
from server.forms.issue import Issue
from server.forms.messages import issue

CodeLists = Mapping[str, tuple[Choice, ...]]

NEEDED = ("code", "zh", "en")
COLUMNS = (*NEEDED, "note", "source")
# A code with a blank could not stand in a select_multiple.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)


def load_code_lists(folder: Path, issues: list[Issue]) -> dict[str, tuple[Choice, ...]]:
    """All lists of `folder` by name (the file's); what is wrong goes to `issues`, with file and line."""
    return {path.stem: _read(path, issues) for path in sorted(folder.glob("*.csv"))}


def _read(path: Path, issues: list[Issue]) -> tuple[Choice, ...]:
    if not check.NAME.fullmatch(path.stem):
        issues.append(issue("name.bad", path.name, name=path.stem))
    text = _decoded(path, issues)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if not _header_is_good(path, header, issues):
        return ()
    found: dict[str, Choice] = {}
    for line, cells in enumerate(rows[1:], 2):
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if any(row.values()):
            _add(found, row, _place(path, line), issues)
    if not found:
        issues.append(issue("codes.empty", _place(path, 1)))
    return tuple(found.values())


def _place(path: Path, line: int) -> str:
    return f"{path.name} 第{line}行 / {path.name} line {line}"


def _decoded(path: Path, issues: list[Issue]) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    issues.append(issue("file.unreadable", path.name, cause="encoding"))
    return ""


def _header_is_good(path: Path, header: Sequence[str], issues: list[Issue]) -> bool:
    before, where = len(issues), _place(path, 1)
    issues += [issue("key.missing", where, key=name) for name in NEEDED if name not in header]
    issues += [
        issue("key.unknown", where, key=name, known=", ".join(COLUMNS)) for name in header if name not in COLUMNS
    ]
    return len(issues) == before


def _add(found: dict[str, Choice], row: Mapping[str, str], where: str, issues: list[Issue]) -> None:
    code = row.get("code", "")
    if not _CODE.fullmatch(code):
        issues.append(issue("codes.bad", where, given=code))
    elif code in found:
        issues.append(issue("codes.twice", where, given=code))
    elif not row.get("zh") or not row.get("en"):
        issues.append(issue("labels.incomplete", where))
    else:
        found[code] = Choice(code, {"zh": row["zh"], "en": row["en"]})


def yaml_lists(path: Path, issues: list[Issue]) -> dict[str, tuple[Choice, ...]]:
    """Lists of one YAML file: {list: {code: {zh: …, en: …}}}."""
    if not path.exists():
        return {}
    file = read_definition(path)
    lists = {name: _yaml_list(file, name, codes) for name, codes in file.content.items()}
    issues += file.issues
    return lists


def _yaml_list(file: DefinitionFile, name: str, given: Any) -> tuple[Choice, ...]:
    codes = check.mapping(file, (name,), given)
    return tuple(Choice(code, check.labels(file, (name, code), labels)) for code, labels in codes.items())
