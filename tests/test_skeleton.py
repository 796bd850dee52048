"""The app starts, answers and describes itself."""

from __future__ import annotations

from inspect import iscoroutinefunction
from itertools import chain

import pytest
from flask import Flask
from flask.testing import FlaskClient


def test_the_server_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").status_code == 200


def test_an_unknown_address_is_a_problem_with_a_code(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "record.not_found"
    assert answer.headers["X-Request-ID"] == answer.json["request_id"]


def test_the_api_is_described_and_browsable(client: FlaskClient) -> None:
    assert "/api/v1/auth/login" in client.get("/api/v1/openapi.json").json["paths"]
    assert client.get("/api/v1/docs").status_code == 200
    assert client.get("/api/v1/docs/swagger-ui-bundle.js").status_code == 200


def test_every_handler_is_a_plain_function(app: Flask) -> None:
    """The app calls them as they are (`_App.ensure_sync`): nobody would wait for a coroutine."""
    around = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    called = chain(*(functions for by_name in around for functions in by_name.values()), app.teardown_appcontext_funcs)
    assert not [one for one in chain(app.view_functions.values(), called) if iscoroutinefunction(one)]


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/nowhere", "/formList", "/key/none/submission"])
def test_every_answer_says_each_thing_once(client: FlaskClient, path: str) -> None:
    names = [name.lower() for name, _ in client.get(path).headers]
    assert len(set(names)) == len(names)
    assert {"x-request-id", "x-content-type-options", "referrer-policy", "content-security-policy"} <= set(names)
