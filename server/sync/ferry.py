"""Small pushes that wait at one moment cross together: one of them stores and judges for all, in the same transactions.

Most of what a single submission costs is the two transactions around it. Whoever comes first takes along who waits;
the others find their answer when their turn comes. Each answer still goes out after its commit, each op keeps its own
outcome, and when a crossing fails every push crosses alone, as if there were no ferry.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from flask import current_app

from server.sync.push import PushAnswer, push_parcels
from server.sync.raw import Parcel

MOST_OPS = 8  # of one push; a larger one has its own batch to share its costs
ROOM = 32  # pushes on one crossing
PATIENCE = 0.006  # seconds that a crossing waits for those who were on the last one
_NAME = "ruhu_ferry"
log = structlog.get_logger()


@dataclass(eq=False)
class _Passenger:
    """One push; `alone`: a crossing with others failed."""

    parcel: Parcel
    answer: PushAnswer | None = None
    alone: bool = False

    def clashes(self, other: _Passenger) -> bool:
        """One install, or one op, twice: such pushes see each other's outcome only one after the other."""
        mine, theirs = self.parcel, other.parcel
        install = mine.actor.install_id
        if install is not None and install == theirs.actor.install_id:
            return True
        return not {op.op_id for op in mine.ops}.isdisjoint(op.op_id for op in theirs.ops)


class Ferry:
    """The landing of one process."""

    def __init__(self) -> None:
        self._boat = threading.Lock()
        self._landing = threading.Condition()
        self._waiting: list[_Passenger] = []
        self._regulars = 1

    def cross(self, parcel: Parcel) -> PushAnswer:
        """The answer to what one sender brings, after its commit."""
        me = _Passenger(parcel)
        with self._landing:
            self._waiting.append(me)
            self._landing.notify_all()
        try:
            with self._boat:
                if me.answer is None and not me.alone:
                    self._sail(self._board(me))
        finally:
            with self._landing:
                self._waiting = [one for one in self._waiting if one is not me]
        return me.answer or push_parcels([parcel])[0]

    def _board(self, me: _Passenger) -> list[_Passenger]:
        """Who crosses with me. Waits a moment for those who crossed with others just now: their next push is near."""
        with self._landing:
            until = time.monotonic() + PATIENCE
            while len(self._waiting) < self._regulars and (left := until - time.monotonic()) > 0:
                self._landing.wait(left)
            aboard = [me]
            for one in self._waiting:
                if len(aboard) < ROOM and one is not me and not any(one.clashes(other) for other in aboard):
                    aboard.append(one)
            self._waiting = [one for one in self._waiting if one not in aboard]
        return aboard

    def _sail(self, aboard: Sequence[_Passenger]) -> None:
        try:
            answers = push_parcels([one.parcel for one in aboard])
        except Exception as error:
            if len(aboard) == 1:
                raise
            # Whose fault it was is told to its own sender, who crosses alone.
            log.warning("crossing failed", pushes=len(aboard), kind=type(error).__name__)
            for one in aboard:
                one.alone = True
            return
        for one, answer in zip(aboard, answers, strict=True):
            one.answer = answer
        with self._landing:
            self._regulars = min(ROOM, len(aboard) + len(self._waiting))


def push_together(brought: Parcel) -> PushAnswer:
    """As `push`; a small one shares its transactions with others of this process."""
    if len(brought.ops) > MOST_OPS or not current_app.config["RUHU"].share_pushes:
        return push_parcels([brought])[0]
    ferry: Ferry = current_app.extensions.setdefault(_NAME, Ferry())
    return ferry.cross(brought)
