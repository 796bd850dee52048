"""Visits that nobody announces; those of inspections that are not closed are kept from smaller areas at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "unannounced_visit",
        sa.Column("assignment_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("kept_by", sa.String(length=36), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_unannounced_visit_assignment_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_unannounced_visit_person_id")),
        sa.ForeignKeyConstraint(["household_id"], ["entity.id"], name=op.f("fk_unannounced_visit_household_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_unannounced_visit_region_code")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_unannounced_visit")),
    )
    op.create_index("ix_unannounced_visit_household", "unannounced_visit", ["household_id", "person_id"])
    op.create_index("ix_unannounced_visit_person", "unannounced_visit", ["person_id"])
    op.create_index("ix_unannounced_visit_kept", "unannounced_visit", ["kept_by"])
    op.execute(
        "INSERT INTO unannounced_visit (assignment_id, person_id, household_id, kept_by, region_code) "
        "SELECT assignment.id, assignment.person_id, assignment.entity_id, inspection.id, inspection.region_code "
        "FROM inspection_task JOIN inspection ON inspection.id = inspection_task.inspection_id "
        "JOIN assignment ON assignment.id = inspection_task.assignment_id WHERE inspection.state <> 'closed'"
    )
