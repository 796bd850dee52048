"""Where a submission was made, where its house is registered and where its photos were taken: positions to draw.

Distances are told, never judged: `beyond_accuracy` says only that the two accuracy circles do not touch, not even
with a yard between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapely import Point
from shapely.geometry.base import BaseGeometry

from server.evidence.tables import Photo
from server.geo.inside import metres_between
from server.geo.tables import Region
from server.registry.place_limits import PlaceLimits
from server.registry.reading import Datasets
from server.sync.place import geometry_of, length, point
from server.sync.places import about
from server.sync.tables import Attachment, Submission
from server.sync.written_records import WrittenRecord

Position = dict[str, Any]


def submission_map(
    submission: Submission,
    household: WrittenRecord | None,
    photos: Sequence[tuple[Attachment, Photo | None]],
    datasets: Datasets,
    limits: PlaceLimits | None = None,
    village: Region | None = None,
) -> dict[str, Any]:
    """`position`, `house` (None where unknown) and `photos`, each with its distance to the house in metres.

    `limits`: those of the visit's day; `village`: with a boundary, which the position is told against.
    """
    house = _house(household, datasets) if household else None
    position = _visit(submission)
    # A house is no point: its door and its yard lie apart from where it was once placed.
    yard = limits.yard_m if limits else 0.0
    placed = [
        {"attachment_id": attachment.id, **where}
        for attachment, photo in photos
        if (where := _photo(attachment, photo))
    ]
    return {
        "position": _with_distance(position, house, yard) | _beside(position, village, limits) if position else None,
        "house": house,
        "photos": [_with_distance(where, house, yard) for where in placed],
        "limits": {"yard_m": limits.yard_m, "rule": limits.rule} if limits else None,
    }


def _beside(where: Position, village: Region | None, limits: PlaceLimits | None) -> dict[str, Any]:
    """Inside the village, near its edge or outside, in metres to the boundary; None where that is not drawn."""
    if village is None or limits is None:
        return {"village": None}
    return {"village": about(village, where["lon"], where["lat"], limits)}


def _visit(submission: Submission) -> Position | None:
    declared = submission.location or {}
    if submission.geom is None:
        return None
    keys = ("source", "fix_time", "reason", "datum")
    return _position(submission.geom, declared.get("accuracy_m")) | {key: declared.get(key) for key in keys}


def _house(household: WrittenRecord, datasets: Datasets) -> Position | None:
    """The house as registered before the visit; where the visit placed it first, as the visit left it."""
    dataset = datasets.get(household.entity.dataset)
    if dataset is None or not dataset.location:
        return None
    for values, by_visit in ((household.before, False), (household.after, True)):
        place = geometry_of(dataset, values)
        if place is not None:
            accuracy = values.get(dataset.location.get("accuracy_m", ""))
            return _position(place, accuracy) | {"placed_by_this_visit": by_visit}
    return None


def _photo(attachment: Attachment, photo: Photo | None) -> Position | None:
    if photo is not None and photo.geom is not None:
        return _position(photo.geom, (photo.place or {}).get("accuracy_m")) | {"place_source": photo.place_source}
    given = (attachment.capture or {}).get("fix")
    fix: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    place = point(fix.get("lon"), fix.get("lat"))
    if place is None:
        return None
    return _position(place, fix.get("accuracy_m")) | {"place_source": "capture"}


def _position(place: BaseGeometry | Point, accuracy: object) -> Position:
    lon, lat = place.coords[0][:2]
    return {"lon": lon, "lat": lat, "accuracy_m": length(accuracy)}


def _with_distance(where: Position, house: Position | None, yard: float) -> Position:
    if house is None or house["placed_by_this_visit"]:
        return where | {"distance_m": None, "beyond_accuracy": None}
    metres = metres_between(where["lon"], where["lat"], house["lon"], house["lat"])
    reach = yard + (where["accuracy_m"] or 0) + (house["accuracy_m"] or 0)
    return where | {"distance_m": round(metres, 1), "beyond_accuracy": metres > reach}
