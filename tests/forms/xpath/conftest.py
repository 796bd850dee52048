"""JavaRosa for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.forms.xpath.javarosa import JavaRosa


@pytest.fixture(scope="session")
def javarosa() -> Iterator[JavaRosa]:
    with JavaRosa() as engine:
        yield engine
