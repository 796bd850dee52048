"""Who follows households by the own feed, wherever these lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.sync.followers import followers
from server.sync.loans import frame_of


@dataclass(frozen=True)
class Audience:
    """By household: the helpers, who get it whole, and the borrowers with the datasets that their loans show."""

    helpers: Mapping[str, Sequence[str]]
    borrowers: Mapping[str, Mapping[str, Set[str]]]

    def feeds(self, root: str, dataset: str) -> list[str]:
        """Their feeds, as far as they see this dataset."""
        lent = self.borrowers.get(root, {})
        return self.own_feeds(root, {person for person, shown in lent.items() if dataset in shown})

    def own_feeds(self, root: str, others: set[str]) -> list[str]:
        """The feeds of the helpers and of these people."""
        return [f"user:{person}" for person in sorted(others.union(self.helpers.get(root, ())))]


def audience(session: Session, roots: Set[str]) -> Audience:
    """Who follows these households; until the transaction ends nobody comes and nobody goes."""
    helpers: dict[str, list[str]] = defaultdict(list)
    borrowers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in followers(session, roots):
        if row.form_id is None:
            helpers[row.household_id].append(row.person_id)
        else:
            borrowers[row.household_id][row.person_id] |= set(frame_of(session, row.form_id))
    return Audience(helpers, borrowers)
