"""Whom a newcomer can be in the demo: one of each kind, all around the first village."""

from __future__ import annotations

from server.demo.county import Worker, workers
from server.demo.words import ADMIN, APPRAISER, AUDITOR, CADRES, HELPERS, INSPECTORS, SUPERVISORS

SHOWN = (HELPERS[0], HELPERS[1], CADRES[0], SUPERVISORS[0], APPRAISER, INSPECTORS[0], ADMIN, AUDITOR)


def sign_ins() -> list[Worker]:
    """The workers that the start page shows, in this order."""
    by_name = {worker.username: worker for worker in workers()}
    return [by_name[username] for username, _ in SHOWN]
