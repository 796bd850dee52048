"""Who follows a household by the own feed: helpers and borrowers. They stay the same while somebody is telling them.

Whoever tells them shares their name with others who do; whoever adds or takes one has it alone. Otherwise a follower
who comes in between would be told by nobody: not by the one who comes with a change, nor by the one who added him.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from typing import Any

from sqlalchemy import String, null, select, union_all
from sqlalchemy.orm import Session

from server.accounts.tables import HelperOf, Loan
from server.db import ask, lock, lock_shared
from server.lock_names import of_followers
from server.sending import Found, Ready, among

_FOLLOWERS = Ready(
    union_all(
        select(HelperOf.household_id, HelperOf.person_id, null().cast(String).label("form_id")).where(
            among(HelperOf.household_id, "roots")
        ),
        select(Loan.household_id, Loan.person_id, Loan.form_id).where(
            among(Loan.household_id, "roots"), Loan.ended_at.is_(None)
        ),
    )
)
_AHEAD = "followers asked for ahead"


def followers(session: Session, roots: Set[str]) -> Iterable[Any]:
    """Rows (household_id, person_id, form_id; None for helpers). Until the transaction ends nobody comes or goes."""
    asked, found = session.info.get(_AHEAD, (frozenset(), ()))
    if roots <= asked:
        return [row for row in found if row.household_id in roots]
    return _ask(session, roots)


def ask_ahead(session: Session, roots: Set[str]) -> None:
    """Has them asked for with whatever is asked next: they will be wanted. Not within a savepoint, whose locks would be
    gone with it.
    """
    if roots and session.get_nested_transaction() is None:
        session.info[_AHEAD] = (roots, _ask(session, roots))


def keep_out(session: Session, households: Collection[str]) -> None:
    """Before a follower of these households is added or taken."""
    session.info.pop(_AHEAD, None)
    lock(session, {of_followers(household) for household in households})


def _ask(session: Session, roots: Set[str]) -> Found:
    lock_shared(session, {of_followers(root) for root in roots})
    return ask(session, _FOLLOWERS, {"roots": list(roots)})
