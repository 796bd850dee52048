"""Dated policies by area: the thresholds of form_definitions/policies/*.yaml. PURE.

One file is one policy: which values it holds, and its versions. A version is for an area (a prefix of the division
code; "" is the nation) and from a day on; what it does not say it takes from the wider areas (policy_rows.py).
Everything is checked at load, with file, line, cause and cure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from server.forms import definition_checks as check
from server.forms.definition_file import DefinitionFile, Place, read_definition
from server.forms.issue import DefinitionError, Issue

TYPES = ("integer", "decimal", "text")
STATUSES = ("confirmed", "indicative")
# Lengths of a division code's prefix: nation, province, prefecture, county, township, village.
AREA = re.compile(r"(|\d{2}|\d{4}|\d{6}|\d{9}|\d{12})", re.ASCII)
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,78}", re.ASCII)
_FILE_KEYS = ("name", "labels", "source", "values", "versions")
_VALUE_KEYS = ("type", "unit", "labels", "min", "max", "at_most", "one_of")
_VERSION_KEYS = ("id", "labels", "area", "from", "until", "status", "source", "values")
# Columns of the form's list that are no values.
FIXED = (
    "name", "label", "area", "valid_from", "valid_until", "from_day", "until_day", "rank", "status",
)  # fmt: skip


PREFIX = "policy_"


@dataclass(frozen=True)
class PolicyValue:
    """One number (or word) that a policy sets. `least` and `most` bound it in every version.

    `at_most`: the value of the same version that it may not exceed; `one_of`: the words that a text may be.
    """

    name: str
    type: str
    labels: dict[str, str]
    unit: str | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    at_most: str | None = None
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class PolicyVersion:
    """What holds in `area` and below from `valid_from` up to the day before `valid_until` (None: until further notice).

    `status`: `confirmed` when `source` states it, `indicative` when it is general knowledge that a county must check.
    """

    id: str
    area: str
    valid_from: date
    valid_until: date | None
    status: str
    source: str
    values: dict[str, str]
    labels: dict[str, str] | None = None


@dataclass(frozen=True)
class Policy:
    """A family of dated values, its versions in the order of the file."""

    name: str
    labels: dict[str, str]
    source: str
    values: dict[str, PolicyValue]
    versions: tuple[PolicyVersion, ...]


def file_name(policy: str) -> str:
    return f"{PREFIX}{policy}.csv"


def policy_of_file(name: str) -> str | None:
    """The policy that a form's file name stands for: policy_income.csv → income."""
    stem = name.rpartition("/")[2]
    is_policy = stem.startswith(PREFIX) and stem.endswith(".csv")
    return stem.removeprefix(PREFIX).removesuffix(".csv") if is_policy else None


def load_policies(folder: Path) -> dict[str, Policy]:
    """All policies of `folder` by name. Raises DefinitionError with all issues of all files."""
    issues: list[Issue] = []
    found: dict[str, Policy] = {}
    for path in sorted(folder.glob("*.yaml")):
        file = read_definition(path)
        policy = _policy(file)
        if policy.name != path.stem:
            file.complain("policy.file_name", ("name",), name=policy.name, file=f"{policy.name}.yaml")
        found[policy.name] = policy
        issues += file.issues
    if issues:
        raise DefinitionError(issues)
    return found


def _policy(file: DefinitionFile) -> Policy:
    content = file.content
    check.check_keys(file, (), content, _FILE_KEYS, _FILE_KEYS)
    given = check.mapping(file, ("values",), content.get("values"))
    values = {name: _value(file, name, item, given) for name, item in given.items()}
    versions = [
        read_version(file, ("versions", str(n)), item, values)
        for n, item in enumerate(check.sequence(file, ("versions",), content.get("versions")))
    ]
    _check_unique(file, versions)
    return Policy(
        name=check.name(file, ("name",), content.get("name")),
        labels=check.labels(file, ("labels",), content.get("labels")),
        source=str(content.get("source") or ""),
        values=values,
        versions=tuple(version for version in versions if version),
    )


def _value(file: DefinitionFile, name: str, given: Any, siblings: Mapping[str, Any]) -> PolicyValue:
    at = ("values", name)
    content = check.mapping(file, at, given)
    check.check_keys(file, at, content, _VALUE_KEYS, ("type", "labels"))
    if name in FIXED:
        file.complain("policy.reserved", at, name=name)
    return PolicyValue(
        name=check.name(file, at, name),
        type=check.word(file, (*at, "type"), content.get("type"), TYPES) or "text",
        labels=check.labels(file, (*at, "labels"), content.get("labels")),
        unit=content.get("unit"),
        least=check.number(file, (*at, "min"), content.get("min")),
        most=check.number(file, (*at, "max"), content.get("max")),
        at_most=check.known_name(file, (*at, "at_most"), content.get("at_most"), siblings),
        one_of=tuple(map(str, check.sequence(file, (*at, "one_of"), content.get("one_of")))),
    )


def read_version(
    file: DefinitionFile, at: Place, given: Any, known: Mapping[str, PolicyValue]
) -> PolicyVersion | None:
    """One version; `known`: what it may set. Complains to the file; None where it does not say from when it holds."""
    content = check.mapping(file, at, given)
    check.check_keys(file, at, content, _VERSION_KEYS, ("id", "area", "from", "status", "source", "values"))
    start = check.day(file, (*at, "from"), content.get("from"))
    end = check.day(file, (*at, "until"), content.get("until"))
    if start is None:
        return None
    if end is not None and end <= start:
        file.complain("policy.empty_period", (*at, "until"))
    given_labels = content.get("labels")
    return PolicyVersion(
        id=_id(file, (*at, "id"), content.get("id")),
        area=_area(file, (*at, "area"), content.get("area")),
        valid_from=start,
        valid_until=end,
        status=check.word(file, (*at, "status"), content.get("status"), STATUSES) or "indicative",
        source=str(content.get("source") or ""),
        values=_values(file, (*at, "values"), content.get("values"), known),
        labels=check.labels(file, (*at, "labels"), given_labels) if given_labels is not None else None,
    )


def _id(file: DefinitionFile, at: Place, given: Any) -> str:
    if not _ID.fullmatch(str(given)):
        file.complain("policy.bad_id", at, id=given)
    return str(given)


def _area(file: DefinitionFile, at: Place, given: Any) -> str:
    if given is not None and not AREA.fullmatch(str(given)):
        file.complain("policy.bad_area", at, area=given)
    return str(given or "")


def _values(file: DefinitionFile, at: Place, given: Any, known: Mapping[str, PolicyValue]) -> dict[str, str]:
    content = check.mapping(file, at, given)
    check.check_keys(file, at, content, tuple(known), ())
    found = {name: _one(file, (*at, name), text, known[name]) for name, text in content.items() if name in known}
    return {name: text for name, text in found.items() if text is not None}


def _one(file: DefinitionFile, at: Place, given: Any, value: PolicyValue) -> str | None:
    """The value as the form's list shows it: numbers without needless zeros."""
    if value.type == "text":
        return check.word(file, at, str(given), value.one_of) if value.one_of else str(given)
    found = check.number(file, at, given, whole=value.type == "integer")
    if found is None:
        return None
    if (value.least is not None and found < value.least) or (value.most is not None and found > value.most):
        least, most = ("…" if bound is None else bound for bound in (value.least, value.most))
        file.complain("policy.out_of_bounds", at, value=given, least=least, most=most)
    text = f"{found:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _check_unique(file: DefinitionFile, versions: list[PolicyVersion | None]) -> None:
    ids: set[str] = set()
    starts: set[tuple[str, date]] = set()
    for n, version in enumerate(versions):
        if version is None:
            continue
        if version.id in ids:
            file.complain("policy.id_twice", ("versions", str(n), "id"), id=version.id)
        if (version.area, version.valid_from) in starts:
            file.complain("policy.start_twice", ("versions", str(n), "from"), area=version.area or "全国 / nation")
        ids.add(version.id)
        starts.add((version.area, version.valid_from))
