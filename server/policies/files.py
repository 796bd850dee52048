"""A change of a policy out of a file: YAML as in form_definitions/policies, or the CSV of the desk. PURE."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from server.forms import definition_checks as check
from server.forms.definition_file import DefinitionFile, parse_definition
from server.forms.issue import DefinitionError
from server.forms.messages import issue
from server.forms.policies import Policy, PolicyVersion, read_version
from server.forms.policy_rows import Row

COLUMNS = ("name", "zh", "en", "unit", "value")
_KEYS = ("name", "labels", "source", "values", "versions")

# What else a version says, in place of what the desk adds to the values of a table.
_ANY = {"id": "csv", "area": "", "from": "2000-01-01", "status": "indicative", "source": ""}

# What of a file becomes a change: {area?, from?, until?, status?, source?, values}
Draft = dict[str, Any]


def read_file(policy: Policy, name: str, content: bytes) -> Draft:
    """What the file proposes. Raises DefinitionError with file, line, cause and cure of every mistake."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("yaml", "yml"):
        return _of_yaml(policy, parse_definition(Path(name), content))
    if ending == "csv":
        return _of_csv(policy, name, content)
    raise DefinitionError([issue("policy.file_kind", name, name=name)])


def sheet(policy: Policy, row: Row | None) -> bytes:
    """The values that hold, as a table to change in Excel: UTF-8 with its mark, one value a line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for value in policy.values.values():
        held = (row or {}).get(value.name, "")
        writer.writerow({"name": value.name, **value.labels, "unit": value.unit or "", "value": held})
    return text.getvalue().encode("utf-8-sig")


def _of_yaml(policy: Policy, file: DefinitionFile) -> Draft:
    check.check_keys(file, (), file.content, _KEYS, ("name", "versions"))
    given = str(file.content.get("name"))
    if given != policy.name:
        file.complain("policy.other", ("name",), given=given, name=policy.name)
    known = {one.id for one in policy.versions}
    listed = enumerate(check.sequence(file, ("versions",), file.content.get("versions")))
    read = [read_version(file, ("versions", str(n)), item, policy.values) for n, item in listed]
    new = [one for one in read if one is not None and one.id not in known]
    if not file.issues and len(new) != 1:
        file.complain("policy.one_version", ("versions",), count=len(new))
    if file.issues:
        raise DefinitionError(file.issues)
    return _draft(new[0])


def _draft(version: PolicyVersion) -> Draft:
    return {
        "area": version.area,
        "from": version.valid_from.isoformat(),
        "until": version.valid_until.isoformat() if version.valid_until else None,
        "status": version.status,
        "source": version.source,
        "values": version.values,
    }


def _of_csv(policy: Policy, name: str, content: bytes) -> Draft:
    """Its values alone: for which area and from which day is said at the desk. Empty cells set nothing."""
    file = DefinitionFile(Path(name))
    reader = csv.DictReader(io.StringIO(_text(content), newline=""))
    values: dict[str, str] = {}
    try:
        if not {"name", "value"} <= set(reader.fieldnames or ()):
            raise csv.Error
        for row in reader:
            key, text = (row["name"] or "").strip(), (row["value"] or "").strip()
            if key and text:
                values[key] = text
                file.lines["values", key] = reader.line_num
    except csv.Error as error:
        raise DefinitionError([issue("policy.file_columns", f"{name} 第1行 / {name} line 1")]) from error
    version = read_version(file, (), {**_ANY, "values": values}, policy.values)
    if file.issues or version is None:
        raise DefinitionError(file.issues)
    return {"values": version.values}


def _text(content: bytes) -> str:
    """As Excel of this country writes CSV: UTF-8, or GB 18030 where it is not."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")
