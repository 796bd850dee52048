"""ruhu run and ruhu lan with real processes, on loopback ports of the test's own."""

from __future__ import annotations

import ipaddress
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cryptography import x509

from server.commands import local_ca
from server.config import ROOT


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def env(empty_sqlite: Path, tmp_path: Path) -> dict[str, str]:
    """A migrated database in a folder of the test's own."""
    (tmp_path / "ruhu.sqlite").write_bytes(empty_sqlite.read_bytes())
    return {**os.environ, "RUHU_VAR": str(tmp_path), "RUHU_TESTING": "0"}


@contextmanager
def running(env: dict[str, str], *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program and what it printed until it was up."""
    program = subprocess.Popen(
        [sys.executable, "-m", "server", *words], env=env, cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        lines: list[str] = []
        while "Ctrl-C" not in (line := program.stdout.readline()) and line:
            lines.append(line)
        yield program, "".join(lines)
    finally:
        program.send_signal(signal.SIGINT)
        program.wait(60)


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_closed(port: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and answers(port):
        time.sleep(0.1)
    return not answers(port)


@pytest.mark.kill
def test_it_serves_prints_its_addresses_and_ends_with_all_its_children(env: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    with running(env, "run", "--port", str(port), "--log", str(tmp_path / "log")) as (program, printed):
        assert f"http://127.0.0.1:{port}/console/" in printed
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            assert answer.status == 200
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 0
    assert not answers(port)


@pytest.mark.kill
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_children_end_when_their_parent_is_killed(env: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    with running(env, "run", "--port", str(port), "--log", str(tmp_path / "log")) as (program, _):
        assert answers(port)
        program.kill()
        assert wait_until_closed(port)


def test_a_taken_port_is_refused_with_a_sentence(env: dict[str, str]) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "server", "run", "--port", str(port)],
            env=env, cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert "in use by another program" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("words", "said"), [([], "ruhu migrate"), (["--tls"], "make lan")])
def test_what_is_missing_is_said(env: dict[str, str], tmp_path: Path, words: list[str], said: str) -> None:
    if not words:
        (tmp_path / "ruhu.sqlite").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "server", "run", "--port", str(free_port()), *words],
        env=env, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.kill
def test_a_phone_that_trusts_the_authority_reaches_the_app_over_https(env: dict[str, str], tmp_path: Path) -> None:
    """The help page offers the authority's certificate over plain HTTP; with it HTTPS is verified, without it not."""
    port, help_port = free_port(), free_port()
    words = ["--host", "127.0.0.1", "--port", str(port), "--help-port", str(help_port), "--log", str(tmp_path / "log")]
    with running(env, "lan", *words) as (_, printed):
        assert "ODK Collect" in printed
        help_address = re.search(r"http://127\.0\.0\.1:\d+/", printed)
        assert help_address
        certificate = fetch_when_up(f"{help_address[0]}ruhu-ca.crt")
        trusting = ssl.create_default_context(cadata=certificate)
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", context=trusting) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", context=ssl.create_default_context())
        page = fetch_when_up(help_address[0]).decode()
        assert local_ca.fingerprint(tmp_path / "tls") in page
        assert page.count("<svg") == 2


def fetch_when_up(address: str) -> bytes:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address) as answer:
                return bytes(answer.read())
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_the_authority_vouches_for_private_addresses_only(tmp_path: Path) -> None:
    local_ca.ensure(tmp_path, [ipaddress.IPv4Address("192.168.3.7")])
    ca = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    permitted = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    networks = [name.value for name in permitted if isinstance(name, x509.IPAddress)]
    assert all(network.is_private or str(network) == "100.64.0.0/10" for network in networks)
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert (tmp_path / "ca.key").stat().st_mode & 0o077 == 0


def test_a_certificate_is_kept_until_the_address_changes(tmp_path: Path) -> None:
    """The authority stays, so phones that trust it go on trusting it."""
    first, second = (ipaddress.IPv4Address(text) for text in ("192.168.3.7", "10.0.0.9"))
    local_ca.ensure(tmp_path, [first])
    before = {name: (tmp_path / name).read_bytes() for name in ("ca.pem", "server.pem")}
    local_ca.ensure(tmp_path, [first])
    assert (tmp_path / "server.pem").read_bytes() == before["server.pem"]
    local_ca.ensure(tmp_path, [first, second])
    assert (tmp_path / "server.pem").read_bytes() != before["server.pem"]
    assert (tmp_path / "ca.pem").read_bytes() == before["ca.pem"]
