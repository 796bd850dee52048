"""What tests of findings share: people on both sides, findings opened and brought along, and what they are sent."""

from __future__ import annotations

import uuid
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from server.accounts.tables import AuditEntry
from server.db import today
from server.forms.compile import compile_form
from tests.sync.office import add_person, op, upload
from tests.world import EAST, WANG, Phone, World, add_form

PHOTO = b"\xff\xd8 the mended roof"
CHECK = """
| survey |
| | type | name | label |
| | select_one_from_file household.csv | household | Household |
| | begin_group | closing | End |
| | text | verified | Verified |
| | end_group | | |
| settings |
| | form_id | version | namespaces | attribute::ruhu:about | attribute::ruhu:roles |
| | rectification_check | 1 | ruhu="https://ruhu.example/xforms" | household | inspector supervisor |
"""


def in_a_week() -> str:
    """A day something is due on; asked anew by each test, for a run of the whole suite may see midnight."""
    return (today() + timedelta(days=7)).isoformat()


def staff(world: World) -> World:
    """`zhang` opens and `qian` decides, both of the township; `inspector` looks on the spot."""
    add_person(world, "qian", "supervisor", EAST)
    add_person(world, "inspector", "inspector", None)
    world.run(lambda session: add_form(session, compile_form(CHECK.encode(), "check.md")))
    return world


def open_by_hand(world: World, by: str = "zhang", **more: Any) -> dict[str, Any]:
    body = {"source": {"kind": "hand"}, "household_id": WANG, "text": "厨房屋檐开裂", "kind": "housing", **more}
    answer = world.phone(by).post("/findings", body)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json
    return found


def take(world: World, by: str, finding: dict[str, Any], step: str, **more: Any) -> Any:
    """The step as from the desk, by somebody who sees the finding as it stands now."""
    path = f"/findings/{finding['id']}"
    phone = world.phone(by)
    seen = more.pop("seen", None)
    if seen is None:
        shown = phone.get(path)
        seen = shown.json["last"] if shown.status_code == 200 else 0
    return phone.post(f"{path}/steps", {"id": str(uuid.uuid4()), "step": step, "seen": seen, **more})


def step_op(phone: Phone, finding: dict[str, Any], step: str, text: str = "说明", **more: Any) -> dict[str, Any]:
    said = {"finding_id": finding["id"], "step": step, "text": text, "attachments": []}
    return op(phone, "finding_step", **said | more)


def photo(slot: str = "house_front") -> dict[str, Any]:
    name = sha256(PHOTO).hexdigest()
    return {"name": "after.jpg", "sha256": name, "size": len(PHOTO), "media_type": "image/jpeg", "slot": slot}


def send_look(world: World, finding: dict[str, Any], by: str = "zhang") -> Any:
    """The inspector is sent to see on the spot."""
    return world.phone(by).post(f"/findings/{finding['id']}/checks", {"person_id": world.people["inspector"]})


def claim(phone: Phone, finding: dict[str, Any]) -> Any:
    """Reports it put right, with a photo that was sent."""
    given = step_op(phone, finding, "claim", "已修好", attachments=[photo()])
    [result] = phone.send(given)
    upload(phone, PHOTO)
    return result


def to_claimed(world: World) -> dict[str, Any]:
    """A finding that the village accepted, was told to put right, and reported as done."""
    finding = open_by_hand(world)
    assert take(world, "li", finding, "accept").status_code == 200
    assert take(world, "zhang", finding, "order", due=in_a_week(), lead="住建所").status_code == 200
    assert claim(world.phone("li"), finding)["status"] == "applied"
    return finding


def look(world: World, phone: Phone, verified: str = "yes") -> str:
    """The check on the spot by whoever holds this phone; answers its instance id."""
    instance = f"uuid:{uuid.uuid4()}"
    xml = (
        f'<data id="rectification_check" version="1"><household>{WANG}</household>'
        f"<closing><verified>{verified}</verified></closing><meta><instanceID>{instance}</instanceID></meta></data>"
    )
    visit = phone.visit(
        instance_id=instance, form_id="rectification_check", form_version="1", instance_xml=xml, entities=[]
    )
    [result] = phone.send(visit)
    assert result["status"] == "applied", result
    return instance


def refusals(world: World) -> list[tuple[str, str]]:
    """(step, code) of the attempts that the audit says were refused, oldest first."""
    rows = select(AuditEntry).where(AuditEntry.action == "finding.refused").order_by(AuditEntry.id)
    return world.look(lambda session: [(row.detail["step"], row.detail["code"]) for row in session.scalars(rows)])
