"""Sign in and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, current_app, jsonify, request
from flask_smorest import Blueprint
from marshmallow import fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts import attempts, enrolments, keys, people, qualifications, tokens
from server.accounts.actor import Actor, load_actor
from server.accounts.audit import note
from server.accounts.installs import claim_install
from server.accounts.tables import Person
from server.api import shapes
from server.api.bodies import Loose
from server.api.signed_in import COOKIE, bearer, current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.sync.administered import may_still_issue

blueprint = Blueprint("auth", __name__, description="Sign in, sign out, who am I")


class Device(Loose):
    name = fields.String(load_default="", validate=validate.Length(max=100))
    model = fields.String(load_default="", validate=validate.Length(max=100))
    app_build = fields.String(load_default="", validate=validate.Length(max=64))
    public_key_jwk = fields.Dict(load_default=None, allow_none=True)


class Login(Loose):
    username = fields.String(required=True, validate=validate.Length(max=64))
    password = fields.String(required=True, validate=validate.Length(max=200))
    install_id = fields.String(load_default=None, validate=validate.Length(min=8, max=64))
    device = fields.Nested(Device, load_default=dict)
    cookie = fields.Boolean(load_default=False)


class Enrol(Loose):
    """`known`: installs that this phone has already; one of the code's person goes on under its own id."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=40))
    install_id = fields.String(required=True, validate=validate.Length(min=8, max=64))
    known = fields.List(
        fields.String(validate=validate.Length(max=64)), load_default=list, validate=validate.Length(max=20)
    )
    device = fields.Nested(Device, load_default=dict)


class PasswordChange(Loose):
    old = fields.String(required=True)
    new = fields.String(required=True, validate=validate.Length(max=200))


class WrappedKey(Loose):
    wrapped = fields.String(required=True, validate=validate.Length(max=2000))


@blueprint.route("/auth/login", methods=["POST"])
@blueprint.response(200, shapes.Welcome)
@blueprint.arguments(Login)
def login(body: dict[str, Any]) -> Response:
    """Token for a phone (with install_id) or cookie for a desk (with cookie: true)."""
    names = attempts.keys_of(body["username"], request.remote_addr)
    with db.read() as session:
        attempts.check(session, names)
        person = people.person_by_credentials(session, body["username"], body["password"])
    if person is None:
        db.transact(lambda session: attempts.failed(session, names))
        raise Problem("auth.bad_credentials")
    return db.transact(lambda session: _signed_in(session, person, body))


def _signed_in(session: Session, person: Person, body: dict[str, Any]) -> Response:
    attempts.succeeded(session, person.username, request.remote_addr)
    settings: Settings = current_app.config["RUHU"]
    if body["cookie"]:
        lifetime = timedelta(hours=settings.console_hours)
        issued = tokens.issue(session, person.id, "console", lifetime)
        note(session, person.id, "auth.signed_in", person.id)
        answer = jsonify(_welcome(session, person, issued, None))
        answer.set_cookie(
            COOKIE,
            issued.token,
            max_age=int(lifetime.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=request.is_secure,
            path="/",
        )
        return answer
    if not body["install_id"]:
        raise Problem("request.invalid", detail="install_id is missing")
    claim_install(session, body["install_id"], person.id, body["device"])
    note(session, person.id, "auth.signed_in", body["install_id"])
    issued = tokens.issue(session, person.id, "api", timedelta(days=settings.token_days), body["install_id"])
    return jsonify(_welcome(session, person, issued, issued.token))


@blueprint.route("/auth/enrol", methods=["POST"])
@blueprint.response(200, shapes.Welcome)
@blueprint.arguments(Enrol)
def enrol(body: dict[str, Any]) -> Response:
    """Token for a phone by a code that an administrator issued: good once; `install_id` says under which install."""
    names = attempts.keys_of_address(request.remote_addr)
    with db.read() as session:
        attempts.check(session, names)
    asker = enrolments.Asker(body["install_id"], body["known"], body["device"])
    try:
        return db.transact(lambda session: _enrolled(session, body["code"], asker))
    except Problem as problem:
        if problem.code == "auth.bad_code":
            db.transact(lambda session: attempts.failed(session, names))
        raise


def _enrolled(session: Session, code: str, asker: enrolments.Asker) -> Response:
    settings: Settings = current_app.config["RUHU"]
    used = enrolments.redeem(session, code, asker)
    if not may_still_issue(session, used.issued_by, used.person.id):
        raise Problem("auth.bad_code")
    issued = tokens.issue(session, used.person.id, "api", timedelta(days=settings.token_days), used.install_id)
    return jsonify(_welcome(session, used.person, issued, issued.token) | {"install_id": used.install_id})


def _welcome(session: Session, person: Person, issued: tokens.Issued, token: str | None) -> dict[str, Any]:
    answer = {
        "expires_at": issued.row.expires_at.isoformat(),
        "user": describe(session, load_actor(session, person)),
        "server_time": db.now().isoformat(),
        "server_public_key_jwk": keys.public_jwk(keys.server_key(current_app.config["RUHU"].keys)),
    }
    return answer | ({"token": token} if token else {"csrf_token": issued.csrf})


def describe(session: Session, actor: Actor) -> dict[str, Any]:
    """The user as sign-in and /me show it."""
    roles = [{"role": role.role, "region": role.region} for role in actor.roles]
    held = [qualifications.for_wire(row) for row in qualifications.qualifications_of(session, actor.id)]
    must = session.scalar(select(Person.must_change).where(Person.id == actor.id))
    return {**actor.author(), "roles": roles, "qualifications": held, "must_change_password": bool(must)}


@blueprint.route("/auth/logout", methods=["POST"])
@blueprint.response(204)
@signed_in(revoked_may=True)
def logout() -> Response:
    """Ends this sign-in; the install and its unsent work stay."""
    token = bearer() or request.cookies.get(COOKIE, "")
    db.transact(lambda session: tokens.revoke(session, token))
    answer = Response(status=204)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@blueprint.route("/auth/password", methods=["POST"])
@blueprint.response(204)
@signed_in()
@blueprint.arguments(PasswordChange)
def change_password(body: dict[str, Any]) -> Response:
    """Sets a new password and signs the person out everywhere else."""
    actor = current_actor()
    token = bearer() or request.cookies.get(COOKIE, "")

    def work(session: Session) -> None:
        people.change_password(session.get_one(Person, actor.id), body["old"], body["new"])
        tokens.revoke_all(session, actor.id, but=tokens.digest(token))
        note(session, actor.id, "password.changed", actor.id)

    db.transact(work)
    return Response(status=204)


@blueprint.route("/auth/recover-key", methods=["POST"])
@blueprint.response(200, shapes.KeyAnswer)
@signed_in()
@blueprint.arguments(WrappedKey)
def recover_key(body: dict[str, Any]) -> Response:
    """Unwraps the phone's own data key after a forgotten PIN; recorded, since it opens the sealed store."""
    actor = current_actor()
    install_id = actor.install_id or ""
    key = keys.unwrap(keys.server_key(current_app.config["RUHU"].keys), body["wrapped"], install_id)
    db.transact(lambda session: note(session, actor.id, "key.recovered", install_id))
    answer = jsonify({"key": key})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/me")
@blueprint.response(200, shapes.User)
@signed_in()
def me() -> Response:
    """The signed-in person with roles and qualifications."""
    with db.read() as session:
        return jsonify(describe(session, current_actor()))
