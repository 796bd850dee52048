"""Turns what an ODK client sends into an op, so that it goes the one way in: push.

An ODK client has no op ids, no sequence and no bases of its own making: the op's id follows from its content, and the
bases come from the instance.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.errors import Fault, Problem
from server.forms.answers import attachment_names, visit_facts
from server.forms.instance import parse_instance
from server.forms.issue import InstanceUnreadable
from server.forms.model import FormModel
from server.forms.parsed import Instance
from server.sync import quarantine
from server.sync.blob_store import BlobStore, Stored
from server.sync.blobs import keep_streams
from server.sync.definitions import form_model, kept_model
from server.sync.envelope import read_op, spell_op
from server.sync.ferry import push_together
from server.sync.raw import Parcel
from server.sync.tables import Attachment

NAMESPACE = uuid.UUID("4f0cf7ee-58a6-5bb1-9a8b-6a2f6d2b8b15")  # of op ids made here; never changes


class SentFile(Protocol):
    """A file beside an instance."""

    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def stream(self) -> BinaryIO: ...


@dataclass(frozen=True)
class Received:
    """What became of a submission: its op's status and code, of the first one when it came before.

    `bound`: its attachments whose bytes are here.
    """

    instance_id: str
    status: str
    code: str | None
    bound: tuple[str, ...]


def receive(actor: Actor, store: BlobStore, xml: bytes, files: Sequence[SentFile]) -> Received:
    """Stores the files, then the submission; safe to repeat. Problem instance.unreadable: the bytes are kept."""
    text, instance = _read(actor, xml)
    model, known = _at_hand(actor, instance, files)
    stored = _store_files(actor, store, files)
    op = make_op(actor, instance, text, model, stored, known)
    answer = push_together(Parcel(actor, (read_op(op, instance),), bare=True))
    result = answer.results[0]
    first: Mapping[str, Any] = result.first if result.status == "duplicate" and result.first else {}
    status, code = first.get("status", result.status), first.get("code", result.code)
    return Received(instance.instance_id, status, code, answer.bound)


def _read(actor: Actor, xml: bytes) -> tuple[str, Instance]:
    try:
        text = xml.decode("utf-8")
        return text, parse_instance(text)
    except InstanceUnreadable as error:
        problem = Problem(
            "instance.unreadable", faults=[Fault(issue.where, issue.why, issue.fix) for issue in error.issues]
        )
    except UnicodeDecodeError:
        problem = Problem("instance.unreadable", detail="UTF-8")
    why = problem.detail or "; ".join(f"{fault.where}: {fault.why}" for fault in problem.faults)
    db.transact(
        lambda session: quarantine.keep(
            session, actor, problem.code, xml, detail=why[:500], install_id=actor.install_id
        )
    )
    raise problem


def _at_hand(actor: Actor, instance: Instance, files: Sequence[SentFile]) -> tuple[FormModel | None, dict[str, str]]:
    """The form's model and, where files come, those that came before. Mostly this asks nothing."""
    model = kept_model(instance.form_id, instance.version)
    if model is not None and not files:
        return model, {}
    with db.read() as session:
        model = form_model(session, instance.form_id, instance.version)
        return model, _known_files(session, actor, instance.instance_id)


def _known_files(session: Session, actor: Actor, instance_id: str) -> dict[str, str]:
    """Hashes of the files that this person sent for the instance before, by name."""
    rows = session.execute(
        select(Attachment.name, Attachment.sha256).where(
            Attachment.instance_id == instance_id, Attachment.person_id == actor.id, Attachment.sha256.is_not(None)
        )
    )
    return {name: sha256 for name, sha256 in rows if sha256}


@dataclass(frozen=True)
class _StoredFile:
    name: str
    media_type: str
    stored: Stored


def _store_files(actor: Actor, store: BlobStore, files: Sequence[SentFile]) -> list[_StoredFile]:
    if not files:
        return []
    stored = keep_streams(store, [file.stream for file in files], actor.id)
    return [_StoredFile(file.name, file.media_type, one) for file, one in zip(files, stored, strict=True)]


def make_op(
    actor: Actor, instance: Instance, xml: str, model: FormModel | None, files: Sequence[_StoredFile],
    known: Mapping[str, str],
) -> dict[str, Any]:
    """The op; its id follows from all that it says and who sends it, so equal ids always mean equal content."""
    op = {
        "install_id": actor.install_id,
        "kind": "submission",
        "instance_id": instance.instance_id,
        "form_id": instance.form_id,
        "form_version": instance.version,
        "instance_xml": xml,
        "visit": visit_of(visit_facts(model, instance)) if model else {},
        "attachments": _attachments(instance, model, files, known),
    }
    content = hashlib.sha256(spell_op(op).encode()).hexdigest()
    return {"op_id": str(uuid.uuid5(NAMESPACE, f"{actor.id} {content}"))} | op


def _attachments(
    instance: Instance, model: FormModel | None, files: Sequence[_StoredFile], known: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Every file that came, and by name alone those that the instance names and a later POST will bring."""
    slots = {ref.name: ref.slot for ref in attachment_names(model, instance)} if model else {}
    found: dict[str, dict[str, Any]] = {}
    taken = dict(known)
    for file in files:
        name, sha256 = _free_name(file, taken), file.stored.sha256
        taken[name] = sha256
        slot = slots.get(file.name)
        found[name] = {
            "name": name, "sha256": sha256, "size": file.stored.size, "media_type": file.media_type, "slot": slot,
        }  # fmt: skip
    for name, slot in slots.items():
        found.setdefault(name, {"name": name, "sha256": None, "slot": slot})
    return [found[name] for name in sorted(found)]


def _free_name(file: _StoredFile, taken: Mapping[str, str]) -> str:
    """The file's name; when other bytes have it already, a name of its own: both are kept."""
    sha256 = file.stored.sha256
    return file.name if taken.get(file.name, sha256) == sha256 else f"{sha256[:8]}-{file.name}"[:255]


def visit_of(facts: Mapping[str, str]) -> dict[str, Any]:
    """The visit of a push op from what the form marks as its facts; what was not answered is absent."""
    visit: dict[str, Any] = {name: facts[name] for name in ("started_at", "ended_at", "contact_mode") if name in facts}
    point = facts.get("location", "").split()
    if len(point) >= 2:
        # ODK writes latitude first: "lat lon altitude accuracy".
        lat, lon, *rest = point
        visit["location"] = {"lon": lon, "lat": lat, "datum": "wgs84", "source": "gps"}
        names = ("altitude_m", "accuracy_m")
        visit["location"] |= dict(zip(names, rest, strict=False))
    return visit
