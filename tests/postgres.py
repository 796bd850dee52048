"""A private PostgreSQL + PostGIS from Debian's packages: its own folder, a socket, no TCP port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.processor import children, command, lives

BIN = Path("/usr/lib/postgresql/15/bin")

# Tests survive no power cut, so they need not wait for the disk; benchmarks ask for durable=True.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def available() -> bool:
    return (BIN / "initdb").exists() and Path("/usr/share/postgresql/15/extension/postgis.control").exists()


@contextmanager
def private_postgres(durable: bool = False, kept: Path | None = None, more: Mapping[str, str] = {}) -> Iterator[str]:
    """Address of a fresh cluster (SQLAlchemy form, without a database name at its end: `…/NAME?host=…`).

    `kept`: the folder of one that is kept and used again. `more`: further settings.
    """
    folder = kept or Path(tempfile.mkdtemp(prefix="ruhu-pg-"))
    folder.mkdir(parents=True, exist_ok=True)
    as_user = _as_postgres(folder)
    options = {} if durable else FAST
    settings = {"listen_addresses": "''", "unix_socket_directories": f"'{folder}'", "max_connections": "200"}
    settings |= {**options, **more}
    try:
        if not (folder / "db").exists():
            _make(as_user, folder)
        arguments = " ".join(f"-c {name}={value}" for name, value in settings.items())
        subprocess.run(
            [*as_user, BIN / "pg_ctl", "-D", folder / "db", "-w", "-l", folder / "log", "-o", arguments, "start"],
            check=True,
            capture_output=True,
        )
        yield f"postgresql://ruhu@/{{name}}?host={folder}"
    finally:
        how = "fast" if kept else "immediate"
        subprocess.run([*as_user, BIN / "pg_ctl", "-D", folder / "db", "-m", how, "stop"], capture_output=True)
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def kill(folder: Path) -> None:
    """Ends the cluster of this folder without warning. What it had given to the operating system is not lost."""
    pids = _processes(folder)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while any(map(lives, pids)):
        time.sleep(0.01)


@contextmanager
def writer_stopped(folder: Path) -> Iterator[None]:
    """Meanwhile nothing is given to the operating system but what a commit waits for."""
    [writer] = [pid for pid in _processes(folder) if "walwriter" in command(pid)]
    os.kill(writer, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(writer, signal.SIGCONT)


def _processes(folder: Path) -> list[int]:
    first = int((folder / "db" / "postmaster.pid").read_text().split()[0])
    return [first, *children(first)]


def _make(as_user: list[str], folder: Path) -> None:
    options = ("-U", "ruhu", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust")
    subprocess.run([*as_user, BIN / "initdb", "-D", folder / "db", *options], check=True, capture_output=True)


def _as_postgres(folder: Path) -> list[str]:
    """initdb refuses to run as root, so root runs it as the package's user."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
