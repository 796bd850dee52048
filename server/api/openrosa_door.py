"""The door of the OpenRosa addresses: who comes in, what every answer carries, and errors as XML.

Two ways in: `/key/{token}/…` with a token of kind openrosa, and the same paths without it for Basic over HTTPS.
Digest is not offered: it needs the password in a form that could be used by whoever reads the database.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from urllib.parse import quote

import structlog
from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from server.accounts.actor import Actor
from server.accounts.tokens import actor_by_token
from server.api import openrosa_xml
from server.api.basic import actor_by_password
from server.api.problems import from_http
from server.config import Settings
from server.errors import Problem

log = structlog.get_logger()

VERSION_HEADER = "X-OpenRosa-Version"
VERSION = "1.0"
XML = "text/xml; charset=utf-8"
_BESIDE_FILES = 4 * 1024 * 1024  # the instance, the borders, small files beside the largest photo

Handler = Callable[..., Response]

blueprint = Blueprint("openrosa", __name__)


def at(path: str, *methods: str) -> Callable[[Handler], Handler]:
    """Puts a handler at both doors. OPTIONS is answered as any other method that is not offered."""

    def wrap(handler: Handler) -> Handler:
        for prefix, door in (("/key/<token>", "key"), ("", "basic")):
            rule, name = f"{prefix}{path}", f"{door}_{handler.__name__}"
            blueprint.add_url_rule(rule, name, handler, methods=methods, provide_automatic_options=False)
        return handler

    return wrap


def body_limit() -> int:
    """Bytes of one POST: the largest photo with its instance."""
    settings: Settings = current_app.config["RUHU"]
    return settings.photo_bytes + _BESIDE_FILES


def current_collector() -> Actor:
    """Who came in by this request."""
    actor: Actor = g.actor
    return actor


def address(path: str) -> str:
    """The absolute address of a path for this client: its own host, and its key where it came with one."""
    token = g.get("openrosa_token")
    prefix = f"key/{quote(token, safe='')}" if token is not None else ""
    return f"{request.url_root}{prefix}{path if prefix else path.removeprefix('/')}"


def xml_answer(content: bytes, status: int = 200) -> Response:
    return Response(content, status=status, content_type=XML)


@blueprint.url_value_preprocessor
def _take_token(_endpoint: str | None, values: dict[str, str] | None) -> None:
    g.openrosa_token = values.pop("token", None) if values else None


@blueprint.before_request
def _enter() -> None:
    if request.headers.get(VERSION_HEADER, "").strip() != VERSION:
        raise Problem("openrosa.version_missing")
    token = g.openrosa_token
    g.actor = actor = _by_key(token) if token is not None else _by_password()
    # A revoked device hands over what it still has (push sets it aside), and gets nothing any more.
    if actor.revoked and not request.path.endswith("/submission"):
        raise Problem("device.revoked")


def _by_key(token: str) -> Actor:
    try:
        return actor_by_token(token, ("openrosa",))[0]
    except Problem as problem:
        raise Problem("openrosa.wrong_token") if problem.code == "auth.wrong_kind" else problem from None


def _by_password() -> Actor:
    if not request.is_secure:
        raise Problem("openrosa.https_only")
    return actor_by_password("openrosa")


@blueprint.after_request
def _headers(answer: Response) -> Response:
    headers = answer.headers
    headers.add(VERSION_HEADER, VERSION)
    headers.add("X-OpenRosa-Accept-Content-Length", str(body_limit()))
    headers.add("Content-Language", language())
    if "Cache-Control" not in headers:
        headers.add("Cache-Control", "private, no-cache")
    return answer


def language() -> str:
    """Chinese unless the client prefers English."""
    wanted = request.accept_languages
    return (wanted.best_match(["zh", "en"]) if wanted else None) or "zh"


@blueprint.errorhandler(Problem)
def _problem(problem: Problem) -> Response:
    answer = xml_answer(openrosa_xml.message(_words(problem), nature="error", code=problem.code), problem.entry.status)
    answer.headers["Cache-Control"] = "no-store"
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    # Only where Basic is spoken: Collect breaks off at a scheme that it does not know.
    if problem.entry.status == 401 and g.get("openrosa_token") is None and request.is_secure:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Ruhu", charset="UTF-8"'
    return answer


def _words(problem: Problem) -> str:
    title = problem.entry.zh if language() == "zh" else problem.entry.en
    faults = [f"{fault.where}: {fault.why} {fault.fix}" for fault in problem.faults]
    return "\n".join(part for part in (title, problem.detail, *faults) if part)


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return _problem(from_http(error))


@blueprint.errorhandler(Exception)
def _unforeseen(error: Exception) -> Response:
    # Neither the address (it holds the token) nor the exception's text (it may hold answers) is logged.
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    rule = request.url_rule.rule if request.url_rule else "none"
    log.error("unforeseen", kind=type(error).__name__, rule=rule, places=places[-8:])
    return _problem(Problem("server.failed"))
