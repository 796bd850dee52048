"""The `ruhu` program."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask

from server.app import create_app
from server.commands import database, demo, forms, lan, people, regions, run, worker

GROUPS: tuple[Callable[[click.Group], None], ...] = (
    run.register,
    lan.register,
    database.register,
    demo.register,
    people.register,
    regions.register,
    forms.register,
    worker.register,
)


class App:
    """The Flask application, made when the first command asks for it."""

    def __init__(self) -> None:
        self._app: Flask | None = None

    def __call__(self) -> Flask:
        self._app = self._app or create_app()
        return self._app


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Ruhu 入户: household visits and their verification."""
    context.obj = App()


for _register in GROUPS:
    _register(main)
