"""Apps for tests: the addresses are laid out once a process (70 ms), each test binds a copy to its own settings.

Every app has its own engine, and an engine compiles each statement it meets anew (a third of a test's time). So the
engines of one database kind share what was compiled: SQLAlchemy keeps it by dialect, which they share too.
"""

from __future__ import annotations

import copy
from functools import cache

from flask import Flask
from sqlalchemy import Engine

from server import db
from server.app import bind, routed
from server.config import Settings

# What binding or a test adds to. The rest (addresses, handlers) is the same for all.
FLAT = ("config", "extensions", "teardown_appcontext_funcs", "shell_context_processors", "view_functions")
NESTED = ("before_request_funcs", "after_request_funcs", "teardown_request_funcs", "error_handler_spec")

_FIRST: dict[str, Engine] = {}


def app_for(settings: Settings) -> Flask:
    """As `create_app(settings)`; a test adds no addresses to it."""
    template = _template()
    app = copy.copy(template)
    for name in FLAT:
        setattr(app, name, copy.copy(getattr(template, name)))
    for name in NESTED:
        setattr(app, name, copy.deepcopy(getattr(template, name)))
    bind(app, settings)
    with app.app_context():
        _share_compiled(db.db.engine)
    return app


def _share_compiled(engine: Engine) -> None:
    first = _FIRST.setdefault(engine.dialect.name, engine)
    if first is engine:
        engine.connect().close()  # a dialect learns of its server by connecting
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache


@cache
def _template() -> Flask:
    return routed()
