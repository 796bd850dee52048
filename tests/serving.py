"""Real server processes for tests: gunicorn on a free port of 127.0.0.1, killed as a power cut would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from werkzeug.serving import make_server

from server.app import create_app
from server.config import Settings

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def forked(settings: Settings, failpoint: str = "") -> Iterator[str]:
    """Address of a server in a process of its own, there in milliseconds because nothing is imported again.

    At the end it is killed (SIGKILL), if a failpoint has not done so before.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        os.environ["RUHU_FAILPOINT"] = failpoint
        try:
            app = create_app(settings)
            make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno()).serve_forever()
        finally:
            os._exit(1)
    port = listener.getsockname()[1]
    listener.close()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def gunicorn(port: int, workers: int, threads: int, app: str = "server.app:create_app()") -> list[str]:
    """The command of a server with the hooks of `ruhu run`."""
    return [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers),
        "--threads", str(threads), "--log-level", "error", "--config", "python:server.hooks", app,
    ]  # fmt: skip


@contextmanager
def serving(
    database_url: str, var: Path, env: Mapping[str, str] = {}, workers: int = 1, threads: int = 4
) -> Iterator[str]:
    """Address of a running server; at the end its whole process group is killed without warning (SIGKILL)."""
    port = free_port()
    settings = {"RUHU_DATABASE_URL": database_url, "RUHU_VAR": str(var), "RUHU_TESTING": "1", **env}
    command = gunicorn(port, workers, threads)
    with (var / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(f"http://127.0.0.1:{port}", process, var / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-2000:]}")
        try:
            if requests.get(f"{address}/healthz", timeout=2).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.05)
    raise TimeoutError(log.read_text()[-2000:])
