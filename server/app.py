"""Wires the parts into one Flask application."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Request, Response, g, request
from flask_smorest import Api
from prometheus_client import Counter, Histogram
from werkzeug.middleware.proxy_fix import ProxyFix

from server import api, db
from server.api import problems
from server.api.shapes import ProblemBody
from server.config import Settings, settings_from
from server.errors import Problem
from server.forms.sensitivity import open_names
from server.geo import spots
from server.inspection import audited, finding_ops
from server.logs import set_up_logs
from server.registry.definitions import datasets
from server.sealing import vault

log = structlog.get_logger()

GIVES_UP = 3  # the exit code by which gunicorn knows that starting again is of no use

REQUESTS = Counter("ruhu_requests_total", "Requests by endpoint and status", ["endpoint", "status"])
SECONDS = Histogram("ruhu_request_seconds", "Duration of requests by endpoint", ["endpoint"])

CSP = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
# What every answer says of itself, unless it says otherwise.
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", CSP),
)
UNKEPT = ("Cache-Control", "no-store")  # and of the API


class _App(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """All our functions are plain ones; Flask would look a dozen of them over with each request."""
        return func


class _Api(Api):  # type: ignore[misc]  # flask-smorest publishes no types
    """Errors are described as we write them (problems.py), not as flask-smorest would."""

    ERROR_SCHEMA = ProblemBody


def create_app(settings: Settings | None = None) -> Flask:
    """The application for these settings (default: the environment)."""
    app = bind(routed(), settings or settings_from())
    if settings is None:
        _check_keys(app)
    return app


def routed() -> Flask:
    """Every address with its handler: all that is the same whatever the settings are."""
    app = _App("server", static_folder=None)
    app.config.update(
        API_TITLE="Ruhu 入户",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "security": [{"bearer": []}],
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        },
    )
    finding_ops.register()
    audited.register()
    _observe(app)
    api.register(app, _Api(app))
    problems.register(app)  # after flask-smorest, whose own error writer it replaces
    return app


def bind(app: Flask, settings: Settings) -> Flask:
    """The app with its settings, logs, database and keys."""
    set_up_logs()
    size = settings.body_bytes
    app.config.update(RUHU=settings, MAX_CONTENT_LENGTH=size, MAX_FORM_MEMORY_SIZE=size)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, count, count, count)  # type: ignore[method-assign]
    db.init_app(app, settings.database_url)
    vault.attach(app, settings, lambda: open_names(datasets(settings.forms)))
    with app.app_context():
        spots.prepare(db.db.engine)
    return app


def _check_keys(app: Flask) -> None:
    """A server without the keys of its database does not start: it would write what nobody may read, or plain."""
    with app.app_context():
        try:
            vault.vault().check()
        except Problem as problem:
            sys.stderr.write(f"{problem.entry.zh} / {problem.entry.en}\n  {problem.detail}\n")
            raise SystemExit(GIVES_UP) from problem
        finally:
            db.db.engine.dispose()


def _observe(app: Flask) -> None:
    """Request ids, one log line and one measurement a request, and the headers that every answer carries."""

    @app.before_request
    def _start() -> None:
        given = request.headers.get("X-Request-ID", "")
        known = given if given.isascii() and given.isalnum() and len(given) <= 64 else os.urandom(16).hex()
        g.started, g.request_id = time.perf_counter(), known
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=known)

    @app.after_request
    def _finish(answer: Response) -> Response:
        asked: Request = request._get_current_object()  # type: ignore[attr-defined]
        seconds, endpoint = time.perf_counter() - g.started, asked.endpoint or "none"
        REQUESTS.labels(endpoint, answer.status_code).inc()
        SECONDS.labels(endpoint).observe(seconds)
        # The rule, not the address: addresses may hold tokens and ids.
        rule = asked.url_rule.rule if asked.url_rule else "none"
        log.info("request", method=asked.method, rule=rule, status=answer.status_code, ms=round(seconds * 1000))
        said = {name.lower() for name, _ in answer.headers}
        answer.headers.add("X-Request-ID", g.request_id)
        for name, value in (*ALWAYS, UNKEPT) if asked.path.startswith("/api/") else ALWAYS:
            if name.lower() not in said:
                answer.headers.add(name, value)
        return answer
