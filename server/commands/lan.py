"""ruhu lan: HTTPS for phones on the same Wi-Fi."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask

from server.commands import local_ca, phone_page
from server.commands.children import Children
from server.commands.messages import say
from server.commands.refusal import stop
from server.commands.run import (
    Place,
    check_free,
    greet,
    lines_about,
    prepare_database,
    start_server,
    with_start_options,
)
from server.config import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the command's very purpose, and only by this command


def register(main: click.Group) -> None:
    main.add_command(lan)
    main.add_command(help_page)


@click.command()
@click.option("--host", default=EVERYWHERE, show_default=True)
@click.option("--port", default=8443, show_default=True, type=click.IntRange(1, 65535))
@click.option("--help-port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@with_start_options
@click.pass_obj
def lan(
    app: Callable[[], Flask], /, host: str, port: int, help_port: int, log: Path | None, **wanted: bool
) -> None:
    """Serve to phones on the same Wi-Fi, with a certificate of this machine's own.

    Browsers allow offline use and positions only over HTTPS that the phone trusts: a page on the help port says how
    to make it trust this machine.
    """
    flask = app()
    settings: Settings = flask.config["RUHU"]
    address = _make_certificate(settings, host)
    place = Place(host, port, settings.var / "tls" / "server.pem", settings.var / "tls" / "server.key")
    helps = Place(host, help_port)
    check_free(place)
    check_free(helps)
    prepare_database(flask, **wanted)
    children = Children(log)
    start_server(children, place)
    names = ["--address", address, "--host", host, "--port", str(port), "--help-port", str(help_port)]
    children.start("help page", [sys.executable, "-m", "server", "lan-help", *names], vital=False)
    first = [
        say("lan.help", address=f"http://{address}:{help_port}/"),
        say("lan.app", address=f"https://{address}:{port}/"),
        say("lan.collect"),
    ]
    greet(children, place, [*first, *lines_about(flask, place, log)])
    raise SystemExit(children.watch())


def _make_certificate(settings: Settings, host: str) -> str:
    """Makes what is missing; answers the address that phones should use."""
    addresses = local_ca.lan_addresses()
    if host != EVERYWHERE:
        addresses = [address for address in addresses if str(address) == host]
    if not addresses or (host == EVERYWHERE and addresses[0].is_loopback):
        stop(say("lan.no_address"))
    local_ca.ensure(settings.var / "tls", addresses)
    return str(addresses[0])


@click.command("lan-help", hidden=True)
@click.option("--address", required=True)
@click.option("--host", required=True)
@click.option("--port", required=True, type=int)
@click.option("--help-port", required=True, type=int)
@click.pass_obj
def help_page(app: Callable[[], Flask], address: str, host: str, port: int, help_port: int) -> None:
    """The help page alone; `ruhu lan` starts it."""
    settings: Settings = app().config["RUHU"]
    answers = phone_page.pages(settings.var / "tls", f"https://{address}:{port}", f"http://{address}:{help_port}")
    phone_page.serve(host, help_port, answers)
