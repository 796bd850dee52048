"""Policies, qualifications of people, findings of the cleaning rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json, UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for part in (_policies, _qualifications, _rule_findings, _rule_runs):
        part()


def _policies() -> None:
    op.create_table(
        "policy",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("labels", Json, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(length=40), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_policy")),
    )
    op.create_table(
        "policy_version",
        sa.Column("policy", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("area", sa.String(length=12), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("labels", Json, nullable=True),
        sa.Column("data", Json, nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["policy"], ["policy.name"], name=op.f("fk_policy_version_policy")),
        sa.PrimaryKeyConstraint("policy", "id", name=op.f("pk_policy_version")),
    )


def _qualifications() -> None:
    op.create_table(
        "qualification",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("issued_by", sa.String(length=120), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("added_by", sa.String(length=36), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_qualification_person_id")),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_qualification_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification")),
    )
    op.create_index("ix_qualification_person", "qualification", ["person_id", "kind"], unique=False)


def _rule_findings() -> None:
    op.create_table(
        "rule_finding",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rule", sa.String(length=63), nullable=False),
        sa.Column("version", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=4), nullable=False),
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("properties", Json, nullable=False),
        sa.Column("first_seen", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_rule_finding_entity_id")),
        sa.ForeignKeyConstraint(["household_id"], ["entity.id"], name=op.f("fk_rule_finding_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_finding")),
    )
    op.create_index("ix_rule_finding_household", "rule_finding", ["household_id"], unique=False)
    op.create_index("ix_rule_finding_rule", "rule_finding", ["rule", "closed_at"], unique=False)
    op.create_index(
        "uq_rule_finding_open",
        "rule_finding",
        ["entity_id", "rule"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _rule_runs() -> None:
    op.create_table(
        "rule_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rules", sa.String(length=12), nullable=False),
        sa.Column("reached", sa.String(length=36), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_rule_run_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_run")),
    )
