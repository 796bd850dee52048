"""An administrator takes a form home as a workbook, changes it in Excel and brings it back."""

from __future__ import annotations

import io

import openpyxl
import pytest
from flask import Flask

from server import db
from server.forms import versions
from server.forms.compile import compile_form
from server.forms.source import FormSource
from tests.world import World, build_world

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) |
| | integer | people | 几口人 | People |
| settings |
| | form_id | version | form_title | default_language |
| | small | 1 | 小表 / Small form | 中文 (zh) |
"""


@pytest.fixture
def world(app: Flask) -> World:
    world = build_world(app)
    source = FormSource(FORM.encode(), "form.md")

    def publish() -> None:
        form = compile_form(source.content, source.filename)
        db.transact(lambda session: versions.add_draft(session, form, source, None))
        db.transact(lambda session: versions.publish(session, "small", "1"))

    with app.app_context():
        publish()
    return world


def upload(world: World, content: bytes) -> dict[str, str]:
    admin = world.phone("admin")
    sent = admin.client.post(
        "/api/v1/forms", data={"file": (io.BytesIO(content), "small.xlsx")}, headers=admin.headers,
        content_type="multipart/form-data",
    )  # fmt: skip
    return {"status": str(sent.status_code), **(sent.json or {})}


def test_a_form_goes_to_excel_and_comes_back_with_a_question_more(world: World) -> None:
    admin = world.phone("admin")
    answer = admin.get("/forms/small/1/workbook.xlsx")
    assert answer.status_code == 200
    assert "small-1.xlsx" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    book["survey"].append(["text", "remarks", "备注", "Remarks"])
    book["settings"]["B2"] = "2"
    out = io.BytesIO()
    book.save(out)
    assert upload(world, out.getvalue())["status"] == "201"
    changes = admin.get("/forms/small/2/changes").json
    assert "remarks" in str(changes)


def test_only_administrators_fetch_the_source(world: World) -> None:
    assert world.phone("li").get("/forms/small/1/workbook.xlsx").status_code == 403
    assert world.phone("admin").get("/forms/small/9/workbook.xlsx").status_code == 404
