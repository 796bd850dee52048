"""Small forms and instances that tests change in one place."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from server.forms.compile import CompiledForm, compile_form
from server.forms.dataset import Dataset
from server.forms.datasets import load_datasets
from server.forms.model import FormModel
from server.forms.policies import Policy, load_policies
from server.forms.source import read_source

ROOT = Path(__file__).parents[2]
DEFINITIONS = ROOT / "form_definitions"
VISIT = DEFINITIONS / "forms" / "household_visit"
SHARED_FORMS = Path(os.environ.get("RUHU_SHARED", ROOT.parent / "shared")) / "data" / "xlsforms"

HOUSEHOLD = "0f0e0d0c-0b0a-4908-8706-050403020100"
MEMBERS = tuple(f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in range(4))

# A household with members in a repeat, as small as it can be.
SMALL = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to | calculation | repeat_count | bind::ruhu:slot |
| | select_one_from_file household.csv | household | 农户 | Household | | | | |
| | csv-external | member | | | | | | |
| | text | head_name | 户主 | Head | household#head_name | | | |
| | select_multiple measures | measures | 措施 | Measures | household#measures | | | |
| | image | front | 正面 | Front | | | | house_front |
| | integer | n_rows | 几人 | How many | | | | |
| | begin_repeat | member_row | 成员 | Member | | | ${n_rows} | |
| | calculate | is_new | | | | '1' | | |
| | calculate | m_household | | | member#household | ${household} | | |
| | calculate | member_id | | | | once(uuid()) | | |
| | begin_group | basic | 基本 | Basic | | | | |
| | text | m_name | 姓名 | Name | member#full_name | | | |
| | date | m_birth | 出生 | Born | member#birth_date | | | |
| | end_group | | | | | | | |
| | image | m_photo | 照片 | Photo | | | | |
| | end_repeat | | | | | | | |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | measures | health | 健康帮扶 | Health |
| | measures | water | 饮水安全 | Water |
| settings |
| | form_id | version | form_title | namespaces | default_language |
| | small | 1 | 小表 / Small form | ruhu="https://ruhu.example/xforms" | 中文 (zh) |
| entities |
| | list_name | label | entity_id | create_if | update_if | repeat |
| | household | ${head_name} | ${household} | | true() | |
| | member | ${m_name} | ${member_id} | ${is_new}='1' | ${is_new}='0' | ${member_row} |
"""

# What a client sends for SMALL; tests replace parts of it.
FILLED = f"""<data xmlns:jr="http://openrosa.org/javarosa" id="small" version="1">
<household>{HOUSEHOLD}</household><head_name> 王大山 </head_name><measures>water health</measures>
<front>front.jpg</front><n_rows>2</n_rows>
<member_row><is_new>0</is_new><m_household>{HOUSEHOLD}</m_household><member_id>{MEMBERS[0]}</member_id>
<basic><m_name>王大山</m_name><m_birth/></basic><m_photo/>
<meta><entity dataset="member" create="0" update="1" baseVersion="3" trunkVersion="2" branchId="b-1" id="{MEMBERS[0]}">
<label>王大山</label></entity></meta></member_row>
<member_row><is_new>1</is_new><m_household>{HOUSEHOLD}</m_household><member_id>{MEMBERS[1]}</member_id>
<basic><m_name>小明</m_name></basic><m_photo>ming.jpg</m_photo>
<meta><entity dataset="member" create="1" update="0" baseVersion="" trunkVersion="" branchId="" id="{MEMBERS[1]}">
<label>小明</label></entity></meta></member_row>
<meta><entity dataset="household" update="1" baseVersion="5" trunkVersion="5" branchId="" id="{HOUSEHOLD}">
<label>王大山</label></entity><instanceID>uuid:3c3a1f52-44cf-4a3e-9a38-6f5a1c6b0a11</instanceID></meta>
</data>"""


@cache
def datasets() -> dict[str, Dataset]:
    return load_datasets(DEFINITIONS / "datasets")


@cache
def policies() -> dict[str, Policy]:
    return load_policies(DEFINITIONS / "policies")


@cache
def small_model() -> FormModel:
    return FormModel.from_xform(compile_form(SMALL.encode(), "form.md").xform)


@cache
def compiled(form_id: str) -> CompiledForm:
    """A form of form_definitions, as it would be published."""
    source = read_source(DEFINITIONS / "forms" / form_id)
    return compile_form(source.content, source.filename, source.media, datasets=datasets())


def visit_form() -> CompiledForm:
    return compiled("household_visit")


@cache
def visit_model() -> FormModel:
    return FormModel.from_xform(visit_form().xform)
