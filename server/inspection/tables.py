"""Inspections: the plan, the frozen frame, the one draw, who was drawn, who is sent there, and what came of it.

State of an inspection: planned → frozen (its frame is fixed and the hash published) → drawn → open (published to the
villages) → closed. The village side sees nothing of one that is not open or closed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, Json, UtcDateTime
from server.db import now
from server.sealing.columns import SealedWords

STATES = ("planned", "frozen", "drawn", "open", "closed")
PUBLISHED = ("open", "closed")
DRAWN = ("drawn", "open", "closed")
UNDER_WAY = ("drawn", "open")  # people may be sent, and townships do not read what was answered


class Inspection(Base):
    """One planned round of checks in a region. `plan`: the YAML that says how the sample is drawn (plan.py).

    `form_ids`: what is asked in each drawn household; a form of purpose `back_check` is asked by telephone.
    `recent`: what becomes of households that the burden guard names: `leave_out` of the frame, or `share` the earlier
    result instead of a second visit. `seed_way`: `dice` or `reveal` (commit and reveal by two). `burden`: the guard's
    limits and counts as they were when the frame was frozen.
    """

    __tablename__ = "inspection"
    __table_args__ = (
        Index("ix_inspection_region", "region_code", "state"),
        Index("ix_inspection_made", "made_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    plan: Mapped[str] = mapped_column(Text)
    form_ids: Mapped[list[str]] = mapped_column(Json)
    recent: Mapped[str] = mapped_column(String(10), default="leave_out")
    seed_way: Mapped[str] = mapped_column(String(8), default="dice")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(8), default="planned")
    burden: Mapped[dict[str, Any] | None] = mapped_column(Json)
    made_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    opened_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class InspectionFrame(Base):
    """The frame as frozen: canonical CSV bytes (ids and codes, no names). Its hash is public before the seed.

    `freeze`: the signed document that is published before the seed (draw_record.py); by commit and reveal it names both
    hashes, so it is there once both have committed.
    """

    __tablename__ = "inspection_frame"

    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    csv: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)  # of up to millions of households
    sha256: Mapped[str] = mapped_column(String(64))
    households: Mapped[int]
    villages: Mapped[int]
    freeze: Mapped[bytes | None] = mapped_column(LargeBinary)
    frozen_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    frozen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class InspectionExclusion(Base):
    """A household that the burden guard named when the frame was frozen, and why.

    `reason`: household_recent or village_recent. `earlier_id`: the earlier inspection, where the earlier check belongs
    to one that was published by then (this list is public); `earlier_on`: the day of that check;
    `earlier_instance_id`: its answers, which may be shared.
    `treatment`: left_out or shared.
    """

    __tablename__ = "inspection_exclusion"

    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    household_id: Mapped[str] = mapped_column(ForeignKey("entity.id"), primary_key=True)
    village_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    reason: Mapped[str] = mapped_column(String(20))
    treatment: Mapped[str] = mapped_column(String(10))
    earlier_id: Mapped[str | None] = mapped_column(ForeignKey("inspection.id"))
    earlier_on: Mapped[date]
    earlier_instance_id: Mapped[str | None] = mapped_column(ForeignKey("submission.instance_id"))


class InspectionCommitment(Base):
    """One person's half of a seed by commit and reveal: the hash first; the secret only when both have committed."""

    __tablename__ = "inspection_commitment"

    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    committed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    secret: Mapped[str | None] = mapped_column(String(200))
    revealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class InspectionDraw(Base):
    """The one draw of an inspection; its primary key refuses a second. `record`: the published bytes: signed JSON."""

    __tablename__ = "inspection_draw"

    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    seed: Mapped[str] = mapped_column(String(400))
    record: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    drawn_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SampledHousehold(Base):
    """A household that was drawn: `kind` main or reserve. `place`: its rank by ticket inside its stratum and village.

    `pi`: inclusion probability and `weight`: design weight, as exact text (`3/40`, or a decimal); a reserve has those
    of the household that it would stand for. `ticket`: SHA-256, hex.
    """

    __tablename__ = "sampled_household"
    __table_args__ = (Index("ix_sampled_household_village", "inspection_id", "village_code", "kind", "place"),)

    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    household_id: Mapped[str] = mapped_column(ForeignKey("entity.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    stratum: Mapped[str] = mapped_column(String(200), default="")
    village_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    township_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    place: Mapped[int]
    pi: Mapped[str] = mapped_column(String(300))
    weight: Mapped[str] = mapped_column(String(300))
    ticket: Mapped[str] = mapped_column(String(64))


class InspectionTeam(Base):
    """People who go together; its villages are worked in the order of the tasks' `route`."""

    __tablename__ = "inspection_team"
    __table_args__ = (UniqueConstraint("inspection_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"))
    name: Mapped[str] = mapped_column(String(100))


class InspectionTeamMember(Base):
    __tablename__ = "inspection_team_member"

    team_id: Mapped[str] = mapped_column(ForeignKey("inspection_team.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)


class InspectionTask(Base):
    """One form to be asked in one drawn household.

    `kind`: visit or phone. `state`: waiting (nobody is sent), sent (an errand is on a phone), done (answers came, or a
    person at the desk gave it a final disposition), replaced (a reserve stands for it), shared (the earlier result of
    `instance_id` stands, nobody goes). `disposition`: code of the list `disposition`, of the last try or final.
    `tries`: tries without success, each at least the policy's hours after the one before. `instance_id`: the
    inspector's submission; `cadre_instance_id` and `cadre_version`: the village's last submission for the household
    and the household's version, both as they stood at the draw.
    """

    __tablename__ = "inspection_task"
    __table_args__ = (
        UniqueConstraint("inspection_id", "household_id", "form_id"),
        UniqueConstraint("replaces"),
        Index("ix_inspection_task_person", "person_id", "state"),
        Index("ix_inspection_task_household", "household_id"),
        Index("ix_inspection_task_instance", "instance_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"))
    household_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    village_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    form_id: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    team_id: Mapped[str | None] = mapped_column(ForeignKey("inspection_team.id"))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    assignment_id: Mapped[str | None] = mapped_column(ForeignKey("assignment.id"), unique=True)
    route: Mapped[int | None]
    disposition: Mapped[str | None] = mapped_column(String(40))
    tries: Mapped[int] = mapped_column(default=0)
    last_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(SealedWords("inspection_task.reason"))
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("submission.instance_id"))
    cadre_instance_id: Mapped[str | None] = mapped_column(ForeignKey("submission.instance_id"))
    cadre_version: Mapped[int | None]
    replaces: Mapped[str | None] = mapped_column(ForeignKey("inspection_task.id"))
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
