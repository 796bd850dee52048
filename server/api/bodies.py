"""What every JSON body has in common: unknown fields are passed over, what no database keeps is refused."""

from __future__ import annotations

import math
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, pre_load

JSON_BYTES = 1024 * 1024
_TAKES_OPS = "sync.push_ops"  # has limits of its own


def bound_json() -> None:
    """Lets no JSON body but a push be longer than JSON_BYTES: read, it may take fifty times its size."""
    is_json = "json" in request.headers.get("Content-Type", "").lower() and request.is_json  # read where it may be
    if is_json and request.endpoint != _TAKES_OPS:
        request.max_content_length = JSON_BYTES


class Loose(Schema):
    """A JSON body or a part of it."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def _refuse_unstorable(self, body: Any, **_more: Any) -> Any:
        if not storable(body):
            raise ValidationError("It holds a NUL character, half a surrogate pair, or a number that is none.")
        return body


def storable(value: Any) -> bool:
    """Whether PostgreSQL and SQLite can keep every text and number in this JSON value."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part
        elif not _storable_one(part):
            return False
    return True


def _storable_one(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return not isinstance(value, float) or math.isfinite(value)
