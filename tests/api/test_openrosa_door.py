"""Who may come in through OpenRosa, and what the door never tells."""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta

import pytest
from flask import Flask
from structlog.testing import capture_logs

from server import db
from server.accounts import tokens
from server.accounts.tables import AuditEntry, Token
from server.registry.tables import Entity
from server.sync.tables import OpLog, Quarantine
from tests.api import collecting
from tests.api.collecting import FORM, HOUSEHOLD, basic, count, entity, new_token, phone, rows, sender, visit
from tests.api.county import PASSWORD, uid
from tests.collect import Collect, CollectError, Reply


def ask(app: Flask, path: str, url: str = "http://localhost", **headers: str) -> Reply:
    return sender(app.test_client())("GET", f"{url}{path}", {"X-OpenRosa-Version": "1.0"} | headers, b"")


# Tokens


def test_the_code_holds_what_collect_needs_and_is_shown_once(county: Flask) -> None:
    """Settings with the server's address, and the same settings in the picture; the token is stored as a hash."""
    answer = new_token(county, "cadre")
    settings = answer["settings"]
    assert settings["general"]["server_url"] == f"http://localhost/key/{answer['token']}"
    assert {"general", "project", "admin"} <= settings.keys()
    kind, _, picture = answer["qr_png"].partition(",")
    assert kind == "data:image/png;base64"
    assert b64decode(picture).startswith(b"\x89PNG")
    (row,) = rows(county, Token, Token.kind == "openrosa")
    assert row.hash == tokens.digest(answer["token"])
    listed = county.test_client().get(
        f"/api/v1/users/{uid('cadre')}/openrosa-tokens", headers=collecting.api(county, "admin")
    )
    assert [item["name"] for item in listed.json["items"]] == ["Redmi"]
    assert answer["token"] not in listed.text


def test_issue_and_withdrawal_are_audited_without_the_token(county: Flask) -> None:
    answer = new_token(county, "cadre")
    address = f"/api/v1/users/{uid('cadre')}/openrosa-tokens/{answer['install_id']}"
    for _ in range(2):
        assert county.test_client().delete(address, headers=collecting.api(county, "admin")).status_code == 204
    entries = rows(county, AuditEntry)
    assert [(entry.action, entry.person_id) for entry in entries] == [
        ("openrosa_token.issued", uid("admin")), ("openrosa_token.revoked", uid("admin")),
    ]  # fmt: skip
    assert not any(answer["token"] in str(entry.detail) for entry in entries)


@pytest.mark.parametrize(
    ("by", "person", "status"),
    [
        ("admin", "cadre", 201), ("admin", "helper", 201), ("admin", "admin", 201), ("admin", "far-admin", 404),
        ("admin", "stranger", 404), ("admin", "nobody", 404), ("far-admin", "cadre", 404), ("east", "cadre", 403),
        ("cadre", "cadre", 403), ("auditor", "cadre", 403),
    ],
)  # fmt: skip
def test_only_an_administrator_of_the_person_s_area_issues_a_token(
    county: Flask, by: str, person: str, status: int
) -> None:
    """Persons of another county and unknown persons answer alike."""
    address = f"/api/v1/users/{uid(person)}/openrosa-tokens"
    answer = county.test_client().post(address, json={}, headers=collecting.api(county, by))
    assert answer.status_code == status
    assert count(county, Token, Token.kind == "openrosa") == (status == 201)


def test_an_openrosa_token_is_good_for_openrosa_only(county: Flask) -> None:
    token = new_token(county, "cadre")["token"]
    answer = county.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"]) == (403, "auth.wrong_kind")
    assert token not in answer.text


def test_other_tokens_are_refused_at_the_door(county: Flask) -> None:
    """An api token, a made-up one, an expired one, a revoked one; Collect is never asked for Basic in their place."""
    token = collecting.api(county, "cadre")["Authorization"].removeprefix("Bearer ")
    assert ask(county, f"/key/{token}/formList").status == 403
    with county.app_context():
        old = db.transact(lambda session: tokens.issue(session, uid("cadre"), "openrosa", timedelta(seconds=-1)))
        gone = db.transact(lambda session: tokens.issue(session, uid("cadre"), "openrosa", timedelta(days=1)))
        db.transact(lambda session: tokens.revoke(session, gone.token))
    for bad in ("made-up", "%00", "户", old.token, gone.token):
        reply = ask(county, f"/key/{bad}/formList")
        assert reply.status == 401, bad
        assert "www-authenticate" not in reply.headers
        assert bad not in reply.body.decode()


def test_a_withdrawn_token_ends_at_once(county: Flask) -> None:
    answer = new_token(county, "cadre")
    made = Collect(sender(county.test_client()), answer["settings"]["general"]["server_url"])
    made.refresh()
    filled = made.finalise(visit(made, water_shortage_days="35"))
    address = f"/api/v1/users/{uid('cadre')}/openrosa-tokens/{answer['install_id']}"
    county.test_client().delete(address, headers=collecting.api(county, "admin"))
    with pytest.raises(CollectError, match="401"):
        made.submit(filled)
    assert count(county, OpLog) == 0


def test_a_revoked_device_hands_over_but_gets_nothing(county: Flask) -> None:
    """Its visits are kept and set aside; the lists are closed to it."""
    answer = new_token(county, "cadre")
    made = Collect(sender(county.test_client()), answer["settings"]["general"]["server_url"])
    made.refresh()
    filled = made.finalise(visit(made, water_shortage_days="35"))
    collecting.revoke_device(county, answer["install_id"])
    assert [reply.status for reply in made.submit(filled)] == [201]
    assert [row.code for row in rows(county, Quarantine)] == ["device.revoked"]
    assert entity(county, HOUSEHOLD).version == 1
    with pytest.raises(CollectError, match="403"):
        made.refresh()


def test_no_token_reaches_the_log(county: Flask) -> None:
    with capture_logs() as entries:
        made = phone(county, "cadre")
        made.refresh()
        made.submit(made.finalise(visit(made)))
        ask(county, f"{made.server_url.removeprefix('http://localhost')}/nowhere")
    log = str(entries)
    assert "/key/<token>/formList" in log
    assert made.server_url.rpartition("/")[2] not in log


def test_a_new_token_for_the_same_person_sends_old_visits_again(county: Flask) -> None:
    """A phone that was set up anew, same instance: 201, no second submission, nothing in quarantine."""
    first = phone(county, "cadre")
    first.refresh()
    filled = first.finalise(visit(first, water_shortage_days="35"))
    first.submit(filled)
    phone(county, "cadre").submit(filled)
    assert entity(county, HOUSEHOLD).version == 2
    assert count(county, Quarantine) == 0


# Basic


def test_without_a_key_plain_http_is_closed(county: Flask) -> None:
    """A right password on plain HTTP is refused unread, and no challenge invites to send one."""
    for headers in ({}, {"Authorization": basic("cadre")}):
        for path in ("/formList", f"/forms/{FORM}/1.xml", "/submission"):
            reply = ask(county, path, **headers)
            assert reply.status == 403
            assert b"openrosa.https_only" in reply.body
            assert "www-authenticate" not in reply.headers


def test_basic_over_https_does_the_whole_story(county: Flask) -> None:
    """Lists, forms and submission; the addresses in the answers keep the host and have no key."""
    made = Collect(sender(county.test_client()), "https://ruhu.example:8443", basic=basic("cadre"))
    made.refresh()
    assert made.forms[FORM].listed.download_url.startswith(f"https://ruhu.example:8443/forms/{FORM}/")
    filled = made.finalise(visit(made, water_shortage_days="35"))
    made.submit(filled)
    made.submit(filled)
    assert entity(county, HOUSEHOLD).values["water_shortage_days"] == "35"
    assert entity(county, HOUSEHOLD).version == 2


def test_basic_is_offered_over_https_and_digest_is_not(county: Flask) -> None:
    for given in ("", basic("cadre", "wrong"), basic("a\0b", "\0"), "Basic \x00", "Basic ==", "Digest x", "Bearer x"):
        reply = ask(county, "/formList", "https://localhost", Authorization=given)
        assert reply.status == 401
        assert reply.headers["www-authenticate"].startswith("Basic ")
        assert reply.headers["x-openrosa-version"] == "1.0"


def test_guessing_passwords_is_slowed_down(county: Flask) -> None:
    guesses = [basic("cadre", f"guess {number}") for number in range(8)]
    statuses = [ask(county, "/formList", "https://localhost", Authorization=guess).status for guess in guesses]
    assert statuses[:5] == [401] * 5
    assert statuses[-1] == 429
    assert ask(county, "/formList", "https://localhost", Authorization=basic("cadre", PASSWORD)).status == 429


# Lists


def test_a_list_that_did_not_change_is_304(county: Flask) -> None:
    """By its tag; the tag changes with the record, and with what the person may see."""
    made = phone(county, "cadre")
    made.refresh()
    path = f"{made.server_url}/forms/{FORM}/{made.forms[FORM].listed.version}/entities/household.csv"
    first = made._get(path)
    again = made._request("GET", path, {"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["x-openrosa-version"] == "1.0"
    made.submit(made.finalise(visit(made, water_shortage_days="35")))
    assert made._request("GET", path, {"If-None-Match": first.headers["etag"]}).status == 200


def test_a_list_follows_its_reader(county: Flask) -> None:
    """A supervisor has the township, a helper the named household, with the members below."""
    for username, names in (("east", {"household 1", "household 2"}), ("helper", {"household 2"})):
        made = phone(county, username)
        made.refresh()
        assert set(made.lists["household"]) == {uid(name) for name in names}
        assert {item.properties["household"] for item in made.lists["member"].values()} == {uid(name) for name in names}


def test_an_archived_record_leaves_the_list_and_the_phone(county: Flask) -> None:
    made = phone(county, "cadre")
    made.refresh()
    with county.app_context():
        db.transact(lambda session: setattr(session.get_one(Entity, HOUSEHOLD), "state", "archived"))
    made.refresh()
    assert made.lists["household"] == {}


def test_addresses_keep_the_host_by_which_the_client_came(county: Flask) -> None:
    made = Collect(sender(county.test_client()), f"https://192.0.2.7:8443/key/{new_token(county, 'cadre')['token']}")
    made.refresh()
    listed = made.forms[FORM].listed
    assert listed.download_url.startswith(made.server_url)
    assert listed.manifest_url and listed.manifest_url.startswith(made.server_url)
