"""What a phone says of itself when it greets: ops that wait in it, and the time on its clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from server.db import now

MOST = 2**31 - 1
_ABSURD = timedelta(days=366 * 60)  # seconds of more do not fit into a column


def said_by(body: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an install from a greeting `{device_time, outbox: {count, oldest}}`; what cannot be read is None."""
    here, there = now(), _moment(body.get("device_time"))
    outbox = body.get("outbox") or {}
    count = outbox.get("count")
    is_count = isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST
    return {
        "said_at": here,
        "outbox_count": count if is_count else None,
        "outbox_oldest": _moment(outbox.get("oldest")),
        "clock_ahead_s": round((there - here).total_seconds()) if there and abs(there - here) < _ABSURD else None,
    }


def _moment(text: object) -> datetime | None:
    """A moment with zone that every database keeps."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo and 1971 <= found.year <= 2200 else None
