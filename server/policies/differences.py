"""What a proposed version changes: value by value against what would hold without it, and who keeps an own value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from server.forms.policies import Policy, PolicyVersion
from server.forms.policy_rows import Row, in_force, policy_list
from server.forms.policy_versions import ended, version_named, with_version


def rows_around(policy: Policy, version: PolicyVersion) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows of the policy without the version and with it; one without values is an end, as changes.py keeps it."""
    if not version.values:
        before, after = (ended(policy, version.id, day) for day in (version.valid_until, version.valid_from))
        return policy_list(before), policy_list(after)
    return policy_list(without(policy, version)), policy_list(with_version(policy, version))


def without(policy: Policy, version: PolicyVersion) -> Policy:
    rest = tuple(one for one in policy.versions if one.id != version.id)
    return Policy(policy.name, policy.labels, policy.source, policy.values, rest)


def differences(policy: Policy, version: PolicyVersion) -> list[dict[str, Any]]:
    """`{name, labels, unit, type, before, after}` of each value that is another one on the first day, in its area."""
    before, after = (_held(rows, version.area, version.valid_from) for rows in rows_around(policy, version))
    return [
        {
            "name": value.name,
            "labels": value.labels,
            "unit": value.unit,
            "type": value.type,
            "before": before.get(value.name, ""),
            "after": after.get(value.name, ""),
        }
        for value in policy.values.values()
        if before.get(value.name, "") != after.get(value.name, "")
    ]


def _held(rows: Sequence[Row], area: str, day: date) -> Mapping[str, str]:
    return in_force(rows, area, day) or {}


def keeping(policy: Policy, version: PolicyVersion) -> list[dict[str, Any]]:
    """`{area, values}` of the narrower areas whose own versions set some of these values on that day."""
    values = version.values or version_named(policy, version.id).values
    found: dict[str, set[str]] = {}
    for one in policy.versions:
        is_inside = one.area != version.area and one.area.startswith(version.area)
        holds = one.valid_from <= version.valid_from and (
            one.valid_until is None or version.valid_from < one.valid_until
        )
        if is_inside and holds and (shared := one.values.keys() & values.keys()):
            found.setdefault(one.area, set()).update(shared)
    return [{"area": area, "values": sorted(names)} for area, names in sorted(found.items())]
