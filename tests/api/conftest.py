"""The county of the collecting tests, and its village cadre's phone."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.api import collecting
from tests.collect import Collect


@pytest.fixture
def county(app: Flask) -> Flask:
    collecting.open_county(app)
    return app


@pytest.fixture
def collect(county: Flask) -> Collect:
    """The village cadre's phone, refreshed."""
    made = collecting.phone(county, "cadre")
    made.refresh()
    return made
