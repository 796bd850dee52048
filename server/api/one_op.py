"""A page of the console that does what an op of a phone does."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.accounts.actor import Actor
from server.errors import Problem
from server.sync.push import push


def do(actor: Actor, op: dict[str, Any], refused: str) -> Response:
    """Its result, as /sync/push tells it. Problems: record.not_found (out of sight), `refused` (any other)."""
    result = push(actor, [op]).results[0]
    code = result.code or (result.first or {}).get("code")
    if code == "scope.lost":
        raise Problem("record.not_found")
    if code is not None:
        raise Problem(refused, detail=str(code))
    return jsonify(result.for_wire())
