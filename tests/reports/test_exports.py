"""Answers leave the server only within what their reader may see, and in shapes that programs can read."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete, func, select

from server.accounts.tables import AuditEntry, RoleGrant
from server.cli import main
from server.db import now
from server.evidence import tasks as worker
from server.reports import exports, tasks
from server.reports.tables import Export
from tests.reports.county import fill
from tests.world import EAST, LIUSHU, WEST, Phone, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def _work(world: World) -> int:
    with world.app.app_context():
        return tasks.run_waiting(world.app.config["RUHU"])


def _export(world: World, phone: Phone, **asked: Any) -> bytes:
    """Asks, lets the worker run, fetches."""
    answer = phone.post("/exports", {"form_id": "survey", **asked})
    assert answer.status_code == 202, answer.text
    assert phone.get(f"/exports/{answer.json['id']}/file").json["code"] == "export.not_ready"
    _work(world)
    state = phone.get(f"/exports/{answer.json['id']}").json
    assert state["state"] == "ready", state
    file = phone.get(f"/exports/{answer.json['id']}/file")
    assert file.status_code == 200 and "attachment" in file.headers["Content-Disposition"]
    assert len(file.data) == state["size"]
    return bytes(file.data)


def _tables(content: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    return {name: list(csv.DictReader(io.StringIO(text))) for name, text in texts.items()}


def test_answers_come_as_csv_tables(world: World) -> None:
    ids = fill(world)
    tables = _tables(_export(world, world.phone("zhang")))
    assert set(tables) == {"answers.csv", "person.csv", "job.csv"}
    first, second, third = tables["answers.csv"]
    assert [row["instance_id"] for row in (first, second, third)] == ids
    assert (first["water-days"], first["water-income"], first["water-source"]) == ("7", "-12.5", "")
    assert (second["form_version"], second["water-source"], second["rooms"]) == ("2", "'+86 井", "3")
    assert first["remark"] == "'=HYPERLINK(1)" and third["remark"] == "'@x"
    assert (first["place-lat"], first["place-lon"]) == ("26.2", "108.1")
    assert first["secret"] == "110***********002X" and "19491231" not in str(tables)
    assert (first["author"], first["region_name"], first["status"]) == ("li", "青石村", "applied")
    assert [row["parent_key"] for row in tables["job.csv"]] == [tables["person.csv"][0]["row_key"]] * 2
    assert tables["person.csv"][0]["parent_key"] == ids[0]


def test_a_workbook_speaks_either_language(world: World) -> None:
    fill(world)
    for words, label, grade in (("zh", "等级 (grade)", "B级"), ("en", "Grade (grade)", "Grade B")):
        content = _export(world, world.phone("zhang"), format="xlsx", words=words)
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert book.sheetnames == ["answers", "person", "job"]
        header, first = ([cell.value for cell in row] for row in list(book["answers"].iter_rows())[:2])
        values = dict(zip(header, first, strict=True))
        assert values[label] == grade and header[0] in ("记录编号", "Submission")
        days = next(value for name, value in values.items() if "water-days" in str(name))
        assert days == 7, "numbers are numbers"
        remark = next(cell for cell in book["answers"][2] if "HYPERLINK" in str(cell.value))
        assert remark.data_type == "s" and remark.value.startswith("'")


def test_answers_come_as_typed_json(world: World) -> None:
    ids = fill(world)
    lines = [json.loads(line) for line in _export(world, world.phone("zhang"), format="json").decode().splitlines()]
    assert [line["instance_id"] for line in lines] == ids
    answers = lines[0]["answers"]
    assert answers["water"] == {"days": 7, "income": "-12.5"} and answers["helps"] == ["water", "health"]
    assert answers["place"]["lon"] == "108.1"
    assert answers["person"] == [{"name": "小明", "job": [{"pay": 1}, {"pay": 2}]}, {"name": "小红"}]
    assert "/data/secret" in lines[0]["masked"]
    one = world.phone("zhang").get(f"/submissions/{ids[0]}/answers.json")
    assert one.status_code == 200 and one.json["answers"] == answers
    assert world.phone("zhao").get(f"/submissions/{ids[0]}/answers.json").status_code == 404
    assert world.phone("li").get("/submissions/uuid:none/answers.json").status_code == 404


def test_only_the_area_of_the_reader_is_in_it(world: World) -> None:
    """An area outside is empty, exactly as an unknown one."""
    fill(world)
    supervisor = world.phone("zhang")
    assert len(_tables(_export(world, supervisor, region=EAST))["answers.csv"]) == 3
    assert _tables(_export(world, supervisor, region=LIUSHU))["answers.csv"] == []
    assert _tables(_export(world, supervisor, region="990199"))["answers.csv"] == []
    answer = supervisor.post("/exports", {"form_id": "survey", "region": "000"})
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")


def test_time_narrows_it(world: World) -> None:
    fill(world)
    later = (now() + timedelta(hours=1)).isoformat()
    admin = world.phone("admin")
    assert _tables(_export(world, admin, **{"from": later}))["answers.csv"] == []
    assert len(_tables(_export(world, admin, to=later))["answers.csv"]) == 3


def test_an_auditor_sees_no_names(world: World) -> None:
    fill(world)
    rows = _tables(_export(world, world.phone("auditor")))["answers.csv"]
    assert rows[0]["head_name"] == "王*山" and rows[0]["secret"] == ""
    assert rows[0]["grade"] == "B", "what is no person's secret is shown"


def test_cadres_export_nothing_and_nobody_fetches_anothers(world: World) -> None:
    fill(world)
    assert world.phone("li").post("/exports", {"form_id": "survey"}).status_code == 403
    mine = world.phone("zhang").post("/exports", {"form_id": "survey"}).json["id"]
    admin = world.phone("admin")
    assert admin.get(f"/exports/{mine}").status_code == 404
    assert admin.get(f"/exports/{mine}/file").status_code == 404
    assert admin.get("/exports").json["items"] == []
    assert admin.post("/exports", {"form_id": "unknown"}).json["code"] == "form.not_found"


def test_rights_are_asked_again_at_download(world: World) -> None:
    """Written while the person was supervisor, fetched after the role was gone: nothing."""
    fill(world)
    phone = world.phone("zhang")
    asked = phone.post("/exports", {"form_id": "survey"}).json["id"]
    _work(world)
    assert phone.get(f"/exports/{asked}/file").status_code == 200
    world.run(lambda session: session.execute(
        delete(RoleGrant).where(RoleGrant.person_id == world.people["zhang"])))  # fmt: skip
    world.run(lambda session: session.add(
        RoleGrant(person_id=world.people["zhang"], role="supervisor", region_code=LIUSHU)))  # fmt: skip
    assert phone.get(f"/exports/{asked}/file").status_code == 404
    later = phone.post("/exports", {"form_id": "survey"})
    assert later.status_code == 202


def test_an_area_that_is_lost_before_it_is_written_stops_it(world: World) -> None:
    fill(world)
    phone = world.phone("zhang")
    asked = phone.post("/exports", {"form_id": "survey"}).json["id"]
    world.run(lambda session: session.execute(
        delete(RoleGrant).where(RoleGrant.person_id == world.people["zhang"])))  # fmt: skip
    _work(world)
    row = world.look(lambda session: session.get(Export, asked))
    assert row.state == "failed" and not list(exports.folder_of(world.app.config["RUHU"]).glob("*"))


def test_exports_are_in_the_audit_log(world: World) -> None:
    fill(world)
    _export(world, world.phone("zhang"), region=EAST)
    rows = world.look(lambda session: session.scalars(
        select(AuditEntry).where(AuditEntry.action.startswith("export.")).order_by(AuditEntry.id)).all())  # fmt: skip
    assert [row.action for row in rows] == ["export.asked", "export.downloaded"]
    assert rows[0].detail["region"] == EAST and rows[0].person_id == world.people["zhang"]


def test_a_person_has_a_few_waiting_at_a_time(world: World) -> None:
    fill(world)
    phone = world.phone("zhang")
    answers = [phone.post("/exports", {"form_id": "survey"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]


def test_an_export_is_written_once_and_taken_away_later(world: World) -> None:
    fill(world)
    phone = world.phone("zhang")
    asked = phone.post("/exports", {"form_id": "survey"}).json["id"]
    assert (_work(world), _work(world)) == (1, 0)

    def age(session: Any) -> None:
        session.get(Export, asked).ended_at = now() - timedelta(days=8)

    world.run(age)
    _work(world)
    assert world.look(lambda session: session.get(Export, asked).state) == "gone"
    assert phone.get(f"/exports/{asked}/file").json["code"] == "export.not_ready"
    assert not list(exports.folder_of(world.app.config["RUHU"]).iterdir())


def test_the_queue_knows_the_work(world: World) -> None:
    """What the desk puts in is what the worker takes out."""
    fill(world)
    phone = world.phone("zhang")
    asked = phone.post("/exports", {"form_id": "survey"}).json["id"]
    huey = worker.queue(world.app).huey
    with world.app.app_context():
        tasks.register(world.app, huey)
        while (task := huey.dequeue()) is not None:
            huey.execute(task)
    assert world.look(lambda session: session.get(Export, asked).state) == "ready"


def test_the_codebook_says_which_version_had_what(world: World) -> None:
    fill(world)
    answer = world.phone("li").get("/forms/survey/codebook.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    lines = {row[1]: row for row in book["questions"].iter_rows(values_only=True, min_row=2)}
    assert lines["water-income"][-1] == "1" and lines["water-source"][-1] == "2" and lines["grade"][-1] == "1 2"
    assert lines["secret"][-3] == "sensitive" and lines["copy"][-3] == "sensitive"
    assert lines["pay"][0] == "job" and lines["place"][3] == "geopoint"
    codes = [(row[1], row[2], row[3]) for row in book["codes"].iter_rows(values_only=True, min_row=2)]
    assert ("grade", "B", "B级") in codes
    assert [row[0] for row in book["versions"].iter_rows(values_only=True, min_row=2)] == ["1", "2"]
    assert world.phone("li").get("/forms/nothing/codebook.xlsx").status_code == 404


def test_a_form_without_submissions_is_an_empty_table(world: World) -> None:
    fill(world)
    rows = _tables(_export(world, world.phone("zhang"), form_id="small_visit"))
    assert rows["answers.csv"] == []


@pytest.mark.parametrize(("format", "start"), [("csv", b"PK"), ("xlsx", b"PK"), ("json", b"{")])
def test_the_command_writes_what_a_person_may_see(world: World, tmp_path: Any, format: str, start: bytes) -> None:
    fill(world)
    out = tmp_path / "out"
    words = ["answers", "survey", str(out), "--as", "zhang", "--region", EAST, "--format", format]
    done = CliRunner().invoke(main.commands["export"], words, obj=lambda: world.app)
    assert done.exit_code == 0 and "3" in done.output
    assert out.read_bytes().startswith(start) and b"19491231" not in out.read_bytes()
    count = world.look(lambda s: s.scalar(select(func.count()).where(AuditEntry.action == "export.written")))
    assert count == 1


def test_what_is_no_region_gets_into_no_file_name(world: World) -> None:
    fill(world)
    answer = world.phone("zhang").post("/exports", {"form_id": "survey", "region": "../../\r\nx"})
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")


def test_the_command_knows_a_township_by_the_beginning_of_its_code(world: World, tmp_path: Any) -> None:
    """People call a county by its six digits."""
    fill(world)
    words = ["answers", "survey", str(tmp_path / "out"), "--as", "zhang", "--region"]
    runner, commands = CliRunner(), main.commands["export"]
    assert "3" in runner.invoke(commands, [*words, EAST[:6]], obj=lambda: world.app).output
    for outside in (WEST, "999999", "../"):
        done = runner.invoke(commands, [*words, outside], obj=lambda: world.app)
        assert done.exit_code == 1 and outside in done.output


def test_the_command_says_what_is_wrong(world: World, tmp_path: Any) -> None:
    fill(world)
    for words in (["answers", "nothing", "x", "--as", "zhang"], ["answers", "survey", "x", "--as", "nobody"]):
        done = CliRunner().invoke(main.commands["export"], words, obj=lambda: world.app)
        assert done.exit_code == 1 and "Traceback" not in done.output
    out = tmp_path / "codes.xlsx"
    done = CliRunner().invoke(main.commands["export"], ["codebook", "survey", str(out)], obj=lambda: world.app)
    assert done.exit_code == 0 and out.read_bytes().startswith(b"PK")
