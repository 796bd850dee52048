"""The built client's files: packed for who asks, whole for who does not, and asked for once."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

SCRIPT = b"export const households = [];\n" * 200


@pytest.fixture
def files(app: Flask, client: FlaskClient, tmp_path: Path) -> FlaskClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app-1a2b.js").write_bytes(SCRIPT)
    app.config["RUHU"] = replace(app.config["RUHU"], client=tmp_path)
    return client


def test_a_script_comes_packed_to_who_asks_and_plain_to_who_does_not(files: FlaskClient) -> None:
    packed = files.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
    plain = files.get("/assets/app-1a2b.js")
    assert (packed.headers["Content-Encoding"], gzip.decompress(packed.data)) == ("gzip", SCRIPT)
    assert len(packed.data) * 5 < len(SCRIPT) == len(plain.data)
    assert "Content-Encoding" not in plain.headers and "Accept-Encoding" in plain.headers["Vary"]


def test_what_a_phone_has_is_not_sent_again(files: FlaskClient) -> None:
    tag = files.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    again = files.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip", "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
