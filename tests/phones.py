"""A small phone, written from the wire contract alone: an outbox with gapless numbers, rows with memberships, cursors.

It keeps what docs/SYNC.md asks of a phone: while an own op on a record is unsent, unanswered or held, the record's row
and version stay what they were for its next op. A feed that it lost it hands over, wipes and acknowledges; after a
restore it fetches all feeds anew and sends again what the server does not have any more. It says what it shows, what
it sent, and what it was told.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.sync.office import upload
from tests.world import Phone

Values = dict[str, str | None]
Wire = dict[str, Any]


@dataclass
class Sent:
    """An own op: as it travels, which record got which values, and what its author had changed there."""

    op: Wire
    writes: dict[str, Values] = field(default_factory=dict)
    changed: dict[str, Values] = field(default_factory=dict)
    answer: Wire | None = None

    @property
    def id(self) -> str:
        return str(self.op["op_id"])

    @property
    def is_waiting(self) -> bool:
        return self.answer is None or status_of(self.answer) == "held"


def status_of(answer: Wire) -> str:
    """What became of an op, also when it is told again."""
    return str(answer["first"]["status"] if answer["status"] == "duplicate" and "first" in answer else answer["status"])


@dataclass
class FieldPhone:
    """One install of one person. `line` is its sign-in, `form` the version of the form that it has.

    `photos`: bytes by hash of what its ops name; `uploaded`: those that the server said it has. `revoked`: it was told.
    """

    line: Phone
    form: str = "1"
    revoked: bool = False
    epoch: str | None = None
    photos: dict[str, bytes] = field(default_factory=dict)
    uploaded: set[str] = field(default_factory=set)
    rows: dict[str, Wire] = field(default_factory=dict)
    memberships: dict[str, set[str]] = field(default_factory=dict)
    cursors: dict[str, dict[str, Any]] = field(default_factory=dict)
    conflicts: dict[str, Wire] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    pinned: dict[str, Wire] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    told: list[Wire] = field(default_factory=list)

    # What its user sees and does

    def base_of(self, record: str) -> Wire | None:
        """The row that the next op stands on."""
        return self.pinned.get(record) or self.rows.get(record)

    def shown(self, record: str) -> Values:
        """The row that the next op stands on, overlaid by the own ops since then: what the form opens with.

        Also by those that were answered meanwhile: the row is still the one from before them.
        """
        row = self.base_of(record)
        values: Values = dict(row["data"]) if row else {}
        if row and self.form == "1":
            values |= row.get("past", {}).get("0", {})  # as the words were when this version was published
        since = self.since.get(record)
        for one in self.sent[since:] if since is not None else ():
            values |= one.writes.get(record, {})
        return values

    def waiting(self) -> list[Sent]:
        return [one for one in self.sent if one.is_waiting]

    def keep(self, op: Wire, writes: Mapping[str, Values]) -> Sent:
        """Puts an op into the outbox and pins the rows that it stands on."""
        changed = {}
        for record, values in writes.items():
            seen = self.shown(record)
            changed[record] = {name: text for name, text in values.items() if (seen.get(name) or None) != text}
            self.since.setdefault(record, len(self.sent))
            if record in self.rows and record not in self.pinned:
                self.pinned[record] = self.rows[record]
        one = Sent(op, {record: dict(values) for record, values in writes.items()}, changed)
        self.sent.append(one)
        return one

    def named(self, dataset: str, record: str, names: Sequence[str]) -> Wire:
        """The record as an envelope names it: the version and the values that its author saw."""
        row, seen = self.base_of(record), self.shown(record)
        known = {"base_version": row["version"]} if row else {}
        return {"dataset": dataset, "id": record, **known, "base": {name: seen.get(name) for name in names}}

    # What it says to the server

    def push(self, count: int = 200, lose_answer: bool = False, newest_first: bool = False) -> None:
        """Sends the oldest ops without an answer; a lost answer leaves them as they were."""
        batch = [one for one in self.sent if one.answer is None]
        batch = batch[::-1][:count] if newest_first else batch[:count]
        if not batch:
            return
        results = self.line.send(*(one.op for one in batch))
        if lose_answer:
            return
        for one, result in zip(batch, results, strict=True):
            assert result["op_id"] == one.id
            one.answer = result
            self.uploaded -= set(result["missing_attachments"])

    def upload(self) -> None:
        """Brings the bytes that the server is not known to have."""
        for sha256 in sorted(self.photos.keys() - self.uploaded):
            upload(self.line, self.photos[sha256])
            self.uploaded.add(sha256)

    def _unpin(self) -> None:
        """What was answered and pulled is in the rows."""
        held = {record for one in self.waiting() for record in one.writes}
        self.pinned = {record: row for record, row in self.pinned.items() if record in held}
        self.since = {record: place for record, place in self.since.items() if record in held}

    def hello(self) -> dict[str, Wire]:
        answer = self.line.post("/sync/hello", {"install_id": self.line.install_id, "feeds": {}})
        if self.epoch not in (None, answer.json["epoch"]):
            self._restored()
        self.epoch = answer.json["epoch"]
        return {feed["scope"]: feed for feed in answer.json["feeds"]}

    def _restored(self) -> None:
        """The server is older than what it once answered."""
        acked = self.line.push()["acked_seq"]
        for scope in list(self.cursors):
            self._forget(scope)
        for one in self.sent:
            if one.op["seq"] > acked:
                one.answer = None
        self.uploaded.clear()

    def hand_over(self, scopes: Sequence[str]) -> None:
        """Sends all that it has, wipes these feeds and says so."""
        self.push()
        self.upload()
        for scope in sorted(scopes):
            mine = [record for record, of in self.memberships.items() if scope in of]
            self._forget(scope)
            for record in mine:
                if record not in self.rows:
                    self.pinned.pop(record, None)
                    self.since.pop(record, None)
            self.keep(self.line.op("revocation_ack", scope=scope, count=len(mine)), {})
        self.push()

    def pull(self, limit: int = 500) -> None:
        """Everything new of the granted feeds; what is to be handed over is."""
        feeds = self.hello()
        granted = {scope for scope, feed in feeds.items() if feed["state"] == "granted"}
        if lost := [scope for scope, feed in feeds.items() if feed["state"] == "revoking"]:
            self.hand_over(lost)
        for scope in set(self.cursors) - granted:
            self._forget(scope)
        if not granted:
            self._wipe()
            return
        todo = {scope: self.cursors.get(scope, {"after": 0, "view": None}) for scope in granted}
        while todo:
            body = {"install_id": self.line.install_id, "feeds": todo, "limit": limit}
            feeds = self.line.post("/sync/pull", body).json["feeds"]
            todo = {scope: after for scope, feed in feeds.items() if (after := self._take(scope, feed)) is not None}
        self._unpin()

    def _take(self, scope: str, feed: Wire) -> dict[str, Any] | None:
        """One page; answers where to go on, None at the end."""
        if feed["status"] == "gone":
            self._forget(scope)
            return None
        if feed["status"] == "must_refetch":
            self._forget(scope)
            return {"after": 0, "view": None}
        for entry in feed["entries"]:
            self._entry(scope, entry)
        self.cursors[scope] = {"after": feed["next"], "view": feed["view"]}
        return self.cursors[scope] if feed["more"] else None

    def _entry(self, scope: str, entry: Wire) -> None:
        if entry["type"] == "entity":
            self.rows[entry["id"]] = entry
            self.memberships.setdefault(entry["id"], set()).add(scope)
        elif entry["type"] in ("eviction", "tombstone"):
            self._leave(scope, entry["id"])
        elif entry["type"] == "conflict":
            self.conflicts[entry["id"]] = entry
        elif entry["type"] == "op":
            self._ended(entry)
        else:
            self.told.append(entry)

    def _ended(self, entry: Wire) -> None:
        """A held op got its outcome."""
        for one in self.sent:
            if one.id == entry["op_id"] and one.answer is not None:
                one.answer = {**one.answer, "status": entry["status"], "code": entry.get("code")}

    def _forget(self, scope: str) -> None:
        self.cursors.pop(scope, None)
        for record in [record for record, scopes in self.memberships.items() if scope in scopes]:
            self._leave(scope, record)

    def _leave(self, scope: str, record: str) -> None:
        scopes = self.memberships.get(record, set())
        scopes.discard(scope)
        if not scopes:
            self.memberships.pop(record, None)
            self.rows.pop(record, None)

    def _wipe(self) -> None:
        """No feed is left, not even the own: the install was revoked."""
        self.revoked = True
        for kept in (self.rows, self.memberships, self.cursors, self.conflicts, self.pinned, self.since, self.told):
            kept.clear()

    def digest(self, scope: str) -> tuple[int, list[str]]:
        """Its own sums over what it holds of a feed, to be compared at the feed's head."""
        sums, count = [0] * 256, 0
        for record, scopes in self.memberships.items():
            if scope in scopes:
                text = f"{record}:{self.rows[record]['version']}"
                sums[hashlib.sha256(record.encode()).digest()[0]] ^= int.from_bytes(
                    hashlib.sha256(text.encode()).digest(), "big"
                )
                count += 1
        return count, [f"{total:064x}" for total in sums]


def new_id() -> str:
    return str(uuid.uuid4())
