"""ruhu region import, ruhu user add, ruhu user passwd."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from server import db
from server.accounts.people import add_person
from server.cli import main
from server.errors import Problem
from server.imports.job import importer
from tests.geo.test_region_import import COUNTY, feature, geojson


class Ruhu:
    """The program on the test's database."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app = app
        self.folder = folder

    def __call__(self, *words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, words, input=stdin, obj=lambda: self.app)

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


@pytest.fixture
def ruhu(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ruhu:
    monkeypatch.setattr("server.cli.App", lambda: lambda: app)
    return Ruhu(app, tmp_path)


@pytest.fixture
def county(ruhu: Ruhu) -> Ruhu:
    assert ruhu("region", "import", ruhu.file("county.csv", COUNTY)).exit_code == 0
    return ruhu


def sign_in(client: FlaskClient, username: str, password: str) -> int:
    body = {"username": username, "password": password, "install_id": "install-1", "device": {"name": "x"}}
    return client.post("/api/v1/auth/login", json=body).status_code


def test_regions_are_imported_with_boundaries(ruhu: Ruhu) -> None:
    table = ruhu.file("county.csv", COUNTY)
    boundaries = ruhu.file("county.geojson", geojson(feature("990101100201")))
    done = ruhu("region", "import", table, "--boundaries", boundaries)
    assert done.exit_code == 0, done.output
    assert "5 new" in done.output
    assert "1 boundaries" in done.output


def test_check_tells_and_imports_nothing(ruhu: Ruhu) -> None:
    table = ruhu.file("county.csv", COUNTY)
    assert "5 new" in ruhu("region", "import", table, "--check").output
    assert "5 new" in ruhu("region", "import", table).output
    assert "5 unchanged" in ruhu("region", "import", table).output


def test_a_bad_file_ends_with_one_and_names_the_line(ruhu: Ruhu) -> None:
    done = ruhu("region", "import", ruhu.file("county.csv", COUNTY.replace("东河镇", "")))
    assert done.exit_code == 1
    assert "第4行 / line 4" in done.output
    assert "→" in done.output


def test_a_person_is_added_and_can_sign_in(county: Ruhu, client: FlaskClient) -> None:
    done = county(
        "user", "add", "li.min", "--name", "李敏", "--role", "cadre:990101100201", "--password-stdin",
        stdin="long enough\n",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "long enough" not in done.output
    assert sign_in(client, "li.min", "long enough") == 200


def test_a_made_password_is_shown_once_and_works(county: Ruhu, client: FlaskClient) -> None:
    done = county("user", "add", "wang", "--name", "王", "--role", "inspector", "--generate")
    password = done.output.strip().split()[-1]
    assert sign_in(client, "wang", password) == 200


def test_a_new_password_replaces_the_old_one_and_signs_out(county: Ruhu, client: FlaskClient) -> None:
    county("user", "add", "wang", "--name", "王", "--role", "inspector", "--password-stdin", stdin="password1\n")
    body = {"username": "wang", "password": "password1", "install_id": "install-1", "device": {"name": "x"}}
    token = client.post("/api/v1/auth/login", json=body).json["token"]
    assert county("user", "passwd", "wang", "--password-stdin", stdin="password2\n").exit_code == 0
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert sign_in(client, "wang", "password1") == 401
    assert sign_in(client, "wang", "password2") == 200


@pytest.mark.parametrize(
    "words",
    [
        ["Li Min", "--name", "李", "--role", "inspector"],
        ["li.min", "--name", " ", "--role", "inspector"],
        ["li.min", "--name", "李"],
        ["li.min", "--name", "李", "--role", "king:990101000000"],
        ["li.min", "--name", "李", "--role", "cadre"],
        ["li.min", "--name", "李", "--role", "inspector:990101000000"],
        ["li.min", "--name", "李", "--role", "cadre:990101100999"],
    ],
)
def test_a_wrong_person_is_refused_with_a_sentence(county: Ruhu, client: FlaskClient, words: list[str]) -> None:
    done = county("user", "add", *words, "--password-stdin", stdin="long enough\n")
    assert done.exit_code == 1
    assert " / " in done.output
    assert "Traceback" not in done.output
    assert sign_in(client, "li.min", "long enough") == 401


@pytest.mark.parametrize("name", ["import", "importer", "system"])
def test_no_person_takes_the_name_that_imports_are_signed_with(
    county: Ruhu, client: FlaskClient, name: str
) -> None:
    done = county("user", "add", name, "--name", "李", "--role", "inspector", "--password-stdin", stdin="long enough\n")
    assert done.exit_code == 1
    assert "no person can have it" in done.output
    assert sign_in(client, name, "long enough") == 401


@pytest.mark.parametrize("name", ["import", "Import", " ＩＭＰＯＲＴ", "SYSTEM"])
def test_no_way_of_adding_people_takes_a_reserved_name(app: Flask, name: str) -> None:
    """Whatever adds people comes through `add_person`; the import's own person is made once and stays."""
    with app.app_context():
        made = db.transact(importer)
        with pytest.raises(Problem) as refused:
            db.transact(lambda session: add_person(
                session, id=str(uuid.uuid4()), username=name, display_name="x", password_hash="-"
            ))  # fmt: skip
        assert refused.value.code == "user.reserved_name"
        assert db.transact(importer) == made


def test_a_taken_name_and_a_short_password_are_refused(county: Ruhu) -> None:
    first = ["user", "add", "wang", "--name", "王", "--role", "inspector", "--password-stdin"]
    assert county(*first, stdin="short\n").exit_code == 1
    assert county(*first, stdin="long enough\n").exit_code == 0
    assert "taken" in county(*first, stdin="long enough\n").output
    assert "no user" in county("user", "passwd", "nobody", "--password-stdin", stdin="long enough\n").output
