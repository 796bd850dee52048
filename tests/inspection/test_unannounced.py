"""What inspectors do is kept from everybody who is checked, by every address of the server, until it is over.

`boss` has every office role in one township of the inspected county, `li` works in its village, `helper` helps the
household. All addresses that read are walked before and after an inspector's visit: the answers must be the same.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask

from server.evidence import tasks as photo_work
from server.reports import tasks as report_work
from server.sync import audit_chain
from tests.evidence.pictures import jpeg, scene
from tests.inspection.field_desk import county, drawn, filled, planned, step, tasks
from tests.sync.office import add_person, op, take_role, upload
from tests.world import BAITA, COUNTY, EAST, QINGSHI, WANG, Phone, World, build_world

SECRET = "known-to-the-inspectors-alone"
PEOPLE = ("boss", "li", "helper")
MINE = re.compile(r"20\d\d-\d\d-\d\d[T ][0-9:.]+(Z|[+]00:00)?|\"(number|hash|etag|request_id)\": ?[^,}]*")
# What stands in a path after a word, or for a name.
IN_PATH = {
    "entities": "household", "submissions": "submission", "photos": "attachment", "evidence": "attachment",
    "drafts": "draft", "inspections": "inspection", "comparisons": "household", "quarantine": "quarantine",
    "datum-doubts": "household", "questions": "submission", "conflicts": "household", "exports": "submission",
    "findings": "household", "sha256": "sha256", "person_id": "inspector", "files": "front",
}  # fmt: skip
FIXED = {"form_id": "blind", "version": "1", "layer": "{layer}", "z": "12", "x": "3277", "y": "1739"}
# What inspects nothing, or is a file of the server itself.
APART = ("api-docs.", "docs.", "maps.", "client.", "health.", "audit.", "forms.", "form_life.", "exports.codebook")
QUERIES = (
    f"/overview?region={EAST}", f"/overview?region={QINGSHI}", f"/answer-patterns?form_id=blind&region={EAST}",
    f"/submissions?household={WANG}", "/submissions?form_id=blind", f"/evidence/statistics?region={EAST}",
    f"/entities?concern=overdue&region={EAST}", f"/overview/trends?region={EAST}", f"/overview/sync?region={EAST}",
    f"/photos/intake/counts?region={EAST}", "/evidence?state=done", f"/drafts?region={EAST}", "/quarantine?state=open",
)  # fmt: skip


@pytest.fixture
def world(app: Flask) -> World:
    world = county(build_world(app))
    add_person(world, "boss", "supervisor", EAST)
    for role in ("admin", "auditor"):
        take_role(world, "boss", role, EAST)
    return world


def walk(world: World, phone: Phone, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(path, answer) of every address that reads, with ids of the inspection and of what came of it."""
    for path in [*_paths(world.app, ids), *QUERIES]:
        answer = phone.get(path)
        yield path, f"{answer.status_code} {answer.get_data().decode(errors='replace')}"
    feeds = phone.post("/sync/hello", {}).json["feeds"]
    for feed in feeds:
        yield feed["scope"], str(phone.pull(feed["scope"]))


def _paths(app: Flask, ids: dict[str, str]) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or not rule.rule.startswith("/api/v1/"):
            continue
        if rule.endpoint.startswith(APART):
            continue
        path = re.sub(r"(?:(?<=/)([\w-]+)/)?<(?:\w+:)?(\w+)>", lambda found: _filled(found, ids), rule.rule)
        for layer in ("households", "submissions", "photos") if "layer" in path else ("",):
            yield path.replace("{layer}", layer).removeprefix("/api/v1")


def _filled(found: re.Match[str], ids: dict[str, str]) -> str:
    word, name = found.groups()
    kind = IN_PATH.get(name) or IN_PATH.get(word or "", "household")
    return (f"{word}/" if word else "") + FIXED.get(name, ids.get(kind, "submissions"))


def visit(world: World, inspection: dict[str, Any]) -> dict[str, str]:
    """An inspector's try, draft, answers with a photo, and an op that is set aside: of one household. Their ids."""
    [task] = [one for one in tasks(world, inspection) if one["household"]["id"] == WANG]
    body = {"id": str(uuid.uuid4()), "task_ids": [task["id"]], "person_id": world.people["inspector"]}
    assert step(world, inspection, "tasks/send", **body).status_code == 200
    phone = world.phone("inspector")
    content = jpeg(scene(640, 481))
    photo = {"name": "front.jpg", "sha256": sha256(content).hexdigest(), "size": len(content), "slot": "house_front"}
    fix = {"lon": 108.1301, "lat": 26.2, "accuracy_m": 6, "time": "2026-11-21T01:00:00Z"}
    photo |= {"media_type": "image/jpeg", "capture": {"source": "live", "fix": fix}}
    tried = {"started_at": "2026-11-21T08:00:00+08:00", "contact_mode": "in_person"}
    draft = op(
        phone, "draft", instance_id=f"uuid:{uuid.uuid4()}", form_id="blind", form_version="1", entity_id=WANG,
        instance_xml=f"<data>{SECRET}</data>", saved_at="2026-11-21T08:30:00+08:00",
    )  # fmt: skip
    answers = filled(phone, WANG, SECRET) | {"attachments": [photo]}
    other = filled(phone, WANG, SECRET)
    broken = other | {"form_version": "9", "instance_xml": other["instance_xml"].replace('version="1"', 'version="9"')}
    ops = [op(phone, "contact_attempt", entity_id=WANG, disposition="nobody", visit=tried), draft, answers, broken]
    assert [one["status"] for one in phone.send(*ops)] == ["applied", "applied", "applied", "quarantined"]
    upload(phone, content)
    with world.app.app_context():
        photo_work.sweep(world.app.config["RUHU"], grace=timedelta(0))
    desk = world.phone("admin")
    [shown] = desk.get("/evidence").json["items"]
    return {
        "submission": answers["instance_id"], "attachment": shown["id"], "draft": draft["op_id"], "household": WANG,
        "inspection": inspection["id"], "task": task["id"], "inspector": world.people["inspector"],
        "quarantine": desk.get("/quarantine").json["items"][0]["id"], "sha256": photo["sha256"], "front": "front.jpg",
    }  # fmt: skip


def marks(ids: dict[str, str]) -> list[str]:
    """What an answer would hold that tells of the visit; the household itself is no secret."""
    return [SECRET, *(value for name, value in ids.items() if name not in ("household", "front"))]


def told(world: World, name: str, ids: dict[str, str]) -> dict[str, str]:
    """Path → answer, without moments; paths without the ids that were asked for, which an answer may repeat."""
    return {path: MINE.sub("", text) for path, text in walk(world, world.phone(name, f"install-{name}"), ids)}


def test_no_address_tells_whom_is_checked_of_a_visit_until_it_is_over(world: World) -> None:
    """Lists, single records, counts, tiles, OGC, feeds, files and the audit; and each says it once it is over."""
    inspection = drawn(world, plan={"design": "census"})
    nothing = {name: str(uuid.uuid4()) for name in IN_PATH.values()} | {"household": WANG, "front": "front.jpg"}
    nothing |= {"inspector": world.people["inspector"], "inspection": inspection["id"]}
    # Twice: the first walk is the phone's first, which lists of phones tell.
    before = [{name: told(world, name, nothing) for name in PEOPLE} for _ in range(2)][1]
    ids = visit(world, inspection)
    for name in PEOPLE:
        now = told(world, name, ids)
        asked = {_anonymous(path, ids): text for path, text in now.items()}
        was = {_anonymous(path, nothing): text for path, text in before[name].items()}
        for path, text in asked.items():
            assert not [one for one in marks(ids) if one in text.replace(path, "")], (name, path)
            assert text == was[path], (name, path)
    seen = told(world, "admin", ids)
    assert {one for one in marks(ids) if any(one in text for text in seen.values())} == set(marks(ids))
    assert _audit(world, "boss", ids) == [] and _audit(world, "admin", ids) != []
    step(world, inspection, "open")
    assert not [text for text in told(world, "boss", ids).values() if SECRET in text]
    assert step(world, inspection, "close").status_code == 200
    assert SECRET in told(world, "boss", ids)[f"/submissions/{ids['submission']}"]
    assert not [text for name in ("li", "helper") for text in told(world, name, ids).values() if SECRET in text]


def _anonymous(path: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(value, name)
    return path


def _audit(world: World, name: str, ids: dict[str, str]) -> list[str]:
    with world.app.app_context():
        audit_chain.seal()
    phone = world.phone(name, f"install-{name}")
    rows = phone.get("/audit?limit=500").text + phone.get("/audit/export").text
    return [one for one in (*marks(ids), "inspection.") if one in rows]


def test_what_is_written_about_an_unannounced_visit_is_refused_as_unknown(world: World) -> None:
    """A review, a verdict, a question, a decision: the same answer as for an id that does not exist."""
    ids = visit(world, drawn(world, plan={"design": "census"}))
    boss = world.phone("boss")
    bodies: dict[str, dict[str, Any]] = {
        "/submissions/{submission}/review": {"id": str(uuid.uuid4()), "state": "approved"},
        "/submissions/{submission}/questions": {"id": str(uuid.uuid4()), "text": "哪一间？"},
        "/evidence/{attachment}/verdict": {"verdict": "confirmed", "id": str(uuid.uuid4())},
        "/quarantine/{quarantine}/dismiss": {"reason": "不要"},
        "/quarantine/{quarantine}/apply": {},
    }
    unknown = {name: str(uuid.uuid4()) for name in ids}
    for path, body in bodies.items():
        answers = [boss.post(path.format(**some), body) for some in (ids, unknown)]
        assert {(one.status_code, one.json.get("code")) for one in answers} == {(404, "record.not_found")}, path
    assert boss.post("/blobs/have", {"sha256": [ids["sha256"]]}).json == {"have": []}


def test_no_export_holds_an_unannounced_visit(world: World) -> None:
    """Answers, a map of photos, and photos as evidence: empty for the township, whole for who answers for it."""
    visit(world, drawn(world, plan={"design": "census"}))
    asked: list[dict[str, Any]] = [
        {"form_id": "blind", "format": "csv"}, {"kind": "map", "format": "geojson", "layers": ["photos"]},
        {"kind": "photos", "reason": "核对"},
    ]  # fmt: skip
    sizes: dict[str, list[Any]] = {}
    for name in ("boss", "admin"):
        desk = world.phone(name)
        made = [desk.post("/exports", {**body, "region": EAST}) for body in asked]
        assert [one.status_code for one in made] == [202] * len(asked), [one.text for one in made]
        with world.app.app_context():
            report_work.run_waiting(world.app.config["RUHU"])
        found = [desk.get(f"/exports/{one.json['id']}/file") for one in made]
        sizes[name] = [len(one.data) if one.status_code == 200 else one.status_code for one in found]
    assert all(small < large for small, large in zip(sizes["boss"], sizes["admin"], strict=True)), sizes


def test_a_township_shares_no_answer_of_an_inspection_that_is_kept_from_it(world: World) -> None:
    """`recent: share` takes the earlier answers in place of a visit, but not those that its planner may not read."""
    ids = visit(world, drawn(world, plan={"design": "census"}))
    mine = planned(world, "boss", region=EAST, plan={"design": "census"}, recent="share")
    assert step(world, mine, "freeze", "boss").status_code == 200
    text = world.phone("boss").get(f"/inspections/{mine['id']}/files/exclusions.csv").text
    [row] = [line for line in text.splitlines() if line.startswith(WANG)]
    assert row.split(",")[2:5] == ["household_recent", "left_out", ""] and ids["inspection"] not in text


def test_a_published_list_of_the_left_out_names_published_inspections_alone(world: World) -> None:
    first = drawn(world, plan={"design": "census"})
    visit(world, first)
    for opened in (False, True):
        if opened:
            step(world, first, "open")
        second = planned(world, plan={"design": "census"})
        assert step(world, second, "freeze").status_code == 200
        text = world.phone("admin").get(f"/inspections/{second['id']}/files/exclusions.csv").text
        assert (first["id"] in text) is opened and WANG in text


def test_an_area_reads_its_own_inspection_at_once(world: World) -> None:
    """What is kept is kept from smaller areas, not from who answers for the inspection."""
    inspection = drawn(world, "boss", region=EAST, plan={"design": "census"})
    [task] = [one for one in tasks(world, inspection, "boss") if one["household"]["id"] == WANG]
    body = {"id": str(uuid.uuid4()), "task_ids": [task["id"]], "person_id": world.people["inspector"]}
    assert step(world, inspection, "tasks/send", "boss", **body).status_code == 200
    phone = world.phone("inspector")
    answers = filled(phone, WANG)
    phone.send(answers)
    assert world.phone("boss").get(f"/submissions/{answers['instance_id']}").status_code == 200
    assert world.phone("admin").get(f"/submissions/{answers['instance_id']}").status_code == 200
    assert {BAITA, QINGSHI} <= {one["village"] for one in tasks(world, inspection, "boss")} and COUNTY
