"""What must hold after every run (the numbers are those of our list of invariants)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.forms.canonical import canonical
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.blobs import store_of
from server.sync.definitions import datasets
from server.sync.grounds import SETTLED
from server.sync.merge_state import SAME_AS
from server.sync.tables import Attachment, OpLog, Quarantine, Submission
from server.sync.vocabulary import vocabulary
from tests.simulation.people import Worker
from tests.simulation.run import Run
from tests.simulation.upgrade import KNOWN

Findings = list[dict[str, Any]]
OUTCOMES = (*SETTLED, "held", "quarantined")


def judge(run: Run) -> None:
    """AssertionError with the invariant's number in front."""
    phones_agree(run)
    answers_are_monotonic(run)
    with run.stage.app.app_context(), db.read() as session:
        ops = {row.op_id: row for row in session.scalars(select(OpLog))}
        versions = session.scalars(select(EntityVersion)).all()
        every_op_once(session, ops, versions)
        nothing_lost(run, session, ops)
        nothing_invented(session, ops)
        conflicts_conserved(session)
        photos_whole(run, session)


def phones_agree(run: Run) -> None:
    """I1, I5, I8, I10: every phone has exactly what a fresh fetch of its feeds gives; nothing waits."""
    for worker in run.workers:
        seen = run.look(worker)
        if worker.revoked:
            assert seen["state"]["wiped"] and not seen["rows"], f"I10 {worker.name}: a revoked phone kept rows"
            continue
        assert seen["state"]["ops"]["queued"] == 0, f"I8 {worker.name}: unsent ops {seen['state']}"
        fresh = fresh_rows(run, worker)
        kept = {key: _stripped(row) for key, row in seen["rows"].items() if key.startswith("entity:")}
        assert kept.keys() == fresh.keys(), f"I1 {worker.name}: {kept.keys() ^ fresh.keys()}"
        for key, row in fresh.items():
            assert kept[key] == row, f"I1 {worker.name} {key}: {kept[key]} is not {row}"


def fresh_rows(run: Run, worker: Worker) -> dict[str, Any]:
    """All entity rows of the phone's feeds, fetched from 0 page by page; I5: digest of each equals what was fetched."""
    phone = run.stage.world.phone(worker.person, f"fresh-{worker.name}-{run.seed}")
    rows: dict[str, Any] = {}
    for feed in phone.post("/sync/hello", {}).json["feeds"]:
        after, more, held = 0, True, dict[str, int]()
        while more:
            page = phone.pull(feed["scope"], after, limit=3)
            assert page["status"] == "ok", f"I5 {feed['scope']}: {page['status']}"
            for entry in page["entries"]:
                assert entry["n"] > after, f"I5 {feed['scope']}: {entry['n']} after {after}"
                if entry["type"] == "entity":
                    rows[f"entity:{entry['dataset']}:{entry['id']}"] = _stripped(entry)
                    held[entry["id"]] = entry["version"]
            after, more = page["next"], page["more"]
        assert phone.get(f"/sync/digest?scope={feed['scope']}").json["count"] == len(held), f"I5 {feed['scope']}"
    return rows


def _stripped(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "n"}


def answers_are_monotonic(run: Run) -> None:
    """I4, I6: a phone that goes on at its cursor never hears an older version; what was answered never changes."""
    newest: dict[tuple[str, str, str], int] = defaultdict(int)
    for phone, ask, asked, body in run.line.answers:
        for scope, feed in (body["feeds"] if ask == "pull" else {}).items():
            for entry in feed.get("entries", ()):
                assert entry["n"] > asked["feeds"][scope]["after"], "I5: a number behind the cursor"
                if entry["type"] == "entity":
                    key = (phone, scope, entry["id"])
                    assert entry["version"] >= newest[key], f"I6: {key} went back"
                    newest[key] = entry["version"]


def every_op_once(session: Session, ops: dict[str, OpLog], versions: Any) -> None:
    """I3, I8: every stored op has an outcome; it made at most one version of a record; versions have no gap."""
    assert {row.status for row in ops.values()} <= set(OUTCOMES), "I8: an op without an outcome"
    by_entity: dict[str, list[EntityVersion]] = defaultdict(list)
    for row in versions:
        by_entity[row.entity_id].append(row)
    for entity in session.scalars(select(Entity)):
        found = by_entity[entity.id]
        assert sorted(row.version for row in found) == list(range(1, entity.version + 1)), f"I3 {entity.id}: gap"
        made = [row.op_id for row in found]
        assert len(set(made)) == len(made), f"I3 {entity.id}: an op made two versions"
    instances = [row.op_id for row in session.scalars(select(Submission))]
    assert len(set(instances)) == len(instances), "I3: one op, two submissions"


def nothing_lost(run: Run, session: Session, ops: dict[str, OpLog]) -> None:
    """I2, I4, I15: what a phone was told is stored; each applied change is a head, or was seen by who closed it."""
    told = {r["op_id"] for _, ask, _, body in run.line.answers if ask == "push" for r in body["results"] if r["op_id"]}
    assert told <= ops.keys(), f"I4: acknowledged and gone: {told - ops.keys()}"
    heads = {(row.entity_id, row.op_id + name): row for row in session.scalars(select(Head)) for name in row.value}
    found = {row.op_id: row.findings for row in session.scalars(select(Submission))}
    aside = {row.op_id for row in session.scalars(select(Quarantine))}
    for worker in run.workers:
        for op in worker.ops:
            row = ops.get(op["op_id"])
            assert row is not None, f"I8: {op['op_id']} never arrived"
            assert row.status != "quarantined" or row.op_id in aside, f"I2: {row.op_id} is set aside nowhere"
            assert row.code != "op.unjudgeable", f"I8: {row.op_id} is set aside for a fault of the server's own"
            if row.status in ("applied", "merged", "conflicted"):
                _kept(op, row, found[row.op_id], heads)


def _kept(op: dict[str, Any], row: OpLog, findings: Findings, heads: dict[tuple[str, str], Head]) -> None:
    """I2, I15: each property that the author changed against the base is a written value of this op and person.

    And what he left as it was is not, also where his base is not what the server knows. A phone names a base for all
    that it writes, null where it showed nothing: else what stayed empty is not told from what was emptied.
    """
    bases = {item["id"]: item.get("base", {}) for item in op["entities"]}
    differs = {finding.get("path") for finding in findings if finding.get("code") == "base.differs"}
    for write in op["writes"]:
        properties = datasets()[write["dataset"]].properties
        shown = bases[write["id"]]
        assert write["create"] or shown.keys() == write["values"].keys(), f"I2: {row.op_id} names other bases"
        texts, base_texts = (todays(op, write["dataset"], said) for said in (write["values"], shown))
        for name, text in texts.items():
            value, base = (canonical(one, properties[name].type) for one in (text, base_texts.get(name)))
            head = heads.get((write["id"], row.op_id + name))
            if value == base:
                assert head is None or head.implied, f"I2: {row.op_id} left {name} at {value} and wrote {head.value}"
                continue
            if f"{write['dataset']}/{write['id']}/{name}" in differs:
                continue
            stood = (_said_before(write["id"], name, row, heads), _stood(write["id"], name, heads))
            if head is None and value in stood:
                continue  # it was so, by the own earlier op or under another name; the kept base is older
            assert head is not None, f"I2: {row.op_id} changed {name} from {base} to {value}, which is nowhere"
            assert head.value[name] == value, f"I2: {row.op_id} {name}: {head.value[name]} is not {value}"
            assert (head.person_id, head.closed_by != row.op_id) == (row.person_id, True), f"I15: {row.op_id} {name}"


def todays(op: dict[str, Any], dataset: str, values: dict[str, Any]) -> dict[str, Any]:
    """What an op says of a record, in the words that the server uses at the end (I12)."""
    words = vocabulary(dataset)
    known = KNOWN.get(op["form_version"], words.size) if dataset == "household" else words.size
    return words.forward(values, known) if known < words.size else values


def nothing_invented(session: Session, ops: dict[str, OpLog]) -> None:
    """I9, I15: every value on screen was written by somebody, and is one of the open heads of its key."""
    heads: dict[tuple[str, str], list[Head]] = defaultdict(list)
    for head in session.scalars(select(Head).where(Head.closed_by.is_(None), Head.withdrawn_at.is_(None))):
        heads[head.entity_id, head.key].append(head)
    asked = session.execute(select(Conflict.entity_id, Conflict.key).where(Conflict.state != "open"))
    decided = {frozenset((row.entity_id, row.key.removeprefix("@same:"))) for row in asked}
    for entity in session.scalars(select(Entity)):
        properties = datasets()[entity.dataset].properties
        for name, value in entity.values.items():
            if name in properties and properties[name].merge == "derived":
                continue  # reckoned from other records, never written
            if name == SAME_AS and value is not None:
                assert {entity.id, value} in decided, f"I9 {entity.id}: nobody said that it is {value}"
                continue
            written = [
                head.value[name]
                for (of, _), found in heads.items()
                if of == entity.id
                for head in found
                if name in head.value
            ]
            assert value is None or value in written, f"I9 {entity.id} {name}: {value} is none of {written}"


def conflicts_conserved(session: Session) -> None:
    """I11: what is contested has an open conflict with all its values, and nothing else has; resolved ones stay."""
    conflicts = session.scalars(select(Conflict)).all()
    is_open = {(row.entity_id, row.key) for row in conflicts if row.state == "open"}
    heads: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for head in session.scalars(select(Head).where(Head.closed_by.is_(None), Head.withdrawn_at.is_(None))):
        if head.value not in heads[head.entity_id, head.key]:
            heads[head.entity_id, head.key].append(head.value)
    settled = {(row.entity_id, row.key) for row in conflicts if row.state == "settled_by_rule"}
    torn = {key for key, values in heads.items() if len(values) > 1}
    assert torn <= is_open | settled, f"I11: two values and no conflict: {torn - is_open - settled}"
    plain = {key for key in is_open if not key[1].startswith("@")}
    assert plain <= torn, f"I11: an open conflict without two values: {plain - torn}"


def photos_whole(run: Run, session: Session) -> None:
    """I14: what is shown as complete has its bytes, with this hash."""
    store = store_of(run.stage.settings)
    for row in session.scalars(select(Attachment).where(Attachment.blob.is_not(None))):
        with store.open(row.blob or "") as file:
            assert hashlib.sha256(file.read()).hexdigest() == row.sha256 == row.blob, "I14: other bytes"


def _stood(record: str, name: str, heads: dict[tuple[str, str], Head]) -> str | None:
    """What was there at the beginning."""
    first = (head for (entity_id, _), head in heads.items() if entity_id == record and name in head.value)
    found = min(first, key=lambda head: head.version, default=None)
    return found.value[name] if found else None


def _said_before(record: str, name: str, row: OpLog, heads: dict[tuple[str, str], Head]) -> str | None:
    """What the last earlier op of the same phone wrote there."""
    own = [
        head
        for (entity_id, _), head in heads.items()
        if entity_id == record and name in head.value and head.lineage == row.install_id
        and head.seq is not None and row.seq is not None and head.seq < row.seq
    ]  # fmt: skip
    return max(own, key=lambda head: head.seq or 0).value[name] if own else None
