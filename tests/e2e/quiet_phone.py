"""A phone that speaks with the server without a screen."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.e2e.running import PASSWORD, Demo


@dataclass
class QuietPhone:
    """Somebody's, signed in."""

    demo: Demo
    username: str
    install: str = field(default_factory=lambda: f"quiet-{uuid.uuid4()}")
    seq: int = 0

    def __post_init__(self) -> None:
        body = {"username": self.username, "password": PASSWORD, "install_id": self.install, "device": {}}
        told = requests.post(f"{self.demo.address}/api/v1/auth/login", json=body, timeout=30).json()
        self.person: str = told["user"]["id"]
        self.headers = {"Authorization": f"Bearer {told['token']}", "Content-Type": "application/json"}

    def op(self, kind: str, **body: Any) -> dict[str, Any]:
        self.seq += 1
        envelope = {"op_id": str(uuid.uuid4()), "install_id": self.install, "seq": self.seq, "clock": {}}
        return {**envelope, "kind": kind, "depends_on": [], "device_time": "2026-11-21T09:00:00+08:00", **body}

    def push(self, *ops: bytes) -> list[dict[str, Any]]:
        content = b'{"ops":[' + b",".join(ops) + b"]}"
        answer = requests.post(f"{self.demo.address}/api/v1/sync/push", content, headers=self.headers, timeout=30)
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return requests.post(f"{self.demo.address}/api/v1{path}", json=body, headers=self.headers, timeout=30).json()

    def send(self, *ops: dict[str, Any]) -> list[dict[str, Any]]:
        return self.push(*(json.dumps(op).encode() for op in ops))
