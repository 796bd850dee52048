"""Where an engine differs from a case although the case is right: (form, case) → the reason. Nowhere else."""

from __future__ import annotations

# @getodk/xforms-engine, the engine of the phone.
PHONE: dict[tuple[str, str], str] = {}

# JavaRosa, the engine of ODK Collect.
JAVAROSA: dict[tuple[str, str], str] = {}
