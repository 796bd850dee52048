"""The small world with a form that judges incomes by the policy `income`, and visits that were judged by it."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from server.db import today
from server.forms.compile import CompiledForm, compile_form
from server.forms.tables import FormVersion
from server.policies import tasks
from tests.world import LIUSHU, WANG, WEST, ZHAO, Phone, World, _datasets, add_household, add_policies, named

DAY = "(int(decimal-date-time(${day}) + 0.5))"  # midnight here is the day before in UTC
INCOME = f"""
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to | calculation | relevant |
| | select_one_from_file household.csv | household | 农户 | Household | | | |
| | csv-external | policy_income | | | | | |
| | text | area | 地区 | Area | | | |
| | date | day | 日期 | Day | | | |
| | decimal | per_head | 人均 | Per head | household#per_capita_net_income | | |
| | calculate | rank | | | | max(instance('policy_income')/root/item[starts-with(${{area}}, area) and from_day <= {DAY} and until_day > {DAY}]/rank) | |
| | calculate | line | | | | instance('policy_income')/root/item[rank = ${{rank}}]/monitoring_line | |
| | calculate | top | | | | instance('policy_income')/root/item[rank = ${{rank}}]/risk_band_top | |
| | calculate | named | | | household#income_policy | instance('policy_income')/root/item[rank = ${{rank}}]/name | |
| | calculate | verdict | | | household#income_verdict | if(${{per_head}} < ${{line}}, 'below', if(${{per_head}} < ${{top}}, 'near', 'above')) | ${{per_head}} != '' |
| settings |
| | form_id | version | form_title |
| | small_income | 1 | 收入 |
| entities |
| | list_name | label | entity_id | create_if | update_if | repeat |
| | household | 收入 | ${{household}} | | true() | |
"""  # noqa: E501


@cache
def income_form() -> CompiledForm:
    return compile_form(INCOME.encode(), "income.md", _datasets())


def stage(world: World) -> World:
    """Policies and the form."""
    world.run(add_policies)
    world.run(_publish)
    return world


def _publish(session: Any) -> None:
    form = income_form()
    session.add(
        FormVersion(
            form_id=form.form_id, version=form.version, state="published", names=form.names,
            datasets=list(form.datasets), source_name="income.md", source=b"", xform=form.xform, hash=form.hash,
            checksum=form.hash, warnings=[], published_at=datetime.now(UTC),
            extra={"settings": {}, "policies": list(form.policies)},
        )
    )  # fmt: skip


def visited(
    world: World, household: str, per_head: str, verdict: str, day: str = "2026-06-01", region: str = LIUSHU
) -> Any:
    """A visit whose phone judged so; answers what became of it."""
    phone = world.phone("admin")
    instance = f"uuid:{uuid.uuid4()}"
    xml = (
        '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="small_income" version="1">'
        f"<household>{household}</household><area>{region}</area><day>{day}</day><per_head>{per_head}</per_head>"
        f"<rank>1</rank><line>0</line><top>0</top><named>national_2024</named><verdict>{verdict}</verdict>"
        f'<meta><instanceID>{instance}</instanceID><entity dataset="household" id="{household}" update="1">'
        "<label>收入</label></entity></meta></data>"
    )
    heard = {"server_time_seen": datetime.now(UTC).isoformat()}  # the phone has the policies of this moment
    op = phone.visit(household, instance_id=instance, form_id="small_income", instance_xml=xml, clock=heard)
    (result,) = phone.send(op | {"entities": [named(household, 1)]})
    return result


def more_households(world: World, count: int, region: str = LIUSHU) -> list[str]:
    ids = [str(uuid.uuid4()) for _ in range(count)]

    def work(session: Any) -> None:
        for n, household in enumerate(ids):
            add_household(session, world.people["import"], household, {"head_name": f"户主{n}", "region": region})

    world.run(work)
    return ids


def proposal(**given: Any) -> dict[str, Any]:
    """A higher line for the western township from tomorrow on."""
    start = given.pop("start", None) or today() + timedelta(days=1)
    said = {"policy": "income", "area": WEST[:6], "from": start.isoformat() if isinstance(start, date) else start}
    return said | {"values": {"monitoring_line": "9000"}, "source": "镇里的文件", **given}


def propose(desk: Phone, body: dict[str, Any], change: str | None = None) -> Any:
    return desk.post("/policy-changes", body | {"id": change or str(uuid.uuid4())})


def weigh(world: World) -> None:
    """What the worker does."""
    with world.app.app_context():
        tasks.run_waiting(world.app.config["RUHU"])


def send_file(desk: Phone, policy: str, name: str, content: bytes) -> Any:
    sent = {"file": (io.BytesIO(content), name)}
    return desk.client.post(f"/api/v1/policies/{policy}/file", data=sent, headers=desk.headers)


__all__ = ["WANG", "ZHAO", "more_households", "proposal", "propose", "send_file", "stage", "visited", "weigh"]
