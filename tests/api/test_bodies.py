"""Bodies and addresses that no client of ours makes are answered as mistakes of the asker, never as faults of ours."""

from __future__ import annotations

import gzip
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests.world import PASSWORD, World, build_world

UNSTORABLE = ("a\0b", "\ud800", float("nan"), float("inf"))
SMALL = """
| survey |
| | type | name | label |
| | text | a | {label} |
| settings |
| | form_id | version |
| | {id} | 1 |
"""


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


@pytest.mark.parametrize("value", UNSTORABLE, ids=repr)
def test_what_no_database_keeps_is_refused(world: World, value: Any) -> None:
    li = world.phone("li")
    login = {"username": "li", "password": PASSWORD, "install_id": "install-one"}
    bodies = [
        ("/auth/login", {**login, "username": value}),
        ("/auth/login", {**login, "install_id": f"install-{value}" if isinstance(value, str) else value}),
        ("/auth/login", {**login, "device": {"name": value}}),
        ("/auth/login", {**login, "device": {"public_key_jwk": {"kty": [value]}}}),
        ("/sync/hello", {"app_build": value}),
        ("/sync/pull", {"feeds": {"forms": {"after": 0, "view": value}}}),
    ]
    for path, body in bodies:
        answer = li.post(path, body)
        assert (answer.status_code, answer.json["code"]) == (400, "request.invalid"), (path, body)


@pytest.mark.parametrize("path", ["auth/login", "sync/hello", "sync/pull", "sync/push", "blobs/have"])
def test_a_body_that_nests_without_end_is_no_json(world: World, path: str) -> None:
    li = world.phone("li")
    answer = li.client.post(f"/api/v1/{path}", data="[" * 200_000, content_type="application/json", headers=li.headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("chunked", [False, True])
def test_only_a_push_may_be_longer_than_a_mebibyte(world: World, chunked: bool) -> None:
    """Proves the bound also where no length is announced; a push of the same size is read."""
    li = world.phone("li")
    body = b'{"ops": [{"kind": "' + b"a" * (1 << 20) + b'"}]}'

    def sent(path: str) -> int:
        more: dict[str, Any] = {"environ_overrides": {"wsgi.input_terminated": True}} if chunked else {}
        stream = io.BytesIO(body)
        length = None if chunked else len(body)
        return li.client.post(
            f"/api/v1/{path}", input_stream=stream, content_length=length, content_type="application/json",
            headers=li.headers, **more,
        ).status_code  # fmt: skip

    assert [sent(path) for path in ("auth/login", "sync/hello", "sync/pull", "blobs/have")] == [413] * 4
    assert sent("sync/push") == 200


@pytest.mark.parametrize("path", ["auth/login", "sync/hello", "sync/pull", "sync/push", "blobs/have"])
@pytest.mark.parametrize("encoding", ["gzip", "br", "nonsense"])
def test_a_packed_body_is_named_as_such(world: World, path: str, encoding: str) -> None:
    li = world.phone("li")
    given = {**li.headers, "Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = li.client.post(f"/api/v1/{path}", data=gzip.compress(b'{"ops": []}'), headers=given)
    assert (answer.status_code, answer.json["code"]) == (415, "request.encoding_unknown")
    assert encoding in answer.json["detail"]


def test_a_body_that_says_it_is_not_packed_is_read(world: World) -> None:
    li = world.phone("li")
    given = {**li.headers, "Content-Encoding": "identity"}
    assert li.client.post("/api/v1/sync/push", json={"ops": []}, headers=given).status_code == 200


@pytest.mark.parametrize("path", ["%00/1/xform", "small_visit/%00/xform", "small_visit/1/media/%00"])
def test_an_address_with_nul_is_unknown(world: World, path: str) -> None:
    assert world.phone("li").get(f"/forms/{path}").status_code == 404


@pytest.mark.parametrize(
    ("label", "form_id"), [("A\0B", "x"), ("A\x0bB", "x"), ("A", ".."), ("A", ".")], ids=["nul", "control", "..", "."]
)
def test_a_form_that_no_phone_could_fetch_or_read_is_its_authors_mistake(
    world: World, label: str, form_id: str
) -> None:
    admin = world.phone("admin")
    workbook = io.BytesIO(SMALL.format(label=label, id=form_id).encode())
    answer = admin.client.post("/api/v1/forms", data={"file": (workbook, "form.md")}, headers=admin.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "form.invalid")


def test_sign_ins_at_the_same_moment_get_their_answers(world: World) -> None:
    """Two tabs of one phone sign in at once; so do two people who mistype one unknown name."""

    def login(given: tuple[str, str]) -> int:
        body = {"username": given[0], "password": given[1], "install_id": f"install-{given[0]}"}
        return world.app.test_client().post("/api/v1/auth/login", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(login, [("li", PASSWORD)] * 8)) == {200}
        assert set(pool.map(login, [("nobody", "wrong")] * 8)) <= {401, 429}
