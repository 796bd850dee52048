"""Makes the one answer for everything that went wrong: RFC 9457 `application/problem+json` with our stable code."""

from __future__ import annotations

import traceback
from json import decoder as json_decoder

import structlog
from flask import Flask, Response, g, json, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from server.errors import Fault, Problem
from server.failures import is_full

log = structlog.get_logger()

_BY_STATUS = {
    400: "request.invalid",
    404: "record.not_found",
    405: "request.method",
    413: "request.too_large",
    416: "request.range",
    422: "request.invalid",
    429: "request.too_many",
}


def respond(problem: Problem) -> Response:
    """The answer for a Problem; its text in the language the client asks for, Chinese first."""
    chinese = request.accept_languages.best_match(["zh", "en"], default="zh") == "zh"
    body = {
        "type": "about:blank",
        "status": problem.entry.status,
        "code": problem.code,
        "title": problem.entry.zh if chinese else problem.entry.en,
        "titles": {"zh": problem.entry.zh, "en": problem.entry.en},
        "detail": problem.detail or None,
        "errors": [{"where": f.where, "why": f.why, "fix": f.fix} for f in problem.faults],
        "request_id": g.get("request_id"),
    }
    answer = Response(
        json.dumps({key: value for key, value in body.items() if value is not None}),
        status=problem.entry.status,
        mimetype="application/problem+json",
    )
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def from_http(error: HTTPException) -> Problem:
    """Our Problem for an error that Flask, Werkzeug or marshmallow raised."""
    if isinstance(error, RequestEntityTooLarge):
        return Problem("request.too_large")
    # webargs leaves its list of mistakes on the exception that flask-smorest lets through.
    messages = getattr(error, "data", {}).get("messages", {})
    return Problem(_BY_STATUS.get(error.code or 500, "server.failed"), faults=_faults(messages))


def _faults(messages: object, where: str = "") -> list[Fault]:
    if isinstance(messages, dict):
        return [fault for key, inner in messages.items() for fault in _faults(inner, f"{where}.{key}".lstrip("."))]
    if isinstance(messages, list):
        return [Fault(where, str(message), "See the API description of this field.") for message in messages]
    return []


def register(app: Flask) -> None:
    app.register_error_handler(Problem, respond)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> BaseResponse:
    if error.code is not None and error.code < 400:
        return error.get_response()  # a redirect is not a problem
    return respond(from_http(error))


def _while_parsing(error: RecursionError) -> bool:
    """Whether Python's JSON reader gave up: a body that nests thousands deep is no request of any client."""
    return traceback.extract_tb(error.__traceback__)[-1].filename == json_decoder.__file__


def _unforeseen(error: Exception) -> Response:
    if isinstance(error, RecursionError) and _while_parsing(error):
        return respond(Problem("request.not_json"))
    if isinstance(error, DBAPIError) and is_full(error):
        return respond(Problem("server.full", retry_after=300))
    # The text of an exception may hold personal values (SQL parameters), so only its kind and its places are logged.
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    rule = request.url_rule.rule if request.url_rule else "none"  # an address may hold a token
    log.error("unforeseen", kind=type(error).__name__, rule=rule, places=places[-8:])
    return respond(Problem("server.failed"))
