"""Findings of the demo county in three states: just opened, appealed, and being put right."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Person
from server.demo.county import County
from server.demo.seed import SEED
from server.demo.words import ADMIN, APPRAISER, CADRES, SUPERVISORS
from server.inspection import finding_news, finding_steps, findings
from server.inspection.finding_steps import Asked
from server.inspection.findings import Opening

_NAMES = uuid.UUID("5a2c1f8e-0a53-49d8-8f57-7c40a4d6d0f2")
_DAYS = 10  # to put right


@dataclass(frozen=True)
class Tale:
    """One finding: who opens it, about what, and the steps that were taken: (user name, step, words)."""

    opener: str
    kind: str
    text: str
    village: int
    household: bool
    steps: Sequence[tuple[str, str, str]] = ()


TALES = (
    Tale(SUPERVISORS[0][0], "water", "水窖没有盖，入口堆着杂物。", 1, True),
    Tale(
        APPRAISER[0], "housing", "厨房屋檐开裂掉土，有人在下面做饭。", 1, True,
        ((CADRES[1][0], "appeal", "厨房上月已经停用，做饭搬到了东屋，请再看。"),),
    ),
    Tale(
        ADMIN[0], "procedure", "公示栏里没有这次评议的结果。", 0, False,
        ((CADRES[0][0], "accept", ""), (SUPERVISORS[0][0], "order", "补公示，并查其他组有没有同样的情况。")),
    ),
)  # fmt: skip


def open_findings(county: County) -> None:
    """Opens them through the same doors as real work; ids come from the seed, so again is harmless."""
    for number, tale in enumerate(TALES):
        db.transact(partial(_tell, county=county, number=number, tale=tale))


def _tell(session: Session, county: County, number: int, tale: Tale) -> None:
    villages = [area.code for area in county.areas if area.level == "village"]
    code = villages[tale.village]
    houses = [one.id for one in county.households if str(one.values["region"]).startswith(code[:12])]
    household = houses[(3 + number) % len(houses)] if tale.household else None
    region = None if household else code
    given = _id(f"{number}")
    opening = Opening({"kind": "hand"}, tale.text, tale.kind, given, region, household)
    findings.open_finding(session, _actor(session, tale.opener), opening)
    for place, (name, step, words) in enumerate(tale.steps):
        due = db.today() + timedelta(days=_DAYS) if step == "order" else None
        asked = Asked(_id(f"{number}:{place}"), step, words, due=due, lead="村委会" if due else None)
        finding, new = finding_steps.take(session, _actor(session, name), given, asked)
        if new:
            finding_news.tell(session, finding)


def _actor(session: Session, username: str) -> Actor:
    return load_actor(session, session.scalars(select(Person).where(Person.username == username)).one())


def _id(name: str) -> str:
    return str(uuid.uuid5(_NAMES, f"{SEED}:{name}"))
