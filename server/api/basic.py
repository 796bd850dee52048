"""Sign-in by user name and password with each request (RFC 7617), for programs that know nothing else."""

from __future__ import annotations

from flask import request

from server import db
from server.accounts import attempts, people
from server.accounts.actor import Actor, load_actor
from server.errors import Problem


def given_password() -> bool:
    """Whether this request says who asks by Basic."""
    return request.authorization is not None and request.authorization.type == "basic"


def actor_by_password(kind: str) -> Actor:
    """Who asks. Problems: auth.required, auth.bad_credentials, auth.too_many_attempts."""
    given = request.authorization
    if given is None or given.type != "basic" or not given.username:
        raise Problem("auth.required")
    username, password = given.username.replace("\0", ""), given.password or ""
    names = attempts.keys_of(username, request.remote_addr)
    with db.read() as session:
        attempts.check(session, names)
        person = people.person_by_credentials(session, username, password)
        if person is not None:
            return load_actor(session, person, kind=kind)
    db.transact(lambda session: attempts.failed(session, names))
    raise Problem("auth.bad_credentials")
