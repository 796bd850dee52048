"""Days that somebody names: an errand or an order for a day that is over would reach nobody."""

from __future__ import annotations

from datetime import date

from server.db import today
from server.errors import Fault, Problem


def check_to_come(day: date | None, where: str = "due") -> None:
    """Problem request.invalid for a day before today."""
    if day is not None and day < today():
        why = "这一天已经过了 / The day is over already."
        raise Problem("request.invalid", faults=[Fault(where, why, "写今天或以后的一天 / Name today or a later day.")])
