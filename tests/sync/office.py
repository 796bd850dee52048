"""What tests of the words between village and office share: ops of the other kinds, desks, and people on the way."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

from server.sync import rights
from tests.world import Phone, World, _person

VISIT = {
    "started_at": "2026-11-21T09:00:00+08:00",
    "ended_at": "2026-11-21T09:05:00+08:00",
    "contact_mode": "in_person",
}


def op(phone: Phone, kind: str, **body: Any) -> dict[str, Any]:
    """An op of this kind with the phone's next number."""
    return phone.op(kind, **body)


def add_person(world: World, name: str, role: str | None, region: str | None) -> str:
    world.people[name] = world.run(lambda session: _person(session, name, role, region))
    return world.people[name]


def take_role(world: World, name: str, role: str, region: str | None) -> None:
    world.run(lambda session: rights.take_role(session, world.people[name], role, region))


def scopes(phone: Phone) -> dict[str, str]:
    """What hello says of each feed."""
    return {feed["scope"]: feed["state"] for feed in phone.post("/sync/hello", {}).json["feeds"]}


def entries(phone: Phone, scope: str, kind: str, after: int = 0) -> list[dict[str, Any]]:
    return [entry for entry in phone.pull(scope, after)["entries"] if entry["type"] == kind]


def own(world: World, name: str) -> str:
    """The person's own feed."""
    return f"user:{world.people[name]}"


def upload(phone: Phone, content: bytes) -> None:
    """The bytes through tus, in one request."""
    said = {"sha256": sha256(content).hexdigest(), "filename": "x", "filetype": "image/jpeg"}
    told = ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in said.items())
    headers = {
        **phone.headers,
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(content)),
        "Upload-Metadata": told,
        "Content-Type": "application/offset+octet-stream",
    }
    answer = phone.client.post("/api/v1/uploads", data=content, headers=headers)
    assert answer.status_code == 201, answer.text
