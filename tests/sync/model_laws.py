"""What must hold once all phones have sent and fetched everything. The numbers are those of our list of invariants."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import Any

from sqlalchemy import select

from server.accounts.tables import Install
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.blobs import store_of
from server.sync.definitions import datasets
from server.sync.grounds import SETTLED
from server.sync.heads import keys_of
from server.sync.merge_state import STATE
from server.sync.office_tables import InstallScope
from server.sync.tables import Attachment, OpLog, Quarantine, Submission
from tests.phones import FieldPhone, Sent
from tests.sync.hamlet import Hamlet

Told = list[tuple[FieldPhone, Sent]]


def quiesce(phones: list[FieldPhone]) -> None:
    for _ in range(2):
        for phone in phones:
            phone.push()
            phone.upload()
            phone.pull()


def converged(hamlet: Hamlet, phones: list[FieldPhone]) -> None:
    """I1, I5, I10: each phone holds what its feeds hold, by digest and by content, and nothing else."""
    for phone in phones:
        if phone.revoked:
            assert not phone.rows and not phone.pinned and phone.hello() == {}
            continue
        fresh = FieldPhone(hamlet.world.phone(hamlet.name_of(phone)))
        fresh.pull()
        assert rows_of(phone) == rows_of(fresh)
        assert phone.memberships == fresh.memberships
        for scope in phone.cursors:
            told = phone.line.get(f"/sync/digest?scope={scope}").json
            assert phone.cursors[scope]["after"] == told["head"]
            assert phone.digest(scope) == (told["count"], told["buckets"])


def rows_of(phone: FieldPhone) -> dict[str, Any]:
    return {id: {name: part for name, part in row.items() if name != "n"} for id, row in phone.rows.items()}


def lawful(session: Any, hamlet: Hamlet, phones: list[FieldPhone]) -> None:
    entities = session.scalars(select(Entity).where(Entity.root_id.in_(hamlet.households))).all()
    heads = session.scalars(select(Head).where(Head.entity_id.in_([one.id for one in entities]))).all()
    told = [(phone, one) for phone in phones for one in phone.sent]
    rows = {one.id: session.get(OpLog, one.id) for _, one in told}
    assert all(rows.values()), "I4: acknowledged, and not there"
    nothing_lost(session, hamlet, told, rows, heads)
    progress(session, told, rows)
    causality(session, hamlet, told, rows, heads)
    once(session, entities)
    conserved(session, entities)
    attributed(session, heads)
    photos_whole(session, hamlet, told, rows)
    handed_over(session, phones)


def nothing_lost(session: Any, hamlet: Hamlet, told: Told, rows: dict[str, OpLog], heads: list[Head]) -> None:
    """I2, I12: what was applied is a head, was seen by a later write, or was taken back by a person.

    Values that came in old words are held against what they are called today. What was set aside is listed, whole.
    """
    by_op: dict[str, list[Head]] = defaultdict(list)
    for head in heads:
        by_op[head.op_id].append(head)
    ops = {head.op_id for head in heads}
    for _, one in told:
        row = rows[one.id]
        assert json.loads(row.raw) == one.op, "I4: other bytes than were sent"
        if row.status == "quarantined":
            aside = session.scalars(select(Quarantine).where(Quarantine.op_id == one.id)).all()
            assert any(kept.raw == row.raw for kept in aside), f"I2: {row.code} is listed nowhere"
        for record, values in one.changed.items() if row.status in SETTLED else ():
            for name, text in hamlet.todays(one, record, values).items():
                mine = [head for head in by_op[one.id] if head.entity_id == record and name in head.value]
                if not mine:
                    # Its own earlier value was rejected meanwhile, and what stood again is what it says.
                    last = versions_of(row).get(record, 0)
                    same = [head for head in heads if head.entity_id == record and head.version <= last]
                    stood = {head.value[name] for head in same if name in head.value} | {None}
                    assert (text or None) in stood, f"I2: {name} was changed and written nowhere"
                    continue
                assert mine[0].value[name] == (text or None)
                assert mine[0].closed_by is None or mine[0].closed_by in ops


def progress(session: Any, told: Told, rows: dict[str, OpLog]) -> None:
    """I8: every op has its outcome, whatever came beside it; who waits, waits for something that has not come through.

    The install's gapless number counts them all, those set aside too.
    """
    settled = {row.op_id for row in rows.values() if row.status in SETTLED}
    for phone, one in told:
        row = rows[one.id]
        assert row.status in (*SETTLED, "held", "quarantined"), f"I8: {row.status}"
        if row.status == "held":
            assert row.waits_for not in settled, f"I8: waits for {row.waits_for}, which is there"
            is_step = "entities" not in one.op or "deprecatedID" in one.op["instance_xml"]
            assert is_step or row.waits_for in one.op.get("depends_on", ()), "I8: waits for what it did not name"
        assert session.get_one(Install, phone.line.install_id).acked_seq >= one.op["seq"]


def causality(session: Any, hamlet: Hamlet, told: Told, rows: dict[str, OpLog], heads: list[Head]) -> None:
    """I7: no op is applied before what it depends on; of one install, no earlier op closes a later."""
    for _, one in told:
        for needed in one.op.get("depends_on", ()) if rows[one.id].status in SETTLED else ():
            if one.id in hamlet.let_through:
                continue
            before = session.get(OpLog, needed)
            assert before is not None and before.status in SETTLED, "I7: applied before what it depends on"
            then, since = versions_of(before), versions_of(rows[one.id])
            assert all(then[id] <= since[id] for id in then.keys() & since.keys()), "I7: shown before what it needs"
    for head in heads:
        closer, mine = rows.get(head.closed_by or ""), rows.get(head.op_id)
        if closer and mine and closer.kind == mine.kind == "submission" and closer.install_id == mine.install_id:
            if b"deprecatedID" in mine.raw:
                continue  # it stands where the one stood that it corrects, so the author's own later visit closes it
            assert (closer.seq or 0) >= (mine.seq or 0), "I7: an earlier op closed a later one of the same phone"


def versions_of(row: OpLog) -> dict[str, int]:
    return {item["id"]: item["version"] for item in row.entities or () if item.get("version")}


def once(session: Any, entities: list[Entity]) -> None:
    """I3: an op makes one version of a record, and versions have no gaps."""
    for entity in entities:
        rows = session.execute(
            select(EntityVersion.version, EntityVersion.op_id)
            .where(EntityVersion.entity_id == entity.id)
            .order_by(EntityVersion.version)
        ).all()
        assert [row.version for row in rows] == list(range(1, entity.version + 1))
        by_ops = [row.op_id for row in rows if session.get(OpLog, row.op_id)]
        assert len(by_ops) == len(set(by_ops))


def conserved(session: Any, entities: list[Entity]) -> None:
    """I11: every divergence is one open conflict (or was settled by a rule), and no other is open."""
    for entity in entities:
        keys = keys_of(session, datasets()[entity.dataset], entity)
        split = {name for name, key in keys.items() if key.contested()}
        mine = (Conflict.entity_id == entity.id, Conflict.state == "open")
        rows = session.scalars(select(Conflict.key).where(*mine))
        assert sorted(key for key in rows if not key.startswith(("@same", "@rule"))) == sorted(split)
        for name, key in keys.items():
            shown = key.shown_value()
            if key.heads() and key.policy.name != "derived" and name != STATE:
                assert {prop: entity.values.get(prop) for prop in shown} == dict(shown)  # nothing is invented
        assert entity.state == ("archived" if entity.values.get(STATE) == "archived" or not keys else "active")


def attributed(session: Any, heads: list[Head]) -> None:
    """I15: every value traces to an op of its author."""
    for head in heads:
        row = session.get(OpLog, head.op_id)
        assert row is None or row.person_id == head.person_id


def photos_whole(session: Any, hamlet: Hamlet, told: Told, rows: dict[str, OpLog]) -> None:
    """I14: an attachment has bytes iff they are here with this hash; a sweep took none that an op names."""
    store = store_of(hamlet.world.app.config["RUHU"])
    for _, one in told:
        for file in one.op.get("attachments", ()) if one.writes else ():
            assert store.exists(file["sha256"]), "I14: bytes that an op names are gone"
            query = select(Attachment).join(Submission, Submission.instance_id == Attachment.instance_id)
            found = session.scalars(query.where(Submission.op_id == one.id)).all()
            assert found or rows[one.id].status not in SETTLED, "I14: an applied op without its file"
            for row in found:
                assert row.blob == row.sha256 == file["sha256"], "I14: the bytes came and were not bound"
                with store.open(row.blob) as stream:
                    assert hashlib.sha256(stream.read()).hexdigest() == row.blob, "I14: other bytes"


def no_empty_frames(session: Any, hamlet: Hamlet, phones: list[FieldPhone]) -> None:
    """I14, at every moment: what is shown as complete has its bytes, whoever swept meanwhile."""
    store = store_of(hamlet.world.app.config["RUHU"])
    names = [one.op["instance_id"] for phone in phones for one in phone.sent if one.op.get("attachments")]
    for blob in session.scalars(select(Attachment.blob).where(Attachment.instance_id.in_(names))):
        assert blob is None or store.exists(blob), "I14: complete, and the bytes are gone"


def handed_over(session: Any, phones: list[FieldPhone]) -> None:
    """I10: what a phone lost it has wiped, and said so."""
    installs = [phone.line.install_id for phone in phones]
    waits = select(InstallScope.scope).where(InstallScope.install_id.in_(installs), InstallScope.state == "revoking")
    assert session.scalars(waits).all() == []
