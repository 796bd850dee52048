"""What tests of the field work share: a county of sixteen households, two blind forms, and a planned inspection."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from server.accounts.tables import AuditEntry
from server.db import today
from server.forms.compile import compile_form
from server.forms.tables import FormVersion
from server.registry.tables import Entity
from server.sync import feeds, news
from tests.sync.office import add_person
from tests.world import BAITA, COUNTY, LIUSHU, QINGSHI, Phone, World, add_form, add_household, add_policies

HOMES = {QINGSHI: 6, BAITA: 5, LIUSHU: 5}
SEED = "31415926535897932384"
PLAN = {"design": "two_stage", "stratum": "township", "villages": 1, "households": 2, "reserves": 2}
_COLUMNS = """
| survey |
| | type | name | label | calculation |
| | select_one_from_file household.csv | household | Household | |
| | calculate | phone | | instance('household')/root/item[name=${household}]/contact_phone |
| | text | disposition | How it ended | |
| settings |
"""
_NAMES = ("form_id", "version", "namespaces", *(f"attribute::ruhu:{name}" for name in ("about", "purpose", "roles")))
_FORMS = {"blind": "inspection", "call": "back_check"}


def county(world: World) -> World:
    """The world with more households, two inspectors, and the forms `blind` (a visit) and `call` (by telephone)."""
    for name in ("inspector", "other"):
        add_person(world, name, "inspector", None)
    world.run(lambda session: _fill(session, world.people["import"]))
    return world


def _fill(session: Any, author: str) -> None:
    add_policies(session)
    head = f"| | {' | '.join(_NAMES)} |"
    for form_id, purpose in _FORMS.items():
        row = f'| | {form_id} | 1 | ruhu="https://ruhu.example/xforms" | household | {purpose} | inspector supervisor |'
        add_form(session, compile_form(f"{_COLUMNS}{head}\n{row}\n".encode(), "form.md"))
        session.flush()
        made = session.get_one(FormVersion, (form_id, "1"))
        made.extra = {"settings": {"about": "household", "purpose": purpose, "roles": "inspector supervisor"}}
    made_ids = []
    for village, count in HOMES.items():
        for number in range(1, count):
            made_ids.append(_id_of(village, number))
            values = {"head_name": f"户{number}", "region": village, "contact_phone": "19900002222"}
            add_household(session, author, made_ids[-1], values)
    session.flush()
    feeds.touch(session, news.of_households(session, made_ids))


def _id_of(village: str, number: int) -> str:
    """A version-4 UUID, the same on every run."""
    return str(uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_OID, f"{village} {number}").bytes, version=4))


def planned(world: World, by: str = "admin", **more: Any) -> dict[str, Any]:
    body = {
        "id": str(uuid.uuid4()),
        "region": COUNTY,
        "name_zh": "第四季度抽查",
        "name_en": "Fourth quarter",
        "plan": PLAN,
        "form_ids": ["blind"],
        "starts_on": today().isoformat(),
        "ends_on": (today() + timedelta(days=10)).isoformat(),
        **more,
    }
    answer = world.phone(by).post("/inspections", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def step(world: World, inspection: Mapping[str, Any], name: str, by: str = "admin", **body: Any) -> Any:
    return world.phone(by).post(f"/inspections/{inspection['id']}/{name}", body)


def drawn(world: World, by: str = "admin", **more: Any) -> dict[str, Any]:
    """An inspection with its sample."""
    inspection = planned(world, by, **more)
    assert step(world, inspection, "freeze", by).status_code == 200
    answer = step(world, inspection, "draw", by, seed=SEED)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def tasks(world: World, inspection: Mapping[str, Any], by: str = "admin", **asked: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = world.phone(by).get(f"/inspections/{inspection['id']}/tasks?limit=500&{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def send(world: World, inspection: Mapping[str, Any], some: list[dict[str, Any]], to: str = "inspector") -> Any:
    body = {"id": str(uuid.uuid4()), "task_ids": [one["id"] for one in some], "person_id": world.people[to]}
    return step(world, inspection, "tasks/send", **body)


def filled(phone: Phone, household: str, disposition: str = "complete", form_id: str = "blind") -> dict[str, Any]:
    """The inspector's answers."""
    instance = f"uuid:{uuid.uuid4()}"
    xml = (
        f'<data id="{form_id}" version="1"><household>{household}</household><phone/>'
        f"<disposition>{disposition}</disposition><meta><instanceID>{instance}</instanceID></meta></data>"
    )
    given = {"form_id": form_id, "form_version": "1", "instance_xml": xml, "entities": []}
    return phone.visit(household, instance_id=instance, **given)


def noted(world: World, action: str) -> list[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    found: list[AuditEntry] = world.look(lambda session: list(session.scalars(query)))
    return found


def households(world: World) -> list[str]:
    found: list[str] = world.look(
        lambda session: list(session.scalars(select(Entity.id).where(Entity.dataset == "household")))
    )
    return found
