"""The first schema."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

from server.columns import BigInt, Json, UtcDateTime
from server.geo.column import Shape

revision = "0001"
down_revision = None


def upgrade() -> None:
    for part in (_divisions, _people, _forms, _ops, _records, _submissions, _feeds):
        part()
    facts = sa.table("server_fact", sa.column("name"), sa.column("value"))
    op.bulk_insert(facts, [{"name": "epoch", "value": str(uuid.uuid4())}])


def _divisions() -> None:
    op.create_table(
        "region",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("parent_code", sa.String(length=20), nullable=True),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("name_zh", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("boundary", Shape("GEOMETRY"), nullable=True),
        sa.ForeignKeyConstraint(["parent_code"], ["region.code"], name=op.f("fk_region_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_region_boundary", "region", ["boundary"], unique=False, postgresql_using="gist")
    op.create_index(op.f("ix_region_parent_code"), "region", ["parent_code"], unique=False)
    op.create_index("ix_region_path", "region", ["path"], unique=False, postgresql_ops={"path": "text_pattern_ops"})


def _people() -> None:
    op.create_table(
        "login_attempt",
        sa.Column("key", sa.String(length=130), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", UtcDateTime(), nullable=True),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_attempt")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("username", name=op.f("uq_person_username")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", Json, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_audit_entry_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "install",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("app_build", sa.String(length=64), nullable=False),
        sa.Column("public_key_jwk", Json, nullable=True),
        sa.Column("acked_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_install_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_install")),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_role_grant_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint("person_id", "role", "region_code", name=op.f("uq_role_grant_person_id")),
    )
    op.create_table(
        "token",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("install_id", sa.String(length=64), nullable=True),
        sa.Column("csrf_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["install_id"], ["install.id"], name=op.f("fk_token_install_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_token_person_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_token")),
    )
    op.create_index(op.f("ix_token_person_id"), "token", ["person_id"], unique=False)


def _forms() -> None:
    op.create_table(
        "form_version",
        sa.Column("form_id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("datasets", Json, nullable=False),
        sa.Column("source_name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("xform", sa.String(), nullable=False),
        sa.Column("hash", sa.String(length=40), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("warnings", Json, nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("extra", Json, nullable=True),
        sa.PrimaryKeyConstraint("form_id", "version", name=op.f("pk_form_version")),
    )
    op.create_table(
        "form_media",
        sa.Column("form_id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_id", "version"], ["form_version.form_id", "form_version.version"], name=op.f("fk_form_media_form_id")
        ),
        sa.PrimaryKeyConstraint("form_id", "version", "name", name=op.f("pk_form_media")),
    )


def _records() -> None:
    op.create_table(
        "entity",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("root_id", sa.String(length=36), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("contested", Json, nullable=False),
        sa.Column("shown", Json, nullable=False),
        sa.Column("geom", Shape("POINT"), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_entity_region_code")),
        sa.ForeignKeyConstraint(["updated_by"], ["person.id"], name=op.f("fk_entity_updated_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_entity_geom", "entity", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_entity_region_dataset", "entity", ["region_code", "dataset"], unique=False)
    op.create_index("ix_entity_root", "entity", ["root_id"], unique=False)
    op.create_table(
        "conflict",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("properties", Json, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_conflict_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
    )
    op.create_index(
        "uq_conflict_open",
        "conflict",
        ["entity_id", "key"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "entity_version",
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=100), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("changes", Json, nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_entity_version_entity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_entity_version_person_id")),
        sa.PrimaryKeyConstraint("entity_id", "version", name=op.f("pk_entity_version")),
    )
    op.create_index(op.f("ix_entity_version_instance_id"), "entity_version", ["instance_id"], unique=False)
    op.create_index(op.f("ix_entity_version_op_id"), "entity_version", ["op_id"], unique=False)
    op.create_table(
        "head",
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("saw", Json, nullable=True),
        sa.Column("lineage", sa.String(length=80), nullable=False),
        sa.Column("seq", BigInt, nullable=True),
        sa.Column("corrects", sa.String(length=36), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=100), nullable=True),
        sa.Column("closed_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_head_entity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_head_person_id")),
        sa.PrimaryKeyConstraint("entity_id", "key", "op_id", name=op.f("pk_head")),
    )
    op.create_index("ix_head_op", "head", ["op_id"], unique=False)
    op.create_table(
        "helper_of",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["entity.id"], name=op.f("fk_helper_of_household_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_helper_of_person_id")),
        sa.PrimaryKeyConstraint("person_id", "household_id", name=op.f("pk_helper_of")),
    )
    op.create_index("ix_helper_of_household", "helper_of", ["household_id"], unique=False)


def _ops() -> None:
    op.create_table(
        "branch_step",
        sa.Column("branch_id", sa.String(length=80), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "step", name=op.f("pk_branch_step")),
    )
    op.create_table(
        "op_log",
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("install_id", sa.String(length=64), nullable=True),
        sa.Column("seq", BigInt, nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=True),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("waits_for", sa.String(length=80), nullable=True),
        sa.Column("entities", Json, nullable=True),
        sa.Column("judged_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_op_log_person_id")),
        sa.PrimaryKeyConstraint("op_id", name=op.f("pk_op_log")),
    )
    op.create_index("ix_op_log_install_seq", "op_log", ["install_id", "seq"], unique=False)
    op.create_index("ix_op_log_waits_for", "op_log", ["waits_for"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("op_id", sa.String(length=36), nullable=True),
        sa.Column("instance_id", sa.String(length=100), nullable=True),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("install_id", sa.String(length=64), nullable=True),
        sa.Column("seq", BigInt, nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quarantine_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_quarantine_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("code", "content_hash", name=op.f("uq_quarantine_code")),
    )
    op.create_index(op.f("ix_quarantine_op_id"), "quarantine", ["op_id"], unique=False)
    op.create_index(op.f("ix_quarantine_region_code"), "quarantine", ["region_code"], unique=False)


def _submissions() -> None:
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", BigInt, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "blob_holder",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_blob_holder_person_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_blob_holder_sha256")),
        sa.PrimaryKeyConstraint("sha256", "person_id", name=op.f("pk_blob_holder")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", BigInt, nullable=False),
        sa.Column("received", BigInt, nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upload_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_table(
        "submission",
        sa.Column("instance_id", sa.String(length=100), nullable=False),
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("form_id", sa.String(length=100), nullable=False),
        sa.Column("form_version", sa.String(length=64), nullable=False),
        sa.Column("instance_xml", sa.String(), nullable=False),
        sa.Column("xml_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("install_id", sa.String(length=64), nullable=True),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("root_id", sa.String(length=36), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("contact_mode", sa.String(length=12), nullable=True),
        sa.Column("location", Json, nullable=True),
        sa.Column("geom", Shape("POINT"), nullable=True),
        sa.Column("clock", Json, nullable=True),
        sa.Column("deprecated_id", sa.String(length=100), nullable=True),
        sa.Column("findings", Json, nullable=False),
        sa.Column("review", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["op_id"], ["op_log.op_id"], name=op.f("fk_submission_op_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_submission_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_submission_region_code")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_submission")),
        sa.UniqueConstraint("op_id", name=op.f("uq_submission_op_id")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_submission_geom", "submission", ["geom"], unique=False, postgresql_using="gist")
    op.create_index(op.f("ix_submission_person_id"), "submission", ["person_id"], unique=False)
    op.create_index("ix_submission_region_received", "submission", ["region_code", "received_at"], unique=False)
    op.create_index("ix_submission_root", "submission", ["root_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("slot", sa.String(length=60), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size", BigInt, nullable=True),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("capture", Json, nullable=True),
        sa.Column("blob", sa.String(length=64), nullable=True),
        sa.Column("bound_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["blob"], ["blob.sha256"], name=op.f("fk_attachment_blob")),
        sa.ForeignKeyConstraint(["instance_id"], ["submission.instance_id"], name=op.f("fk_attachment_instance_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_attachment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("instance_id", "name", name=op.f("uq_attachment_instance_id")),
    )
    op.create_index("ix_attachment_blob", "attachment", ["blob"], unique=False)
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"], unique=False)
    op.create_table(
        "photo",
        sa.Column("attachment_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("format", sa.String(length=12), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("exif", Json, nullable=True),
        sa.Column("place", Json, nullable=True),
        sa.Column("place_source", sa.String(length=8), nullable=True),
        sa.Column("geom", Shape("POINT"), nullable=True),
        sa.Column("findings", Json, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("derived_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_photo_attachment_id")),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_photo")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_photo_geom", "photo", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_photo_state", "photo", ["state"], unique=False)


def _feeds() -> None:
    op.create_table(
        "feed",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("space", sa.String(length=12), nullable=False),
        sa.Column("ref", sa.String(length=180), nullable=False),
        sa.Column("n", BigInt, nullable=False),
        sa.Column("type", sa.String(length=12), nullable=False),
        sa.Column("payload", Json, nullable=True),
        sa.PrimaryKeyConstraint("scope", "space", "ref", name=op.f("pk_feed")),
    )
    op.create_index("uq_feed_scope_n", "feed", ["scope", "n"], unique=True)
    op.create_table(
        "feed_counter",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("n", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_feed_counter")),
    )
    op.create_table(
        "server_fact",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_fact")),
    )
