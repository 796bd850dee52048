"""How often each check tells what it should, and how often what it should not: over a labelled set, by the real intake.

    .venv/bin/python -m tests.evidence.rates [--each 8] [--seed 1]

Every photo is pushed and uploaded as a phone does it, opened in its own process, checked with what the database knows.
Recall: of the photos that must be given a reason, how many were. False alarms: of those that must not, how many were.
Prints, and judges only in tests/evidence/test_rates.py.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("RUHU_TESTING", "1")

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server import db, schema
from server.accounts.tables import Install
from server.app import create_app
from server.config import Settings
from server.evidence import tasks
from server.evidence.tables import PhotoCheck
from server.sync.tables import Attachment
from tests.evidence.labelled import AGAIN, METRE, START, Case, cases, house
from tests.evidence.test_judging import Camera
from tests.world import QINGSHI, World, add_household, add_policies, build_world

Told = Mapping[str, str]  # code → level


@dataclass
class Rates:
    """Each case with what was told of it."""

    told: list[tuple[Case, Told]] = field(default_factory=list)

    def recall(self, code: str) -> tuple[int, int]:
        """Told, of those that must be."""
        due = [code in told for case, told in self.told if code in case.must]
        return sum(due), len(due)

    def false_alarms(self, code: str) -> tuple[int, int]:
        """Told, of those that must not be."""
        others = [code in told for case, told in self.told if code not in case.must | case.may]
        return sum(others), len(others)

    def same(self, kind: str) -> tuple[int, int]:
        """Of the photos used again so: told as the same picture, and told at all."""
        levels = [told.get("DUP_NEAR") for case, told in self.told if case.kind == kind]
        return levels.count("fail"), len(levels) - levels.count(None)

    def of_kind(self, kind: str) -> int:
        return sum(case.kind == kind for case, _ in self.told)

    def codes(self) -> list[str]:
        return sorted({code for case, told in self.told for code in (*case.must, *told)})

    def surprises(self) -> Counter[tuple[str, str]]:
        """(kind, code): + must be told and was not, - was told and must not."""
        found: Counter[tuple[str, str]] = Counter()
        for case, told in self.told:
            found.update((case.kind, f"missed {code}") for code in case.must - set(told))
            found.update((case.kind, f"told {code}") for code in set(told) - case.must - case.may)
        return found


def measure(world: World, given: Iterable[Case]) -> Rates:
    """Sends every case as a visit, has the worker do its work, reads what was told."""
    world.run(add_policies)
    phones = {name: Camera(world, "li") for name in ("old", "new")}
    world.run(lambda session: _age(session, phones["old"], timedelta(days=200)))
    ids: dict[int, str] = {}
    sent: list[tuple[Case, str]] = []
    at = START
    for case in given:
        at += case.after
        if case.house not in ids:
            ids[case.house] = world.run(lambda session, number=case.house: _settle(session, world, number))
        if case.phone == "new":
            world.run(lambda session, at=at: _age(session, phones["new"], START - at + timedelta(hours=1)))
        sent.append((case, _send(phones[case.phone], case, ids[case.house], at)))
        if case.phone == "new":  # one check of it: later the same phone is no longer new
            _work(world)
    _work(world)
    _work(world)
    found = world.look(_read)
    return Rates([(case, found[instance_id]) for case, instance_id in sent])


def _work(world: World) -> None:
    with world.app.app_context():
        tasks.sweep(world.app.config["RUHU"], grace=timedelta(0))


def _age(session: Session, camera: Camera, old: timedelta) -> None:
    """When the phone was first seen, against the first visit."""
    mine = Install.id == camera.phone.install_id
    session.execute(update(Install).where(mine).values(created_at=START - old))


def _settle(session: Session, world: World, number: int) -> str:
    """A household with a house of its own."""
    lon, lat = house(number)
    household = str(uuid.uuid4())
    values = {
        "region": QINGSHI, "head_name": f"户{number}", "lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "accuracy_m": "8",
        "datum": "wgs84", "source": "gps",
    }  # fmt: skip
    add_household(session, world.people["import"], household, values)
    return household


def _send(camera: Camera, case: Case, household: str, at: Any) -> str:
    """One visit; id of its instance."""
    content = case.content(at)
    wanted = dict(case.capture)
    lon, lat = house(case.house)
    wobble = 0 if wanted.get("pinned") else at.timestamp() % 97 / 20  # no two fixes are the same
    fix = {
        "lon": round(lon + (case.moved[0] + wobble) * METRE, 7), "lat": round(lat + case.moved[1] * METRE, 7),
        "accuracy_m": wanted.get("accuracy_m", 8),
        "time": (at - timedelta(seconds=wanted.get("fix_age_s", 3))).isoformat(),
    }  # fmt: skip
    record = {
        "wall_ms": int(at.timestamp() * 1000), "fix": None if wanted.get("no_fix") else fix,
        "source": wanted.get("source", "live"),
    }  # fmt: skip
    attachments = camera.sealed([content], **record)
    if wanted.get("changed"):
        attachments[0]["capture"]["wall_ms"] += 1000
    return camera.send([content], attachments, household=household, clock=dict(case.clock))


def _read(session: Session) -> Mapping[str, dict[str, str]]:
    """instance → code → level."""
    rows = session.execute(
        select(Attachment.instance_id, PhotoCheck.code, PhotoCheck.level).join(
            PhotoCheck, PhotoCheck.attachment_id == Attachment.id
        )
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        found[row.instance_id][row.code] = row.level
    return found


def show(rates: Rates) -> None:
    print(f"{len(rates.told)} photos, {sum(case.kind.startswith('honest') for case, _ in rates.told)} of them honest\n")
    print(f"{'check':<12}{'recall':>18}{'false alarms':>20}")
    for code in rates.codes():
        print(f"{code:<12}{_share(*rates.recall(code)):>18}{_share(*rates.false_alarms(code)):>20}")
    print(f"\n{'used again':<30}{'as the same (≤ 40)':>20}{'at all (≤ 56)':>16}{'field':>8}")
    for kind, (_, least) in AGAIN.items():
        same, told = rates.same(kind)
        count = rates.of_kind(kind)
        print(f"{kind:<30}{_share(same, count):>20}{_share(told, count):>16}{least:>8.2f}")
    for (kind, what), count in sorted(rates.surprises().items()):
        print(f"  {kind}: {what} ({count})")


def _share(some: int, of: int) -> str:
    return f"{some / of:.3f} ({some}/{of})" if of else "-"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--each", type=int, default=8, help="photos, or pairs of them, of every kind")
    given.add_argument("--seed", type=int, default=1)
    chosen = given.parse_args()
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{name}/rates.sqlite"
        app = create_app(Settings(database_url=url, var=Path(name), testing=True))
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        with app.app_context():
            schema.migrate(db.db.engine)
        show(measure(build_world(app), cases(chosen.seed, chosen.each)))
        with app.app_context():
            db.db.engine.dispose()


if __name__ == "__main__":
    main()
