"""What is published: frozen before the seed, drawn once, signed, and drawn again by one file without the program."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from server.cli import main
from server.inspection import verify
from server.inspection.draw_record import commitment_of, published, signed
from server.inspection.plan_file import plan_of
from server.inspection.sampling import draw
from tests.inspection.sampling_ground import DICE, frame_in, population

PLAN = """design: two_stage
stratum: township
villages: {count: 2, method: pps}
households: {count: 3}
reserves: 1
"""
MINE, THEIRS = "inspection-3f9a77c01b", "village-b00c51d9e4aa"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with frame and plan, and a server's keys of its own."""
    monkeypatch.setenv("RUHU_VAR", str(tmp_path / "var"))
    frame_in(population()).write(tmp_path / "frame.csv")
    (tmp_path / "plan.yaml").write_text(PLAN, "utf-8")
    (tmp_path / "left-out.csv").write_text("household_id,reason\nX1,recent\n", "utf-8")
    return tmp_path


def _ruhu(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["sample", *map(str, arguments)])


def _freeze(desk: Path, *more: object) -> Result:
    files = ("--frame", desk / "frame.csv", "--plan", desk / "plan.yaml", "--out", desk / "out")
    return _ruhu("freeze", *files, "--exclusions", desk / "left-out.csv", *more)


def _published(desk: Path) -> dict[str, bytes]:
    assert _freeze(desk).exit_code == 0
    assert _ruhu("publish", desk / "out", "--seed", DICE).exit_code == 0
    return verify.read_files(desk / "out" / "draw.zip")


def test_one_file_draws_again_without_the_program(desk: Path) -> None:
    """Python in isolated mode, outside of the project, with the verifier of the bundle alone."""
    _published(desk)
    with zipfile.ZipFile(desk / "out" / "draw.zip") as archive:
        archive.extractall(desk / "elsewhere")
    command = [sys.executable, "-I", "-S", str(desk / "elsewhere" / "redraw.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=desk / "elsewhere")
    assert done.returncode == 0 and "drawn again, the same 6 villages, 18 households, 6 reserves" in done.stdout
    told = _ruhu("verify", desk / "out" / "draw.zip")
    assert told.exit_code == 0 and "Drawn again by this program: the same" in told.stdout
    assert _ruhu("verify", desk / "out" / "draw.json", "--key", "00" * 32).exit_code == 1


def test_any_changed_byte_is_noticed(desk: Path) -> None:
    """Every file, at places spread over the whole of it, by one bit."""
    files = _published(desk)
    assert list(verify.check(files, None)) == []
    for name, content in files.items():
        for place in {0, len(content) - 1, *range(0, len(content), len(content) // 4)}:
            changed = bytearray(content)
            changed[place] ^= 1
            assert list(verify.check({**files, name: bytes(changed)}, None)), (name, place)
        shorter = {key: value for key, value in files.items() if key != name}
        assert name == "draw.json" or ("missing", name) in list(verify.check(shorter, None))


def _signed_anew(files: dict[str, bytes], key: Ed25519PrivateKey, **changes: object) -> dict[str, bytes]:
    record = {**json.loads(files["draw.json"]), **changes}
    record.pop("signature")
    return {**files, "draw.json": signed(record, key)}


def test_a_forger_with_a_key_of_his_own_is_noticed_too(desk: Path) -> None:
    """A favourable household, another seed or plan, signed well by another key: the draw itself does not fit."""
    files, forger = _published(desk), Ed25519PrivateKey.generate()
    record = json.loads(files["draw.json"])
    key = record["signature"]["public_key"]
    codes = {code for code, _ in verify.check(_signed_anew(files, forger), key)}
    assert codes == {"key"}
    households = [*record["households"][:-1], record["reserves"][0]]
    assert ("other") in {code for code, _ in verify.check(_signed_anew(files, forger, households=households), None)}
    assert ("other") in {code for code, _ in verify.check(_signed_anew(files, forger, seed=DICE[::-1]), None)}
    plan = {**record["plan"], "reserves": 0}
    assert {"plan", "freeze"} <= {code for code, _ in verify.check(_signed_anew(files, forger, plan=plan), None)}
    assert {"seed"} <= {code for code, _ in verify.check(_signed_anew(files, forger, seed="1"), None)}


def test_a_draw_that_was_not_frozen_before_its_seed_is_noticed(desk: Path) -> None:
    """No freeze at all, or one that does not name the two commitments: then the seed could have been there first."""
    assert _two(desk).exit_code == 0
    files, key = verify.read_files(desk / "out"), Ed25519PrivateKey.generate()
    without = _signed_anew({name: files[name] for name in files if name != "freeze.json"}, key, freeze_sha256=None)
    assert list(verify.check(without, None)) == [("missing", "freeze.json")]
    freeze = {**json.loads(files["freeze.json"]), "commitments": []}
    freeze.pop("signature")
    content = signed(freeze, key)
    late = _signed_anew({**files, "freeze.json": content}, key, freeze_sha256=sha256(content).hexdigest())
    assert list(verify.check(late, None)) == [("freeze", "commitments")]


def test_a_household_whose_earlier_result_is_shared_may_be_in_the_frame(desk: Path) -> None:
    shared = f"household_id,reason,treatment\n{population()[0].id},household_recent,shared\n"
    (desk / "left-out.csv").write_text(shared, "utf-8")
    assert list(verify.check(_published(desk), None)) == []


def test_a_published_household_that_was_left_out_is_noticed(desk: Path) -> None:
    files = _published(desk)
    out = f"household_id,reason\n{population()[0].id},recent\n".encode()
    codes = {code for code, _ in verify.check({**files, "exclusions.csv": out}, None)}
    assert codes == {"exclusions"}
    (desk / "left-out.csv").write_bytes(out)
    again = _ruhu("freeze", "--frame", desk / "frame.csv", "--plan", desk / "plan.yaml", "--out", desk / "two",
                  "--exclusions", desk / "left-out.csv")  # fmt: skip
    assert again.exit_code == 1 and population()[0].id in again.stderr and not (desk / "two").exists()


def test_nothing_is_frozen_or_drawn_twice(desk: Path) -> None:
    before = _published(desk)
    assert _freeze(desk).exit_code == 1
    again = _ruhu("publish", desk / "out", "--seed", DICE[::-1])
    assert again.exit_code == 1 and "cannot be drawn again" in again.stderr
    assert verify.read_files(desk / "out") == before


def test_few_dice_other_files_and_the_other_way_are_refused(desk: Path) -> None:
    assert _freeze(desk).exit_code == 0
    assert "20 digits" in _ruhu("publish", desk / "out", "--seed", "12345").stderr
    assert _ruhu("publish", desk / "out", "--secret", f"a:{MINE}", "--secret", f"b:{THEIRS}").exit_code == 1
    frame = desk / "out" / "frame.csv"
    frame.write_bytes(frame.read_bytes().replace(b",V00,", b",V01,"))
    assert "not the one that was frozen" in _ruhu("publish", desk / "out", "--seed", DICE).stderr
    assert not (desk / "out" / "draw.json").exists()


def test_names_and_telephones_are_not_frozen(desk: Path) -> None:
    (desk / "frame.csv").write_text("household_id,village,township,phone\n1,A,T,139\n", "utf-8")
    told = _freeze(desk)
    assert told.exit_code == 1 and "phone" in told.stderr and not (desk / "out").exists()


def _two(desk: Path, mine: str = MINE, theirs: str = THEIRS) -> Result:
    parties = ("--party", f"inspection:{commitment_of(MINE)}", "--party", f"village:{commitment_of(THEIRS)}")
    assert _freeze(desk, *parties).exit_code == 0
    return _ruhu("publish", desk / "out", "--secret", f"inspection:{mine}", "--secret", f"village:{theirs}")


def test_two_parties_make_a_seed_that_neither_could_choose(desk: Path) -> None:
    assert _two(desk).exit_code == 0
    files = verify.read_files(desk / "out")
    assert list(verify.check(files, None)) == []
    record = json.loads(files["draw.json"])
    order = sorted((MINE, THEIRS), key=commitment_of)
    assert record["seed"] == "-".join(order)
    drawn = draw(frame_in(population()), plan_of(record["plan"]), record["seed"]).as_json()
    assert drawn["households"] == record["households"]


@pytest.mark.parametrize(("mine", "said"), [(MINE + "x", "does not fit"), ("short", "16 to 200")])
def test_a_secret_that_was_not_committed_to_draws_nothing(desk: Path, mine: str, said: str) -> None:
    told = _two(desk, mine)
    assert told.exit_code == 1 and said in told.stderr and not (desk / "out" / "draw.json").exists()


def test_two_commitments_that_are_the_same_or_none_are_refused(desk: Path) -> None:
    hash_ = commitment_of(MINE)
    assert _freeze(desk, "--party", f"a:{hash_}", "--party", f"b:{hash_}").exit_code == 1
    assert _freeze(desk, "--party", f"a:{hash_}").exit_code == 1
    assert _freeze(desk, "--party", f"a:{hash_}", "--party", "b:secret").exit_code == 1
    assert not (desk / "out").exists()


def test_a_commitment_is_the_plain_hash_of_the_secret(desk: Path) -> None:
    told = _ruhu("commit", "--secret", MINE)
    assert commitment_of(MINE) in told.stdout
    made = _ruhu("commit", "--secret", "").stdout.split()
    secret = next(word for word in made if len(word) == 32)
    assert commitment_of(secret) in made


@settings(max_examples=5, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 63))
def test_the_verifiers_ed25519_agrees_with_the_librarys(content: bytes, place: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(content.ljust(32, b"1")[:32])
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = key.sign(content)
    assert verify.is_signed(public, signature, content)
    assert not verify.is_signed(public, signature, content + b"1")
    broken = bytearray(signature)
    broken[place] ^= 4
    assert not _is_signed(public, bytes(broken), content)


def _is_signed(public: bytes, signature: bytes, content: bytes) -> bool:
    try:
        return verify.is_signed(public, signature, content)
    except ValueError:  # the bytes name no point; check_document tells that as a fault
        return False


def _hostile() -> Iterator[bytes]:
    yield from (b"", b"null", b"[]", b"{}", b"\xff", b'{"signature": 1}', b"[" * 5000)
    yield published({"signature": {"public_key": "zz", "value": "00", "algorithm": "Ed25519"}})
    yield published({"signature": {"public_key": "00" * 32, "value": "00" * 64, "algorithm": "Ed25519"}})


@pytest.mark.parametrize("content", list(_hostile()))
def test_what_is_no_record_is_a_fault_and_no_crash(content: bytes) -> None:
    assert list(verify.check({"draw.json": content, "frame.csv": b""}, None))
