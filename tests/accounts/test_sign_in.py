"""Signing in: tokens bound to installs, back-off, the desk's cookie, and the key that a forgotten PIN needs."""

from __future__ import annotations

import base64
import os
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask
from sqlalchemy import select

from server import db
from server.accounts import attempts
from server.accounts.tables import AuditEntry, LoginAttempt, Token
from server.db import now
from tests.world import PASSWORD, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def sign_in(world: World, username: str = "li", password: str = PASSWORD, **more):
    body = {"username": username, "password": password, "install_id": "install-one", "device": {"name": "phone"}}
    return world.app.test_client().post("/api/v1/auth/login", json={**body, **more})


def headers(answer) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json['token']}"}


def test_a_phone_signs_in_and_knows_who_it_is(world: World) -> None:
    answer = sign_in(world)
    assert answer.json["user"]["roles"] == [{"role": "cadre", "region": "990101200000"}]
    assert answer.json["server_public_key_jwk"]["alg"] == "RSA-OAEP-256"
    me = world.app.test_client().get("/api/v1/me", headers=headers(answer))
    assert me.json == answer.json["user"]


def test_the_token_is_stored_hashed_only(world: World) -> None:
    token = sign_in(world).json["token"]
    stored = world.look(lambda s: s.scalars(select(Token.hash)).all())
    assert token not in stored and len(stored[-1]) == 64


def test_wrong_and_unknown_answer_alike(world: World) -> None:
    wrong, unknown = sign_in(world, password="wrong"), sign_in(world, username="nobody")
    for answer in (wrong, unknown):
        assert (answer.status_code, answer.json["code"]) == (401, "auth.bad_credentials")


def test_too_many_attempts_must_wait_and_other_people_need_not(world: World) -> None:
    for _ in range(6):
        sign_in(world, password="wrong")
    blocked = sign_in(world)
    assert (blocked.status_code, blocked.json["code"]) == (429, "auth.too_many_attempts")
    assert int(blocked.headers["Retry-After"]) >= 1
    assert sign_in(world, username="zhao", install_id="install-two").status_code == 200


def test_a_stranger_who_guesses_does_not_lock_the_owner_out(world: World) -> None:
    """Guesses count for the name at the stranger's address; from everywhere together many more are free."""
    for _ in range(6):
        sign_in(world, password="wrong")
    assert sign_in(world).status_code == 429
    body = {"username": "li", "password": PASSWORD, "install_id": "install-one"}
    elsewhere = world.app.test_client().post("/api/v1/auth/login", json=body, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 200


def test_guessing_one_name_from_many_addresses_ends(world: World) -> None:
    with world.app.app_context():
        for place in range(attempts.FREE["name"] + 1):
            db.transact(lambda s, at=f"10.0.1.{place}": attempts.failed(s, attempts.keys_of("li", at)))
    assert sign_in(world).status_code == 429


def test_what_was_mistyped_as_a_name_is_kept_as_a_keyed_hash_only(world: World) -> None:
    sign_in(world, username="my-secret-password", password="x")
    kept = world.run(lambda s: list(s.scalars(select(LoginAttempt.key))))
    assert sorted(key.partition(":")[0] for key in kept) == ["addr", "name", "pair"]
    assert not any("my-secret" in key or "127.0.0.1" in key for key in kept)


def test_old_failures_leave_the_table_with_the_next_one(world: World) -> None:
    """Those of an older version too, which kept names as they were typed."""
    long_ago = now() - attempts.FORGOTTEN_AFTER - timedelta(seconds=1)
    world.run(lambda s: s.add(LoginAttempt(key="name:li", failures=99, last_at=long_ago)))
    sign_in(world, username="nobody")
    assert "name:li" not in world.run(lambda s: list(s.scalars(select(LoginAttempt.key))))


def test_an_install_belongs_to_one_person(world: World) -> None:
    sign_in(world)
    assert sign_in(world, username="zhao").json["code"] == "auth.install_taken"


def test_signing_out_ends_the_token(world: World) -> None:
    answer = sign_in(world)
    client = world.app.test_client()
    assert client.post("/api/v1/auth/logout", headers=headers(answer)).status_code == 204
    assert client.get("/api/v1/me", headers=headers(answer)).status_code == 401


def test_an_expired_token_says_so(world: World) -> None:
    answer = sign_in(world)
    world.run(lambda s: [setattr(t, "expires_at", now() - timedelta(seconds=1)) for t in s.scalars(select(Token))])
    assert world.app.test_client().get("/api/v1/me", headers=headers(answer)).json["code"] == "auth.expired"


def test_a_new_password_signs_out_everywhere_else(world: World) -> None:
    here, there = sign_in(world), sign_in(world, install_id="install-two")
    client = world.app.test_client()
    body = {"old": PASSWORD, "new": "another-long-one"}
    assert client.post("/api/v1/auth/password", json=body, headers=headers(here)).status_code == 204
    assert client.get("/api/v1/me", headers=headers(here)).status_code == 200
    assert client.get("/api/v1/me", headers=headers(there)).status_code == 401
    weak = {"old": "another-long-one", "new": "short"}
    assert client.post("/api/v1/auth/password", json=weak, headers=headers(here)).json["code"] == "auth.weak_password"


def test_the_desk_signs_in_by_cookie_and_writes_with_its_csrf_token(world: World) -> None:
    client = world.app.test_client()
    answer = client.post("/api/v1/auth/login", json={"username": "zhang", "password": PASSWORD, "cookie": True})
    assert "token" not in answer.json
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert client.get("/api/v1/me").json["username"] == "zhang"
    assert client.post("/api/v1/auth/logout").json["code"] == "auth.csrf"
    csrf = {"X-CSRF-Token": answer.json["csrf_token"]}
    assert client.post("/api/v1/auth/logout", headers=csrf).status_code == 204


def wrap(jwk: dict, raw: bytes, label: str) -> str:
    number = {name: int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=="), "big") for name in ("n", "e")}
    key = rsa.RSAPublicNumbers(number["e"], number["n"]).public_key()
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label.encode())
    return base64.b64encode(key.encrypt(raw, oaep)).decode()


def test_a_forgotten_pin_is_recovered_by_the_same_install_only_and_recorded(world: World) -> None:
    raw = os.urandom(32)
    mine, other = sign_in(world), sign_in(world, username="zhao", install_id="install-two")
    body = {"wrapped": wrap(mine.json["server_public_key_jwk"], raw, "install-one")}
    client = world.app.test_client()
    answer = client.post("/api/v1/auth/recover-key", json=body, headers=headers(mine))
    assert base64.b64decode(answer.json["key"]) == raw
    assert client.post("/api/v1/auth/recover-key", json=body, headers=headers(other)).json["code"] == "key.unreadable"
    notes = world.look(lambda s: s.scalars(select(AuditEntry.action)).all())
    assert [action for action in notes if action != "auth.signed_in"] == ["key.recovered"]


def test_missing_fields_are_all_named(world: World) -> None:
    answer = world.app.test_client().post("/api/v1/auth/login", json={})
    assert answer.status_code == 400
    assert {error["where"] for error in answer.json["errors"]} == {"json.username", "json.password"}
