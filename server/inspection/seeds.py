"""Where the seed comes from: dice rolled in public, or two people of whom neither could choose it alone.

By commit and reveal each of two first gives the SHA-256 of an own secret, a row of digits; only when both hashes are
there are the secrets given. The seed is both rows of digits, one behind the other, in the order of their hashes.
"""

from __future__ import annotations

import hashlib
import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import now, upsert
from server.errors import Fault, Problem
from server.inspection.planning import at_work
from server.inspection.tables import Inspection, InspectionCommitment

DICE = re.compile(r"[0-9]{20,200}", re.ASCII)
SECRET = re.compile(r"[0-9]{20,100}", re.ASCII)
PARTIES = 2


def commit(session: Session, actor: Actor, inspection_id: str, sha256: str) -> Inspection:
    """Keeps one person's hash. Problems: inspection.state, inspection.seed (a third person, or another hash)."""
    inspection = at_work(session, actor, inspection_id, "frozen")
    _by_reveal(inspection)
    known = {row.person_id: row.sha256 for row in commitments(session, inspection_id)}
    if actor.id in known and known[actor.id] == sha256:
        return inspection
    if actor.id in known or len(known) >= PARTIES or sha256 in known.values():
        why = "已有两人承诺，或您已承诺过 / Two have committed, or you have already."
        raise _refused("sha256", why, "按已承诺的揭示 / Reveal what was committed to.")
    statement = upsert(session, InspectionCommitment).values(
        inspection_id=inspection_id, person_id=actor.id, sha256=sha256, committed_at=now()
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["inspection_id", "person_id"]))
    note(session, actor.id, "inspection.committed", inspection_id, sha256=sha256)
    return inspection


def reveal(session: Session, actor: Actor, inspection_id: str, secret: str) -> Inspection:
    """Opens the own commitment. Problem inspection.seed: nobody waits for it, or it is not what was committed to."""
    inspection = at_work(session, actor, inspection_id, "frozen")
    _by_reveal(inspection)
    rows = commitments(session, inspection_id)
    mine = next((row for row in rows if row.person_id == actor.id), None)
    if mine is None or len(rows) < PARTIES:
        raise _refused("secret", "要等两人都承诺 / Both have to commit first.", "先承诺 / Commit first.")
    if not SECRET.fullmatch(secret) or hashlib.sha256(secret.encode()).hexdigest() != mine.sha256:
        why = "与承诺不符 / It is not what was committed to."
        raise _refused("secret", why, "逐字核对 / Check it letter by letter.")
    if mine.secret is None:
        mine.secret, mine.revealed_at = secret, now()
        note(session, actor.id, "inspection.revealed", inspection_id)
    return inspection


def _by_reveal(inspection: Inspection) -> None:
    if inspection.seed_way != "reveal":
        raise _refused("seed", "这次用骰子 / This one is drawn by dice.", "掷骰子 / Roll dice.")


def commitments(session: Session, inspection_id: str) -> list[InspectionCommitment]:
    """In the order of the hashes, which nobody can foresee of the other."""
    query = select(InspectionCommitment).where(InspectionCommitment.inspection_id == inspection_id)
    return list(session.scalars(query.order_by(InspectionCommitment.sha256)))


def seed_for(session: Session, inspection: Inspection, digits: str | None) -> str:
    """The seed of the draw. `digits`: as rolled. Problem inspection.seed."""
    if inspection.seed_way == "dice":
        if not DICE.fullmatch(digits or ""):
            raise _refused("seed", "要至少 20 位数字 / At least 20 digits are wanted.", "再掷几次 / Roll on.")
        return str(digits)
    secrets = [row.secret for row in commitments(session, inspection.id)]
    if len(secrets) < PARTIES or None in secrets:
        raise _refused("seed", "还没有两人都揭示 / Not both have revealed.", "等两人都揭示 / Wait for both.")
    return "".join(str(secret) for secret in secrets)


def _refused(where: str, why: str, fix: str) -> Problem:
    return Problem("inspection.seed", faults=[Fault(where, why, fix)])
