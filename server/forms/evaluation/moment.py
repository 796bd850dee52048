"""The moment at which a form was filled, by what it says itself: today() and now() are judged by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.forms.evaluation.plan import FormPlan

_MARKS = (("timestamp", "end"), ("timestamp", "start"))


def moment_of(plan: FormPlan, root: Any) -> datetime | None:
    """When the filling ended, else when it began, with the zone that the phone wrote; None when it does not say.

    `root`: the instance (lxml).
    """
    paths: list[str] | None = plan.kept.get("moments")
    if paths is None:
        marked = [part for mark in _MARKS for part in plan.parts.values() if part.preload == mark]
        paths = plan.kept["moments"] = ["/".join(part.path.split("/")[2:]) for part in marked]
    found = (_moment(root.findtext(path)) for path in paths)
    return next((moment for moment in found if moment is not None), None)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
