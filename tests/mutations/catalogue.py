"""All mutants: what guards sync, and which tests notice when it is gone."""

from __future__ import annotations

from tests.mutations.giving import GIVING
from tests.mutations.merging import MERGING
from tests.mutations.mutant import Mutant
from tests.mutations.taking import TAKING

MUTANTS: tuple[Mutant, ...] = (*TAKING, *GIVING, *MERGING)
