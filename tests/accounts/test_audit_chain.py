"""The audit's chain: what anybody changes, takes away or adds behind the server's back is found, and where."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from server import db
from server.accounts.audit import note
from server.accounts.chain import START, chain_key, link_hash
from server.accounts.tables import AuditEntry
from server.cli import main
from server.sync import audit_chain
from server.sync.audit_chain import Broken
from server.sync.tables import ServerFact
from tests.world import EAST, QINGSHI, WANG, ZHAO, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def write(world: World, count: int, subject: str = WANG) -> None:
    zhang = world.people["zhang"]
    for n in range(count):
        world.run(lambda session, n=n: note(session, zhang, "submission.asked", subject, n=n, reason="因为"))


def sealed(world: World) -> int:
    with world.app.app_context():
        return audit_chain.seal()


def checked(world: World):
    return world.look(audit_chain.verify)


def meddle(world: World, statement: str) -> None:
    """As somebody would who can write to the database and nothing else."""
    with world.app.app_context(), db.db.engine.connect().execution_options(writer=True) as connection:
        connection.execute(text(statement))
        connection.commit()


def test_entries_are_put_into_the_chain_in_order_and_it_is_whole(world: World) -> None:
    write(world, 3)
    assert checked(world).waiting == 3
    assert sealed(world) == 3 and sealed(world) == 0
    write(world, 2)
    assert sealed(world) == 2
    found = checked(world)
    assert (found.entries, found.waiting, found.broken) == (5, 0, None)


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE audit_entry SET action = 'x' WHERE number = 2", Broken(2, "changed")),
        ("UPDATE audit_entry SET person_id = NULL WHERE number = 3", Broken(3, "changed")),
        ("UPDATE audit_entry SET subject = 'other' WHERE number = 1", Broken(1, "changed")),
        ("UPDATE audit_entry SET detail = NULL WHERE number = 4", Broken(4, "changed")),
        ("UPDATE audit_entry SET region_code = NULL WHERE number = 4", Broken(4, "changed")),
        ("DELETE FROM audit_entry WHERE number = 2", Broken(2, "missing")),
        ("DELETE FROM audit_entry WHERE number >= 4", Broken(4, "cut_off")),
        ("DELETE FROM server_fact WHERE name = 'audit_head'", Broken(4, "head_changed")),
    ],
)
def test_what_is_changed_or_taken_away_is_named_by_its_number(world: World, statement: str, where: Broken) -> None:
    write(world, 4)
    sealed(world)
    meddle(world, statement)
    assert checked(world).broken == where


def test_a_detail_of_one_entry_put_into_another_is_found(world: World) -> None:
    """It opens, since it was sealed for this column; but the chain knows where it belongs."""
    write(world, 4)
    sealed(world)
    meddle(world, "UPDATE audit_entry SET detail = (SELECT detail FROM audit_entry WHERE number = 1) WHERE number = 3")
    assert checked(world).broken == Broken(3, "changed")


def test_a_hash_does_not_tell_a_reason_to_who_guesses_it(world: World) -> None:
    """Two entries that say the same do not have details that the same guess would confirm."""
    write(world, 2)
    sealed(world)
    one, other = (link["detail"] for link, _ in world.look(lambda s: list(audit_chain.sealed(s))))
    assert len(one[audit_chain.SALT]) == 32 and one[audit_chain.SALT] != other[audit_chain.SALT]
    assert audit_chain.SALT not in world.phone("admin").get("/audit").json["items"][0]["detail"]


def test_a_chain_reckoned_anew_without_the_key_is_found_at_its_end(world: World) -> None:
    write(world, 3)
    sealed(world)
    meddle(world, "UPDATE audit_entry SET subject = 'other' WHERE number = 2")
    rows = world.look(lambda session: [link for link, _ in audit_chain.sealed(session)])
    hash = START
    for link in rows:
        hash = link_hash(hash, link)
        meddle(world, f"UPDATE audit_entry SET hash = '{hash}' WHERE number = {link['number']}")
    assert checked(world).broken == Broken(3, "head_changed")


def test_entries_after_a_meddling_do_not_heal_it(world: World) -> None:
    write(world, 3)
    sealed(world)
    meddle(world, "DELETE FROM audit_entry WHERE number = 3")
    write(world, 2)
    sealed(world)
    assert checked(world).broken == Broken(3, "missing")


def test_the_key_is_made_once_and_lies_beside_the_database(app: Flask) -> None:
    folder = app.config["RUHU"].keys
    first = chain_key(folder)
    chain_key.cache_clear()
    assert chain_key(folder) == first and len(first) == 32
    assert (folder / "audit.key").stat().st_mode & 0o077 == 0


def test_many_who_seal_at_once_make_one_chain(world: World) -> None:
    """Writers go on meanwhile. Without the lock two would give the same numbers."""
    failures: list[BaseException] = []

    def run(work) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(lambda: write(world, 8),)) for _ in range(3)]
    threads += [threading.Thread(target=run, args=(lambda: [sealed(world) for _ in range(8)],)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    sealed(world)
    found = checked(world)
    assert (found.entries, found.broken) == (24, None)


def test_each_entry_gets_the_smallest_area_that_holds_what_it_is_about(world: World) -> None:
    zhang, li, zhao = (world.people[name] for name in ("zhang", "li", "zhao"))
    phone = world.phone("li")
    entries = {
        "household": (zhang, WANG, {}), "person": (zhang, li, {}), "device": (zhang, phone.install_id, {}),
        "two": (zhang, WANG, {"to": zhao}), "other": (None, ZHAO, {}), "own": (zhang, "an export", {}),
        "nobody": (None, "nothing", {}),
    }  # fmt: skip
    for action, (who, subject, more) in entries.items():
        world.run(lambda s, a=action, w=who, x=subject, m=more: note(s, w, a, x, **m))
    sealed(world)
    rows = world.look(lambda s: {row.action: row.region_code for row in s.scalars(select(AuditEntry))})
    assert rows == {
        "household": QINGSHI, "person": QINGSHI, "device": QINGSHI, "two": "990100000000", "other": "990102200000",
        "own": EAST, "nobody": None,
    }  # fmt: skip


def test_the_commands_check_the_database_and_an_export_and_say_where_it_broke(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(world, 3)
    monkeypatch.setattr("server.cli.App.__call__", lambda _self: world.app)
    file = tmp_path / "audit.jsonl"
    run = CliRunner().invoke
    whole = run(main, ["audit", "verify", "--json"])
    head = json.loads(whole.stdout)["head"]
    assert whole.exit_code == 0 and run(main, ["audit", "export", str(file)]).exit_code == 0
    assert run(main, ["audit", "verify", "--file", str(file), "--hash", head]).exit_code == 0
    assert run(main, ["audit", "verify", "--hash", "0" * 64]).exit_code == 1
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([lines[0], lines[1].replace("因为", "别的"), lines[2]]), "utf-8")
    broken = run(main, ["audit", "verify", "--file", str(file)])
    assert broken.exit_code == 1 and "2" in broken.output and "changed" in broken.output
    meddle(world, "UPDATE audit_entry SET action = 'x' WHERE number = 3")
    assert json.loads(run(main, ["audit", "verify", "--json"]).stdout)["broken"] == {"number": 3, "why": "changed"}


VALUES = st.dictionaries(st.sampled_from(["number", "action", "subject", "region", "detail"]), st.text(max_size=5))


@given(VALUES, VALUES, st.text(alphabet="0123456789abcdef", min_size=64, max_size=64))
def test_no_two_different_entries_have_the_same_hash(one, other, before: str) -> None:
    assert (link_hash(before, one) == link_hash(before, other)) == (one == other)
    assert link_hash(before, one) != link_hash(START, one) or before == START


def test_numbers_are_given_once(app: Flask) -> None:
    """The database itself refuses a second entry with a number."""
    with app.app_context(), db.db.engine.connect() as connection:
        found = db.db.inspect(connection).get_unique_constraints("audit_entry")
    assert ["number"] in [one["column_names"] for one in found]


def test_without_its_end_the_chain_is_read_told_as_broken_and_not_gone_on_with(world: World) -> None:
    """Who deletes the row of the end gets no new one: that would vouch for whatever was left."""
    admin = world.phone("admin")
    world.run(lambda session: note(session, world.people["admin"], "user.add", "one"))
    assert admin.get("/audit").status_code == 200
    world.run(lambda session: session.execute(delete(ServerFact).where(ServerFact.name == "audit_head")))
    world.run(lambda session: note(session, world.people["admin"], "user.add", "two"))
    assert [admin.get(path).status_code for path in ("/audit", "/audit/head", "/audit/export")] == [200, 200, 200]
    checked = world.look(audit_chain.verify)
    assert checked.broken is not None and checked.broken.why == "head_changed" and checked.waiting >= 1
