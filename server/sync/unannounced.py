"""Visits that nobody announces: whom they check learns neither that they are planned nor what was answered in them.

While a round of checks goes on, what its inspectors do in the households that they are sent to is kept for those who
answer for the round's whole region, and for the inspectors themselves. Smaller areas within it are checked as well.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, delete, func, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.columns import Base
from server.db import upsert


class UnannouncedVisit(Base):
    """A person who is sent to a household; the row goes when the round is over.

    `kept_by`: id of the round, such as an inspection; `region_code`: whose readers see it all the same.
    """

    __tablename__ = "unannounced_visit"
    __table_args__ = (
        Index("ix_unannounced_visit_household", "household_id", "person_id"),
        Index("ix_unannounced_visit_person", "person_id"),
        Index("ix_unannounced_visit_kept", "kept_by"),
    )

    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    household_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    kept_by: Mapped[str] = mapped_column(String(36))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))


def keep(session: Session, assignment_id: str, person_id: str, household_id: str, kept_by: str, region: str) -> None:
    """Keeps what this person does in this household from areas below the region; again is harmless."""
    statement = upsert(session, UnannouncedVisit).values(
        assignment_id=assignment_id, person_id=person_id, household_id=household_id, kept_by=kept_by, region_code=region
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["assignment_id"]))


def release(session: Session, kept_by: str) -> None:
    """The round is over: what came of it is read as any other check."""
    session.execute(delete(UnannouncedVisit).where(UnannouncedVisit.kept_by == kept_by))


def kept_from(mine: Select[str], person: Any, household: Any = None) -> ColumnElement[bool]:
    """Clause: this person came, or comes, unannounced to these regions' readers (`mine`: codes of their regions).

    `person`, `household`: columns; without a household whoever is sent to any counts.
    """
    named = (
        [UnannouncedVisit.person_id]
        if household is None
        else [UnannouncedVisit.person_id, UnannouncedVisit.household_id]
    )
    one = [func.coalesce(column, "") for column in (person, household)[: len(named)]]
    # As one list for all rows: asked again for each, PostgreSQL would reckon it dear and read a county row by row.
    clause: ColumnElement[bool] = tuple_(*one).in_(select(*named).where(UnannouncedVisit.region_code.not_in(mine)))
    return clause
