"""One inspection of the demo county, drawn and open: what was checked lately is spared, two inspectors are on the way.

Every id and the dice are fixed, so a load that was cut off goes on where it stopped.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Person
from server.config import Settings
from server.demo.checks import spot
from server.demo.county import County
from server.demo.seed import SEED, dice
from server.demo.submit import Desk, Form
from server.demo.words import ADMIN, COUNTY, INSPECTORS
from server.demo.works import Work
from server.forms.tables import FormVersion
from server.inspection import drawing, freezing, opening, tasks
from server.inspection.planning import Wanted, make_plan
from server.inspection.signing import draw_key
from server.inspection.tables import DRAWN, Inspection, InspectionTask
from server.inspection.tasks import Sending

_NAMES = uuid.UUID("3f0b8c1a-9a0e-4a53-8c59-55d1f3a1c7e2")
FORM = "spot_check"
DICE = "27182818284590452353"  # as it fell in the town hall of the invented county
BETWEEN = timedelta(hours=1)  # from the end of a visit to that of the next
DONE = 3  # visits that the second inspector has made by the time that a newcomer looks
PLAN = {"design": "two_stage", "stratum": "township", "villages": 1, "households": 6, "reserves": 3}


def inspect(settings: Settings, county: County, forms: Mapping[str, FormVersion]) -> None:
    """Plans, draws, opens and sends; the first inspector's tasks are all still to be done."""
    by_name = {worker.username: worker.id for worker in county.workers}
    key, admin = draw_key(settings.keys), by_name[ADMIN[0]]
    inspection_id = db.transact(lambda session: _draw(session, _actor(session, admin), county, key))
    first, second = (by_name[username] for username, _ in INSPECTORS)
    taken = db.transact(lambda session: _send(session, _actor(session, admin), inspection_id, (first, second)))
    desk = Desk(settings, county, {FORM: Form.of(forms[FORM])})
    homes = {household.id: household for household in county.households}
    with db.read() as session:
        opened = session.get_one(Inspection, inspection_id).opened_at
    for left, household in zip(range(DONE - 1, -1, -1), taken, strict=False):
        made = spot(dice(f"inspection {household}"), homes[household], second, county.today)
        desk.submit(_by(opened - left * BETWEEN, made) if opened else made)


def _by(latest: datetime, made: Work) -> Work:
    """The visit, over by `latest`: nobody has come from a house at an hour of today that is still to come."""
    late = max(made.ended - latest, timedelta(0))
    return replace(made, started=made.started - late, ended=made.ended - late)


def _actor(session: Session, person_id: str) -> Actor:
    return load_actor(session, session.get_one(Person, person_id))


def _draw(session: Session, actor: Actor, county: County, key: Ed25519PrivateKey) -> str:
    wanted = Wanted(
        id=_id("inspection"),
        region=COUNTY[0],
        name_zh="年底入户抽查（演示）",
        name_en="Year-end spot checks (demo)",
        plan=PLAN,
        form_ids=(FORM,),
        recent="leave_out",
        seed_way="dice",
        starts_on=county.today,
        ends_on=county.today + timedelta(days=13),
    )
    inspection = make_plan(session, actor, wanted)
    if inspection.state not in DRAWN:
        freezing.freeze(session, actor, inspection.id, key)
        drawing.draw_sample(session, actor, inspection.id, DICE, key)
    if inspection.state != "closed":
        opening.open_up(session, actor, inspection.id)
    return inspection.id


def _send(session: Session, actor: Actor, inspection_id: str, people: Sequence[str]) -> list[str]:
    """Every other village to each; the households of the second inspector."""
    inspection = session.get_one(Inspection, inspection_id)
    query = select(InspectionTask).where(InspectionTask.inspection_id == inspection.id)
    rows = session.scalars(query.order_by(InspectionTask.village_code, InspectionTask.id)).all()
    villages = sorted({row.village_code for row in rows})
    for turn, person_id in enumerate(people):
        ids = tuple(row.id for row in rows if villages.index(row.village_code) % 2 == turn and row.state == "waiting")
        if ids:
            tasks.send(session, actor, inspection_id, Sending(_id(f"send {turn}"), ids, person_id))
    return [row.household_id for row in rows if villages.index(row.village_code) % 2 == 1]


def _id(name: str) -> str:
    return str(uuid.uuid5(_NAMES, f"{SEED} {name}"))
