"""One run: a seed decides who does what, when the line breaks, when the power goes; then all is healed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import update

from server import db
from server.accounts.tables import Install
from tests.simulation.core import Core
from tests.simulation.fate import Fate
from tests.simulation.network import Line
from tests.simulation.people import DESK, YEARS, Desk, Draft, Shown, Worker, new_id, poison, visit
from tests.simulation.stage import Stage
from tests.simulation.upgrade import KNOWN
from tests.world import WANG, WANG_SON

PEOPLE = (("a", "li"), ("b", "helper"), ("c", "li"), ("d", "bai"))
KEYS = [f"entity:household:{WANG}", f"entity:member:{WANG_SON}"]
TICKS, TICK = 26, 180.0  # events of a run; seconds between them
ROUNDS = 8  # rounds in which a healed phone must have sent everything


class StuckError(AssertionError):
    """A phone that could reach the server for a long time still has unsent work."""


@dataclass
class Run:
    """One seed."""

    seed: int
    stage: Stage
    core: Core
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.stage.reset()
        self.line = Line(self.stage, self.rng, self.rng.choice((0.0, 0.15, 0.4)), self.log)
        self.workers = [self._open(*one) for one in PEOPLE[: self.rng.randint(2, len(PEOPLE))]]
        desk = self.stage.world.phone(DESK, f"desk-{self.seed}")
        self.desk = Desk(desk, self.rng, self.log)
        self.fate = Fate(self.stage, self.desk, self.seed, TICKS, self.log)
        self.saved: list[tuple[Worker, dict[str, Any]]] = []

    def _open(self, name: str, person: str) -> Worker:
        install_id = f"{name}-{self.seed}"
        self.line.tokens[name] = self.stage.world.phone(person, install_id).token
        worker = Worker(name, person, install_id)
        event = {"type": "open", "install_id": install_id, "user_id": self.stage.world.people[person]}
        self.tell(worker, {**event, "seed": self.seed})
        return worker

    def tell(self, worker: Worker, event: dict[str, Any], disk: str = "well") -> dict[str, Any]:
        """One event to a phone; what it asks for is kept until the line has an answer."""
        answer = self.core.send(worker.name, self.stage.clock.now + worker.skew, event, disk)
        if event["type"] in ("sync", "answered", "refused", "failed") and (answer["effects"] or "error" in answer):
            worker.ask = next(iter(answer["effects"]), None)
            if worker.ask and worker.ask["ask"] == "done":
                worker.ask = None
        if event["type"] == "crash":
            worker.ask = None
        return answer

    def go(self) -> None:
        """All of it: some work in calm, the storm, the healing."""
        for worker in self.workers:
            self.sync(worker, calm=True)
        for tick in range(TICKS):
            self.stage.clock.now += TICK
            self.fate.befall(tick)
            self.happen(tick, self.rng.choice(self.workers))
        self.heal()

    def happen(self, tick: int, worker: Worker) -> None:
        roll = self.rng.random()
        if roll < 0.30:
            self.save(worker)
        elif roll < 0.72:
            self.step(tick, worker)
        elif roll < 0.82:
            self.desk.act()
        elif roll < 0.88:
            self.stumble(worker)
        elif roll < 0.93:
            self.line.deliver_late()
        elif roll < 0.96:
            worker.offline = tick + self.rng.randrange(8)
        elif roll < 0.975 and worker.name == "c" and not (worker.revoked or self.fate.is_full):
            self.revoke(worker)
        else:
            self.open_draft(worker)

    def save(self, worker: Worker) -> None:
        """A visit is saved; now and then a broken one, or one whose form was opened long before."""
        draft = worker.drafts.pop() if worker.drafts and self.rng.random() < 0.6 else None
        draft = draft or self.opened(worker)
        saving = visit(self.rng, draft.version, draft.shown) | {"known": KNOWN[draft.version]}
        saving |= {"draft": draft.id} if draft.id else {}
        if self.rng.random() < 0.06:
            saving = poison(self.rng, saving)
        disk = "full" if self.rng.random() < 0.05 else "well"
        answer = self.tell(worker, saving, disk)
        # On a phone that was wiped nobody is signed in: there is no form to save.
        if "op" in answer and not answer["state"]["wiped"]:
            worker.ops.append(answer["op"] | {"writes": saving["writes"]})
            self.saved.append((worker, answer["op"]))
        told = f"{worker.name} saves {saving['op_id'][:8]} with form {draft.version}"
        self.log.append(f"{told} {saving['writes'][0]['values']} {answer.get('error', '')}")

    def opened(self, worker: Worker, id: str = "") -> Draft:
        """A form of the version that the phone has, with all fields shown or with those that are asked again."""
        looked = self.look(worker)
        if looked["rows"].get("form:small_visit:2", {}).get("state") == "published" and self.rng.random() < 0.7:
            worker.version = "2"
        shown: Shown = {}
        if self.rng.random() < 0.5:
            seen = self.look(worker, KNOWN[worker.version])["seen"]
            shown = seen.get(KEYS[0], {}).get("data", {})
        return Draft(id, worker.version, shown)

    def open_draft(self, worker: Worker) -> None:
        draft = self.opened(worker, new_id(self.rng))
        event = {"type": "draft", "draft": draft.id, "household_id": WANG, "keys": KEYS}
        self.tell(worker, event | {"known": KNOWN[draft.version]})
        worker.drafts.append(draft)

    def step(self, tick: int, worker: Worker) -> None:
        """Some requests of a round: rounds of several phones interleave."""
        if tick < worker.offline:
            return
        if worker.ask is None:
            self.tell(worker, {"type": "sync", "check": self.rng.random() < 0.2})
        for _ in range(self.rng.choice((1, 2, 4, 9))):
            if worker.ask is None:
                return
            heard = self.line.meet(worker.name, worker.ask)
            disk = "well" if self.rng.random() > self.line.ill / 5 else self.rng.choice(("full", "crash"))
            answer = self.tell(worker, heard, disk)
            if "error" in answer:
                self.log.append(f"{worker.name}: {answer['error']}")
                self.tell(worker, {"type": "crash"})

    def stumble(self, worker: Worker) -> None:
        """The phone's power goes, or somebody sets its clock."""
        if self.rng.random() < 0.5:
            self.log.append(f"{worker.name}: power off")
            self.tell(worker, {"type": "crash"})
        else:
            worker.skew = self.rng.uniform(-YEARS, YEARS)
            self.log.append(f"{worker.name}: clock {worker.skew / 86400:+.0f} days")

    def revoke(self, worker: Worker) -> None:
        self.log.append(f"{worker.name}: revoked")
        worker.revoked = True
        with self.transaction() as session:
            session.execute(update(Install).where(Install.id == worker.install_id).values(revoked_at=db.now()))

    def heal(self) -> None:
        """The line is well, everything that was late arrives, every phone syncs until it has nothing to send."""
        self.line.ill = 0.0
        self.log.append("healed")
        self.fate.heal()
        while self.line.late:
            self.line.deliver_late()
        for worker in self.workers:
            self.tell(worker, {"type": "crash"})
            for _ in range(ROUNDS):
                self.stage.clock.now += 3600
                state = self.sync(worker)
                if state["wiped"] or not (state["ops"]["queued"] or state["photos_pending"]):
                    break
            else:
                raise StuckError(f"{worker.name}: {state}")
        for worker in self.workers:
            self.stage.clock.now += 3600
            self.sync(worker)

    def sync(self, worker: Worker, calm: bool = True) -> dict[str, Any]:
        """A whole round on a line that is well; the phone's state after it."""
        kept, self.line.ill = self.line.ill, 0.0 if calm else self.line.ill
        answer = self.tell(worker, {"type": "sync", "check": True})
        for _ in range(200):
            if worker.ask is None:
                break
            answer = self.tell(worker, self.line.meet(worker.name, worker.ask))
        else:
            raise StuckError(f"{worker.name}: the round does not end")
        self.line.ill = kept
        state: dict[str, Any] = answer["state"]
        return state

    def look(self, worker: Worker, known: int | None = None) -> dict[str, Any]:
        """What the phone holds; `seen`: its records, in the words of a form that knows so many steps."""
        return self.tell(worker, {"type": "look"} | ({} if known is None else {"known": known}))

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self.stage.app.app_context(), db.db.engine.begin() as connection:
            yield connection
