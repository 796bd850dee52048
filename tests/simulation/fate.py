"""What befalls the server in a run, by its seed: a later program with a second version of the form, and full disks."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from sqlalchemy.exc import DBAPIError

from server.failures import is_full
from tests.simulation.people import Desk
from tests.simulation.stage import Stage
from tests.world import Phone

LIKELY = 0.4  # of an upgrade, and of a full disk
DISKS = (("records",), ("photos",), ("records", "photos"))


@dataclass
class Fate:
    """One seed's. `todo`: (tick, what an administrator does then), in this order; what a full disk hinders waits."""

    stage: Stage
    desk: Desk
    seed: int
    ticks: int
    log: list[str]
    todo: list[tuple[int, str]] = field(default_factory=list)
    full: range = range(0)

    def __post_init__(self) -> None:
        self.rng = Random(f"fate {self.seed}")
        self.admin: Phone = self.stage.world.phone("admin", f"admin-{self.seed}")
        if self.rng.random() < LIKELY:
            begin = self.rng.randrange(3, self.ticks * 2 // 3)
            after = [("publish", begin + self.rng.randrange(6)), ("carry", begin + self.rng.randrange(9))]
            self.rng.shuffle(after)
            self.todo = [(begin, "renew"), *((tick, deed) for deed, tick in after)]
        if self.rng.random() < LIKELY:
            begin = self.rng.randrange(2, self.ticks - 6)
            self.full = range(begin, begin + self.rng.randrange(3, 12))
            self.disks, self.room = self.rng.choice(DISKS), self.rng.choice((0, 0, 1, 2, 5, 12))

    @property
    def is_full(self) -> bool:
        """Whether records cannot be written just now."""
        return self.stage.room.left is not None

    def befall(self, tick: int) -> None:
        if self.full and tick == self.full.start:
            self.log.append(f"the server's disk of {' and '.join(self.disks)} is full (room {self.room})")
            self.stage.machine.full = "photos" in self.disks
            self.stage.room.left = self.room if "records" in self.disks else None
        if self.full and tick == self.full.stop:
            self._empty()
        while self.todo and self.todo[0][0] <= tick and self._do(self.todo[0][1]):
            self.todo.pop(0)

    def heal(self) -> None:
        """There is room, and what an administrator had begun is done."""
        self._empty()
        for _, deed in self.todo:
            assert self._do(deed)
        self.todo = []
        self.desk.send()

    def _empty(self) -> None:
        self.log.append("the server's disk has room")
        self.stage.machine.full, self.stage.room.left = False, None

    def _do(self, deed: str) -> bool:
        """Whether it is done; not while the disk is full."""
        self.log.append(f"server: {deed}")
        if deed == "renew":
            self.stage.renew()
            for phone in (self.desk.phone, self.admin):
                phone.client = self.stage.app.test_client()
            return True
        return self._carry() if deed == "carry" else self.publish(self.admin)

    def _carry(self) -> bool:
        try:
            self.stage.carry()
        except DBAPIError as error:
            if not is_full(error):
                raise
            return False
        return True

    @staticmethod
    def publish(admin: Phone) -> bool:
        answer = admin.post("/forms/small_visit/2/publish", {})
        assert answer.status_code in (200, 507), answer.text
        return bool(answer.status_code == 200)
