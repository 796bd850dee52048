"""Answers as the API description shows them; the code that makes the answers does not go through them."""

from __future__ import annotations

from marshmallow import Schema, fields


class Fault(Schema):
    where = fields.String(required=True, metadata={"description": "Which part of the request or file"})
    why = fields.String(required=True)
    fix = fields.String(required=True, metadata={"description": "What to do"})


class ProblemBody(Schema):
    """RFC 9457 with our stable code."""

    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"example": "auth.bad_credentials"})
    title = fields.String(required=True)
    titles = fields.Dict(keys=fields.String(), values=fields.String())
    detail = fields.String()
    errors = fields.List(fields.Nested(Fault))
    request_id = fields.String()


class RoleShape(Schema):
    role = fields.String(required=True)
    region = fields.String(required=True, allow_none=True)


class User(Schema):
    id = fields.UUID(required=True)
    username = fields.String(required=True)
    display_name = fields.String(required=True)
    roles = fields.List(fields.Nested(RoleShape), required=True)
    qualifications = fields.List(fields.Dict())
    must_change_password = fields.Boolean(metadata={"description": "The password was chosen by an administrator"})


class Welcome(Schema):
    """A phone gets `token`, a desk `csrf_token` beside its cookie."""

    token = fields.String()
    csrf_token = fields.String()
    install_id = fields.String(metadata={"description": "After a code: the install that was signed in"})
    expires_at = fields.DateTime(required=True)
    user = fields.Nested(User, required=True)
    server_time = fields.DateTime(required=True)
    server_public_key_jwk = fields.Dict(required=True)


class GrantedFeed(Schema):
    scope = fields.String(required=True, metadata={"example": "region:990101200000"})
    state = fields.String(required=True, metadata={"example": "granted"})
    head = fields.Integer(required=True)
    view = fields.String(required=True)


class HelloAnswer(Schema):
    server_time = fields.DateTime(required=True)
    epoch = fields.UUID(required=True)
    feeds = fields.List(fields.Nested(GrantedFeed), required=True)
    limits = fields.Dict(keys=fields.String(), values=fields.Integer())
    minimum_app_build = fields.String()


class PushBody(Schema):
    ops = fields.List(
        fields.Dict(), required=True, metadata={"description": "At most 200 ops and 1 MiB; one op alone 16 MiB"}
    )


class WrittenRecord(Schema):
    dataset = fields.String(required=True)
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    conflicts = fields.List(fields.UUID(), required=True)


class OpResult(Schema):
    """Stands for a committed transaction."""

    op_id = fields.UUID(required=True, allow_none=True)
    status = fields.String(
        required=True,
        metadata={"enum": ["applied", "merged", "conflicted", "duplicate", "held", "quarantined", "unreadable"]},
    )
    code = fields.String()
    detail = fields.String()
    first = fields.Dict(metadata={"description": "Of a duplicate: {status, code?, detail?} as it stands now"})
    entities = fields.List(fields.Nested(WrittenRecord), required=True)
    missing_attachments = fields.List(fields.String(), required=True, metadata={"description": "SHA-256, hex"})


class PushAnswerShape(Schema):
    results = fields.List(fields.Nested(OpResult), required=True)
    acked_seq = fields.Integer(allow_none=True)


class FeedPage(Schema):
    status = fields.String(required=True, metadata={"enum": ["ok", "must_refetch", "gone"]})
    entries = fields.List(fields.Dict(), metadata={"description": "In feed order, newest state of a record only"})
    next = fields.Integer()
    more = fields.Boolean()
    head = fields.Integer()
    view = fields.String()


class PullAnswer(Schema):
    epoch = fields.UUID(required=True)
    feeds = fields.Dict(keys=fields.String(), values=fields.Nested(FeedPage), required=True)
    acked_seq = fields.Integer(required=True)


class KeyAnswer(Schema):
    key = fields.String(required=True, metadata={"description": "Base64 of the phone's data key"})
