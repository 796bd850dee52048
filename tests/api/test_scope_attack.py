"""Another area is attacked from every address of the server, by everybody who has no right there: nothing leaks.

What is foreign must be answered as what does not exist: same status, same text, same number of statements (the
stand-in for the time it takes). And what happens in another area must change nothing of what is answered here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import delete

from server.reports.tables import Export
from tests.api import two_areas
from tests.api.attack import APART, Aim, Ids, aims, apart, without_entry
from tests.api.two_areas import HERE, THERE
from tests.statements import statements
from tests.world import Phone, World

ATTACKERS = ("east-supervisor", "east-admin", "east-auditor", "li", "east-helper", "other", "county-admin")
RIGHTFUL = ("west-supervisor", "west-admin", "zhao", "west-helper", "inspector", "admin")
# Attacks that find nothing on this stage even with the right, and why. What they ask is tried where it is said.
BLUNT = {
    "GET /api/v1/assignments ?person=desk": "supervisors are not sent",
    "GET /api/v1/audit ?person=person": "a cadre does nothing that is written down",
    "GET /api/v1/audit/export ?person=person": "a cadre does nothing that is written down",
    "GET /api/v1/drafts/<op_id>/files/<path:name>": "no draft with a file: sync/test_words.py",
    "GET /api/v1/findings/<uuid:finding_id>/photos/<sha256>": "no step with a photo: inspection/test_findings.py",
    "GET /api/v1/inspections ?region=region": "inspections are of townships here",
    "GET /api/v1/inspections/<uuid:row_id>/comparisons ?region=region": "not over: inspection/test_outcome.py",
    "GET /api/v1/inspections/<uuid:row_id>/comparisons ?region=township": "not over: inspection/test_outcome.py",
    "GET /api/v1/inspections/<uuid:row_id>/tasks ?person=desk": "supervisors are not sent",
    "GET /api/v1/inspections/<uuid:row_id>/tasks ?person=person": "cadres are not sent",
    "GET /api/v1/photos/intake ?region=region": "no photo is stuck: evidence/test_intake.py",
    "GET /api/v1/photos/intake ?region=township": "no photo is stuck: evidence/test_intake.py",
    "GET /api/v1/photos/intake/counts ?region=region": "no photo is stuck: evidence/test_intake.py",
    "GET /api/v1/photos/intake/counts ?region=township": "no photo is stuck: evidence/test_intake.py",
    "PATCH /api/v1/uploads/<upload_id>": "bytes go in another shape: sync/test_uploads.py",
    "POST /api/v1/assignments/<uuid:assignment_id>/number": "no call is to be made: inspection/test_field_work.py",
    "POST /api/v1/exports body": "what is in the files is compared in the test about what changes nothing",
    "POST /api/v1/held/<op_id>/dismiss": "the try to apply it took it away: sync/test_set_aside.py",
    "POST /api/v1/held/<op_id>/apply": "it waits for an op that never comes: sync/test_set_aside.py",
    "POST /api/v1/inspections/<uuid:row_id>/teams/<uuid:team_id>": "a team's id is its maker's own",
    "POST /api/v1/quarantine/<row_id>/apply body": "a version that nobody knows stays unknown: sync/test_set_aside.py",
}
BASE = "/api/v1"
TIME = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)?")
MADE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=-)[0-9a-f]{8}(?=\.)")


@pytest.fixture
def sqlite_only(database_url: str) -> None:
    """What is asked of the database is the same on both; that both answer alike is tried elsewhere."""
    if not database_url.startswith("sqlite"):
        pytest.skip("one database suffices")


@dataclass(frozen=True)
class Stage:
    world: World
    own: Ids
    far: Ids
    nobody: Ids


@pytest.fixture
def stage(app: Flask, sqlite_only: None) -> Stage:
    world = two_areas.build(app)
    found = []
    for area in (HERE, THERE):
        before = two_areas.rows(world)
        two_areas.work(world, area)
        found.append(two_areas.ids(world, area, before))
    return Stage(world, found[0], found[1], two_areas.unknown(found[1]))


@dataclass(frozen=True)
class Answered:
    """What an attacker can tell answers apart by."""

    status: int
    headers: Mapping[str, str]
    text: str
    statements: int


def ask(phone: Phone, method: str, path: str, body: Any, hide: Ids) -> Answered:
    """The answer, with the ids that were asked for written as their kinds."""
    with statements(phone.client.application) as sent:
        answer = phone.client.open(
            BASE + path, method=method, json=body, headers={**phone.headers, "Tus-Resumable": "1.0.0"}
        )
    text = unnamed(answer.get_data().decode("utf-8", "replace"), hide, is_made=method != "GET")
    told = {name: answer.headers[name] for name in ("ETag", "Content-Type", "Retry-After") if name in answer.headers}
    return Answered(answer.status_code, told, text, len(sent))


def unnamed(text: str, hide: Ids, is_made: bool) -> str:
    """The text without the ids that were asked for, without what each request is given, and the ids that it made."""
    for kind, value in sorted(hide.items(), key=lambda one: -len(one[1])):
        text = text.replace(value, f"<{kind}>").replace(quote(value), f"<{kind}>")
    text = TIME.sub("<time>", re.sub(r'"request_id": "\w+"', "", text))
    return MADE.sub("<made>", text) if is_made else text


def attacked(stage: Stage, name: str) -> Iterator[str]:
    """What this person learns: the attacks whose answer differs from that of the unknown.

    What differs once is asked again: some things are done once (a token's last use, links of the audit's chain).
    """
    phone = stage.world.phone(name)
    for aim in aims(stage.world.app):
        for _ in range(3):
            foreign, unknown = (ask(phone, *aim.ask(stage.own, ids), hide=ids) for ids in (stage.far, stage.nobody))
            stage.world.run(lambda session: session.execute(delete(Export).where(Export.state == "waiting")))
            if alike(aim, foreign, unknown):
                break
        else:
            yield f"{name}: {aim.name}: {told_apart(foreign, unknown)}"


def alike(aim: Aim, foreign: Answered, unknown: Answered) -> bool:
    """A refused look of an inspector at an inspection is written down: one statement more, as it is meant to be."""
    noted = 1 if "/inspections/" in aim.name and foreign.status == unknown.status >= 400 else 0
    return replace(foreign, statements=0) == replace(unknown, statements=0) and (
        foreign.statements - unknown.statements in (0, noted)
    )


def told_apart(foreign: Answered, unknown: Answered) -> str:
    """By what the answers differ."""
    pairs = zip(asdict(foreign).items(), asdict(unknown).values(), strict=True)
    return "; ".join(f"{name} {one!s:.400} / {other!s:.400}" for (name, one), other in pairs if one != other)


def test_what_is_foreign_is_answered_as_what_does_not_exist(stage: Stage) -> None:
    with stage.world.app.app_context():
        leaks = [leak for name in ATTACKERS for leak in attacked(stage, name)]
    assert not leaks, "\n".join(leaks)


def test_every_attack_would_find_something_if_it_were_one_s_own(stage: Stage) -> None:
    """The attacks have teeth: asked by somebody with the right, each gives something else than the unknown does."""
    phones = [stage.world.phone(name) for name in RIGHTFUL]
    with stage.world.app.app_context():
        blunt = [aim.name for aim in aims(stage.world.app) if not any(finds(stage, phone, aim) for phone in phones)]
    assert set(blunt) - set(BLUNT) == set()


def finds(stage: Stage, phone: Phone, aim: Aim) -> bool:
    own, unknown = (ask(phone, *aim.ask(stage.far, ids), hide=ids) for ids in (stage.far, stage.nobody))
    return (own.status, own.text) != (unknown.status, unknown.text)


def test_every_address_is_attacked_or_named_as_apart_with_a_reason(app: Flask, sqlite_only: None) -> None:
    """A new address without an entry in attack.py fails here; an entry without an address is old."""
    assert without_entry(app) == []
    assert len(list(aims(app))) > 150
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert [name for name in APART if not any(one.startswith(name) for one in endpoints)] == []
    assert all(APART.values()) and any(apart(rule) for rule in app.url_map.iter_rules())


def test_ops_about_what_is_foreign_are_judged_as_about_the_unknown(stage: Stage) -> None:
    """What a phone may say without a right: it is kept aside, in the same words."""
    for name in ATTACKERS:
        foreign, unknown = (told(stage.world.phone(name), ids) for ids in (stage.far, stage.nobody))
        assert foreign == unknown and len(foreign) == 6, name


def told(phone: Phone, ids: Ids) -> list[tuple[str, ...]]:
    """How the server judges one op of each kind about these ids: kind, status, code, detail, and how much it said."""
    tried = {"started_at": "2026-11-21T10:00:00+08:00", "contact_mode": "in_person"}
    place = {"lon": "108.1", "lat": "26.2", "accuracy_m": 5, "datum": "wgs84", "source": "manual_pin"}
    draft = {
        "instance_id": "uuid:" + ids["new"], "form_id": "small_visit", "form_version": "1", "instance_xml": "<data/>",
        "saved_at": "2026-11-21T09:00:00+08:00",
    }  # fmt: skip
    ops = [
        phone.visit(ids["household"], water_days="7"),
        phone.op("contact_attempt", entity_id=ids["household"], disposition="nobody", visit=tried),
        phone.op("place", entity_id=ids["household"], place=place, reason="看过", base_version=1),
        phone.op("draft", entity_id=ids["household"], **draft),
        phone.op("answer", question_id=ids["question"], text="不漏", attachments=[]),
        phone.op("resolution", conflict_id=ids["conflict"], choose=ids["conflict_op"], reason="看过", seen=[]),
    ]  # fmt: skip
    results = phone.send(*ops)
    return [
        (op["kind"], one["status"], one.get("code", ""), str(len(str(one))))
        for op, one in zip(ops, results, strict=True)
    ]


READERS = ("east-supervisor", "east-admin", "li", "east-helper")
COUNTY = "990100000000"  # which holds both townships
VOLATILE = r'"(request_id|server_time|timeStamp|asked_at|ended_at)": ?"[^"]*"'


def test_nothing_of_another_area_changes_what_is_answered(app: Flask, sqlite_only: None) -> None:
    """A whole day's work in the west: no list, count, total, tile, tag, feed or file of the east is another one."""
    world = two_areas.build(app)
    before = two_areas.rows(world)
    two_areas.work(world, HERE)
    own = two_areas.ids(world, HERE, before)
    phones = {name: world.phone(name) for name in READERS}
    with app.app_context():
        for phone in phones.values():
            dict(pulled(phone, own))  # that a phone holds a feed is shown to its supervisor
        seen = {name: dict(everything(app, phone, own)) for name, phone in phones.items()}
        two_areas.work(world, THERE)
        again = {name: dict(everything(app, phone, own)) for name, phone in phones.items()}
    changed = [
        f"{name} {path}: {apart_at(seen[name][path], again[name][path])}"
        for name in READERS for path in seen[name] if seen[name][path] != again[name][path]
    ]  # fmt: skip
    assert sum(len(paths) for paths in seen.values()) > 450 and not changed, "\n".join(changed)


def apart_at(one: str, other: str) -> str:
    """Where two answers part."""
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{one[place - 60 : place + 200]} / {other[place - 60 : place + 200]}"


def everything(app: Flask, phone: Phone, own: Ids) -> Iterator[tuple[str, str]]:
    """(path, answer) of all that can be read with the own ids, also of the county that holds both areas."""
    for path in readable(app, own):
        yield path, shown(phone.get(path))
    yield from pulled(phone, own)
    for kind, asked in (("answers", {"form_id": "small_visit"}), ("map", {"format": "geojson"})):
        yield f"export {kind}", exported(app, phone, {"kind": kind, "region": COUNTY, **asked})


def pulled(phone: Phone, own: Ids) -> Iterator[tuple[str, str]]:
    for scope in ("forms", own["scope"], own["own_feed"]):
        feeds = {"feeds": {scope: {"after": 0}}, "install_id": phone.install_id}
        yield f"pull {scope}", shown(phone.post("/sync/pull", feeds))


def readable(app: Flask, own: Ids) -> list[str]:
    """Every GET of the table, and every list narrowed to the county."""
    found = []
    for aim in aims(app):
        if aim.name.startswith("GET") and "/audit" not in aim.name:
            found.append(aim.ask(own, own)[1])
            if "?region=township" in aim.name:
                found.append(aim.ask(own, {**own, "township": COUNTY})[1])
    return list(dict.fromkeys(found))


def shown(answer: Any) -> str:
    """All that a reader gets, without the moment of asking."""
    told = {name: answer.headers.get(name) for name in ("ETag", "Content-Length")}
    text = re.sub(VOLATILE, "", answer.get_data().decode("latin-1"))
    return f"{answer.status_code} {told} {text}"


def exported(app: Flask, phone: Phone, asked: Mapping[str, Any]) -> str:
    """What the file says: names and contents; or why there is none."""
    answer = phone.post("/exports", asked)
    if answer.status_code != 202:
        return f"{answer.status_code} {answer.json['code']}"
    two_areas.write_exports(app)
    file = phone.get(f"/exports/{answer.json['id']}/file").data
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return "".join(f"{name} {archive.read(name)!r}" for name in sorted(archive.namelist()))
