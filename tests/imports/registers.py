"""Registers for tests: invented people of the small world, as an office writes them, and imports by one call."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import select

from server import db
from server.demo.numbers import check_digit
from server.imports import applying, asking, listing, looking
from server.imports.tables import ImportKey
from server.imports.tally import CLASSES
from server.registry.tables import Entity
from server.sync.definitions import datasets
from tests.world import World

MAPPING = """
source: register
empty_words: [无]
household:
  key: [户编号]
  match: [household_no]
  region: {names: [乡镇, 村]}
  columns:
    户编号: household_no
    户主: head_name
    户类型: {to: household_category, codes: {脱贫户: exited}}
    措施: measures
    耕地: farmland_mu
    登记日期: registered_on
    缺水天数: water_shortage_days
    电话: {to: contact_phone, empty: clear}
member:
  household: [户编号]
  key: [[身份证号], [户编号, 姓名]]
  match: [id_number]
  columns:
    姓名: full_name
    性别: sex
    出生日期: birth_date
    身份证号: id_number
"""
COLUMNS = (
    "户编号", "乡镇", "村", "户主", "户类型", "措施", "耕地", "登记日期", "缺水天数", "电话",
    "姓名", "性别", "出生日期", "身份证号",
)  # fmt: skip


def id_number(born: str, serial: int) -> str:
    first = f"990101{born.replace('-', '')}{serial:03}"
    return first + check_digit(first)


def person(n: int, household: int = 1, **given: str) -> dict[str, str]:
    """A row of the register: everything valid by default."""
    row = {
        "户编号": f"H{household}", "乡镇": "东河镇", "村": "青石村", "户主": f"户主{household}", "户类型": "一般农户",
        "措施": "", "耕地": "3.5", "登记日期": "2024-03-05", "缺水天数": "", "电话": "", "姓名": f"成员{n}",
        "性别": "男" if n % 2 else "女", "出生日期": "1970-01-02", "身份证号": id_number("1970-01-02", n),
    }  # fmt: skip
    return row | given


def csv_bytes(rows: Sequence[Mapping[str, str]], encoding: str = "utf-8", columns: Sequence[str] = COLUMNS) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def book_bytes(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def look(world: World, content: bytes, mapping: str = MAPPING, **more: Any) -> dict[str, Any]:
    """A preview, as on the wire."""
    with world.app.app_context():
        settings, actor = world.app.config["RUHU"], more.pop("actor", None)
        name = more.pop("filename", "register.csv")
        members = more.pop("members", None)
        asked = asking.Asked(
            name, io.BytesIO(content), mapping, io.BytesIO(members) if members else None, more.pop("region", None)
        )
        import_id = asking.ask(settings, datasets(), actor, asked)
        looking.look_over(settings, datasets(), import_id)
        return wire(world, import_id)


def wire(world: World, import_id: str) -> dict[str, Any]:
    with world.app.app_context(), db.read() as session:
        return listing.on_wire(listing.find(session, None, import_id))


def bring(world: World, content: bytes, mapping: str = MAPPING, **more: Any) -> dict[str, Any]:
    """A preview, then its apply."""
    found = look(world, content, mapping, **more)
    assert found["state"] == "previewed", found
    with world.app.app_context():
        db.transact(lambda session: applying.start(session, None, found["import_id"]))
        assert applying.go_on(world.app.config["RUHU"], datasets(), found["import_id"])
    return wire(world, found["import_id"])


def records(world: World, dataset: str) -> list[Entity]:
    """Records that an import knows, by label."""
    query = (
        select(Entity)
        .join(ImportKey, ImportKey.entity_id == Entity.id)
        .where(Entity.dataset == dataset)
        .order_by(Entity.label)
    )
    found: list[Entity] = world.look(lambda session: list(session.scalars(query).unique()))
    return found


def household(world: World, number: str = "H1") -> Entity:
    return next(one for one in records(world, "household") if one.values["household_no"] == number)


def counts(**given: int) -> dict[str, int]:
    return dict.fromkeys(CLASSES, 0) | given


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
