"""A proposed version read and checked as a loaded one is, and for the area of who proposes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import Fault, Problem
from server.forms.definition_file import DefinitionFile
from server.forms.policies import AREA, Policy, PolicyVersion, read_version
from server.forms.policy_store import faults_of
from server.forms.policy_versions import faults_with
from server.geo.tables import Region

LENGTHS = (2, 4, 6, 9, 12)  # of the beginnings of codes that name an area


def area_of(code: str) -> str:
    """The shortest beginning of a region's code that names it: 990101000000 → 990101."""
    return next((code[:length] for length in LENGTHS if code[:length].ljust(12, "0") == code), code)


def own_region(session: Session, actor: Actor, area: str) -> Region:
    """The region of an area that the actor administers. Problem request.invalid, for foreign and unknown alike."""
    is_named = bool(area) and AREA.fullmatch(area) is not None
    region = session.scalar(select(Region).where(Region.code == area.ljust(12, "0"))) if is_named else None
    if region is None or not actor.covers(region.path, ("admin",)):
        fix = "Choose your own area or one inside it; wider ones are set by who administers them."
        raise Problem("request.invalid", faults=[Fault("area", "This is no area that you administer.", fix)])
    return region


def proposed(policy: Policy, body: Mapping[str, Any], version_id: str, today: date) -> PolicyVersion:
    """The version that a body describes. Problem policy.invalid with every fault.

    Numbers that hold anyway are part of it too: they hold on when a wider area changes.
    """
    file = DefinitionFile(Path(policy.name), {}, {})
    given = {
        "id": version_id,
        "area": body["area"],
        "from": body["from"],
        **({"until": body["until"]} if body.get("until") else {}),
        "status": body.get("status") or "indicative",
        "source": body.get("source") or "",
        "values": dict(body["values"]),
    }
    version = read_version(file, (), given, policy.values)
    issues = [*file.issues]
    if version is not None and not issues:
        issues += faults_with(policy, version, today)
    if issues or version is None:
        raise Problem("policy.invalid", faults=[_plain(fault) for fault in faults_of(issues)])
    return replace(version, labels=None)


def _plain(fault: Fault) -> Fault:
    """What was typed into a page has no lines: only the name of the value is told."""
    return replace(fault, where=fault.where.rpartition(" ")[2]) if " line " in fault.where else fault
