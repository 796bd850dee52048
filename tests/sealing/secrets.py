"""Recognisable secrets, a form that asks for them, and every way in which they get into a server."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from server import db
from server.forms.compile import CompiledForm, compile_form
from server.inspection.finding_tables import Finding
from tests.world import WANG, WANG_SON, Phone, World, add_form, named

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to | bind::ruhu:sensitivity |
| | select_one_from_file member.csv | member | 成员 | Member | | |
| | text | id_no | 身份证 | ID | member#id_number | |
| | text | phone | 电话 | Phone | member#phone | |
| | text | certificate | 残疾证 | Certificate | member#disability_certificate | |
| | text | account | 银行账号 | Bank account | | sensitive |
| settings |
| | form_id | version | form_title | namespaces |
| | secrets | 1 | 核对 | ruhu="https://ruhu.example/xforms" |
| entities |
| | list_name | label | entity_id | update_if |
| | member | 王小山 | ${member} | true() |
"""


@cache
def secret_form() -> CompiledForm:
    return compile_form(FORM.encode(), "secrets.md", {})


def _digits(count: int) -> str:
    # Nobody's: area codes that begin with 99 do not exist, and no secret depends on it.
    return "99" + "".join(random.choices("0123456789", k=count - 2))


@dataclass
class Secrets:
    """Values that stand nowhere else: two ID numbers, phone, certificate (Chinese), account, and words of people."""

    id_no: str = field(default_factory=lambda: _digits(17) + "X")
    other_id_no: str = field(default_factory=lambda: _digits(17) + "X")
    chosen_id_no: str = field(default_factory=lambda: _digits(17) + "X")
    phone: str = field(default_factory=lambda: "1" + _digits(10))
    account: str = field(default_factory=lambda: _digits(19))
    certificate: str = field(default_factory=lambda: f"残证{_digits(9)}号")
    words: str = field(default_factory=lambda: f"他说{_digits(9)}不是他的")

    def all(self) -> list[str]:
        return list(vars(self).values())


def spellings(secret: str) -> Iterator[bytes]:
    """How the text may lie in a file: encodings, JSON, hexadecimal, and Base64 at each of its three offsets."""
    plain = secret.encode()
    yield plain
    yield secret.encode("utf-16-le")
    yield secret.encode("utf-16-be")
    yield json.dumps(secret).strip('"').encode()
    for content in (plain, json.dumps(secret).strip('"').encode(), secret.encode("utf-16-le")):
        yield content.hex().encode()
        yield content.hex().upper().encode()
        for offset in range(3):
            # Only whole groups of the text itself: its neighbours decide about the others.
            skipped = -offset % 3
            whole = (len(content) - skipped) // 3 * 3
            yield base64.b64encode(content[skipped : skipped + whole])
            yield base64.urlsafe_b64encode(content[skipped : skipped + whole])


def found(content: bytes, secrets: Secrets) -> list[str]:
    """The secrets that are in these bytes in any spelling."""
    return [name for name, secret in vars(secrets).items() if any(one in content for one in spellings(secret))]


def told(sender: Phone, base_version: int, **given: Any) -> dict[str, Any]:
    """An op that says something of Wang's son; `given`: answers by question, and envelope fields."""
    questions = ("id_no", "phone", "certificate", "account")
    answers = "".join(f"<{name}>{given.pop(name)}</{name}>" for name in questions if name in given)
    instance_id = f"uuid:{uuid.uuid4()}"
    xml = (
        '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="secrets" version="1">'
        f"<member>{WANG_SON}</member>{answers}<meta><instanceID>{instance_id}</instanceID>"
        f'<entity dataset="member" id="{WANG_SON}" update="1"><label>王小山</label></entity></meta></data>'
    )
    return sender.visit(
        instance_id=instance_id, form_id="secrets", instance_xml=xml,
        entities=[named(WANG_SON, base_version, dataset="member")], **given,
    )  # fmt: skip


def _asked_and_answered(li: Phone, zhang: Phone, op: dict[str, Any], secrets: Secrets) -> dict[str, Any]:
    """Questions about a visit, answered and closed, an errand and a place with their reasons, a file on its way."""
    needless = zhang.post(f"/submissions/{op['instance_id']}/questions", {"text": secrets.words})
    closed = zhang.post(f"/questions/{needless.json['id']}/close", {"reason": secrets.words})
    asked = zhang.post(f"/submissions/{op['instance_id']}/questions", {"text": secrets.words})
    answer = {
        "op_id": str(uuid.uuid4()), "install_id": li.install_id, "seq": 100, "kind": "answer",
        "question_id": asked.json["id"], "text": secrets.words, "attachments": [],
    }  # fmt: skip
    errand = {"person_id": asked.json["author"]["id"], "form_id": "secrets", "entity_id": WANG, "reason": secrets.words}
    spot = {"lon": "105.1", "lat": "30.1", "datum": "wgs84", "source": "manual_pin"}
    pin = {"place": spot, "reason": secrets.words, "base_version": 1}
    content = b"a photo"
    pairs = {"filename": secrets.words, "sha256": hashlib.sha256(content).hexdigest()}
    described = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in pairs.items())
    headers = {**li.headers, "Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": described}
    upload = li.client.post("/api/v1/uploads", headers=headers)
    return {
        "asked": asked.status_code, "closed": closed.status_code,
        "answered": li.send(answer)[0]["status"], "upload": upload.status_code,
        "errand": zhang.post("/assignments", errand).status_code,
        "pinned": zhang.post(f"/entities/{WANG}/places", pin).status_code,
    }  # fmt: skip


def _found_and_ordered(world: World, li: Phone, zhang: Phone, secrets: Secrets) -> dict[str, Any]:
    """A finding whose words and values are secrets, what the village says of it, and who is to put it right."""
    opened = zhang.post("/findings", {"source": {"kind": "hand"}, "household_id": WANG, "text": secrets.words})

    def compare(session: Session) -> None:  # as one from a comparison holds both values
        about = {"property": "id_number", "first": secrets.id_no, "second": secrets.other_id_no}
        session.get_one(Finding, opened.json["id"]).about = about

    with world.app.app_context():
        db.transact(compare)
    accepted = {
        "op_id": str(uuid.uuid4()), "install_id": li.install_id, "seq": 102, "kind": "finding_step",
        "finding_id": opened.json["id"], "step": "accept", "text": secrets.words, "attachments": [],
    }  # fmt: skip
    status = li.send(accepted)[0]["status"]
    order = {"id": str(uuid.uuid4()), "step": "order", "seen": 1, "due": "2090-01-01", "lead": secrets.words}
    ordered = zhang.post(f"/findings/{opened.json['id']}/steps", order)
    return {"found": opened.status_code, "accepted": status, "ordered": ordered.status_code}


def live(world: World, secrets: Secrets) -> dict[str, Any]:
    """A few days of work: agreed, disputed, decided, sent back, held, set aside, handed over."""
    with world.app.app_context():
        db.transact(lambda session: add_form(session, secret_form()))
    li, helper, zhang, zhao = (world.phone(name) for name in ("li", "helper", "zhang", "zhao"))
    first = told(li, 1, id_no=secrets.id_no, phone=secrets.phone, certificate=secrets.certificate,
                 account=secrets.account)  # fmt: skip
    second = told(helper, 1, id_no=secrets.other_id_no)
    statuses = {"applied": li.send(first)[0]["status"], "conflicted": helper.send(second)[0]["status"]}
    conflict = zhang.get("/conflicts?state=open").json["items"][0]
    decision = {
        "op_id": str(uuid.uuid4()), "install_id": zhang.install_id, "seq": 1, "kind": "resolution",
        "conflict_id": conflict["id"], "choose": "value", "value": secrets.chosen_id_no, "reason": secrets.words,
        "seen": [head["op_id"] for head in conflict["heads"]],
    }  # fmt: skip
    statuses["decided"] = zhang.send(decision)[0]["status"]
    statuses["foreign"] = zhao.send(told(zhao, 1, id_no=secrets.id_no))[0]["status"]
    held = told(li, 1, id_no=secrets.id_no, depends_on=[str(uuid.uuid4())])
    statuses["held"] = li.send(held)[0]["status"]
    statuses["unreadable"] = li.send(secrets.id_no)[0]["status"]
    absurd = told(li, 1, phone=secrets.phone) | {"visit": {"started_at": secrets.words}}
    li.send(absurd)
    li.send(told(li, 1, id_no=f"{secrets.id_no}\x00" * 3))
    draft = {
        "op_id": str(uuid.uuid4()), "install_id": li.install_id, "seq": 99, "kind": "draft", "form_id": "secrets",
        "form_version": "1", "instance_id": "uuid:draft", "instance_xml": first["instance_xml"],
    }  # fmt: skip
    statuses["draft"] = li.send(draft)[0]["status"]
    complaint = {
        "op_id": str(uuid.uuid4()), "install_id": li.install_id, "seq": 101, "kind": "feedback",
        "about": "complaint", "text": secrets.words,
    }  # fmt: skip
    statuses["complained"] = li.send(complaint)[0]["status"]
    statuses |= _asked_and_answered(li, zhang, first, secrets)
    statuses |= _found_and_ordered(world, li, zhang, secrets)
    comments = {"state": "rejected", "comments": [{"text": secrets.words}]}
    statuses["review"] = zhang.post(f"/submissions/{second['instance_id']}/review", comments).status_code
    for row in zhang.get("/quarantine?state=open").json["items"][:1]:
        statuses["dismissed"] = zhang.post(f"/quarantine/{row['id']}/dismiss", {"reason": secrets.words}).status_code
    return statuses
