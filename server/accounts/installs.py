"""Installs: one person in one browser profile."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.accounts.tables import Install
from server.db import lock, now
from server.errors import Problem
from server.lock_names import of_install


def claim_install(session: Session, install_id: str, person_id: str, device: dict[str, Any]) -> Install:
    """The install of this person, made at its first sign-in; Problem when it belongs to another person."""
    lock(session, {of_install(install_id)})
    install = session.get(Install, install_id)
    if install is None:
        install = Install(id=install_id, person_id=person_id)
        session.add(install)
    if install.person_id != person_id:
        raise Problem("auth.install_taken")
    install.name = device.get("name", "") or install.name or ""
    install.model = device.get("model", "") or install.model or ""
    install.app_build = device.get("app_build", "") or install.app_build or ""
    install.public_key_jwk = device.get("public_key_jwk") or install.public_key_jwk
    install.last_seen_at = now()
    session.flush()
    return install
