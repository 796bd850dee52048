"""Where the seed comes from: dice rolled in public, or two people of whom neither could choose it alone.

By commit and reveal each of two first gives the SHA-256 of an own secret; only when both hashes are there, and
published, are the secrets given. How a seed is made of them: draw_record.py.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import now, upsert
from server.errors import Fault, Problem
from server.inspection.draw_record import check_dice, commitment_of, is_secret, seed_of_two
from server.inspection.freezing import circumstances, publish_freeze
from server.inspection.planning import at_work
from server.inspection.tables import Inspection, InspectionCommitment

PARTIES = 2
_WEAK = (
    "承诺的秘密太短或有空格、非英文字符：要 16–200 个英文字符，不然凭校验码就能试出来 / "
    "What was committed to is too short, or has blanks or other letters: 16 to 200 ASCII characters, "
    "else its hash can be tried out."
)
_ANEW = "承诺换不了：重新做一个抽查计划再抽 / A commitment cannot be changed: plan another inspection and draw that."


def commit(session: Session, actor: Actor, inspection_id: str, sha256: str, key: Ed25519PrivateKey) -> Inspection:
    """Keeps one person's hash; with the second one the freeze is published (signed with `key`).

    Problems: inspection.state, inspection.seed (a third person, or another hash).
    """
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
    session.flush()
    if len(known) + 1 == PARTIES:
        publish_freeze(session, inspection, key)
    return inspection


def reveal(session: Session, actor: Actor, inspection_id: str, secret: str) -> Inspection:
    """Opens the own commitment. Problem inspection.seed: nobody waits for it, it is not what was committed to, or it
    can be guessed. The hash does not tell that, so it is known only now, and nothing but a new plan helps.
    """
    inspection = at_work(session, actor, inspection_id, "frozen")
    _by_reveal(inspection)
    rows = commitments(session, inspection_id)
    mine = next((row for row in rows if row.person_id == actor.id), None)
    if mine is None or len(rows) < PARTIES:
        raise _refused("secret", "要等两人都承诺 / Both have to commit first.", "先承诺 / Commit first.")
    if commitment_of(secret) != mine.sha256:
        why = "与承诺不符 / It is not what was committed to."
        raise _refused("secret", why, "逐字核对 / Check it letter by letter.")
    if not is_secret(secret):
        raise _refused("secret", _WEAK, _ANEW)
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
    """The seed of the draw. `digits`: as rolled. Problem draw.refused."""
    if inspection.seed_way == "dice":
        return check_dice(digits or "")
    return seed_of_two(circumstances(session, inspection).commitments)


def _refused(where: str, why: str, fix: str) -> Problem:
    return Problem("inspection.seed", faults=[Fault(where, why, fix)])
