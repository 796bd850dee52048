"""The process that opens photos: limited, replaceable, and without secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server.evidence.darkroom import Darkroom, Lost
from tests.evidence.pictures import encoded, jpeg, scene, with_exif_garbage


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(jpeg())
    return path


def targets(folder: Path) -> dict[int, Path]:
    return {edge: folder / f"{edge}.jpg" for edge in (1280, 320)}


def test_one_process_develops_many_photos(tmp_path: Path, source: Path) -> None:
    with Darkroom() as room:
        first = room.develop(source, "image/jpeg", targets(tmp_path))
        child = room._child
        assert room.develop(source, "image/jpeg", targets(tmp_path)) == first
        assert room._child is child
    assert first["state"] == "ready" and (tmp_path / "320.jpg").exists()


def test_a_process_is_replaced_before_it_can_grow(tmp_path: Path, source: Path) -> None:
    """Its limit of memory must not be used up by what decoders of earlier photos never gave back."""
    with Darkroom(most=2) as room:
        children = set()
        for _ in range(5):
            assert room.develop(source, "image/jpeg", targets(tmp_path))["state"] == "ready"
            assert room._child is not None
            children.add(room._child.pid)
    assert len(children) == 3


def test_a_bent_photo_cannot_write_into_the_log(
    tmp_path: Path, source: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Readers complain of what they meet, in its own words; the findings say it in ours."""
    source.write_bytes(with_exif_garbage())
    with Darkroom() as room:
        room.develop(source, "image/jpeg", targets(tmp_path))
    assert capfd.readouterr() == ("", "")


def test_a_photo_that_kills_the_process_is_lost_and_the_next_is_not(tmp_path: Path, source: Path) -> None:
    with Darkroom() as room:
        room.develop(source, "image/jpeg", targets(tmp_path))
        assert room._child is not None
        os.kill(room._child.pid, signal.SIGKILL)
        with pytest.raises(Lost):
            room.develop(source, "image/jpeg", targets(tmp_path))
        assert room.develop(source, "image/jpeg", targets(tmp_path))["state"] == "ready"


def test_a_photo_that_takes_too_long_is_lost(tmp_path: Path, source: Path) -> None:
    with Darkroom(seconds=0.5) as room:
        child = room._running()
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(Lost, match="in time"):
            room.develop(source, "image/jpeg", targets(tmp_path))
    assert child.poll() is not None


def test_a_photo_that_needs_too_much_memory_is_a_finding(tmp_path: Path) -> None:
    """Below the limit of pixels, above that of memory: the process answers and lives on."""
    big = tmp_path / "big"
    big.write_bytes(encoded("PNG", scene(9_900, 9_900).convert("RGBA"), compress_level=1))
    order = (
        "import dataclasses; from server.evidence import child; "
        "child.LIMITS = dataclasses.replace(child.LIMITS, memory=400 * 2**20); child.main()"
    )
    line = f'{{"source": "{big}", "labelled": "image/png", "targets": {{"1280": "{tmp_path / "a.jpg"}"}}}}\n'
    ran = subprocess.run([sys.executable, "-c", order], input=line * 2, capture_output=True, text=True, check=True)
    assert ran.stdout.count("photo.too_costly") == 2


def test_the_process_knows_no_secrets(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUHU_DATABASE_URL", "postgresql://user:secret@host/db")
    with Darkroom() as room:
        environ = Path(f"/proc/{room._running().pid}/environ")
        room.develop(source, "image/jpeg", targets(tmp_path))
        assert b"secret" not in environ.read_bytes()
