"""What every list has in common: how to ask for a page and how it is answered."""

from __future__ import annotations

from typing import Any

import shapely
from flask import Response, current_app, jsonify, request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from server.config import Settings
from server.errors import Fault, Problem
from server.geo.inside import Box, Circle
from server.registry.definitions import datasets
from server.registry.reading import Datasets, Page

LARGEST = 500
MOST_CORNERS = 100


class Paging(Schema):
    """`after` is the `next` of the page before."""

    class Meta:
        unknown = EXCLUDE

    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=LARGEST))
    after = fields.String(load_default=None, validate=validate.Length(min=1, max=200))


class BoxField(fields.Field[Box]):
    """`west,south,east,north` in degrees, WGS-84."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Box:
        west, south, east, north = numbers(value, 4)
        if not (abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90):
            raise ValidationError("Four degrees: west,south,east,north; south is not above north.")
        return Box(west, south, east, north)


class CircleField(fields.Field[Circle]):
    """`lon,lat,metres`, WGS-84."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Circle:
        lon, lat, metres = numbers(value, 3)
        if not (abs(lon) <= 180 and abs(lat) <= 90 and 0 < metres <= 100_000):
            raise ValidationError("Longitude, latitude and up to 100000 metres: lon,lat,metres.")
        return Circle(lon, lat, metres)


class PolygonField(fields.Field[BaseGeometry]):
    """`lon,lat,lon,lat,…`, WGS-84: the corners of a drawn area, 3 to 100 of them, not closed.

    A line that crosses itself, as a hand draws it, encloses the parts on its either side.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> BaseGeometry:
        count = str(value).count(",") + 1
        if count % 2 or not 6 <= count <= 2 * MOST_CORNERS:
            raise ValidationError(f"3 to {MOST_CORNERS} corners: lon,lat,lon,lat,…")
        found = numbers(value, count)
        corners = list(zip(found[::2], found[1::2], strict=True))
        if any(abs(lon) > 180 or abs(lat) > 90 for lon, lat in corners):
            raise ValidationError("Longitudes are -180 to 180 degrees, latitudes -90 to 90.")
        return shapely.make_valid(Polygon(corners))


def numbers(text: object, count: int) -> list[float]:
    """`count` finite numbers between commas."""
    try:
        found = [float(part) for part in str(text).split(",")]
    except ValueError:
        found = []
    if len(found) != count or any(number != number or abs(number) == float("inf") for number in found):
        raise ValidationError(f"{count} numbers between commas are wanted.")
    return found


def refuse_nul() -> None:
    """No stored text holds NUL, and PostgreSQL takes none: an id with one is unknown, a filter with one is wrong."""
    if "\0" in request.path:
        raise Problem("record.not_found")
    for name, value in request.args.items(multi=True):
        if "\0" in name + value:
            raise Problem("request.invalid", faults=[Fault(name, "It holds a NUL character.", "Leave it out.")])


def definitions() -> Datasets:
    """The datasets of this server."""
    settings: Settings = current_app.config["RUHU"]
    return datasets(settings.forms)


def page_answer(page: Page | None) -> Response:
    """The page; a page that starts behind something unknown is a mistake of the asker."""
    if page is None:
        fix = "Start again without after."
        raise Problem("request.invalid", faults=[Fault("after", "This place in the list is not known.", fix)])
    return jsonify({"items": page.items, "next": page.next})


def found(answer: dict[str, Any] | Page | None) -> Response:
    """One thing; unknown and foreign are the same."""
    if answer is None:
        raise Problem("record.not_found")
    return jsonify({"items": answer.items, "next": answer.next} if isinstance(answer, Page) else answer)
