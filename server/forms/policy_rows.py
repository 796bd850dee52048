"""A policy as the list that forms read: complete rows, most specific and latest last. PURE.

Each row holds all values: what its version does not say comes from the wider areas, as they stood on that day. Where a
wider area changes in the middle of a version's time, the version gets one row for each stretch.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from server.forms.issue import Issue
from server.forms.messages import issue
from server.forms.policies import FIXED, Policy, PolicyVersion

OPEN_DAY = 99999  # until_day of a version without end (the year 2243)
EPOCH = date(1970, 1, 1)

Row = Mapping[str, str]


@dataclass(frozen=True)
class _Stretch:
    version: PolicyVersion
    name: str
    start: date
    end: date | None
    values: dict[str, str]
    status: str


def policy_list(policy: Policy) -> list[dict[str, str]]:
    """The rows, in the order of `rank` (1 …): wider areas first, then by the day they begin."""
    stretches = [stretch for version in policy.versions for stretch in _stretches(policy, version)]
    stretches.sort(key=lambda one: (len(one.version.area), one.start, one.version.area, one.name))
    return [_row(policy, rank, one) for rank, one in enumerate(stretches, 1)]


def policy_csv(policy: Policy, rows: Sequence[Row]) -> bytes:
    """The list as the form's file policy_<name>.csv: UTF-8, lines end with LF."""
    text = io.StringIO()
    writer = csv.DictWriter(text, (*FIXED, *policy.values), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def media_hash(content: bytes) -> str:
    """`md5:…`, which OpenRosa prescribes for manifests; it names content and protects nothing."""
    return "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()


def in_force(rows: Iterable[Row], region: str, day: date) -> Row | None:
    """The row that holds in a region on a day: what the forms pick by `rank`. None where nothing holds."""
    number = day_number(day)
    fitting = [
        row
        for row in rows
        if region.startswith(row["area"]) and int(row["from_day"]) <= number < int(row["until_day"])
    ]
    return max(fitting, key=lambda row: int(row["rank"]), default=None)


def gaps(policy: Policy, rows: Iterable[Row]) -> list[Issue]:
    """Values that a row lacks because neither its version nor any wider area sets them."""
    missing = [(row, value) for row in rows for value in policy.values if row[value] == ""]
    return [
        issue(
            "policy.incomplete", f"{policy.name}.yaml {row['name']}", value=value, id=row["name"], day=row["valid_from"]
        )
        for row, value in missing
    ]


def contradictions(policy: Policy, rows: Iterable[Row]) -> list[Issue]:
    """Where a value exceeds the one that it may not exceed (`at_most`). One of the two may come from a wider area."""
    ordered = [(value.name, value.at_most) for value in policy.values.values() if value.at_most in policy.values]
    return [
        issue(
            "policy.contradiction", f"{policy.name}.yaml {row['name']}",
            low=low, is_low=row[low], high=high, is_high=row[high], day=row["valid_from"],
        )
        for row in rows
        for low, high in ordered
        if row[low] and row[high] and Decimal(row[low]) > Decimal(row[high])
    ]  # fmt: skip


def day_number(day: date) -> int:
    """Days since 1970-01-01, as int(decimal-date-time()) counts them."""
    return (day - EPOCH).days


def _stretches(policy: Policy, version: PolicyVersion) -> Iterator[_Stretch]:
    """One stretch for each time between changes of the wider areas that change something here."""
    wider = [one for one in policy.versions if one.area != version.area and version.area.startswith(one.area)]
    last: _Stretch | None = None
    for start in _starts(version, wider):
        values, status = _whole([*_in_force_by_area(wider, start), version])
        if last and last.values == values and last.status == status:
            continue
        name = version.id if last is None else f"{version.id}@{start.isoformat()}"
        if last:
            yield _Stretch(version, last.name, last.start, start, last.values, last.status)
        last = _Stretch(version, name, start, version.valid_until, values, status)
    if last:
        yield last


def _whole(layers: Sequence[PolicyVersion]) -> tuple[dict[str, str], str]:
    """The values of all layers, later ones first, and `confirmed` only when every one that is used is."""
    origin = {name: layer for layer in layers for name in layer.values}
    values = {name: layer.values[name] for name, layer in origin.items()}
    is_confirmed = all(layer.status == "confirmed" for layer in origin.values())
    return values, "confirmed" if is_confirmed else "indicative"


def _starts(version: PolicyVersion, wider: Sequence[PolicyVersion]) -> list[date]:
    """The days, from the version's own first day on, on which what holds here may change."""
    days = {one.valid_from for one in wider} | {one.valid_until for one in wider if one.valid_until}
    inside = {
        day
        for day in days
        if day > version.valid_from and (version.valid_until is None or day < version.valid_until)
    }
    return [version.valid_from, *sorted(inside)]


def _in_force_by_area(versions: Sequence[PolicyVersion], day: date) -> list[PolicyVersion]:
    """The version of each area that holds on the day (the latest begun), widest first."""
    holding: dict[str, PolicyVersion] = {}
    for one in sorted(versions, key=lambda version: (len(version.area), version.valid_from)):
        if one.valid_from <= day and (one.valid_until is None or day < one.valid_until):
            holding[one.area] = one
    return list(holding.values())


def _row(policy: Policy, rank: int, one: _Stretch) -> dict[str, str]:
    labels = one.version.labels or {
        "zh": f"{policy.labels['zh']}（{one.start.isoformat()} 起）",
        "en": f"{policy.labels['en']} (from {one.start.isoformat()})",
    }
    fixed = {
        "name": one.name,
        "label": f"{labels['zh']} / {labels['en']}",
        "area": one.version.area,
        "valid_from": one.start.isoformat(),
        "valid_until": one.end.isoformat() if one.end else "",
        "from_day": str(day_number(one.start)),
        "until_day": str(day_number(one.end) if one.end else OPEN_DAY),
        "rank": str(rank),
        "status": one.status,
    }
    return fixed | {name: one.values.get(name, "") for name in policy.values}
