"""When a visit happened, as far as the phone's clock can be believed. Pure.

A phone's clock may be years off; what can be believed is how much time went by since it last heard from the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.sync.envelope import parse_time


def observed_at(visit_time: datetime | None, clock: Mapping[str, Any]) -> str | None:
    """The visit's time in UTC by the server's clock, as ISO text; None without an anchor or after a jump of the clock.

    `clock`: {server_time_seen, device_time_then, jumped} of the wire contract.
    """
    server_time, device_time = (parse_time(clock.get(name)) for name in ("server_time_seen", "device_time_then"))
    if visit_time is None or server_time is None or device_time is None or clock.get("jumped"):
        return None
    try:
        return (visit_time + (server_time - device_time)).isoformat(timespec="microseconds")
    except OverflowError:
        return None
