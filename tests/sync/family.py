"""A form about a family, for tests of the merge: members with births and deaths, and records that are archived."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

from server.forms.compile import CompiledForm, compile_form
from tests.world import WANG, Phone, World, add_form

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to | repeat_count |
| | select_one_from_file household.csv | household | 农户 | Household | | |
| | csv-external | member | | | | |
| | text | head_name | 户主 | Head | household#head_name | |
| | text | address | 住址 | Address | household#address | |
| | integer | days | 缺水天数 | Days short | household#DAYS | |
OTHER
| | text | village | 村 | Village | household#region | |
| | text | state | 登记 | State | household#record_state | |
| | begin_repeat | row | 成员 | Member | | |
| | text | member_id | 编号 | Id | | |
| | text | is_new | 新 | New | | |
| | text | of | 户 | Household | member#household | |
| | text | name | 姓名 | Name | member#full_name | |
| | date | birth | 出生 | Born | member#birth_date | |
| | select_one sex | sex | 性别 | Sex | member#sex | |
| | date | since | 变动日期 | Since | member#state_since | |
| | text | member_state | 登记 | State | member#record_state | |
| | end_repeat | | | | | |
| | image | front | 正面照 | Front | | |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | sex | male | 男 | Male |
| | sex | female | 女 | Female |
| settings |
| | form_id | version | form_title |
| | family | VERSION | 家庭 |
| entities |
| | list_name | label | entity_id | create_if | update_if | repeat |
| | household | ${head_name} | ${household} | | true() | |
| | member | ${name} | ${member_id} | ${is_new}='1' | ${is_new}='0' | ${row} |
"""


OTHER = "| | decimal | field | 耕地 | Field | household#farmland_mu | |"
# What each version asks beyond the first, and what it calls the days without water.
VERSIONS = {"1": ("", "water_shortage_days"), "2": (OTHER, "dry_days")}


@cache
def family_form(version: str = "1") -> CompiledForm:
    other, days = VERSIONS[version]
    text = FORM.replace("OTHER\n", f"{other}\n" if other else "").replace("DAYS", days).replace("VERSION", version)
    return compile_form(text.encode(), "family.md", {})


def with_family(world: World) -> World:
    """The small world with the family form."""
    world.run(lambda session: add_form(session, family_form()))
    return world


FIELDS = ("head_name", "address", "days", "field", "village", "state", "front")


def person(id: str | None = None, **values: str) -> dict[str, str]:
    """A row of the form: name, birth, sex, since, member_state; `new` makes it a creation."""
    return {"id": id or str(uuid.uuid4()), "new": "" if id else "1", **values}


def family(
    phone: Phone, *rows: dict[str, str], base: int = 1, bases: dict[str, int] | None = None, **given: Any
) -> dict[str, Any]:
    """An op: the household's fields in `given` (FIELDS) and rows of members.

    `corrects`: the instance that this one replaces. `bases`: versions of known members. `attributes`: more about the
    household's entity, as ODK Collect writes it.
    """
    corrects, household = given.pop("corrects", None), given.pop("household", WANG)
    version, attributes = given.pop("version", "1"), given.pop("attributes", "")
    values = {name: given.pop(name) for name in FIELDS if name in given}
    instance_id = f"uuid:{uuid.uuid4()}"
    named = [{"dataset": "household", "id": household, "base_version": base, "base": {}}]
    for row in rows:
        known = {} if row["new"] else {"base_version": (bases or {}).get(row["id"], 1)}
        named.append({"dataset": "member", "id": row["id"], "base": {}, **known})
    xml = _instance(instance_id, corrects, household, values, rows)
    xml = xml.replace('version="1"', f'version="{version}"', 1).replace('update="1">', f'update="1"{attributes}>', 1)
    fixed = {"form_id": "family", "form_version": version, "instance_id": instance_id, "instance_xml": xml}
    return phone.visit(household=household, entities=named, **fixed, **given)


def _instance(
    instance_id: str, corrects: str | None, household: str, values: dict[str, str], rows: tuple[dict[str, str], ...]
) -> str:
    nodes = "".join(f"<{name}>{text}</{name}>" for name, text in values.items())
    deprecated = f"<deprecatedID>{corrects}</deprecatedID>" if corrects else ""
    return (
        '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="family" version="1">'
        f"<household>{household}</household>{nodes}{''.join(_row(household, row) for row in rows)}"
        f"<meta><instanceID>{instance_id}</instanceID>{deprecated}"
        f'<entity dataset="household" id="{household}" update="1">'
        f"<label>{values.get('head_name', '')}</label></entity></meta></data>"
    )


def _row(household: str, row: dict[str, str]) -> str:
    action = 'create="1"' if row["new"] else 'update="1"'
    names = ("name", "birth", "sex", "since", "member_state")
    nodes = "".join(f"<{name}>{row[name]}</{name}>" for name in names if name in row)
    return (
        f"<row><member_id>{row['id']}</member_id><is_new>{row['new'] or '0'}</is_new><of>{household}</of>{nodes}"
        f'<meta><entity dataset="member" id="{row["id"]}" {action}>'
        f"<label>{row.get('name', '')}</label></entity></meta></row>"
    )
