"""Who is asking: reads the token (or the desk's cookie) once per request and keeps the actor for its handler."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g, request

from server.accounts.actor import Actor
from server.accounts.tokens import actor_by_token, csrf_matches
from server.api.basic import actor_by_password, given_password
from server.errors import Problem

COOKIE = "ruhu_session"
SAFE = ("GET", "HEAD", "OPTIONS")

P = ParamSpec("P")
R = TypeVar("R")


def signed_in(
    *roles: str, revoked_may: bool = False, basic: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A handler for signed-in people; with roles, for those only. A revoked install is let in only where it may.

    `basic`: user name and password with each request are good too, over HTTPS.
    """

    def wrap(handler: Callable[P, R]) -> Callable[P, R]:
        @wraps(handler)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = _by_password() if basic and given_password() else _actor()
            if actor.revoked and not revoked_may:
                raise Problem("device.revoked")
            g.actor = actor
            if roles and not actor.has(*roles):
                raise Problem("auth.forbidden")
            return handler(*args, **kwargs)

        return checked

    return wrap


def current_actor() -> Actor:
    """The actor of this request; only inside a `signed_in` handler."""
    actor: Actor = g.actor
    return actor


def bearer() -> str | None:
    """The token of the Authorization header, if there is one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _by_password() -> Actor:
    if not request.is_secure:
        raise Problem("auth.https_only")
    return actor_by_password("basic")


def _actor() -> Actor:
    token = bearer()
    if token:
        return actor_by_token(token, ("api",))[0]
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise Problem("auth.required")
    actor, csrf_hash = actor_by_token(cookie, ("console",))
    if request.method not in SAFE and not csrf_matches(csrf_hash, request.headers.get("X-CSRF-Token", "")):
        raise Problem("auth.csrf")
    return actor
