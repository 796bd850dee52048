"""A place for a house from the fixes of visits to it: offered, never applied by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapely import Point
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import today
from server.geo.median import Median, median_place
from server.registry.place_limits import PlaceLimits, place_limits
from server.registry.tables import Entity
from server.sync.place import length, metres_from
from server.sync.record_rows import RecordRow
from server.sync.scope import visible_submissions
from server.sync.tables import Submission

NEWEST = 50  # visits that are looked at: a house that was rebuilt elsewhere is found again


@dataclass(frozen=True)
class Fix:
    """One visit's fix, WGS-84."""

    instance_id: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Suggestion:
    """`median` stands only where `why` is None; else why there is none: no_policy, too_few, too_wide."""

    why: str | None
    fixes: tuple[Fix, ...] = ()
    median: Median | None = None
    limits: PlaceLimits | None = None

    def ground(self) -> dict[str, Any]:
        """What it goes by, as it is kept with an accepted one."""
        spread = self.median.spread_m if self.median else 0.0
        return {"n": len(self.fixes), "spread_m": f"{spread:.1f}", "rule": self.limits.rule if self.limits else ""}

    def place(self) -> dict[str, str]:
        """The place in WGS-84; its error is what the fixes differ by, at least a metre."""
        if self.median is None:
            return {}
        return {
            "lon": f"{self.median.lon:.7f}",
            "lat": f"{self.median.lat:.7f}",
            "accuracy_m": f"{max(self.median.spread_m, 1.0):.1f}",
            "datum": "wgs84",
        }


def suggest(session: Session, actor: Actor, entity: Entity | RecordRow) -> Suggestion:
    """The median of good fixes of visits that the actor may see; of each spot that was sent twice one."""
    limits = place_limits(session, entity.region_code, today())
    if limits is None:
        return Suggestion("no_policy")
    fixes = _fixes(session, actor, entity, limits)
    if len(fixes) < limits.good_fixes:
        return Suggestion("too_few", fixes, None, limits)
    median = median_place([(fix.lon, fix.lat) for fix in fixes])
    return Suggestion("too_wide" if median.spread_m > limits.spread_m else None, fixes, median, limits)


def on_wire(found: Suggestion, shown: Entity) -> dict[str, Any]:
    """`place` is null where none is offered; `why` says why."""
    limits = found.limits
    answer: dict[str, Any] = {"place": None, "why": found.why, **found.ground(), "fixes": []}
    if limits is not None:
        answer["limits"] = {name: getattr(limits, name) for name in ("good_fix_m", "good_fixes", "spread_m")}
    if found.median is not None:
        far = zip(found.fixes, found.median.metres, strict=True)
        answer["fixes"] = [{"instance_id": fix.instance_id, "metres": round(metres, 1)} for fix, metres in far]
    if found.median is not None and found.why is None:
        answer["place"] = found.place()
        answer["metres_from_place"] = metres_from(shown.geom, Point(found.median.lon, found.median.lat))
    return answer


def _fixes(session: Session, actor: Actor, entity: Entity | RecordRow, limits: PlaceLimits) -> tuple[Fix, ...]:
    """Measured by phones, in person, sharp enough, and not withdrawn; newest first, the same coordinates once."""
    rows = session.execute(
        select(Submission.instance_id, Submission.location, Submission.geom)
        .where(
            Submission.root_id == entity.root_id,
            Submission.geom.is_not(None),
            Submission.review != "rejected",
            visible_submissions(actor),
        )
        .order_by(Submission.received_at.desc(), Submission.instance_id)
        .limit(NEWEST)
    )
    found: dict[tuple[float, float], Fix] = {}
    for instance_id, location, geom in rows:
        metres = length((location or {}).get("accuracy_m"))
        if (location or {}).get("source") == "gps" and metres and metres <= limits.good_fix_m:
            found.setdefault((geom.x, geom.y), Fix(instance_id, geom.x, geom.y))
    return tuple(found.values())
