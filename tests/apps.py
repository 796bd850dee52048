"""Apps for tests: the addresses are laid out once a process (70 ms), each test binds a copy to its own settings."""

from __future__ import annotations

import copy
from functools import cache

from flask import Flask

from server.app import bind, routed
from server.config import Settings

# What binding or a test adds to. The rest (addresses, handlers) is the same for all.
FLAT = ("config", "extensions", "teardown_appcontext_funcs", "shell_context_processors", "view_functions")
NESTED = ("before_request_funcs", "after_request_funcs", "teardown_request_funcs", "error_handler_spec")


def app_for(settings: Settings) -> Flask:
    """As `create_app(settings)`; a test adds no addresses to it."""
    template = _template()
    app = copy.copy(template)
    for name in FLAT:
        setattr(app, name, copy.copy(getattr(template, name)))
    for name in NESTED:
        setattr(app, name, copy.deepcopy(getattr(template, name)))
    return bind(app, settings)


@cache
def _template() -> Flask:
    return routed()
