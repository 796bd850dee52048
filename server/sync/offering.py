"""To whom a form is offered: its settings name roles, and a qualification that its author must hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.qualifications import kinds_held
from server.db import today


@dataclass(frozen=True)
class Reader:
    """The roles of a person, and the qualifications that the person holds on the day in question."""

    roles: Collection[str]
    kinds: Collection[str]

    def may_fill(self, settings: Mapping[str, str]) -> bool:
        """Whether a form with these settings (FormModel.settings) is offered."""
        roles = settings.get("roles", "").split()
        kind = settings.get("qualification", "").strip()
        return (not roles or any(role in self.roles for role in roles)) and (not kind or kind in self.kinds)


def reader_of(session: Session, actor: Actor, day: date | None = None) -> Reader:
    """The actor as a reader of forms, today (in China) unless said otherwise."""
    return Reader({role.role for role in actor.roles}, kinds_held(session, actor.id, day or today()))
