"""A decision is taken back until a phone has fetched it; after that it is decided anew, and the phones hear of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server import db
from server.sync.office_tables import InstallScope
from tests.statements import statements
from tests.sync.quarrel import begin_quarrel, open_conflict
from tests.world import QINGSHI, WANG, Phone, World

HERE = f"region:{QINGSHI}"
Quarrel = tuple[Phone, Phone, Phone]


@pytest.fixture
def quarrel(world: World) -> Quarrel:
    """The village's phone is up to date when the supervisor decides."""
    people = begin_quarrel(world)
    people[0].pull(HERE)
    return people


def decided(zhang: Phone) -> str:
    """Id of the conflict, which 9 days settled."""
    conflict = open_conflict(zhang)
    chosen = next(one["op_id"] for one in conflict["heads"] if one["value"] == "9")
    body = {"choose": chosen, "seen": [head["op_id"] for head in conflict["heads"]], "reason": "asked"}
    assert zhang.post(f"/conflicts/{conflict['id']}/resolve", body).json["status"] == "applied"
    return str(conflict["id"])


def conflicts(page: Any) -> dict[str, str]:
    """State by id, as a page of a feed tells it."""
    return {entry["id"]: entry["state"] for entry in page["entries"] if entry["type"] == "conflict"}


def undo(phone: Phone, conflict_id: str, **body: Any) -> Any:
    return phone.post(f"/conflicts/{conflict_id}/undo", body)


def test_it_is_taken_back_days_later_when_no_phone_has_it(quarrel: Quarrel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when a phone asked in between for what it has already, or fetched another feed."""
    li, _, zhang = quarrel
    conflict_id = decided(zhang)
    li.pull("forms")
    later = db.now() + timedelta(days=3)
    monkeypatch.setattr(db, "now", lambda: later)
    assert undo(zhang, conflict_id).status_code == 200
    assert open_conflict(zhang)["id"] != conflict_id


def test_what_a_phone_has_is_not_undone_but_decided_anew(quarrel: Quarrel) -> None:
    """Proves that the phone learns of the decision, and then that the values stand beside each other again."""
    li, _, zhang = quarrel
    before = li.pull(HERE)["next"]
    conflict_id = decided(zhang)
    news = li.pull(HERE, after=before)
    assert conflicts(news) == {conflict_id: "resolved"}
    refused = undo(zhang, conflict_id)
    assert (refused.status_code, refused.json["code"]) == (409, "conflict.on_phones")
    assert zhang.get("/conflicts?state=open").json["items"] == []
    assert undo(zhang, conflict_id, anew=True).status_code == 200
    again = open_conflict(zhang)
    told = {
        one["id"]: one["state"] for one in li.pull(HERE, after=news["next"])["entries"] if one["type"] == "conflict"
    }
    assert told == {again["id"]: "open"}
    assert undo(zhang, conflict_id, anew=True).json["code"] == "conflict.not_undone"


def test_who_wrote_a_value_has_it_by_the_own_feed(world: World, quarrel: Quarrel) -> None:
    _, helper, zhang = quarrel
    conflict_id = decided(zhang)
    helper.pull(f"user:{world.people['helper']}")
    assert undo(zhang, conflict_id).json["code"] == "conflict.on_phones"


@pytest.mark.parametrize(
    ("change", "code"), [({"reached": None}, "conflict.on_phones"), ({"state": "wiped"}, None), ({"reached": 0}, None)]
)
def test_a_phone_counts_unless_it_stands_before_it_or_has_wiped(
    world: World, quarrel: Quarrel, change: dict[str, Any], code: str | None
) -> None:
    """Where nobody kept how far it has come, it may have the decision."""
    li, _, zhang = quarrel
    conflict_id = decided(zhang)
    li.pull(HERE)
    world.run(lambda session: session.query(InstallScope).filter_by(install_id=li.install_id).update(change))
    assert undo(zhang, conflict_id).json.get("code") == code


def test_a_phone_with_nothing_new_is_written_nowhere(world: World, quarrel: Quarrel) -> None:
    li = quarrel[0]
    li.pull(HERE)
    row = world.look(lambda session: session.get_one(InstallScope, (li.install_id, HERE)))
    assert row.reached == li.pull(HERE)["head"]
    with statements(world.app) as asked:
        li.pull(HERE)
    assert asked and not [one for one in asked if "install_scope" in one and one.startswith(("UPDATE", "INSERT"))]


def test_nobody_takes_back_what_another_decided_or_later_work_replaced(quarrel: Quarrel) -> None:
    li, _, zhang = quarrel
    conflict_id = decided(zhang)
    assert undo(li, conflict_id).json["code"] == "conflict.not_undone"
    version = zhang.get(f"/entities/{WANG}").json["version"]
    assert li.send(li.visit(base_version=version, water_days="12"))[0]["status"] == "applied"
    assert undo(zhang, conflict_id, anew=True).json["code"] == "conflict.not_undone"
    assert zhang.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == "12"
