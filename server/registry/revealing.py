"""Showing a value whole that lists mask: to who works there, for a stated reason, and written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.audit import note
from server.errors import Fault, Problem
from server.registry.masking import property_treatment
from server.registry.reading import Datasets, Scope
from server.registry.tables import Entity


@dataclass(frozen=True)
class Wish:
    """Which properties of which record somebody wants to see whole, and what for."""

    entity_id: str
    names: Sequence[str]
    reason: str


def reveal(session: Session, person_id: str, datasets: Datasets, scope: Scope, wish: Wish) -> dict[str, str | None]:
    """The stored values of these properties. `scope.clear`: where the reader may ask for them.

    Problems record.not_found (unknown and foreign alike), request.invalid (no such property).
    """
    mine = (Entity.id == wish.entity_id, scope.visible, scope.clear)
    entity = session.scalar(select(Entity).where(*mine))
    if entity is None:
        raise Problem("record.not_found")
    dataset = datasets[entity.dataset]
    strange = [name for name in wish.names if name not in dataset.properties]
    if strange:
        fix = "Name properties of this kind of record."
        raise Problem("request.invalid", faults=[Fault("properties", f"Unknown: {', '.join(strange)}.", fix)])
    hidden = [name for name in wish.names if property_treatment(dataset, name, "clear") != "show"]
    note(session, person_id, "record.revealed", entity.id, properties=hidden or list(wish.names), reason=wish.reason)
    return {name: entity.values.get(name) for name in wish.names}
