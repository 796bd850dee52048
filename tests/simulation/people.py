"""What people do in a run: visits on phones, and a supervisor's work at the desk."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation.network import photo_of
from tests.simulation.upgrade import WATER
from tests.world import BAITA, QINGSHI, WANG, WANG_SON, Phone, instance_xml

YEARS = 10 * 365 * 86400.0
DESK = "zhang"
PROPERTIES = {"head_name": "head_name", "grade": "house_grade", "phone": "contact_phone"}
CHOICES: dict[str, tuple[str, ...]] = {
    "head_name": ("王大山", "王大山二", "王三", ""),
    "water_days": ("20", "21", "22", "23.0", "24"),
    "grade": ("A", "B", "C"),
    "phone": ("139", "138", "", " 139 "),
}
Op = dict[str, Any]
Shown = dict[str, str | None]


def new_id(rng: Random) -> str:
    """A version 4 id of the seed."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


@dataclass
class Draft:
    """A form that was opened: its version, and the household as it showed it."""

    id: str
    version: str
    shown: Shown


@dataclass
class Worker:
    """One phone as its holder uses it. `skew`: seconds that its clock is wrong by; `offline` until that tick.

    `version`: of the form that it fills.
    """

    name: str
    person: str
    install_id: str
    skew: float = 0.0
    offline: int = 0
    ask: dict[str, Any] | None = None
    drafts: list[Draft] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    revoked: bool = False
    version: str = "1"


def visit(rng: Random, version: str, shown: Shown) -> dict[str, Any]:
    """The event that saves a visit of the Wang household, as the phone's shell would.

    `shown`: what the form opened with; what nobody touched is sent along, and empty what it did not show.
    """
    names = properties(version)
    touched = rng.sample(sorted(CHOICES), rng.choice((1, 1, 2, 3)))
    values = {name: shown.get(names[name]) or "" for name in CHOICES} if shown else {}
    values |= {name: rng.choice(CHOICES[name]) for name in touched}
    members, writes = _members(rng)
    instance_id = f"uuid:{new_id(rng)}"
    body: dict[str, Any] = {
        "instance_id": instance_id,
        "form_id": "small_visit",
        "form_version": version,
        "visit": {"contact_mode": "in_person"},
        "attachments": [],
    }
    xml = {**values, "members": members}
    photos = []
    if rng.random() < 0.3:
        sha256, content = photo_of(rng.getrandbits(30) if rng.random() < 0.8 else 7)
        photos = [{"name": "a.jpg", "sha256": sha256, "size": len(content)}]
        body["attachments"] = [{**photos[0], "media_type": "image/jpeg"}]
        xml["front"] = "a.jpg"
    text = instance_xml(instance_id, WANG, xml)
    body["instance_xml"] = text.replace('version="1"', f'version="{version}"', 1)
    household = {
        "dataset": "household",
        "id": WANG,
        "create": False,
        "label": values.get("head_name", ""),
        "parent": None,
        "values": {names[name]: text for name, text in values.items()},
    }
    return {
        "type": "save",
        "op_id": new_id(rng),
        "household_id": WANG,
        "writes": [household, *writes],
        "body": body,
        "photos": photos,
    }


def properties(version: str) -> dict[str, str]:
    """What the fields of this version of the form write."""
    return {**PROPERTIES, "water_days": WATER[version]}


def _members(rng: Random) -> tuple[list[tuple[str, str, str]], list[dict[str, Any]]]:
    """A member that is new or changed, sometimes: (for the instance, for the phone's writes)."""
    roll = rng.random()
    if roll > 0.4:
        return [], []
    is_new = roll < 0.2
    member = new_id(rng) if is_new else WANG_SON
    name = f"王{rng.choice('甲乙丙丁')}{rng.randrange(99)}"
    write = {
        "dataset": "member",
        "id": member,
        "create": is_new,
        "label": name,
        "parent": WANG,
        "values": {"full_name": name, "household": WANG},
    }
    return [(member, "1" if is_new else "0", name)], [write]


def poison(rng: Random, saving: dict[str, Any]) -> dict[str, Any]:
    """The same visit, broken in a way that no neighbour may suffer from."""
    body = saving["body"]
    match rng.randrange(4):
        case 0:
            body["instance_xml"] = "<data>\x00"
        case 1:
            body["visit"] = {"started_at": "0001-01-01T00:00:00Z", "location": {"reason": "\x00"}}
        case 2:
            body["form_version"] = "77"
        case _:
            body["visit"] = [[[[]]]]
    return saving


class Desk:
    """The supervisor, whose line never fails; the server's disk may be full, then the op waits for a better day."""

    def __init__(self, phone: Phone, rng: Random, log: list[str]) -> None:
        self.phone, self.rng, self.log = phone, rng, log
        self.village = QINGSHI
        self.unsent: list[Op] = []

    def act(self) -> None:
        deed = self.rng.choice((self.move, self.decide, self.decide, self.review, self.let_through))
        self.log.append(f"desk: {deed.__name__}")
        deed()

    def send(self, *ops: Op) -> None:
        """All that waits, in order."""
        self.unsent += ops
        while self.unsent:
            answer = self.phone.post("/sync/push", {"ops": self.unsent[:1]})
            if self._is_full(answer):
                return
            assert answer.status_code == 200, answer.text
            (result,) = answer.json["results"]
            first = result.get("first", result)
            assert first["status"] in ("applied", "merged", "conflicted", "quarantined"), result
            assert first.get("code") != "op.unjudgeable", result
            self.unsent.pop(0)

    def _is_full(self, answer: Any) -> bool:
        if answer.status_code == 507:
            self.log.append("desk: the server's disk is full")
        return bool(answer.status_code == 507)

    def move(self) -> None:
        """The household goes to the other village."""
        row = self.phone.get(f"/entities/{WANG}").json
        self.village = BAITA if row["region"] == QINGSHI else QINGSHI
        instance_id = f"uuid:{new_id(self.rng)}"
        op = self.phone.visit(village=self.village, base_version=row["version"], instance_id=instance_id)
        self.send({**op, "op_id": new_id(self.rng)})

    def decide(self) -> None:
        """One open conflict is settled: for a head, with all heads or only some on screen."""
        items = self.phone.get("/conflicts?state=open").json["items"]
        items = sorted(items, key=lambda item: (item["entity_id"], item["properties"]))
        if not items:
            return
        conflict = self.rng.choice(items)
        heads = sorted(head["op_id"] for head in conflict["heads"])
        seen = heads if self.rng.random() < 0.7 else heads[: max(1, len(heads) - 1)]
        op = {
            "op_id": new_id(self.rng),
            "install_id": self.phone.install_id,
            "seq": next(self.phone._numbers),
            "kind": "resolution",
            "conflict_id": conflict["id"],
            "choose": self.rng.choice(seen),
            "reason": "asked again",
            "seen": seen,
        }
        self.send(op)

    def review(self) -> None:
        items = self.phone.get("/submissions?limit=100").json["items"]
        if items:
            asked = self.rng.choice(sorted(items, key=lambda item: item["instance_id"]))
            state = self.rng.choice(("approved", "rejected", "has_issues"))
            said = {"state": state, "comments": [{"text": "说明"}]}
            answer = self.phone.post(f"/submissions/{asked['instance_id']}/review", said)
            own = state == "approved" and asked["author"]["username"] == DESK
            allowed = (403,) if own else (200, 404)
            assert self._is_full(answer) or answer.status_code in allowed, answer.text

    def let_through(self) -> None:
        rows = self.phone.get("/quarantine?state=open").json["items"]
        rows = sorted(rows, key=lambda row: row["op_id"] or "")
        if rows:
            row = self.rng.choice(rows)
            deed = self.rng.choice(("apply", "dismiss"))
            answer = self.phone.post(f"/quarantine/{row['id']}/{deed}", {"reason": "说明"})
            assert self._is_full(answer) or answer.status_code in (200, 404, 422), answer.text
