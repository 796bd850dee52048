"""ruhu register import and ruhu courier, as somebody at the server types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec

from server.accounts.keys import public_jwk, server_key
from server.cli import main
from server.config import ROOT
from server.imports.mapping import read_mapping
from server.registry.tables import Entity
from server.sync.definitions import datasets
from tests.imports.registers import MAPPING, csv_bytes, person, records
from tests.sync.courier_writer import courier_file
from tests.world import LIUSHU, QINGSHI, WANG, World


class Ruhu:
    """The program on the world's database."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder

    def __call__(self, *words: object) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words])

    def register(self, rows: list[dict[str, str]], *words: object) -> Result:
        register, mapping = self.folder / "register.csv", self.folder / "mapping.yaml"
        register.write_bytes(csv_bytes(rows))
        mapping.write_text(MAPPING, "utf-8")
        return self("register", "import", register, "--mapping", mapping, *words)


@pytest.fixture
def ruhu(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ruhu:
    monkeypatch.setattr("server.cli.App", lambda: lambda: world.app)
    return Ruhu(world, tmp_path)


def test_without_apply_nothing_is_written_and_it_says_so(ruhu: Ruhu, world: World) -> None:
    done = ruhu.register([person(1)])
    assert done.exit_code == 0, done.output
    assert "将新增 1" in done.output and "--apply" in done.output
    assert records(world, "household") == []


def test_with_apply_it_is_merged(ruhu: Ruhu, world: World) -> None:
    done = ruhu.register([person(1), person(2)], "--apply")
    assert (done.exit_code, len(records(world, "member"))) == (0, 2)
    assert "新增 2" in done.output


def test_problems_are_told_and_lists_written(ruhu: Ruhu, world: World, tmp_path: Path) -> None:
    ruhu.register([person(1), person(2, household=2)], "--apply")
    refused, vanished = tmp_path / "refused.csv", tmp_path / "vanished.csv"
    done = ruhu.register([person(1, 耕地="三亩")], "--refused", refused, "--vanished", vanished)
    assert "✗ register 耕地 ×1 (2) “三亩”" in done.output
    assert "三亩" in refused.read_text("utf-8") and "户主2" in vanished.read_text("utf-8")


def test_json_is_json(ruhu: Ruhu) -> None:
    done = ruhu.register([person(1)], "--json")
    assert json.loads(done.stdout)["counts"]["household"]["new"] == 1


def test_in_somebodys_name_their_rights_count(ruhu: Ruhu) -> None:
    assert ruhu.register([person(1)], "--as", "li").exit_code == 1
    assert ruhu.register([person(1)], "--as", "nobody").exit_code == 1
    assert ruhu.register([person(1)], "--as", "admin").exit_code == 0


def test_only_the_same_command_goes_on_with_what_was_interrupted(ruhu: Ruhu, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file within another area is another import: the first one's batches were written in its place."""
    with monkeypatch.context() as broken:
        broken.setattr("server.imports.applying.go_on", lambda *_: False)  # killed before its first batch
        begun = json.loads(ruhu.register([person(1)], "--region", QINGSHI, "--apply", "--json").stdout)
    assert begun["state"] == "applying"
    other = json.loads(ruhu.register([person(1)], "--region", LIUSHU, "--json").stdout)
    assert (other["state"], other["import_id"] != begun["import_id"]) == ("previewed", True)
    again = json.loads(ruhu.register([person(1)], "--region", QINGSHI, "--apply", "--json").stdout)
    assert (again["state"], again["import_id"]) == ("applied", begun["import_id"])


def test_a_mapping_in_another_encoding_is_told(ruhu: Ruhu, tmp_path: Path) -> None:
    """As an older editor on a Chinese computer saves it; it ended in a traceback."""
    (tmp_path / "m.yaml").write_bytes(MAPPING.encode("gb18030"))
    (tmp_path / "r.csv").write_bytes(csv_bytes([person(1)]))
    done = ruhu("register", "import", tmp_path / "r.csv", "--mapping", tmp_path / "m.yaml")
    assert done.exit_code == 1 and "UTF-8" in done.output


def test_a_broken_mapping_ends_with_every_mistake(ruhu: Ruhu, tmp_path: Path) -> None:
    mapping, register = tmp_path / "wrong.yaml", tmp_path / "r.csv"
    mapping.write_text("source: x\nhousehold: {key: [a]}\n", "utf-8")
    register.write_bytes(csv_bytes([person(1)]))
    done = ruhu("register", "import", register, "--mapping", mapping)
    assert done.exit_code == 1
    assert "wrong.yaml 第2行" in done.output and "region" in done.output and "columns" in done.output


def test_the_example_of_the_manual_is_right(world: World) -> None:
    """docs/IMPORT.md follows it word by word."""
    folder = ROOT / "form_definitions" / "imports"
    with world.app.app_context():
        mapping, faults = read_mapping(folder / "county_register.yaml", datasets())
    assert mapping is not None and faults == []
    header = (folder / "county_register.csv").read_text("utf-8").splitlines()[0].split(",")
    assert set(mapping.household.names()) | set(mapping.region) <= set(header)


def test_a_courier_file_can_be_taken_in_at_the_server(ruhu: Ruhu, world: World, tmp_path: Path) -> None:
    """Not vouched for by its phone: kept at first; with --vouch somebody answers for it."""
    phone = world.phone("li")
    with world.app.app_context():
        jwk = public_jwk(server_key(world.app.config["RUHU"].keys))
    op = phone.visit(head_name="王大海")
    file = tmp_path / "work.courier"
    other_key = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(courier_file(jwk, other_key, phone.install_id, world.people["li"], [op]))
    kept = ruhu("courier", "take", file, "--as", "admin")
    assert kept.exit_code == 1 and "签名对不上" in kept.output
    assert ".courier" in ruhu("courier", "list").output
    taken = ruhu("courier", "take", file, "--as", "admin", "--vouch")
    assert (taken.exit_code, "applied 1" in taken.output) == (0, True)
    assert world.look(lambda session: session.get_one(Entity, WANG)).label == "王大海"
    file.write_bytes(b"nothing")
    assert "损坏" in ruhu("courier", "take", file, "--as", "admin").output
