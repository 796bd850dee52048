"""An audit gets sealed photos that it can check without us, and every change of them is named.

The bundles here come from real exports; the verifier runs as a process of its own that sees nothing but Python and
`cryptography`. A clumsy forger changes a file; a careful one writes the manifest anew, so that only seals and number
tell.
"""

# ruff: noqa: F811 - pytest takes its fixtures by name

from __future__ import annotations

import ast
import hashlib
import io
import json
import math
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.accounts.tables import AuditEntry, RoleGrant
from server.cli import main
from server.reports import photo_bundle, verify
from server.reports.tables import Export
from server.sealing import files as sealing
from tests.evidence.test_judging import Camera, attachment, pictures, world  # noqa: F401
from tests.reports.test_exports import _work
from tests.world import EAST, LIUSHU, WEST, World

Files = dict[str, bytes]
REASON = "年度抽查 annual audit"


@pytest.fixture
def visits(world: World) -> list[str]:
    """Two sealed visits of three photos and one; a photo of another program stands beside the second."""
    camera, photos = Camera(world, "li"), pictures(5)
    first = camera.send(photos[:3], camera.sealed(photos[:3]), base_version=2)
    foreign = attachment(photos[4], "other.jpg", {}) | {"capture": None}
    second = camera.send(photos[3:], [*camera.sealed(photos[3:4]), foreign], base_version=2)
    return [first, second]


def bundle(world: World, name: str = "auditor", **asked: Any) -> tuple[Files, dict[str, Any]]:
    """The files of a bundle as the export gives it, and what the export says of it."""
    phone = world.phone(name)
    row = phone.post("/exports", {"kind": "photos", "reason": REASON, **asked})
    assert row.status_code == 202, row.text
    _work(world)
    made = phone.get(f"/exports/{row.json['id']}").json
    assert made["state"] == "ready", made
    content = phone.get(f"/exports/{row.json['id']}/file").data
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {one: archive.read(one) for one in archive.namelist()}, made["made"]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `cryptography` and what it is made of; the process gets no other package."""
    folder, packages = tmp_path_factory.mktemp("clean"), Path(sysconfig.get_path("platlib"))
    for name in ("cryptography", "cffi", "pycparser", *(one.name for one in packages.glob("_cffi_backend*.so"))):
        if (packages / name).exists():
            (folder / name).symlink_to(packages / name)
    return folder


@pytest.fixture
def verified(clean: Path, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs the bundle's own verifier: exit code, and what it printed."""

    def run(files: Files, *more: str, zipped: bool = False) -> tuple[int, str]:
        folder = tmp_path / "bundle"
        shutil.rmtree(folder, ignore_errors=True)
        target = folder / "b.zip" if zipped else folder
        folder.mkdir()
        if zipped:
            with zipfile.ZipFile(target, "w") as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            (tmp_path / "verify.py").write_bytes(files["verify.py"])
        else:
            for name, content in files.items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(content)
        script = tmp_path / "verify.py" if zipped else folder / "verify.py"
        start = f"import sys, runpy; sys.path[:0] = [{str(clean)!r}]; sys.argv = sys.argv[1:]; "
        start += "runpy.run_path(sys.argv[0], run_name='__main__')"
        words = [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", start, str(script), str(target), *more]
        done = subprocess.run(words, capture_output=True, text=True, cwd="/", env={}, timeout=60)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout

    return run


def sealed_anew(files: Files) -> Files:
    """The bundle of a careful forger: the manifest fits again."""
    manifest = json.loads(files["manifest.json"])
    kept = [one for one in files if one != "manifest.json"]
    manifest["files"] = [
        {"path": one, "sha256": hashlib.sha256(files[one]).hexdigest(), "size": len(files[one])} for one in kept
    ]
    return {**files, "manifest.json": json.dumps(manifest).encode()}


def changed_visit(files: Files, change: Callable[[dict[str, Any]], object]) -> Files:
    """The bundle with the visit of three photos changed; the manifest is as it was."""
    name, visit = next(
        (name, visit) for name in files if name.startswith("visits/")
        and len((visit := json.loads(files[name]))["seals"][0]["photos"]) == 3
    )  # fmt: skip
    visit["seals"][0]["photos"].sort(key=lambda one: one["capture"]["seq"])
    change(visit)
    return {**files, name: json.dumps(visit).encode()}


def the_photos(visit: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = visit["seals"][0]["photos"]
    return found


def test_what_was_exported_stands_unpacked_and_as_a_zip(world: World, visits: list[str], verified: Any) -> None:
    files, made = bundle(world)
    assert (made["visits"], made["photos"], made["missing"], made["broken"]) == (2, 5, 0, 0)
    assert made["manifest_sha256"] == hashlib.sha256(files["manifest.json"]).hexdigest()
    for zipped in (False, True):
        code, told = verified(files, "--number", made["manifest_sha256"], zipped=zipped)
        assert code == 0 and "全部相符" in told and "OK" in told and made["manifest_sha256"] in told, told
        assert "5 photos, 4 with a whole seal" in told
        assert sum(name.endswith(".jpg") for name in files) == 5
        assert "[unsealed]" in told, "the photo of another program is told, not held against the bundle"
    originals = {hashlib.sha256(one).hexdigest() for one in pictures(5)}
    assert {hashlib.sha256(files[name]).hexdigest() for name in files if name.startswith("photos/")} == originals


def _first_photo(files: Files) -> str:
    return next(name for name in files if name.startswith("photos/"))


def _flip(files: Files) -> Files:
    name = _first_photo(files)
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    return {**files, name: bytes(content)}


def _swap(visit: dict[str, Any]) -> None:
    """Two entries change places in the chain."""
    one, other = the_photos(visit)[0]["capture"], the_photos(visit)[1]["capture"]
    one["seq"], other["seq"] = other["seq"], one["seq"]


def _exchange(visit: dict[str, Any]) -> None:
    """Two photos change places under whole records."""
    one, other = the_photos(visit)[:2]
    one["file"], other["file"] = other["file"], one["file"]


def _strip(visit: dict[str, Any]) -> None:
    the_photos(visit)[1]["capture"]["signature"] = None


def _unseal(visit: dict[str, Any]) -> None:
    """Nothing comes after the last of a chain, so it leaves no gap."""
    last = max(the_photos(visit), key=lambda photo: photo["capture"]["seq"])
    last["capture"] = {"fix": {"lon": 1, "lat": 2}}


def _edit(visit: dict[str, Any]) -> None:
    the_photos(visit)[1]["capture"]["fix"]["lon"] += 0.001


def _drop(visit: dict[str, Any]) -> None:
    del the_photos(visit)[1]


FORGED: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a byte of a photo": (_flip, "changed"),
    "a photo is gone": (lambda files: {n: c for n, c in files.items() if n != _first_photo(files)}, "missing"),
    "a file more": (lambda files: {**files, "photos/more.jpg": b"x"}, "extra"),
    "a record": (lambda files: changed_visit(files, _edit), "changed"),
    "two entries swapped": (lambda files: changed_visit(files, _swap), "changed"),
    "an entry is gone": (lambda files: changed_visit(files, _drop), "changed"),
    "carefully: a byte of a photo": (lambda files: sealed_anew(_flip(files)), "other_photo"),
    "carefully: a record": (lambda files: sealed_anew(changed_visit(files, _edit)), "signature"),
    "carefully: two entries swapped": (lambda files: sealed_anew(changed_visit(files, _swap)), "signature"),
    "carefully: two photos exchanged": (lambda files: sealed_anew(changed_visit(files, _exchange)), "other_photo"),
    "carefully: an entry is gone": (lambda files: sealed_anew(changed_visit(files, _drop)), "gap"),
    "carefully: a signature is gone": (lambda files: sealed_anew(changed_visit(files, _strip)), "stripped"),
    "carefully: the last seal is gone": (lambda files: sealed_anew(changed_visit(files, _unseal)), "stripped"),
    "carefully: another key": (
        lambda files: sealed_anew(changed_visit(files, lambda visit: visit["public_key_jwk"].update(
            x=visit["public_key_jwk"]["y"]))), "signature",
    ),
    "no JSON": (lambda files: sealed_anew({**files, "visits/000001.json": b"{"}), "record"),
    "no manifest that can be read": (lambda files: {**files, "manifest.json": b"[]"}, "manifest"),
}  # fmt: skip


def test_every_forgery_is_named(world: World, visits: list[str], verified: Any) -> None:
    files, made = bundle(world)
    for what, (forge, code) in FORGED.items():
        exit_code, told = verified(forge(files))
        assert exit_code == 1 and f"[{code}]" in told and "NOT OK" in told, (what, told)
    whole_visit_gone = {name: one for name, one in files.items() if name != "visits/000002.json"}
    photos = {photo["file"] for photo in the_photos(json.loads(files["visits/000002.json"]))}
    forged = sealed_anew({name: one for name, one in whole_visit_gone.items() if name not in photos})
    assert verified(forged)[0] == 0, "what is gone without a trace is known by the number alone"
    code, told = verified(forged, "--number", made["manifest_sha256"])
    assert code == 1 and "[number]" in told


def test_names_twice_in_a_zip_are_named(world: World, visits: list[str], clean: Path, tmp_path: Path) -> None:
    """Programs differ in which of two entries they show."""
    files, _ = bundle(world)
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name, content in [*files.items(), (_first_photo(files), b"x")]:
            archive.writestr(name, content)
    found = {fault.code for fault in verify.check(verify.Archive(path), None, verify.Tally())}
    assert {"twice", "changed"} <= found


def test_there_is_nothing_to_check_in_another_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(tmp_path)]) == 2
    (tmp_path / "x.zip").write_bytes(b"PK nothing")
    assert verify.main([str(tmp_path / "x.zip")]) == 2
    assert "no photo bundle here" in capsys.readouterr().out


def test_a_console_of_an_old_windows_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GBK, the encoding of Chinese Windows, has no tick and no cross."""
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="gbk", write_through=True))
    assert verify.main([str(tmp_path)]) == 2
    assert "这里没有照片核查包" in printed.getvalue().decode("gbk")


def test_the_verifier_needs_an_old_python_and_one_package_only() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(), feature_version=(3, 9))
    wanted = {alias.name for one in ast.walk(tree) if isinstance(one, ast.Import) for alias in one.names}
    wanted |= {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in wanted}
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


values = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
@settings(max_examples=50)
def test_the_verifier_spells_json_as_the_server_does(value: Any) -> None:
    assert verify.canonical(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, "\ud800"])
def test_what_json_cannot_say_twice_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        verify.canonical(value)


def test_the_phones_own_seal_stands_in_the_verifier() -> None:
    """The case was written by the phone's code, with awkward numbers and texts."""
    case = json.loads((Path(__file__).parent.parent / "evidence" / "cases" / "sealed_visit.json").read_text())
    photos = [
        {"attachment_id": one["slot"], "file": None, "sha256": one["photo_sha256"], "capture": one}
        for one in reversed(case["records"])
    ]
    assert list(verify.check_seal(photos, case["public_key_jwk"], "")) == []
    assert {one.code for one in verify.check_seal(photos, None, "")} == {"no_key"}
    assert {one.code for one in verify.check_seal(photos[:1] + photos[2:], case["public_key_jwk"], "")} == {"gap"}


def test_a_photo_that_never_came_is_told(world: World, verified: Any) -> None:
    camera, photos = Camera(world, "li"), pictures(2)
    camera.send(photos[:1], camera.sealed(photos), base_version=2)
    files, made = bundle(world)
    assert (made["photos"], made["missing"]) == (2, 1)
    code, told = verified(files)
    assert code == 0 and "[not_received]" in told


def test_a_seal_that_was_broken_before_is_told_by_both(world: World, verified: Any) -> None:
    camera, photos = Camera(world, "li"), pictures(1)
    sealed = camera.sealed(photos)
    sealed[0]["capture"]["wall_ms"] += 1
    camera.send(photos, sealed, base_version=2)
    files, made = bundle(world)
    assert made["broken"] == 1 and json.loads(files["visits/000001.json"])["seals"][0]["photos"][0]["fault"]
    assert verified(files)[0] == 1


def test_a_bundle_holds_the_area_of_its_reader_and_no_word_of_another(world: World, visits: list[str]) -> None:
    """Foreign and unknown visits, regions and times read alike: there is nothing."""
    everything, _ = bundle(world, "zhang", region=EAST)
    assert sum(name.startswith("photos/") for name in everything) == 5
    listed, made = bundle(world, "zhang", instances=[visits[0], "uuid:unknown"])
    assert made["visits"] == 1 and {json.loads(listed["visits/000001.json"])["instance_id"]} == {visits[0]}

    def told(name: str, **asked: Any) -> set[str]:
        files, made = bundle(world, name, **asked)
        assert (made["visits"], made["photos"]) == (0, 0)
        return set(files)

    empty = {"README.txt", "verify.py", "manifest.json"}
    world.run(lambda session: session.add(
        RoleGrant(person_id=world.people["bai"], role="supervisor", region_code=WEST)))  # fmt: skip
    assert told("bai", instances=visits) == told("bai", instances=["uuid:unknown"]) == empty
    assert told("zhang", region=LIUSHU) == told("zhang", region="990199") == empty
    assert told("zhang", to="2020-01-01T00:00:00Z") == empty


def test_who_may_and_that_it_is_noted_with_its_reason(world: World, visits: list[str]) -> None:
    assert world.phone("li").post("/exports", {"kind": "photos", "reason": REASON}).status_code == 403
    for reason in (None, "", "  "):
        refused = world.phone("auditor").post("/exports", {"kind": "photos", "reason": reason})
        assert refused.status_code == 400 and "reason" in str(refused.json["errors"])
    _, made = bundle(world)
    rows = world.look(lambda session: session.scalars(
        select(AuditEntry).where(AuditEntry.action.startswith("export.")).order_by(AuditEntry.id)).all())  # fmt: skip
    assert [row.action for row in rows] == ["export.asked", "export.written", "export.downloaded"]
    assert rows[0].detail["reason"] == REASON and rows[1].detail["manifest_sha256"] == made["manifest_sha256"]
    asked = world.look(lambda session: session.get(Export, rows[0].subject).asked)
    assert REASON not in json.dumps(asked, ensure_ascii=False), "the reason lies sealed, in the audit alone"


def test_too_much_is_refused_before_anything_is_written(
    world: World,
    visits: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photo_bundle, "MOST_PHOTOS", 4)
    answer = world.phone("auditor").post("/exports", {"kind": "photos", "reason": REASON})
    assert (answer.status_code, answer.json["code"]) == (413, "export.too_large")
    fewer = world.phone("auditor").post("/exports", {"kind": "photos", "reason": REASON, "instances": visits[:1]})
    assert fewer.status_code == 202


def test_a_full_disk_ends_the_export_and_leaves_nothing(
    world: World,
    visits: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    phone = world.phone("auditor")
    asked = phone.post("/exports", {"kind": "photos", "reason": REASON}).json["id"]
    usage = photo_bundle.shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(photo_bundle.shutil, "disk_usage", lambda _: usage)
    _work(world)
    assert phone.get(f"/exports/{asked}").json["state"] == "failed"
    assert not list((world.app.config["RUHU"].var / "exports").iterdir())


def test_a_download_goes_on_where_it_broke_off(
    world: World, visits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "PIECE", 4096)
    phone = world.phone("auditor")
    asked = phone.post("/exports", {"kind": "photos", "reason": REASON}).json["id"]
    _work(world)
    path = f"/api/v1/exports/{asked}/file"
    signed = {"Authorization": f"Bearer {phone.token}"}
    whole = phone.client.get(path, headers=signed)
    size, etag = len(whole.data), whole.headers["ETag"]
    assert size > 100_000 and whole.headers["Accept-Ranges"] == "bytes", "several sealed pieces"
    for start, stop in ((0, 10), (4090, 4100), (4096, 8192), (50_000, size), (size - 1, size)):
        part = phone.client.get(path, headers={**signed, "Range": f"bytes={start}-{stop - 1}", "If-Range": etag})
        assert part.status_code == 206 and part.data == whole.data[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    other = phone.client.get(path, headers={**signed, "Range": "bytes=5-", "If-Range": '"another"'})
    assert other.status_code == 200 and len(other.data) == size
    assert phone.client.get(path, headers={**signed, "Range": f"bytes={size}-"}).status_code == 416
    assert phone.client.get(path, headers={**signed, "Range": "bytes=-7"}).data == whole.data[-7:]


def test_the_command_makes_a_bundle_that_stands(
    world: World,
    visits: list[str],
    tmp_path: Path,
    verified: Any,
) -> None:
    out, listed = tmp_path / "audit.zip", tmp_path / "visits.txt"
    listed.write_text("\n".join([*visits, "uuid:unknown", ""]))
    words = ["photos", str(out), "--as", "auditor", "--reason", REASON, "--visits", str(listed), "--region", EAST]
    done = CliRunner().invoke(main.commands["export"], words, obj=lambda: world.app)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(out) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    number = hashlib.sha256(files["manifest.json"]).hexdigest()
    assert number in done.output and verified(files, "--number", number)[0] == 0
    without = CliRunner().invoke(main.commands["export"], [*words[:4]], obj=lambda: world.app)
    assert without.exit_code == 2 and "--reason" in without.output
