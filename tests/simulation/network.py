"""The line between phones and server: what is asked may be lost, doubled, late, cut; the answer too."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from flask.testing import FlaskClient

from tests.simulation.stage import COUNTED, PowerCut, Stage

Event = dict[str, Any]
LOST: Event = {"type": "failed", "code": "network.timeout"}
TROUBLES = ("lost request", "lost answer", "twice", "late", "cut request", "busy", "power cut")


@dataclass
class Line:
    """The network of one run. `ill`: how likely trouble is with each request; `late`: requests that come again."""

    stage: Stage
    rng: Random
    ill: float
    log: list[str]
    late: list[tuple[str, str, bytes]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[str, str, Any, Any]] = field(default_factory=list)

    def meet(self, phone: str, effect: Event) -> Event:
        """What the phone hears after asking: the answer, a refusal, or nothing."""
        trouble = self.rng.choice(TROUBLES) if self.rng.random() < self.ill else ""
        if trouble:
            self.log.append(f"{phone} {effect['ask']}: {trouble}")
        if trouble == "lost request":
            return LOST
        if trouble == "busy":
            return {"type": "refused", "status": 503, "code": "server.busy"}
        if effect["ask"] == "upload":
            return self._upload(phone, effect["photo"], trouble)
        body = json.dumps(effect["body"]).encode() if effect["method"] == "POST" else b""
        return self._ask(phone, effect, body, trouble)

    def _ask(self, phone: str, effect: Event, body: bytes, trouble: str) -> Event:
        method, path = effect["method"], effect["path"]
        if trouble == "cut request":
            self.request(phone, method, path, body[: self.rng.randrange(len(body) + 1)] if body else body)
            return LOST
        if trouble == "power cut":
            self.stage.machine.cut_at(self.rng.choice(COUNTED), self.rng.choice((1, 1, 2)))
        if trouble == "late" and effect["ask"] == "push":
            self.late.append((phone, path, body))
            return LOST
        heard = self.request(phone, method, path, body)
        if trouble == "twice":
            heard = self.request(phone, method, path, body)
        if trouble == "lost answer":
            return LOST
        if heard["type"] == "answered":
            self.answers.append((phone, effect["ask"], effect.get("body"), heard["body"]))
        return heard

    def request(self, phone: str, method: str, path: str, body: bytes = b"", **headers: str) -> Event:
        """One request to the server; nothing is heard when its power goes."""
        client: FlaskClient = self.stage.app.test_client()
        all_headers = {"Authorization": f"Bearer {self.tokens[phone]}", "Content-Type": "application/json", **headers}
        try:
            answer = client.open(f"/api/v1{path}", method=method, data=body, headers=all_headers)
            text = answer.get_data()
        except PowerCut as cut:
            self.log.append(f"{phone} {path}: the server died at {cut}")
            return LOST
        finally:
            self.stage.machine.cut_at("", 0)
        if 200 <= answer.status_code < 300:
            return {"type": "answered", "body": json.loads(text) if text else None}
        said = answer.get_json(silent=True) or {}
        return {"type": "refused", "status": answer.status_code, "code": said.get("code", "")}

    def _upload(self, phone: str, photo: Event, trouble: str) -> Event:
        """The whole file by tus, in one request (creation with upload); it may break off in the middle."""
        content = bytes_of(photo["sha256"])
        shown = base64.b64encode(photo["sha256"].encode()).decode()
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(content)),
            "Upload-Metadata": f"sha256 {shown}",
            "Content-Type": "application/offset+octet-stream",
        }
        sent = content[: self.rng.randrange(len(content))] if trouble == "cut request" else content
        heard = self.request(phone, "POST", "/uploads", sent, **headers)
        if trouble == "twice":
            heard = self.request(phone, "POST", "/uploads", sent, **headers)
        whole = heard["type"] == "answered" and not trouble
        return {"type": "answered", "body": None} if whole else heard if heard["type"] == "refused" else LOST

    def deliver_late(self) -> None:
        """One of the requests that were held up arrives now; nobody waits for its answer any more."""
        if self.late:
            phone, path, body = self.late.pop(self.rng.randrange(len(self.late)))
            self.log.append(f"{phone} {path}: a late request arrives")
            self.request(phone, "POST", path, body)


_CONTENTS: dict[str, bytes] = {}


def photo_of(seed: int) -> tuple[str, bytes]:
    """(hash, bytes) of an invented photo."""
    content = Random(seed).randbytes(600)
    name = hashlib.sha256(content).hexdigest()
    _CONTENTS[name] = content
    return name, content


def bytes_of(sha256: str) -> bytes:
    return _CONTENTS[sha256]
