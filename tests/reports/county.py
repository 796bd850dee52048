"""A few submissions of two versions of one form, with a repeat, a place, a secret and dangerous texts."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

from server.forms.compile import CompiledForm, compile_form
from server.forms.model import FormModel
from tests.world import WANG, World, add_form

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to | calculation | bind::ruhu:sensitivity |
| | select_one_from_file household.csv | household | 农户 | Household | | | |
| | text | head_name | 户主 | Head | household#head_name | | |
| | begin_group | water | 饮水 | Water | | | |
| | integer | days | 缺水天数 | Days short | household#water_shortage_days | | |
| | decimal | income | 收入 | Income | | | |
| | end_group | | | | | | |
| | select_one grade | grade | 等级 | Grade | household#house_grade | | |
| | select_multiple helps | helps | 措施 | Help | | | public |
| | geopoint | place | 位置 | Place | | | internal |
| | text | secret | 身份证 | ID | | | sensitive |
| | calculate | copy | | | | concat('x', ${secret}) | |
| | calculate | verdict | | | | if(${water}/days > 3, 'bad', 'good') | public |
| | text | remark | 备注 | Remark | | | internal |
| | begin_repeat | person | 人 | Person | | | |
| | text | name | 姓名 | Name | | | |
| | begin_repeat | job | 工作 | Job | | | |
| | integer | pay | 工钱 | Pay | | | internal |
| | end_repeat | | | | | | |
| | end_repeat | | | | | | |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | grade | A | A级 | Grade A |
| | grade | B | B级 | Grade B |
| | helps | health | 健康 | Health |
| | helps | water | 饮水 | Water |
| settings |
| | form_id | version | form_title | namespaces | default_language |
| | survey | 1 | 调查 / Survey | ruhu="https://ruhu.example/xforms" | 中文 (zh) |
| entities |
| | list_name | label | entity_id | update_if |
| | household | ${head_name} | ${household} | true() |
""".replace("${water}/days", "${days}")
# The second version drops the income, adds a question in its place and one at the end.
SECOND = (
    FORM.replace("| survey | 1 |", "| survey | 2 |")
    .replace("| | decimal | income | 收入 | Income | | | |", "| | text | source | 水源 | Source | | | internal |")
    .replace("| | text | remark |", "| | integer | rooms | 房间 | Rooms | | | internal |\n| | text | remark |")
)


@cache
def compiled(text: str) -> CompiledForm:
    return compile_form(text.encode(), "form.md")


def model(text: str) -> FormModel:
    return FormModel.from_xform(compiled(text).xform)


def instance(values: dict[str, Any], version: str = "1", instance_id: str | None = None) -> str:
    """An instance; `people` is a list of (name, [pays])."""
    people = "".join(_person(*person) for person in values.get("people", ()))
    water = "".join(f"<{n}>{values[n]}</{n}>" for n in ("days", "income", "source") if n in values)
    names = ("grade", "helps", "place", "secret", "copy", "verdict", "rooms", "remark")
    leaves = "".join(f"<{name}>{values[name]}</{name}>" for name in names if name in values)
    return (
        f'<data id="survey" version="{version}"><household>{WANG}</household>'
        f"<head_name>{values.get('head_name', '王大山')}</head_name><water>{water}</water>{leaves}{people}"
        f'<meta><instanceID>{instance_id or "uuid:" + str(uuid.uuid4())}</instanceID>'
        f'<entity dataset="household" id="{WANG}" update="1"><label>x</label></entity></meta></data>'
    )


def _person(name: str, pays: list[int]) -> str:
    jobs = "".join(f"<job><pay>{pay}</pay></job>" for pay in pays)
    return f"<person><name>{name}</name>{jobs}</person>"


def fill(world: World) -> list[str]:
    """Publishes both versions and sends three submissions as li; answers their instance ids."""
    for text in (FORM, SECOND):
        world.run(lambda session, text=text: add_form(session, compiled(text)))
    li = world.phone("li")
    first = {
        "days": "7", "income": "-12.50", "grade": "B", "helps": "water health", "place": "26.2 108.1 700.5 8",
        "secret": "11010519491231002X", "copy": "x11010519491231002X", "verdict": "bad",
        "remark": "=HYPERLINK(1)", "people": [("小明", [1, 2]), ("小红", [])],
    }  # fmt: skip
    second = {"days": "2", "source": "+86 井", "rooms": "3", "grade": "A", "verdict": "good", "remark": "无"}
    sent = []
    for version, values in (("1", first), ("2", second), ("1", {"days": "0", "remark": "@x"})):
        xml = instance(values, version)
        instance_id = xml.partition("<instanceID>")[2].partition("<")[0]
        (result,) = li.send(
            li.visit(form_id="survey", form_version=version, instance_id=instance_id, instance_xml=xml)
        )
        assert result["status"] != "quarantined", result
        sent.append(instance_id)
    return sent
