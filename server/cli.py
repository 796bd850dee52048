"""The `ruhu` program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import ArgumentError, DBAPIError

from server.app import create_app
from server.commands import (
    audit,
    blobs,
    courier,
    database,
    datasets,
    definitions,
    demo,
    export,
    feeds,
    form_check,
    form_eval,
    forms,
    keys,
    lan,
    people,
    photo,
    policies,
    regions,
    register,
    reserve,
    rules,
    run,
    sample,
    worker,
)
from server.commands.messages import say
from server.commands.refusal import refuse, stop
from server.errors import Problem

GROUPS: tuple[Callable[[click.Group], None], ...] = (
    run.register,
    lan.register,
    database.register,
    demo.register,
    people.register,
    regions.register,
    forms.register,
    datasets.register,
    export.register,
    feeds.register,
    form_check.register,
    form_eval.register,
    policies.register,
    rules.register,
    definitions.register,
    worker.register,
    courier.register,
    register.register,
    reserve.register,
    keys.register,
    blobs.register,
    photo.register,
    sample.register,
    audit.register,
)


class App:
    """The Flask application, made when the first command asks for it."""

    def __init__(self) -> None:
        self._app: Flask | None = None

    def __call__(self) -> Flask:
        self._app = self._app or create_app()
        return self._app


class _Program(click.Group):
    """Says plainly what is wrong with the database; every other failure is ours and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            if not problem.code.startswith("keys."):
                raise
            refuse(problem)
        except ArgumentError:
            stop(say("database.address"))
        except DBAPIError as error:
            sentence = _about_database(error)
            if sentence is None:
                raise
            stop(sentence)


def _about_database(error: DBAPIError) -> str | None:
    """What a person can do about it; None when it is no such failure."""
    text, state = str(error.orig), getattr(error.orig, "sqlstate", None)
    if state in ("42P01", "42703") or text.startswith(("no such table", "no such column")):
        return say("database.empty")
    is_away = error.connection_invalidated or "connection failed" in text or "unable to open database file" in text
    return say("database.away", cause=text.strip().splitlines()[0]) if is_away else None


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Ruhu 入户: household visits and their verification."""
    context.obj = App()


for _register in GROUPS:
    _register(main)
