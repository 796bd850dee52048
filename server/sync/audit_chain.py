"""Puts entries of the audit into their chain, and looks whether the chain is whole.

Nobody who does something waits for the chain: an entry is committed with the deed, and one after the other is put into
the chain shortly after (docs/decisions/2026-11-22-the-audit-is-sealed-in-batches.md).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server import db
from server.accounts.chain import START, Link, chain_key, link_hash, vouched
from server.accounts.tables import AuditEntry
from server.db import upsert
from server.sync.audit_areas import areas_of
from server.sync.tables import ServerFact

BATCH = 500
SALT = "~salt"
_HEAD = "audit_head"
log = structlog.get_logger()


@dataclass(frozen=True)
class Head:
    """The chain's end: number and hash of the last entry, and the word of the key for both."""

    number: int
    hash: str
    word: str

    def is_ours(self) -> bool:
        return hmac.compare_digest(self.word, vouched(_key(), self.number, self.hash))


@dataclass(frozen=True)
class Broken:
    """Where the chain breaks first. `why`: changed, missing, head_changed, cut_off."""

    number: int
    why: str


@dataclass(frozen=True)
class Checked:
    """How many entries are in the chain, its end, how many wait for it, and where it breaks (None: nowhere)."""

    entries: int
    head: str
    waiting: int
    broken: Broken | None


def seal() -> int:
    """Puts all committed entries into the chain; how many there were."""
    count = 0
    while done := db.transact(_seal_some):
        count += done
        if done < BATCH:
            break
    return count


def _seal_some(session: Session) -> int:
    """One batch. Who comes second waits, and finds the first one's end."""
    waiting = select(AuditEntry).where(AuditEntry.number.is_(None)).order_by(AuditEntry.id).limit(BATCH)
    if session.scalar(waiting.with_only_columns(AuditEntry.id).limit(1)) is None:
        return 0
    db.lock(session, {"audit chain"})
    entries = session.scalars(waiting).all()
    if not entries:
        return 0
    before = head_of(session)
    if before is None and _is_begun(session):
        log.error("audit.head_missing")  # going on would vouch for an end that somebody may have cut
        return 0
    areas = areas_of(session, entries)
    number, hash = (before.number, before.hash) if before else (0, START)
    rows = []
    session.expunge_all()
    for entry in entries:
        number += 1
        entry.detail = _salted(entry.detail)
        hash = link_hash(hash, _link(entry, number, areas[entry.id]).for_wire())
        more = {"region_code": areas[entry.id], "hash": hash, "detail": entry.detail}
        rows.append({"id": entry.id, "number": number, **more})
    session.execute(update(AuditEntry), rows)
    _set_head(session, number, hash)
    log.info("audit.sealed", number=number, hash=hash)  # the log is a witness outside of the database
    return len(rows)


def _is_begun(session: Session) -> bool:
    return session.scalar(select(AuditEntry.id).where(AuditEntry.number.is_not(None)).limit(1)) is not None


def _salted(detail: dict[str, Any] | None) -> dict[str, Any] | None:
    """With something that nobody guesses: the hash is not sealed, and a reason may be as short as an ID number."""
    return {**detail, SALT: secrets.token_hex(16)} if detail else None


def _link(entry: AuditEntry, number: int, region: str | None) -> Link:
    return Link(
        number, entry.id, entry.at, entry.person_id, entry.action, entry.subject, region, entry.detail,
    )  # fmt: skip


def _key() -> bytes:
    return chain_key(current_app.config["RUHU"].keys)


def head_of(session: Session) -> Head | None:
    """The chain's end as it was written last; None before the first entry."""
    fact = session.get(ServerFact, _HEAD)
    if fact is None:
        return None
    number, hash, word = fact.value.split(" ")
    return Head(int(number), hash, word)


def _set_head(session: Session, number: int, hash: str) -> None:
    value = f"{number} {hash} {vouched(_key(), number, hash)}"
    statement = upsert(session, ServerFact).values(name=_HEAD, value=value)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def sealed(session: Session, after: int = 0) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Every entry of the chain after a number as it is hashed, with its hash, in order."""
    while True:
        wanted = select(AuditEntry).where(AuditEntry.number > after).order_by(AuditEntry.number).limit(BATCH)
        entries = session.scalars(wanted).all()
        for entry in entries:
            after = entry.number or after
            yield _link(entry, after, entry.region_code).for_wire(), entry.hash
        session.expunge_all()
        if len(entries) < BATCH:
            return


def has_hash(session: Session, hash: str) -> bool:
    """Whether an entry of the chain has this hash."""
    found = select(AuditEntry.id).where(AuditEntry.number.is_not(None), AuditEntry.hash == hash).limit(1)
    return session.scalar(found) is not None


def verify(session: Session) -> Checked:
    """Reckons the chain anew, to its end or to where it breaks first."""
    waiting = session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.number.is_(None))) or 0
    number, hash = 0, START
    before = session.scalar(select(func.min(AuditEntry.number)).where(AuditEntry.number < 1))
    if before is not None:  # put in front of the chain, where no hash covers it and lists show it
        return Checked(number, hash, waiting, Broken(before, "changed"))
    for link, said in sealed(session):
        if link["number"] != number + 1:
            return Checked(number, hash, waiting, Broken(number + 1, "missing"))
        reckoned = link_hash(hash, link)
        if reckoned != said:
            return Checked(number, hash, waiting, Broken(link["number"], "changed"))
        number, hash = link["number"], reckoned
    return Checked(number, hash, waiting, _broken_end(head_of(session), number, hash))


def _broken_end(head: Head | None, number: int, hash: str) -> Broken | None:
    """Whether the key vouches for another end than the one that is there."""
    if head is None:
        return Broken(number, "head_changed") if number else None
    if not head.is_ours():
        return Broken(head.number, "head_changed")
    if head.number > number:
        return Broken(number + 1, "cut_off")
    return Broken(number, "head_changed") if (head.number, head.hash) != (number, hash) else None
