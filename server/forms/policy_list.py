"""The loaded policies as a person reads them: which values hold where and from which day."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.tables import PolicyFile, PolicyVersionRow


def list_policies(session: Session) -> list[dict[str, Any]]:
    """All policies by name, each with its values as declared and its versions: widest area first, newest first."""
    versions: dict[str, list[PolicyVersionRow]] = defaultdict(list)
    for row in session.scalars(select(PolicyVersionRow)):
        versions[row.policy].append(row)
    return [
        {
            "name": policy.name,
            "labels": policy.labels,
            "source": policy.source,
            "values": policy.columns,
            "loaded_at": policy.loaded_at.isoformat(),
            "versions": [_version(one) for one in sorted(versions[policy.name], key=_order)],
        }
        for policy in session.scalars(select(PolicyFile).order_by(PolicyFile.name))
    ]


def _order(one: PolicyVersionRow) -> tuple[int, str, int]:
    return len(one.area), one.area, -one.valid_from.toordinal()


def _version(one: PolicyVersionRow) -> dict[str, Any]:
    return {
        "id": one.id,
        "labels": one.labels,
        "area": one.area,
        "from": one.valid_from.isoformat(),
        "until": one.valid_until.isoformat() if one.valid_until else None,
        "status": one.status,
        "source": one.source,
        "values": one.values,
    }
