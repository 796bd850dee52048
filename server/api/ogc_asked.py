"""How OGC API Features is asked: boxes and times as its standard spells them. What it does not name is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from server import db
from server.api.lists import numbers
from server.geo.inside import Box

LARGEST = 1000
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SPELLED = "A moment with its zone, like 2026-11-22T08:00:00+08:00, a day, or two of them with / between, in order."

Moments = tuple[datetime | None, datetime | None]


class BoxField(fields.Field[Box]):
    """`west,south,east,north` in degrees, or six numbers with heights (there are none). West of east crosses the
    date line; a map that was pulled beyond it is turned back.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Box:
        given = numbers(value, 6 if str(value).count(",") == 5 else 4)
        west, south, east, north = given if len(given) == 4 else (given[0], given[1], given[3], given[4])
        if south > north:
            raise ValidationError("South is above north.")
        if east - west >= 360:
            west, east = -180.0, 180.0
        return Box(_turned(west), max(south, -90.0), _turned(east), min(north, 90.0))


def _turned(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0 if abs(lon) > 180 else lon


class MomentsField(fields.Field[Moments]):
    """A moment or a day, or two with `/` between; `..` or nothing is open."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Moments:
        parts = str(value).replace(" ", "+").split("/")  # an unquoted + is a blank
        if len(parts) > 2 or (len(parts) == 1 and parts[0] in ("", "..")):
            raise ValidationError(_SPELLED)
        since, until = _moment(parts[0], time.min), _moment(parts[-1], time.max)
        if since is not None and until is not None and since > until:
            raise ValidationError(_SPELLED)
        return since, until


def _moment(text: str, at: time) -> datetime | None:
    """A day begins and ends as China's clocks say."""
    if text in ("", ".."):
        return None
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(datetime.fromisoformat(text).date(), at, db.CHINA).astimezone(UTC)
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValidationError(_SPELLED) from error
    raise ValidationError(_SPELLED)


class Plain(Schema):
    """Every page may be asked for as JSON, and comes so in any case."""

    class Meta:
        unknown = RAISE

    f = fields.String(validate=validate.OneOf(["json"]))


class Asked(Plain):
    """A page of features. A limit above the largest is the largest."""

    limit = fields.Integer(load_default=100, validate=validate.Range(min=1))
    after = fields.String(load_default=None, validate=validate.Length(min=1, max=200))
    bbox = BoxField(load_default=None)
    datetime = MomentsField(load_default=(None, None))
