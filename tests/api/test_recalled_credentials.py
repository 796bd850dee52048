"""What was right a moment ago is not hashed again, and whatever is taken away stops at the next request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from server import db
from server.accounts import people, recalled, tokens
from server.accounts.tables import Person, RoleGrant
from tests.api.collecting import basic, new_token, sender
from tests.api.county import PASSWORD, uid
from tests.collect import Reply

HTTPS = "https://localhost"


def ask(app: Flask, path: str = "/formList", **headers: str) -> Reply:
    return sender(app.test_client())("GET", f"{HTTPS}{path}", {"X-OpenRosa-Version": "1.0"} | headers, b"")


def change(app: Flask, work: Callable[[Session], object]) -> None:
    with app.app_context():
        db.transact(work)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed."""
    seen: list[str] = []

    def matches(password_hash: str, password: str) -> bool:
        seen.append(password)
        return real(password_hash, password)

    real = people.matches
    monkeypatch.setattr(people, "matches", matches)
    monkeypatch.setattr(recalled, "_right", type(recalled._right)())
    return seen


def test_a_right_password_is_hashed_once_and_a_wrong_one_each_time(county: Flask, hashed: list[str]) -> None:
    for given in (PASSWORD, PASSWORD, "wrong", "wrong", PASSWORD):
        assert ask(county, Authorization=basic("cadre", given)).status == (200 if given == PASSWORD else 401)
    assert hashed == [PASSWORD, "wrong", "wrong"]


@pytest.mark.parametrize("what", ["password", "active"])
def test_a_credential_that_is_taken_away_stops_at_once_though_it_was_recalled(
    county: Flask, hashed: list[str], what: str
) -> None:
    """Another process changes the password, or sends the person away: the next request knows it."""
    assert ask(county, Authorization=basic("cadre")).status == 200
    new = {"password": {"password_hash": people.hash_password("a new one")}, "active": {"active": False}}[what]
    change(county, lambda session: session.execute(update(Person).where(Person.id == uid("cadre")).values(**new)))
    assert ask(county, Authorization=basic("cadre")).status == 401
    assert hashed == ([PASSWORD, PASSWORD] if what == "password" else [PASSWORD])


def test_for_a_name_that_nobody_has_every_password_is_hashed_each_time(county: Flask, hashed: list[str]) -> None:
    """Also the one that the stand-in's hash fits: answered at once, it would tell names that exist from others."""
    for _ in range(3):
        assert ask(county, Authorization=basic("no one", "nobody has this password")).status == 401
    assert len(hashed) == 3 and not recalled._right


def test_what_was_right_is_forgotten_in_time(county: Flask, hashed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalled, "KEPT_FOR", 0.0)
    for _ in range(2):
        assert ask(county, Authorization=basic("cadre")).status == 200
    assert hashed == [PASSWORD, PASSWORD]


def test_no_more_is_recalled_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalled, "_right", type(recalled._right)())
    monkeypatch.setattr(recalled, "MOST", 2)
    asked: list[str] = []
    for password in ("a", "b", "c", "c", "a"):
        assert recalled.matches_again("hash", password, lambda _, one: asked.append(one) is None)
    assert asked == ["a", "b", "c", "a"]
    assert len(recalled._right) == 2


def test_a_token_and_a_role_that_are_taken_away_stop_at_once(county: Flask) -> None:
    """Whose token it is and what the person may is asked of the database with each request."""
    token = new_token(county, "cadre")["token"]
    assert b"<formID>" in ask(county, f"/key/{token}/formList").body
    change(county, lambda session: session.execute(delete(RoleGrant).where(RoleGrant.person_id == uid("cadre"))))
    assert b"<formID>" not in ask(county, f"/key/{token}/formList").body
    change(county, lambda session: tokens.revoke(session, token))
    assert ask(county, f"/key/{token}/formList").status == 401
