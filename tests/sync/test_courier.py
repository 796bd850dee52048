"""Work that another phone carries in: judged as its author's, unreadable on the way, and never invented."""

from __future__ import annotations

import errno
import hashlib
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select

from server import db
from server.accounts.keys import public_jwk, server_key
from server.accounts.tables import AuditEntry, Install, Person
from server.registry.tables import Entity, EntityVersion
from server.sync import courier
from server.sync.courier_file import FRAME_BYTES
from server.sync.tables import Attachment, OpLog, Quarantine
from tests.evidence.pictures import jpeg
from tests.sync.courier_writer import courier_file, device_jwk
from tests.world import WANG, ZHAO, Phone, World


class Stranded:
    """A phone that cannot reach the server: its install is known, with the public half of its device key."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.phone = world, name, world.phone(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.author = world.people[name]
        world.run(lambda session: self._register(session))

    def _register(self, session: Any) -> None:
        session.get_one(Install, self.phone.install_id).public_key_jwk = device_jwk(self.key)

    def file(self, *ops: Any, files: tuple[bytes, ...] = (), **more: Any) -> bytes:
        key = more.pop("key", self.key)
        with self.world.app.app_context():
            jwk = public_jwk(server_key(self.world.app.config["RUHU"].keys))
        install_id, author = more.pop("install_id", self.phone.install_id), more.pop("author", self.author)
        return courier_file(jwk, key, install_id, author, ops, files, **more)


@pytest.fixture
def stranded(world: World) -> Stranded:
    return Stranded(world, "li")


def carry(carrier: Phone, content: bytes) -> Any:
    headers = {**carrier.headers, "Content-Type": "application/vnd.ruhu.courier"}
    return carrier.client.post("/api/v1/sync/courier", data=content, headers=headers)


def value(world: World, name: str) -> str | None:
    return world.look(lambda session: session.get_one(Entity, WANG).values.get(name))


def test_carried_work_is_applied_as_its_authors(world: World, stranded: Stranded) -> None:
    """The carrier works in another township and could not write this household; the author can."""
    op = stranded.phone.visit(head_name="王大海")
    answer = carry(world.phone("zhao"), stranded.file(op))
    assert answer.status_code == 200, answer.text
    assert answer.json["verified"] and answer.json["complete"]
    assert answer.json["ops"] == {
        "received": 1, "applied": 1, "merged": 0, "conflicted": 0, "duplicate": 0, "held": 0, "quarantined": 0,
        "unreadable": 0,
    }  # fmt: skip
    assert value(world, "head_name") == "王大海"
    row = world.look(lambda session: session.get_one(OpLog, op["op_id"]))
    assert (row.person_id, row.install_id, row.seq) == (stranded.author, stranded.phone.install_id, 1)


@pytest.mark.parametrize("vouched", [True, False])
def test_a_line_that_is_no_json_is_kept_byte_by_byte_and_its_neighbours_are_applied(
    world: World, stranded: Stranded, vouched: bool
) -> None:
    broken = b'{"seq": 1, "note": "\xff\xfe"}'
    more: dict[str, Any] = {} if vouched else {"key": None}
    answer = carry(world.phone("zhao"), stranded.file(broken, stranded.phone.visit(head_name="王大海"), **more))
    ops = answer.json["ops"]
    assert (ops["unreadable"], ops["applied"], ops["quarantined"]) == ((1, 1, 0) if vouched else (0, 0, 2))
    assert broken in world.look(lambda session: [row.raw for row in session.scalars(select(Quarantine))])


def test_a_carrier_sees_counts_and_nothing_else(world: World, stranded: Stranded) -> None:
    answer = carry(world.phone("zhao"), stranded.file(stranded.phone.visit(head_name="王大海")))
    assert WANG not in answer.text and "王" not in answer.text and stranded.author not in answer.text


def test_carried_twice_and_then_pushed_is_one_visit(world: World, stranded: Stranded) -> None:
    op = stranded.phone.visit(head_name="王大海")
    content, carrier = stranded.file(op), world.phone("zhao")
    carry(carrier, content)
    assert carry(carrier, content).json["ops"]["duplicate"] == 1
    pushed = stranded.phone.push(op)
    assert pushed["results"][0]["status"] == "duplicate"
    assert pushed["results"][0]["first"] == {"status": "applied"}
    assert pushed["acked_seq"] == 1
    versions = select(func.count()).select_from(EntityVersion).where(EntityVersion.op_id == op["op_id"])
    assert world.look(lambda session: session.scalar(versions)) == 1


def test_the_authors_feed_tells_what_became_of_it(world: World, stranded: Stranded) -> None:
    op = stranded.phone.visit(head_name="王大海")
    carry(world.phone("zhao"), stranded.file(op))
    entries = stranded.phone.pull(f"user:{stranded.author}")["entries"]
    assert [(e["op_id"], e["status"]) for e in entries if e["type"] == "op"] == [(op["op_id"], "applied")]


def test_photos_bind_as_uploaded_by_the_author(world: World, stranded: Stranded) -> None:
    photo = jpeg()
    sha256 = hashlib.sha256(photo).hexdigest()
    attachment = {"name": "front.jpg", "sha256": sha256, "size": len(photo), "media_type": "image/jpeg"}
    op = stranded.phone.visit(front="front.jpg", attachments=[attachment])
    answer = carry(world.phone("zhao"), stranded.file(op, files=(photo,)))
    assert answer.json["files"] == {"received": 1, "kept": 1}
    bound = world.look(lambda session: session.scalars(select(Attachment)).one())
    assert (bound.blob, bound.person_id) == (sha256, stranded.author)
    assert stranded.phone.send(op)[0]["missing_attachments"] == []


def test_a_full_disk_is_told_to_the_carrier(world: World, stranded: Stranded, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ops are in, the photo is not: the carrier hears why, as with an upload, and carries the file once more."""

    class Full(io.BytesIO):
        def write(self, content: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    photo = jpeg()
    attachment = {"name": "front.jpg", "sha256": hashlib.sha256(photo).hexdigest(), "size": len(photo)}
    content = stranded.file(stranded.phone.visit(front="front.jpg", attachments=[attachment]), files=(photo,))
    carrier = world.phone("zhao")
    with monkeypatch.context() as full:
        full.setattr(courier, "tempfile", SimpleNamespace(TemporaryFile=lambda **_: Full()))
        answer = carry(carrier, content)
    assert (answer.status_code, answer.json["code"]) == (507, "server.full")
    again = carry(carrier, content).json
    assert (again["ops"]["duplicate"], again["files"]["kept"]) == (1, 1)


def test_a_kept_file_that_found_no_room_leaves_nothing_behind(
    world: World, stranded: Stranded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file would count against the room for such files for ever."""
    content = stranded.file(stranded.phone.visit())[:-20]
    carrier = world.phone("zhao")

    def full(_source: Any, target: Any, _length: int) -> None:
        target.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(courier, "shutil", SimpleNamespace(copyfileobj=full))
        answer = carry(carrier, content)
    folder = courier.folder_of(world.app.config["RUHU"])
    assert (answer.status_code, answer.json["code"], list(folder.iterdir())) == (507, "server.full", [])
    carry(carrier, content)
    assert [path.stat().st_size for path in folder.iterdir()] == [len(content)]


def test_nobody_can_invent_work_for_somebody_else(world: World, stranded: Stranded) -> None:
    """Signed by another key: kept in quarantine, nothing applied, and the op's id stays free for the real op."""
    op = stranded.phone.visit(head_name="谁写的")
    forged = stranded.file(op, key=ec.generate_private_key(ec.SECP256R1()))
    answer = carry(world.phone("zhao"), forged)
    assert answer.json["verified"] is False
    assert answer.json["ops"]["quarantined"] == 1
    assert value(world, "head_name") == "王大山"
    assert world.look(lambda session: session.get(OpLog, op["op_id"])) is None
    assert stranded.phone.send(op)[0]["status"] == "applied"


@pytest.mark.parametrize("what", ["unsigned", "unknown install", "other author"])
def test_what_nobody_vouches_for_is_kept_and_not_applied(world: World, stranded: Stranded, what: str) -> None:
    more: dict[str, Any] = {
        "unsigned": {"key": None},
        "unknown install": {"install_id": "install-nobody"},
        "other author": {"author": world.people["bai"]},
    }[what]
    answer = carry(world.phone("zhao"), stranded.file(stranded.phone.visit(head_name="王大海"), **more))
    assert answer.status_code == 200 and answer.json["verified"] is False
    assert value(world, "head_name") == "王大山"
    codes = world.look(lambda session: [row.code for row in session.scalars(select(Quarantine))])
    assert codes.count("courier.unverified") == 2  # the op, and the file itself
    kept = courier.kept_files(world.app.config["RUHU"])
    assert [path.name for path, _ in kept] == [f"{answer.json['id']}.courier"]


def test_an_administrator_on_the_server_may_answer_for_it(world: World, stranded: Stranded) -> None:
    """A phone whose key was lost with its browser: the same file, taken by a person who answers for it."""
    content = stranded.file(stranded.phone.visit(head_name="王大海"), key=None)
    with world.app.app_context():
        admin = _actor(world, "admin")
        carried = courier.take(world.app.config["RUHU"], admin, io.BytesIO(content), vouched=True)
    assert carried.ops == {"applied": 1}
    assert value(world, "head_name") == "王大海"


def _actor(world: World, name: str) -> Any:
    from server.accounts.actor import load_actor

    return world.look(lambda session: load_actor(session, session.get_one(Person, world.people[name])))


@pytest.mark.parametrize("gone", ["revoked", "left"])
def test_work_of_a_revoked_phone_or_a_person_who_left_goes_to_quarantine(
    world: World, stranded: Stranded, gone: str
) -> None:
    def end(session: Any) -> None:
        if gone == "revoked":
            session.get_one(Install, stranded.phone.install_id).revoked_at = db.now()
        else:
            session.get_one(Person, stranded.author).active = False

    world.run(end)
    op = stranded.phone.visit(head_name="王大海")
    answer = carry(world.phone("zhao"), stranded.file(op))
    assert answer.json["ops"]["quarantined"] == 1
    row = world.look(lambda session: session.get_one(OpLog, op["op_id"]))
    assert (row.status, row.code) == ("quarantined", "device.revoked")


@pytest.mark.parametrize("cut", ["magic", "header", "manifest"])
def test_a_file_that_cannot_be_read_is_a_clear_problem_and_is_kept(world: World, stranded: Stranded, cut: str) -> None:
    content = stranded.file(stranded.phone.visit(head_name="王大海"))
    broken = {"magic": b"X" + content[1:], "header": content[:100], "manifest": content[:-3]}[cut]
    answer = carry(world.phone("zhao"), broken)
    assert (answer.status_code, answer.json["code"]) == (422, "courier.damaged")
    row = world.look(lambda session: session.scalars(select(Quarantine)).one())
    assert row.code == "courier.damaged" and json.loads(row.raw)["kept"]
    (path, size), *_ = courier.kept_files(world.app.config["RUHU"])
    assert path.read_bytes() == broken and size == len(broken)
    assert value(world, "head_name") == "王大山"


def test_what_stands_before_a_damage_is_taken_in(world: World, stranded: Stranded) -> None:
    """The photo's last frame was cut: the visit is applied, the photo stays missing, the answer says where."""
    photo = jpeg() + bytes(3000)
    op = stranded.phone.visit(head_name="王大海")
    content = stranded.file(op, files=(photo,), frame=1000)
    answer = carry(world.phone("zhao"), content[:-500])
    assert answer.status_code == 200
    assert answer.json["complete"] is False
    assert answer.json["problem"] == {"code": "courier.damaged", "where": "file 1"}
    assert answer.json["ops"]["applied"] == 1
    assert answer.json["files"] == {"received": 0, "kept": 0}
    assert value(world, "head_name") == "王大海"
    whole = carry(world.phone("zhao"), content).json
    assert whole["complete"] and whole["ops"]["duplicate"] == 1 and whole["files"]["kept"] == 1


def test_frames_cannot_be_left_out_or_swapped(world: World, stranded: Stranded) -> None:
    content = stranded.file(*(stranded.phone.visit(head_name=f"王{n}") for n in range(3)), frame=1000)
    header = content.index(b"\n", 20) + 1
    frame = 4 + 1000 + 16
    swapped = (
        content[:header]
        + content[header + frame : header + 2 * frame]
        + content[header : header + frame]
        + content[header + 2 * frame :]
    )
    assert carry(world.phone("zhao"), swapped).json["code"] == "courier.damaged"
    left_out = content[:header] + content[header + frame :]
    assert carry(world.phone("zhao"), left_out).json["code"] == "courier.damaged"


def test_a_header_that_was_changed_is_noticed(world: World, stranded: Stranded) -> None:
    content = stranded.file(stranded.phone.visit(head_name="王大海"))
    changed = content.replace(stranded.author.encode(), world.people["bai"].encode(), 1)
    assert carry(world.phone("zhao"), changed).json["code"] == "courier.damaged"


def test_a_file_for_another_server_is_named_as_such(world: World, stranded: Stranded) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = public_jwk(rsa.generate_private_key(public_exponent=65537, key_size=3072))
    content = courier_file(other, stranded.key, stranded.phone.install_id, stranded.author, [])
    assert carry(world.phone("zhao"), content).json["code"] == "courier.other_server"


def test_one_bad_op_never_changes_what_happens_to_its_neighbours(world: World, stranded: Stranded) -> None:
    good = stranded.phone.visit(head_name="王大海")
    foreign = stranded.phone.visit(ZHAO, head_name="赵")
    ops = carry(world.phone("zhao"), stranded.file(b"{no json", b'"text"', foreign, good)).json["ops"]
    assert (ops["unreadable"], ops["quarantined"], ops["applied"], ops["received"]) == (2, 1, 1, 4)


def test_many_ops_and_large_frames_come_through(world: World, stranded: Stranded) -> None:
    """More ops than one push takes, and content over several whole frames."""
    ops = [stranded.phone.visit(head_name=f"王{n}", base_version=1) for n in range(205)]
    answer = carry(world.phone("zhao"), stranded.file(*ops, files=(bytes(2 * FRAME_BYTES + 5),)))
    assert answer.json["ops"]["received"] == 205
    assert answer.json["ops"]["quarantined"] == 0
    assert value(world, "head_name") == "王204"


def test_a_file_over_the_limit_stores_nothing(world: World, stranded: Stranded) -> None:
    content = stranded.file(stranded.phone.visit(head_name="王大海"), files=(bytes(10_000),))
    import dataclasses

    world.app.config["RUHU"] = dataclasses.replace(world.app.config["RUHU"], courier_bytes=5000)
    assert carry(world.phone("zhao"), content).status_code == 413
    assert value(world, "head_name") == "王大山"


def test_every_carried_file_leaves_an_audit_entry(world: World, stranded: Stranded) -> None:
    answer = carry(world.phone("zhao"), stranded.file(stranded.phone.visit(head_name="王大海")))
    entry = world.look(
        lambda session: session.scalars(select(AuditEntry).where(AuditEntry.action == "courier.carried")).one()
    )
    assert (entry.person_id, entry.subject) == (world.people["zhao"], answer.json["id"])
    assert entry.detail["author"] == stranded.author and entry.detail["ops"]["applied"] == 1


def test_a_revoked_phone_carries_nothing_for_others(world: World, stranded: Stranded) -> None:
    carrier = world.phone("zhao")

    def revoke(session: Any) -> None:
        session.get_one(Install, carrier.install_id).revoked_at = db.now()

    world.run(revoke)
    content = stranded.file(stranded.phone.visit(head_name="王大海"))
    assert carry(carrier, content).json["code"] == "device.revoked"
