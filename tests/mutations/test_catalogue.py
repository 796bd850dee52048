"""The mutation list stays true: every text that it takes away is in the source, once, and every test is there."""

from __future__ import annotations

import re

import pytest

from tests.mutations.catalogue import MUTANTS
from tests.mutations.mutant import ROOT, Mutant


@pytest.mark.parametrize("one", MUTANTS, ids=lambda one: one.name)
def test_a_mutant_fits_the_source(one: Mutant) -> None:
    for edit in one.edits:
        assert edit.places() == 1, f"{edit.file} says {edit.places()} times: {edit.old}"
        assert edit.old != edit.new
    for test in one.tests:
        file, _, name = test.partition("::")
        source = (ROOT / "tests" / file).read_text()
        assert not name or re.search(rf"^def {re.escape(name.partition('[')[0])}\(", source, re.MULTILINE)


def test_names_are_given_once_and_there_are_enough() -> None:
    assert len({one.name for one in MUTANTS}) == len(MUTANTS) >= 25
