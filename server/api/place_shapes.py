"""Answers about places as the API description shows them."""

from __future__ import annotations

from marshmallow import Schema, fields

from server.api.shapes import WrittenRecord

_PLACE = {"description": "lon, lat, accuracy_m, datum, source, fix_time as they were declared"}


class BesideShape(Schema):
    """Where a position lies about the boundary of the record's region."""

    region = fields.String(required=True)
    where = fields.String(required=True, metadata={"enum": ["inside", "edge", "outside"]})
    inside = fields.Boolean(required=True)
    metres = fields.Float(required=True, metadata={"description": "To the boundary"})
    limit = fields.Float(required=True, metadata={"description": "Metres to the boundary up to which it is `edge`"})
    rule = fields.String(required=True)


class PlaceItem(Schema):
    op_id = fields.UUID(required=True)
    instance_id = fields.String(allow_none=True)
    version = fields.Integer(required=True)
    author = fields.Dict(allow_none=True)
    at = fields.DateTime(allow_none=True)
    place = fields.Dict(required=True, metadata=_PLACE)
    wgs84 = fields.Dict(allow_none=True, metadata={"description": "{lon, lat}; null where the datum is not known"})
    metres_from_place = fields.Float(allow_none=True)
    reason = fields.String(allow_none=True)
    suggested = fields.Dict(allow_none=True, metadata={"description": "{n, spread_m, rule} of an accepted suggestion"})
    state = fields.String(required=True, metadata={"enum": ["shown", "open", "superseded", "withdrawn"]})
    superseded_by = fields.String(allow_none=True)
    village = fields.Nested(BesideShape, allow_none=True)


class SuggestionShape(Schema):
    """`place` is null where none is offered; `why` says why."""

    place = fields.Dict(required=True, allow_none=True)
    why = fields.String(allow_none=True, metadata={"enum": ["no_policy", "too_few", "too_wide"]})
    n = fields.Integer(required=True)
    spread_m = fields.String(required=True)
    rule = fields.String(required=True)
    limits = fields.Dict()
    fixes = fields.List(fields.Dict(), required=True)
    metres_from_place = fields.Float(allow_none=True)
    village = fields.Nested(BesideShape, allow_none=True)


class PlacesShape(Schema):
    entity_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(PlaceItem), required=True)
    suggestion = fields.Nested(SuggestionShape, required=True)


class PlacedShape(Schema):
    """As a result of /sync/push."""

    op_id = fields.UUID(required=True)
    status = fields.String(required=True)
    entities = fields.List(fields.Nested(WrittenRecord), required=True)


class DatumDoubtShape(Schema):
    """What one phone sent for one person on one day, against the houses."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    install_id = fields.String(required=True)
    author = fields.Dict(allow_none=True)
    day = fields.Date(required=True)
    region = fields.String(allow_none=True)
    likely = fields.String(metadata={"enum": ["gcj02", "bd09", "gcj02_undone", "bd09_undone"]})
    n = fields.Integer(required=True)
    east_m = fields.Float(required=True)
    north_m = fields.Float(required=True)
    apart_m = fields.Float(required=True)
    left_m = fields.Float(required=True)
    limits = fields.Dict(required=True)
    rule = fields.String(required=True)
    message = fields.Dict(required=True)
    state = fields.String(required=True, metadata={"enum": ["open", "gone", "explained", "confirmed"]})
    found_at = fields.DateTime(required=True)
    seen_at = fields.DateTime(required=True)
    word = fields.Dict(allow_none=True)


class DatumDoubtPage(Schema):
    items = fields.List(fields.Nested(DatumDoubtShape), required=True)
    next = fields.String(allow_none=True)


class RegionsAtShape(Schema):
    items = fields.List(fields.Nested(BesideShape), required=True)
