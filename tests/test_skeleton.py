"""The app starts, answers and describes itself."""

from __future__ import annotations

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
