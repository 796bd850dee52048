"""A drawn inspection with its answers, put straight into the tables: what the results are read from."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

from sqlalchemy.orm import Session

from server.config import ROOT
from server.db import now
from server.forms.compile import CompiledForm, compile_form
from server.inspection.tables import Inspection, InspectionDraw, InspectionTask, SampledHousehold
from server.registry.tables import EntityVersion
from server.sync.apply import apply_write
from server.sync.record import Origin, RecordWrite
from server.sync.tables import OpLog, Submission
from tests.world import EAST, QINGSHI, _datasets, add_form

INSPECTION = "aaaaaaaa-0000-4000-8000-000000000001"
PLAN = "design: two_stage\nvillages: {count: 1}\nhouseholds: {count: 10}\n"
SPOT = "spot_check"
# As a household answers that lives as it should; a test changes what it is about.
ANSWERS = {
    "arrival/door": "reached", "notice/consent": "agreed", "people/n_people": "3", "people/n_out_of_school": "0",
    "people/n_uninsured": "0", "living/food_enough": "yes", "living/clothes_enough": "yes",
    "living/care_given_up": "no", "income/income_kinds": "wage", "income/wage_income": "60000",
    "housing/house_occupied": "yes", "housing/grade": "B", "water/water_in_house": "yes",
    "water/water_shortage_days": "20", "water/water_looks_clean": "yes", "support/helper_name": "张敏",
    "closing/result": "complete", "record/disposition": "complete",
}  # fmt: skip
RECORD = {
    "head_name": "李小满", "household_size": "3", "household_category": "ordinary", "wage_income": "58000",
    "house_occupied": "yes", "house_grade": "B", "water_in_house": "yes", "water_shortage_days": "20",
    "lead_helper": "张敏", "assets": "none", "measures": "none",
}  # fmt: skip


@dataclass
class Home:
    """One drawn household. `answers` change ANSWERS (None takes one out), `record` changes RECORD."""

    name: str
    answers: Mapping[str, str | None] = field(default_factory=dict)
    record: Mapping[str, str] = field(default_factory=dict)
    village: str = QINGSHI
    disposition: str = "complete"
    state: str = "done"
    form_id: str = SPOT

    @property
    def id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.name))


@cache
def spot_check() -> CompiledForm:
    path = ROOT / "form_definitions" / "forms" / SPOT / "form.md"
    return compile_form(path.read_bytes(), "form.md", {})


def add_inspection(
    session: Session, people: Mapping[str, str], homes: Sequence[Home], region: str = EAST, state: str = "drawn"
) -> None:
    """Households on record, then the draw of yesterday, then what `inspector` sent of them."""
    drawn_at = now() - timedelta(days=1)
    session.add(Inspection(
        id=INSPECTION, region_code=region, name_zh="十一月抽查", name_en="November", plan=PLAN, form_ids=[SPOT],
        starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30), state=state, made_by=people["zhang"],
    ))  # fmt: skip
    session.flush()
    villages = sorted({home.village for home in homes})
    record = {"villages": [{"village": code, "pi": "1/2"} for code in villages]}
    session.add(InspectionDraw(
        inspection_id=INSPECTION, seed="1" * 20, record=json.dumps(record).encode(), sha256="0" * 64,
        drawn_by=people["zhang"], drawn_at=drawn_at,
    ))  # fmt: skip
    session.flush()
    for place, home in enumerate(homes, 1):
        _add_record(session, people["import"], home, drawn_at - timedelta(days=1))
        _add_task(session, people, home, place, drawn_at)


def _add_record(session: Session, author: str, home: Home, at: datetime) -> None:
    write(session, author, "household", home.id, {**RECORD, "region": home.village, **home.record}, at)


def write(
    session: Session, author: str, dataset: str, id: str, values: Mapping[str, str], at: datetime, **more: str
) -> None:
    """Values of a record, as the register brings them, dated."""
    origin = Origin(str(uuid.uuid4()), author, "import", None)
    apply_write(session, _datasets()[dataset], origin, RecordWrite(dataset, id, dict(values), **more))  # type: ignore[arg-type]
    session.flush()
    _date(session, id, at)


def _date(session: Session, id: str, at: datetime) -> None:
    newest = session.query(EntityVersion).filter_by(entity_id=id).order_by(EntityVersion.version.desc()).first()
    assert newest is not None
    newest.at = at
    session.flush()


def _add_task(session: Session, people: Mapping[str, str], home: Home, place: int, drawn_at: datetime) -> None:
    session.add(SampledHousehold(
        inspection_id=INSPECTION, household_id=home.id, kind="main", village_code=home.village, township_code=EAST,
        place=place, pi="1/20", weight="20", ticket=f"{place:064x}",
    ))  # fmt: skip
    session.flush()
    is_filled = home.state == "done" and home.disposition in ("complete", "partial", "refused")
    instance_id = answer(session, people["inspector"], home, drawn_at) if is_filled else None
    session.add(InspectionTask(
        id=str(uuid.uuid4()), inspection_id=INSPECTION, household_id=home.id, village_code=home.village,
        form_id=home.form_id, kind="visit", state=home.state, disposition=home.disposition, instance_id=instance_id,
        cadre_version=1, ended_at=now(),
    ))  # fmt: skip
    session.flush()


def answer(session: Session, person: str, home: Home, at: datetime, minutes: float = 30, **more: object) -> str:
    """A filled spot check, blind and immutable."""
    op_id, instance_id = str(uuid.uuid4()), f"uuid:{uuid.uuid4()}"
    xml = instance(instance_id, {**ANSWERS, **home.answers})
    known = {"kind": "submission", "raw": b"{}", "content_hash": op_id, "status": "applied"}
    session.add(OpLog(op_id=op_id, person_id=person, **known))
    session.flush()
    given: dict[str, object] = {"root_id": home.id, **more}
    session.add(Submission(
        instance_id=instance_id, op_id=op_id, form_id=SPOT, form_version=spot_check().version, instance_xml=xml,
        xml_hash="0" * 64, person_id=person, region_code=home.village, findings=[], independent=True,
        started_at=at, ended_at=at + timedelta(minutes=minutes), received_at=at + timedelta(hours=3), **given,
    ))  # fmt: skip
    session.flush()
    return instance_id


def instance(instance_id: str, answers: Mapping[str, str | None]) -> str:
    groups: dict[str, str] = {}
    for path, value in answers.items():
        group, _, name = path.partition("/")
        if value is not None:
            groups[group] = groups.get(group, "") + f"<{name}>{value}</{name}>"
    body = "".join(f"<{group}>{inner}</{group}>" for group, inner in groups.items())
    return (
        f'<data id="{SPOT}" version="{spot_check().version}">{body}'
        f"<meta><instanceID>{instance_id}</instanceID></meta></data>"
    )


def add_spot_check(session: Session) -> None:
    add_form(session, spot_check())
