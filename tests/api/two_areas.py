"""Two townships at work, each with one row or more of everything that belongs to an area: what an attack is tried on.

East is the attackers' own or none of theirs, West is always foreign. Everything goes in as people would send it;
only what the worker or a round of rules finds later is put straight into its table.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from server.accounts.tables import Enrolment, HelperOf, Install, Loan, Qualification
from server.db import now, today
from server.evidence import tasks as photo_work
from server.geo.tables import Region, RegionChange
from server.imports.tables import RegisterImport
from server.inspection.finding_tables import Finding
from server.inspection.tables import Inspection, InspectionTask, InspectionTeam
from server.registry.tables import Conflict, Entity, RuleFinding
from server.reports import tasks as report_work
from server.reports.tables import Export
from server.sync.apply import apply_write
from server.sync.office_tables import Assignment, DatumDoubt, Draft, Feedback, Question
from server.sync.record import Origin, RecordWrite
from server.sync.tables import Attachment, OpLog, Quarantine, Submission, Upload
from tests.evidence.pictures import jpeg, noisy
from tests.imports.registers import MAPPING, csv_bytes, person
from tests.inspection.field_desk import SEED, county
from tests.sync.office import add_person, op, take_role, upload
from tests.world import EAST, LIUSHU, QINGSHI, WANG, WEST, ZHAO, Phone, World, _datasets, build_world

OTHER_COUNTY = "990200000000"


@dataclass(frozen=True)
class Area:
    """A township with people by role: `cadre` of the village, `helper` of the household, and desks of the township."""

    name: str
    township: str
    village: str
    household: str
    cadre: str
    lon: str
    tile: str


HERE = Area("east", EAST, QINGSHI, WANG, "li", "108.10010", "12/3278/1738")
THERE = Area("west", WEST, LIUSHU, ZHAO, "zhao", "108.60010", "12/3283/1738")


def build(app: Any) -> World:
    """The world with desks in both townships, and a county that has nothing to do with either."""
    world = county(build_world(app))
    world.run(_other_county)
    for area in (HERE, THERE):
        for role in ("supervisor", "admin", "auditor"):
            add_person(world, f"{area.name}-{role}", role, area.township)
        add_person(world, f"{area.name}-helper", None, None)
        add_person(world, f"{area.name}-newcomer", "cadre", area.village)
        add_person(world, f"{area.name}-leaver", "cadre", area.village)
    for role in ("supervisor", "admin", "auditor"):
        add_person(world, f"county-{role}", role, OTHER_COUNTY)
    world.run(lambda session: _help(session, world))
    return world


def _other_county(session: Any) -> None:
    session.add(
        Region(code=OTHER_COUNTY, parent_code=None, level="county", path=f"/99/{OTHER_COUNTY}/", name_zh="实县")
    )


def _help(session: Any, world: World) -> None:
    for area in (HERE, THERE):
        helper = world.people[f"{area.name}-helper"]
        session.add(HelperOf(person_id=helper, household_id=area.household, position="deputy"))
        origin = Origin(_new(), world.people["import"], "import", None)
        place = {"lon": area.lon, "lat": "26.2", "accuracy_m": "5", "datum": "wgs84", "source": "gps"}
        apply_write(session, _datasets()["household"], origin, RecordWrite("household", area.household, place, 1))
        child = {"household": area.household, "full_name": "小明"}
        member = RecordWrite("member", _new(), child, parent=area.household)
        apply_write(session, _datasets()["member"], Origin(_new(), world.people["import"], "import", None), member)


def work(world: World, area: Area) -> None:
    """A day in this area: visits, a quarrel, things set aside, questions, errands, files, an inspection."""
    cadre, helper = world.phone(area.cadre), world.phone(f"{area.name}-helper")
    desk, office = world.phone(f"{area.name}-supervisor"), world.phone(f"{area.name}-admin")
    visit = _visits(world, area, cadre, helper)
    _told(area, cadre, helper)
    world.phone(f"{area.name}-leaver").pull(f"region:{area.village}")
    take_role(world, f"{area.name}-leaver", "cadre", area.village)
    _asked(world, area, desk, visit)
    _office(world, area, office)
    _inspect(world, area, office)
    _found(world, area, desk, cadre)
    with world.app.app_context():
        photo_work.sweep(world.app.config["RUHU"], grace=timedelta(0))
    write_exports(world.app)


def write_exports(app: Any) -> None:
    """What the worker does for exports that were asked for."""
    with app.app_context():
        report_work.run_waiting(app.config["RUHU"])


def _visits(world: World, area: Area, cadre: Phone, helper: Phone) -> str:
    """A visit with a photo, one that quarrels with it, one that waits, one that was set aside; the first's id."""
    content = jpeg(noisy(640, 480))  # no twin of the other area's: that is told wherever it lies
    file = {"name": "front.jpg", "sha256": sha256(content).hexdigest(), "size": len(content), "slot": "house_front"}
    fix = {"lon": float(area.lon) + 0.02, "lat": 26.2, "accuracy_m": 6, "time": "2026-11-21T01:00:00Z"}
    file |= {"media_type": "image/jpeg", "capture": {"source": "live", "fix": fix}}
    location = {
        "lon": area.lon, "lat": "26.20010", "accuracy_m": 8, "datum": "wgs84", "source": "gps",
        "fix_time": "2026-11-21T09:01:00+08:00",
    }  # fmt: skip
    said = {"started_at": "2026-11-21T09:00:00+08:00", "ended_at": "2026-11-21T09:20:00+08:00"}
    seen = {**said, "contact_mode": "in_person", "location": location}
    first = cadre.visit(area.household, water_days="5", attachments=[file], visit=seen)
    results = [
        *cadre.send(first),
        *helper.send(helper.visit(area.household, water_days="9", visit=seen)),
        *cadre.send(cadre.visit(area.household, base_version=2, depends_on=[str(uuid.uuid4())], visit=seen)),
    ]
    assert [one["status"] for one in results] == ["applied", "conflicted", "held"], results
    upload(cadre, content)
    xml = first["instance_xml"].replace('version="1"', 'version="9"').replace(first["instance_id"], "uuid:" + _new())
    instance = xml.split("<instanceID>")[1].split("<")[0]
    unknown = cadre.visit(area.household, form_version="9", instance_xml=xml, instance_id=instance, visit=seen)
    assert cadre.send(unknown)[0]["code"] == "form.unknown_version"
    return str(first["instance_id"])


def _told(area: Area, cadre: Phone, helper: Phone) -> None:
    draft = {
        "instance_id": f"uuid:{_new()}", "form_id": "small_visit", "form_version": "1", "entity_id": area.household,
        "instance_xml": "<data><head_name>x</head_name></data>", "saved_at": "2026-11-21T09:00:00+08:00",
    }  # fmt: skip
    tried = {"started_at": "2026-11-21T10:00:00+08:00", "contact_mode": "in_person"}
    ops = [
        op(cadre, "draft", **draft),
        op(cadre, "feedback", about="complaint", text=f"{area.name} 大字看不清"),
        op(cadre, "contact_attempt", entity_id=area.household, disposition="nobody", visit=tried),
    ]
    assert [one["status"] for one in cadre.send(*ops)] == ["applied"] * 3
    # An upload that has only begun.
    begun = {**helper.headers, "Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": "sha256 " + _sha()}
    assert helper.client.post("/api/v1/uploads", headers=begun).status_code == 201


def _sha() -> str:
    from base64 import b64encode

    return b64encode(sha256(uuid.uuid4().bytes).hexdigest().encode()).decode()


def _asked(world: World, area: Area, desk: Phone, visit: str) -> None:
    """What the supervisor does at the desk of the township."""
    path = f"/submissions/{visit}"
    helper, inspector = world.people[f"{area.name}-helper"], world.people["inspector"]
    errand = {"person_id": helper, "form_id": "small_visit", "entity_id": area.household, "reason": "再看一次"}
    loan = {"person_id": inspector, "household_id": area.household, "form_id": "blind"}
    reveal = {"properties": ["contact_phone"], "reason": "回访"}
    comment = {"state": "has_issues", "comments": [{"path": "/data/grade", "text": "照片不清"}]}
    for answer in (
        desk.post(f"{path}/questions", {"text": "屋顶漏不漏？", "path": "/data/grade"}),
        desk.post(f"{path}/review", comment),
        desk.post("/assignments", errand),
        desk.post("/loans", loan),
        desk.post(f"/entities/{area.household}/reveal", reveal),
        desk.post("/findings", {"source": {"kind": "hand"}, "household_id": area.household, "text": "屋檐开裂"}),
        desk.post("/exports", {"form_id": "small_visit"}),
    ):
        assert answer.status_code in (200, 201, 202), answer.text


def _office(world: World, area: Area, office: Phone) -> None:
    """What the administrator of the township does: codes, qualifications, areas, registers."""
    newcomer = f"/users/{world.people[f'{area.name}-newcomer']}"
    given = {"kind": "house_appraiser", "number": "A-17", "issued_by": "住建局", "valid_from": "2025-01-01"}
    coming = {
        "region": area.village, "kind": "renamed", "day": (today() + timedelta(days=30)).isoformat(), "reason": "文件",
        "name_zh": "新村",
    }  # fmt: skip
    for answer in (
        office.post("/enrolments", {"person_id": world.people[f"{area.name}-newcomer"]}),
        office.post(f"{newcomer}/qualifications", given),
        office.post(f"{newcomer}/openrosa-tokens", {"name": "Collect"}),
        office.post("/regions/changes", coming),
    ):
        assert answer.status_code in (200, 201), answer.text
    village = world.look(lambda session: session.get_one(Region, area.village).name_zh)
    township = world.look(lambda session: session.get_one(Region, area.township).name_zh)
    rows = csv_bytes([person(1, household=7, 乡镇=township, 村=village)])
    body = {"file": (io.BytesIO(rows), "register.csv"), "mapping": (io.BytesIO(MAPPING.encode()), "mapping.yaml")}
    path = "/api/v1/imports/register"
    asked = office.client.post(path, data=body, headers=office.headers, content_type="multipart/form-data")
    assert asked.status_code == 200, asked.text


def _inspect(world: World, area: Area, office: Phone) -> None:
    """An inspection of the township alone, drawn, with a team and one task sent."""
    plan = {"design": "two_stage", "stratum": "township", "villages": 1, "households": 2, "reserves": 1}
    planned = office.post(
        "/inspections",
        {
            "id": _new(), "region": area.township, "name_zh": f"{area.name} 抽查", "plan": plan, "form_ids": ["blind"],
            "starts_on": today().isoformat(), "ends_on": (today() + timedelta(days=9)).isoformat(),
        },
    )  # fmt: skip
    assert planned.status_code == 201, planned.text
    path = f"/inspections/{planned.json['id']}"
    for step, body in (
        ("freeze", {}),
        ("draw", {"seed": SEED}),
        (f"teams/{_new()}", {"name": "一组", "members": [world.people["inspector"]]}),
        ("open", {}),
    ):
        answer = office.post(f"{path}/{step}", body)
        assert answer.status_code in (200, 201), answer.text


def _found(world: World, area: Area, desk: Phone, cadre: Phone) -> None:
    """What a round of rules, a look at datums and a revoked phone leave behind."""
    rule = RuleFinding(
        id=_new(), rule="grade_missing", version="1", severity="hard", entity_id=area.household,
        household_id=area.household, properties=["household.house_grade"], first_seen=now(), last_seen=now(),
    )  # fmt: skip
    doubt = DatumDoubt(
        id=_new(), install_id=cadre.install_id, person_id=world.people[area.cadre], day=date(2026, 11, 21),
        region_code=area.village, likely="gcj02", n=8, east_m=1, north_m=1, apart_m=500, left_m=5, rule="x",
        limits={"datum_pairs": 5, "datum_shift_m": 150, "datum_left_percent": 40},
    )  # fmt: skip
    world.run(lambda session: session.add_all([rule, doubt]))


def _new() -> str:
    return str(uuid.uuid4())


TABLES: Mapping[str, Any] = {
    "assignment": Assignment.id, "attachment": Attachment.id, "conflict": Conflict.id, "doubt": DatumDoubt.id,
    "draft": Draft.op_id, "enrolment": Enrolment.id, "export": Export.id, "feedback": Feedback.op_id,
    "finding": Finding.id, "import": RegisterImport.id, "inspection": Inspection.id, "loan": Loan.id,
    "qualification": Qualification.id, "quarantine": Quarantine.id, "question": Question.id,
    "region_change": RegionChange.id, "submission": Submission.instance_id, "task": InspectionTask.id,
    "rule_finding": RuleFinding.id, "team": InspectionTeam.id, "upload": Upload.id,
}  # fmt: skip


def rows(world: World) -> dict[str, set[str]]:
    """The ids of every table that an area fills."""
    return world.look(lambda session: {name: set(session.scalars(select(column))) for name, column in TABLES.items()})


def ids(world: World, area: Area, before: Mapping[str, set[str]]) -> dict[str, str]:
    """One id of each kind that this area's work made, with those that are known by name."""
    made = {name: sorted(now_there - before[name]) for name, now_there in rows(world).items()}
    assert all(made.values()), [name for name, found in made.items() if not found]
    return {
        **{name: found[0] for name, found in made.items()},
        **world.look(lambda session: _named(session, world, area)),
        "conflict_op": world.look(lambda session: session.get_one(Conflict, made["conflict"][0]).op_ids[-1]),
        "region": area.village,
        "township": area.township,
        "household": area.household,
        "person": world.people[area.cadre],
        "helper": world.people[f"{area.name}-helper"],
        "desk": world.people[f"{area.name}-supervisor"],
        "username": f"{area.name}-supervisor",
        "tile": area.tile,
        "newcomer": world.people[f"{area.name}-newcomer"],
        "inspector": world.people["inspector"],
        "scope": f"region:{area.village}",
        "own_feed": f"user:{world.people[area.cadre]}",
        "bbox": f"{float(area.lon) - 0.1},26.0,{float(area.lon) + 0.1},26.4",
        "near": f"{area.lon},26.2,3000",
        "within": f"{float(area.lon) - 0.1},26.0,{float(area.lon) + 0.1},26.0,{float(area.lon)},26.9",
        "new": _new(),
    }


def _named(session: Any, world: World, area: Area) -> dict[str, str]:
    visit = select(Submission.instance_id).join(Attachment, Attachment.instance_id == Submission.instance_id)
    visit = visit.where(Submission.person_id == world.people[area.cadre])
    held = select(OpLog.op_id).where(OpLog.status == "held", OpLog.person_id == world.people[area.cadre])
    cadre = select(Install.id).where(Install.person_id == world.people[area.cadre])
    token = select(Install.id).where(Install.person_id == world.people[f"{area.name}-newcomer"])
    photo = select(Attachment.sha256).where(Attachment.person_id == world.people[area.cadre])
    label = select(Entity.label).where(Entity.id == area.household)
    wanted = {
        "held": held,
        "install": cadre,
        "token_install": token,
        "sha256": photo,
        "label": label,
        "submission": visit,
    }
    return {name: str(session.scalars(query).first()) for name, query in wanted.items()}


def unknown(of: Mapping[str, str]) -> dict[str, str]:
    """Ids of the same shapes that name nothing."""
    made = {name: _new() for name in of}
    return made | {
        "submission": f"uuid:{_new()}", "install": "install-wang-" + _new()[:8], "sha256": sha256(b"x").hexdigest(),
        "label": "钱小河", "region": "990199200000", "township": "990199000000", "scope": "region:990199200000",
        "own_feed": f"user:{_new()}", "bbox": "60.0,26.0,60.2,26.4", "near": "60.1,26.2,3000",
        "within": "60.0,26.0,60.2,26.0,60.1,26.9", "username": "nobody-nowhere", "tile": "12/3000/1738",
    }  # fmt: skip
