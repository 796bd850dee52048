"""What goes back and forth between village and office: questions, contact attempts, drafts, hand-overs.

Feeds know since when an entry stands there and how far back they are complete; groups below a village get feeds.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import BigInt, Json, UtcDateTime
from server.db import now

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for part in (_columns, _words, _drafts, _errands, _group_feeds):
        part()


def _columns() -> None:
    with op.batch_alter_table("attachment") as table:
        table.add_column(sa.Column("answer_id", sa.String(length=36), nullable=True))
        table.create_index("ix_attachment_answer_id", ["answer_id"])
    with op.batch_alter_table("op_log") as table:
        table.add_column(sa.Column("region_code", sa.String(length=20), nullable=True))
    with op.batch_alter_table("feed_counter") as table:
        table.add_column(sa.Column("floor", BigInt, nullable=False, server_default="0"))
        table.add_column(sa.Column("compacted_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("feed") as table:
        table.add_column(sa.Column("at", UtcDateTime(), nullable=True))
    op.execute(sa.update(sa.table("feed", sa.column("at", UtcDateTime()))).values(at=now()))
    with op.batch_alter_table("feed") as table:
        table.alter_column("at", nullable=False, existing_type=UtcDateTime())


def _words() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=100), nullable=False),
        sa.Column("attachment_id", sa.String(length=36), nullable=True),
        sa.Column("path", sa.String(length=500), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_question_asked_by")),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_question_attachment_id")),
        sa.ForeignKeyConstraint(["instance_id"], ["submission.instance_id"], name=op.f("fk_question_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    op.create_index("ix_question_asked", "question", ["asked_at", "id"])
    op.create_index("ix_question_instance", "question", ["instance_id"])
    op.create_table(
        "answer",
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("question_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["op_id"], ["op_log.op_id"], name=op.f("fk_answer_op_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_answer_person_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_answer_question_id")),
        sa.PrimaryKeyConstraint("op_id", name=op.f("pk_answer")),
    )
    op.create_index("ix_answer_question", "answer", ["question_id"])
    op.create_table(
        "contact_attempt",
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("disposition", sa.String(length=60), nullable=False),
        sa.Column("instance_id", sa.String(length=100), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("contact_mode", sa.String(length=12), nullable=True),
        sa.Column("location", Json, nullable=True),
        sa.Column("independent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_contact_attempt_entity_id")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["submission.instance_id"], name=op.f("fk_contact_attempt_instance_id")
        ),
        sa.ForeignKeyConstraint(["op_id"], ["op_log.op_id"], name=op.f("fk_contact_attempt_op_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contact_attempt_person_id")),
        sa.PrimaryKeyConstraint("op_id", "entity_id", name=op.f("pk_contact_attempt")),
    )
    op.create_index("ix_contact_attempt_entity", "contact_attempt", ["entity_id", "received_at"])


def _drafts() -> None:
    op.create_table(
        "draft",
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=100), nullable=False),
        sa.Column("form_id", sa.String(length=100), nullable=False),
        sa.Column("form_version", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.String(length=36), nullable=True),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("install_id", sa.String(length=64), nullable=True),
        sa.Column("seq", BigInt, nullable=True),
        sa.Column("instance_xml", sa.String(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("is_newest", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["op_id"], ["op_log.op_id"], name=op.f("fk_draft_op_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_draft_region_code")),
        sa.PrimaryKeyConstraint("op_id", name=op.f("pk_draft")),
    )
    op.create_index("ix_draft_instance", "draft", ["instance_id"])
    op.create_index("ix_draft_person", "draft", ["person_id"])
    op.create_index("ix_draft_received", "draft", ["received_at", "op_id"])
    op.create_table(
        "draft_file",
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", BigInt, nullable=True),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("slot", sa.String(length=60), nullable=True),
        sa.Column("capture", Json, nullable=True),
        sa.ForeignKeyConstraint(["op_id"], ["draft.op_id"], name=op.f("fk_draft_file_op_id")),
        sa.PrimaryKeyConstraint("op_id", "name", name=op.f("pk_draft_file")),
    )
    op.create_index("ix_draft_file_sha256", "draft_file", ["sha256"])


def _errands() -> None:
    op.create_table(
        "loan",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("form_id", sa.String(length=100), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("lent_by", sa.String(length=36), nullable=True),
        sa.Column("lent_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["entity.id"], name=op.f("fk_loan_household_id")),
        sa.ForeignKeyConstraint(["lent_by"], ["person.id"], name=op.f("fk_loan_lent_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_loan_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
    )
    op.create_index("ix_loan_household", "loan", ["household_id"])
    op.create_index("ix_loan_person", "loan", ["person_id"])
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("form_id", sa.String(length=100), nullable=False),
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("done_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["done_by"], ["submission.instance_id"], name=op.f("fk_assignment_done_by")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_assignment_entity_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_assignment_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_entity", "assignment", ["entity_id"])
    op.create_index("ix_assignment_made", "assignment", ["made_at", "id"])
    op.create_index("ix_assignment_person", "assignment", ["person_id", "state"])
    op.create_table(
        "install_scope",
        sa.Column("install_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("held_since", UtcDateTime(), nullable=False),
        sa.Column("revoking_since", UtcDateTime(), nullable=True),
        sa.Column("wiped_at", UtcDateTime(), nullable=True),
        sa.Column("count", BigInt, nullable=True),
        sa.ForeignKeyConstraint(["install_id"], ["install.id"], name=op.f("fk_install_scope_install_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_install_scope_region_code")),
        sa.PrimaryKeyConstraint("install_id", "scope", name=op.f("pk_install_scope")),
    )
    op.create_index("ix_install_scope_state", "install_scope", ["state", "region_code"])


def _group_feeds() -> None:
    """What lies in a group below a village also stands in the group's own feed."""
    groups = "FROM entity e JOIN region r ON r.code = e.region_code WHERE r.level = 'group'"
    number = "row_number() OVER (PARTITION BY e.region_code ORDER BY e.id)"
    rows = f"SELECT 'region:' || e.region_code, 'record', e.id, 'entity', {number}, :at {groups}"
    insert = sa.text(f"INSERT INTO feed (scope, space, ref, type, n, at) {rows}")
    op.execute(insert.bindparams(sa.bindparam("at", now(), UtcDateTime())))
    counts = f"SELECT 'region:' || e.region_code, count(*) {groups} GROUP BY e.region_code"
    op.execute(f"INSERT INTO feed_counter (scope, n) {counts}")
