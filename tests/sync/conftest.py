"""The small world on each database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from tests.world import World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    """Pushes have transactions of their own here: sharing them (test_ferry.py) would hide the locks between threads."""
    app.config["RUHU"] = replace(app.config["RUHU"], share_pushes=False)
    return build_world(app)
