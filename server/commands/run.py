"""ruhu run: the server (gunicorn) and the worker, until Ctrl-C."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from flask import Flask

from server import db, schema
from server.commands.children import Children
from server.commands.demo import load_into_empty, sign_in_lines
from server.commands.messages import say
from server.commands.policies import load_own
from server.commands.refusal import stop
from server.config import Settings
from server.sync.migrate_records import migrate_all

THREADS = 4
COMES_UP_IN = 40  # seconds


def register(main: click.Group) -> None:
    main.add_command(run)


@dataclass(frozen=True)
class Place:
    """Where to serve; `certificate` and `key` make it HTTPS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def address(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - only to show it
        return f"{'https' if self.certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"


def with_start_options(command: Callable[..., None]) -> Callable[..., None]:
    """What `ruhu run` and `ruhu lan` both take."""
    for option in (
        click.option("--migrate", is_flag=True, help="Bring the database to the newest schema first."),
        click.option("--demo", is_flag=True, help="Load the demo county when nobody is in the database."),
        click.option(
            "--log", type=click.Path(dir_okay=False, path_type=Path), help="Write the log here, not to the screen."
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--tls", is_flag=True, help="HTTPS with the certificate that `ruhu lan` made.")
@with_start_options
@click.pass_obj
def run(app: Callable[[], Flask], /, host: str, port: int, tls: bool, log: Path | None, **wanted: bool) -> None:
    """Serve the phone app, the console and the API, and prepare photos."""
    flask = app()
    settings: Settings = flask.config["RUHU"]
    place = Place(host, port, *(certificate_of(settings) if tls else ()))
    check_free(place)
    prepare_database(flask, **wanted)
    children = Children(log)
    start_server(children, place)
    greet(children, place, lines_about(flask, place, log))
    raise SystemExit(children.watch())


def certificate_of(settings: Settings) -> tuple[Path, Path]:
    """(certificate, key) of this machine; without them the command stops."""
    certificate, key = settings.var / "tls" / "server.pem", settings.var / "tls" / "server.key"
    if not certificate.is_file() or not key.is_file():
        stop(say("run.no_certificate", path=certificate))
    return certificate, key


def prepare_database(flask: Flask, migrate: bool, demo: bool) -> None:
    """Does what was asked for; stops with a sentence when the schema is old and nobody asked to change it."""
    with flask.app_context():
        if migrate:
            schema.migrate(db.db.engine)
            migrate_all()
        elif not schema.is_current(db.db.engine):
            stop(say("run.not_migrated"))
        load_own(flask.config["RUHU"])
        if demo:
            load_into_empty(flask.config["RUHU"], must_be_empty=False)
        db.db.engine.dispose()


def check_free(place: Place) -> None:
    """Stops with a sentence when the port cannot be had."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
            probe.listen(1)
        except OSError as error:
            name = "run.port_taken" if error.errno == 98 else "run.bad_address"
            stop(say(name, host=place.host, port=place.port, cause=error.strerror))


def start_server(children: Children, place: Place) -> None:
    """gunicorn with threads, and the worker."""
    tls = ["--certfile", str(place.certificate), "--keyfile", str(place.key)] if place.certificate else []
    host = f"[{place.host}]" if ":" in place.host else place.host
    children.start(
        "server",
        [
            sys.executable, "-m", "gunicorn", "--bind", f"{host}:{place.port}",
            "--workers", str(min(2, os.cpu_count() or 1)), "--threads", str(THREADS), "--timeout", "120",
            "--graceful-timeout", "20", "--keep-alive", "15", "--no-control-socket", "--log-level", "warning",
            "--limit-request-line", "8190",  # ODK Collect asks for many ids in one address
            "--config", "python:server.hooks", *tls, "server.app:create_app()",
        ],
        vital=True,
    )  # fmt: skip
    children.start("worker", [sys.executable, "-m", "server", "worker"], vital=False)


def lines_about(flask: Flask, place: Place, log: Path | None) -> list[str]:
    lines = [say(f"run.{name}", address=place.address) for name in ("phone", "console", "docs")]
    if log:
        lines.append(say("run.logs", path=log))
    with flask.app_context():
        lines += sign_in_lines()
        db.db.engine.dispose()
    return [*lines, say("run.stop")]


def greet(children: Children, place: Place, lines: Sequence[str]) -> None:
    """Prints the lines when the server answers; ends all when it does not."""
    if not comes_up(children, place):
        children.end()
        stop(say("run.not_up"))
    click.echo("\n" + "\n".join(f"  {line}" for line in lines) + "\n")


def comes_up(children: Children, place: Place) -> bool:
    """Whether the port accepts connections within the time, and the server lives."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.host, place.host)  # noqa: S104 - only to ask it
    deadline = time.monotonic() + COMES_UP_IN
    while time.monotonic() < deadline and children.alive():
        try:
            with socket.create_connection((host, place.port), timeout=1):
                time.sleep(0.2)
                return children.alive()
        except OSError:
            time.sleep(0.1)
    return False
