"""The day of a photo: every visit of its household that the reader may see, in order, and nothing beyond the area."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.db import CHINA
from server.sync.office_tables import Assignment
from server.sync.tables import Submission
from server.sync.unannounced import keep
from tests.evidence.test_judging import world  # noqa: F401
from tests.evidence.test_queue import items, queue  # noqa: F401
from tests.statements import statements
from tests.world import COUNTY, WANG, Phone, World

BLIND = "77777777-7777-4777-8777-777777777777"


def day(reader: Phone, photo_id: str) -> Any:
    answer = reader.get(f"/evidence/{photo_id}/day")
    assert answer.status_code == 200, answer.text
    return answer.json


def other_visit(world: World, hour: int, date: int = 21) -> str:  # noqa: F811
    """The helper's, which began then by the phone's word."""
    phone = world.phone("helper")
    op = phone.visit(base_version=None, water_days=str(hour))
    assert phone.send(op)[0]["status"] in ("applied", "conflicted", "merged")
    begun = {"started_at": datetime(2026, 11, date, hour, tzinfo=CHINA)}
    world.run(lambda session: session.query(Submission).filter_by(instance_id=op["instance_id"]).update(begun))
    return str(op["instance_id"])


def test_the_day_s_visits_stand_in_their_order_with_the_photo_s_own_among_them(queue: World) -> None:  # noqa: F811
    zhang = queue.phone("zhang")
    photo = items(zhang)[0]
    evening, night, dawn = other_visit(queue, 18), other_visit(queue, 0), other_visit(queue, 23)
    other_visit(queue, 9, date=20), other_visit(queue, 0, date=22)
    told = day(zhang, photo["id"])
    assert (told["day"], told["present"]) == ("2026-11-21", photo["instance_id"])
    ids = [one["instance_id"] for one in told["items"]]
    assert (ids[0], ids[-2:]) == (night, [evening, dawn]) and photo["instance_id"] in ids and len(ids) == 5
    own = next(one for one in told["items"] if one["instance_id"] == photo["instance_id"])
    assert own["author"]["username"] == "li" and own["photos"]["named"] == 1 and own["form_names"]


def test_it_takes_the_same_number_of_statements_for_one_visit_and_for_many(queue: World) -> None:  # noqa: F811
    zhang = queue.phone("zhang")
    photo = items(zhang)[0]["id"]
    counts = []
    for _ in range(2):
        with statements(queue.app) as sent:
            day(zhang, photo)
        counts.append(len(sent))
        for hour in (7, 8, 9):
            other_visit(queue, hour)
    assert counts[0] == counts[1]


def test_a_visit_that_is_still_unannounced_is_not_on_the_line(queue: World) -> None:  # noqa: F811
    """Its inspector was sent by the county: the township's reader does not see it, the county's does."""
    photo = items(queue.phone("zhang"))[0]["id"]
    blind = other_visit(queue, 15)

    def hide(session: Session) -> None:
        row = session.get_one(Submission, blind)
        row.independent = True
        made = Assignment(
            id=BLIND, person_id=row.person_id, form_id="blind", entity_id=WANG, reason="", made_by=row.person_id
        )
        session.add(made)
        session.flush()
        keep(session, BLIND, row.person_id, WANG, "round", COUNTY)

    queue.run(hide)
    told = {name: day(queue.phone(name), photo)["items"] for name in ("zhang", "auditor")}
    seen = {name: {one["instance_id"] for one in items} for name, items in told.items()}
    assert blind not in seen["zhang"] and blind in seen["auditor"]


def test_another_township_s_photo_has_no_day(queue: World) -> None:  # noqa: F811
    photo = items(queue.phone("zhang"))[0]["id"]
    west = queue.phone("west")
    foreign, unknown = west.get(f"/evidence/{photo}/day"), west.get(f"/evidence/{WANG}/day")
    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json, "request_id": 0} == {**unknown.json, "request_id": 0}
