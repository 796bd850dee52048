"""Takes in a courier file: its ops go through the one way in (push) as their author's, whoever carries it.

Vouched for by the author's phone: judged. Not vouched for: every op is kept in quarantine, nothing is applied and no op
id is taken, so that nobody can stand in the way of the real op. Every step is safe to repeat.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.audit import note
from server.accounts.keys import server_key
from server.accounts.tables import Install, Person
from server.config import Settings
from server.errors import Problem
from server.sync import feeds, news, quarantine
from server.sync.attachments import bind_waiting
from server.sync.batch import read_element
from server.sync.blob_store import PIECE, new_file, room
from server.sync.blobs import keep_streams, store_of
from server.sync.courier_file import (
    OP_BYTES,
    Content,
    Damaged,
    File,
    Manifest,
    OtherServer,
    is_signed_by,
    open_courier,
)
from server.sync.envelope import read_op
from server.sync.push import push

BATCH_OPS, BATCH_BYTES = 200, 1024 * 1024
MOST_KEPT = 2 * 1024 * 1024 * 1024  # bytes of damaged and unverified files
STATUSES = ("applied", "merged", "conflicted", "duplicate", "held", "quarantined", "unreadable")


@dataclass
class Carried:
    """What became of a file: counts only, for its carrier. `bound`: attachments whose bytes are here now."""

    id: str
    complete: bool = True
    verified: bool = True
    ops: Counter[str] = field(default_factory=Counter)
    files: int = 0
    kept_files: int = 0
    damaged_at: str | None = None
    bound: list[str] = field(default_factory=list)

    def for_wire(self) -> dict[str, Any]:
        ops = {"received": sum(self.ops.values())} | {status: self.ops[status] for status in STATUSES}
        files = {"received": self.files, "kept": self.kept_files}
        problem = {"problem": {"code": "courier.damaged", "where": self.damaged_at}} if self.damaged_at else {}
        judged = {"id": self.id, "complete": self.complete, "verified": self.verified}
        return judged | {"ops": ops, "files": files} | problem


def folder_of(settings: Settings) -> Path:
    """Where damaged and unverified files are kept."""
    return settings.var / "couriers"


def take(settings: Settings, carrier: Actor, stream: IO[bytes], *, vouched: bool = False) -> Carried:
    """Takes in one file (a seekable stream). Problems: courier.damaged, courier.other_server.

    `vouched`: an administrator on the server answers for a file that the phone's key does not vouch for.
    """
    carried = Carried(_sha256(stream))
    try:
        manifest, content = open_courier(stream, server_key(settings.keys))
    except OtherServer as error:
        raise Problem("courier.other_server") from error
    except Damaged as error:
        _keep_file(settings, carrier, carried.id, stream, "courier.damaged", error.where)
        raise Problem("courier.damaged", detail=error.where) from error
    author = _author(manifest, vouched)
    carried.verified = author is not None
    try:
        _take_content(settings, carrier, author, manifest, content, carried)
    except Damaged as error:
        carried.complete, carried.damaged_at = False, error.where
    if not (carried.complete and carried.verified):
        code = "courier.unverified" if carried.complete else "courier.damaged"
        _keep_file(settings, carrier, carried.id, stream, code, carried.damaged_at or manifest.install_id)
    db.transact(lambda session: _note(session, carrier, manifest, carried, vouched))
    return carried


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(PIECE):
        digest.update(piece)
    stream.seek(0)
    return digest.hexdigest()


def _author(manifest: Manifest, vouched: bool) -> Actor | None:
    """The author as the author may act now, if the install is the author's and its key signed the manifest."""
    with db.read() as session:
        install = session.get(Install, manifest.install_id)
        if install is None or install.person_id != manifest.author:
            return None
        if not vouched and not is_signed_by(manifest, install.public_key_jwk):
            return None
        person = session.get_one(Person, install.person_id)
        gone = install.revoked_at is not None or not person.active
        return load_actor(session, person, install_id=install.id, revoked=gone)


def _take_content(
    settings: Settings, carrier: Actor, author: Actor | None, manifest: Manifest, content: Content, carried: Carried
) -> None:
    """Ops first, then photos: what stands before a damage is taken in."""
    for lines in _batches(manifest, content):
        if author is None:
            db.transact(lambda session, lines=lines: _set_aside(session, carrier, manifest, lines))  # type: ignore[misc]
            carried.ops["quarantined"] += len(lines)
        else:
            _push(author, lines, carried)
    for place, file in enumerate(manifest.files, 1):
        _take_file(settings, author, content, file, f"file {place}", carried)
    content.end()


def _batches(manifest: Manifest, content: Content) -> Iterator[list[bytes]]:
    """The ops' lines, checked by their signed hashes. What came before a damage is given out first."""
    batch: list[bytes] = []
    damage: Damaged | None = None
    for place, sha256 in enumerate(manifest.ops, 1):
        try:
            line = content.line(OP_BYTES, f"op {place}")
            if hashlib.sha256(line).hexdigest() != sha256:
                raise Damaged(f"op {place}")
        except Damaged as error:
            damage = error
            break
        if batch and (len(batch) == BATCH_OPS or sum(map(len, batch)) + len(line) > BATCH_BYTES):
            yield batch
            batch = []
        batch.append(line)
    if batch:
        yield batch
    if damage is not None:
        raise damage


def _push(author: Actor, lines: Sequence[bytes], carried: Carried) -> None:
    """As if the author's phone had sent them; its own feed tells it what came of those that were new."""
    answer = push(author, [read_element(line) for line in lines])
    told = [
        news.of_op(author.id, result.op_id, result.status, result.code)
        for result in answer.results
        if result.op_id and result.status not in ("duplicate", "unreadable")
    ]
    if told:
        db.transact(lambda session: feeds.touch(session, told))
    carried.ops.update(result.status for result in answer.results)
    carried.bound += answer.bound


def _set_aside(session: Session, carrier: Actor, manifest: Manifest, lines: Sequence[bytes]) -> None:
    """Kept without an op id: the id belongs to whoever can prove the op."""
    person = session.get(Person, manifest.author)
    region = quarantine.area_of(session, load_actor(session, person) if person else carrier)
    for line in lines:
        op = read_op(read_element(line))
        detail = f"{op.op_id or '?'} {manifest.install_id} {person.username if person else '?'}"
        quarantine.keep(session, carrier, "courier.unverified", op.raw, region=region, detail=detail)


def _take_file(
    settings: Settings, author: Actor | None, content: Content, file: File, where: str, carried: Carried
) -> None:
    """One photo: verified by its hash, then bound as uploaded by the author."""
    if file.size > settings.photo_bytes:
        raise Damaged(where)
    settings.staging.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.staging) as bytes_of:
        digest = hashlib.sha256()
        for piece in content.pieces(file.size, where):
            digest.update(piece)
            with room():
                bytes_of.write(piece)
                bytes_of.flush()
        if digest.hexdigest() != file.sha256:
            raise Damaged(where)
        carried.files += 1
        if author is None:
            return
        keep_streams(store_of(settings), [bytes_of], author.id)
    carried.kept_files += 1
    carried.bound += db.transact(lambda session: bind_waiting(session, author.id, file.sha256))


def _keep_file(settings: Settings, carrier: Actor, sha256: str, stream: IO[bytes], code: str, where: str) -> None:
    """The sealed bytes, within limits, and a line in the quarantine where the carrier's area sees it."""
    folder = folder_of(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    size = stream.seek(0, 2)
    stream.seek(0)
    target = folder / f"{sha256}.courier"
    taken = sum(path.stat().st_size for path in folder.iterdir())
    kept = target.exists() or taken + size <= MOST_KEPT
    if kept and not target.exists():
        _copy(stream, target)
    found = {"file": sha256, "size": size, "kept": kept, "where": where}
    raw = json.dumps(found, sort_keys=True).encode()
    db.transact(lambda session: quarantine.keep(session, carrier, code, raw, detail=f"{where} {sha256}"))


def _copy(stream: IO[bytes], target: Path) -> None:
    """The whole file or nothing of it: half a one would take room for ever."""
    with new_file(target.parent) as (draft, copy), room():
        shutil.copyfileobj(stream, copy, PIECE)
        copy.flush()
        draft.replace(target)


def _note(session: Session, carrier: Actor, manifest: Manifest, carried: Carried, vouched: bool) -> None:
    counts = {name: value for name, value in carried.for_wire().items() if name in ("ops", "files")}
    note(
        session, carrier.id, "courier.carried", carried.id, author=manifest.author, install_id=manifest.install_id,
        complete=carried.complete, verified=carried.verified, vouched=vouched, **counts,
    )  # fmt: skip


def kept_files(settings: Settings) -> list[tuple[Path, int]]:
    """Damaged and unverified files with their sizes in bytes, oldest first."""
    folder = folder_of(settings)
    found = [(path, path.stat()) for path in folder.glob("*.courier")] if folder.is_dir() else []
    return [(path, stat.st_size) for path, stat in sorted(found, key=lambda one: one[1].st_mtime)]
