"""The form on the phone, in a real Chromium at phone size, over the real sealed store and without any server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.form_lab import Lab, build_lab, phone, served, shared_forms
from tests.e2e.test_phone_scan import code_picture, jpeg

pytestmark = pytest.mark.browser

HERE = {"latitude": 23.1236, "longitude": 108.3703, "accuracy": 8}
HOUSEHOLD = "7b0f6f0e-1111-4abc-8def-000000000001"
BY = {"id": "p1", "username": "zhangmin", "display_name": "张敏"}
FACTS = {
    "head_name": "王大山", "address": "青石村3组12号", "contact_phone": "13800000001", "household_category": "exited",
    "assistance": "dibao", "house_structure": "masonry", "house_grade": "B", "house_occupied": "yes",
    "water_supply_mode": "centralized", "water_in_house": "yes", "water_shortage_days": 20, "water_looks_clean": "yes",
    "lon": "108.3702", "lat": "23.1234", "region": "990101001003", "cadre_kin": "no", "relocated": "no",
    "assets": ["tv", "fridge"], "house_area": 96,
}  # fmt: skip


def household(version: int = 5, **changed: Any) -> dict[str, Any]:
    return _row("household", HOUSEHOLD, version, {**FACTS, **changed}, None)


def member(number: int, version: int, name: str, relation: str = "20") -> dict[str, Any]:
    values = {
        "household": HOUSEHOLD, "full_name": name, "relation": relation, "sex": "2" if relation == "10" else "1",
        "member_state": "at_home",
        "birth_date": f"19{60 + number}-03-05", "health": "healthy", "medical_insurance": "resident",
        "labour_capacity": "lost", "education": "primary", "ethnic_group": "01", "serious_illness_insurance": "yes",
        "pension_insurance": "resident", "left_behind": "none", "assistance": "dibao",
    }  # fmt: skip
    return _row("member", f"7b0f6f0e-2222-4abc-8def-00000000000{number}", version, values, HOUSEHOLD)


def _row(dataset: str, id: str, version: int, values: dict[str, Any], parent: str | None) -> dict[str, Any]:
    label = values.get("head_name") or values.get("full_name")
    return {
        "n": 1, "type": "entity", "dataset": dataset, "id": id, "version": version, "label": label, "parent": parent,
        "region": "990101001003", "state": "active", "contested": [], "data": values,
        "updated_at": "2026-08-03T01:00:00Z", "updated_by": BY,
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("lab") / "page"
    build_lab(built)
    return built


@pytest.fixture
def lab(folder: Path, playwright: Playwright, tmp_path: Path) -> Iterator[Lab]:
    """A phone that knows where it is. A test fails when the page logged an error."""
    with served(folder) as base, phone(playwright, tmp_path / "profile", HERE) as context:
        opened = Lab(base, folder, context)
        opened.rows(household(), [member(1, 2, "王大山", "02"), member(2, 3, "李秀兰", "10")])
        yield opened
        assert [text for text in opened.problems if "404" not in text] == []


@pytest.fixture
def unlocated(folder: Path, playwright: Playwright, tmp_path: Path) -> Iterator[Lab]:
    """A phone whose owner refused to be located."""
    with served(folder) as base, phone(playwright, tmp_path / "profile", None) as context:
        yield Lab(base, folder, context)


def begin_visit(lab: Lab) -> None:
    lab.open("form=household_visit&household=1")
    lab.choose("这次怎么联系的", "上门")
    lab.by_section()
    lab.section("向农户说明")
    lab.choose("农户听明白了", "愿意")
    lab.choose("没有签名的原因", "在纸上签字")


def finish_visit(lab: Lab) -> dict[str, Any]:
    lab.section("收入")
    lab.choose("这次核算收入吗", "否")
    lab.section("家底和设施")
    lab.choose("有变化吗", "否")
    lab.section("住房")
    lab.choose("登记的等级是", "否")
    lab.read_back()
    lab.save()
    return lab.submitted()


def test_a_visit_is_filled_killed_reopened_and_saved_with_its_photo(lab: Lab) -> None:
    """Nothing typed before the kill is lost, the instance stays the same, and the op says what the author had seen."""
    begin_visit(lab)
    lab.section("照片")
    lab.take_photo("房屋正面")
    lab.section("家庭情况")
    lab.card("住址").locator("input").fill("青石村3组99号")
    before = lab.saved_xml()
    lab.reopen()
    assert lab.card("住址").locator("input").input_value() == "青石村3组99号"
    op = finish_visit(lab)

    assert "<address>青石村3组99号</address>" in op["instance_xml"]
    assert op["instance_id"] in before
    assert re.search(r"<end>\d{4}-", op["instance_xml"])
    [photo] = op["attachments"]
    assert photo["slot"] == photo["capture"]["slot"] == "house_front"
    assert photo["capture"]["source"] == "live"
    assert f"<photo_house_front>{photo['name']}</photo_house_front>" in op["instance_xml"]
    assert op["visit"]["contact_mode"] == "in_person"
    assert op["visit"]["location"]["source"] == "gps"
    assert op["visit"]["started_at"] < op["visit"]["ended_at"]


def test_a_draft_keeps_the_rows_it_was_opened_with_when_others_change_them(lab: Lab) -> None:
    """Bases are those of the opening; no answer moves to another person although the order of members changed."""
    begin_visit(lab)
    lab.section("家庭成员")
    lab.page.locator(".form-row-card", has_text="李秀兰").click()
    lab.card("姓名").locator("input").fill("李秀兰（改）")
    lab.saved_xml()
    others = [member(3, 1, "王新"), member(2, 8, "李秀兰"), member(1, 7, "王大山", "02")]
    lab.rows(household(9, address="别人改的"), others)
    lab.page.evaluate("lab.putRows()")
    lab.reopen()
    op = finish_visit(lab)

    assert {(one["dataset"], one["id"][-1], one["base_version"]) for one in op["entities"]} == {
        ("household", "1", 5), ("member", "1", 2), ("member", "2", 3),
    }  # fmt: skip
    named = dict(re.findall(r"<member_id>[^<]*(\d)</member_id><m_basic><m_name>([^<]*)", op["instance_xml"]))
    assert named == {"1": "王大山", "2": "李秀兰（改）"}
    assert "青石村3组12号" in op["instance_xml"] and "别人改的" not in op["instance_xml"]


def test_the_last_answer_stands_under_each_question_and_one_tap_brings_it_back(lab: Lab) -> None:
    begin_visit(lab)
    lab.section("饮水")
    days = lab.card("缺水多少天")
    assert "上次：20（2026年8月3日 张敏）" in days.inner_text()
    days.locator("input").fill("400")
    assert "366" in days.locator(".form-problem").inner_text()
    days.locator("text=和上次一样").click()
    assert days.locator("input").input_value() == "20"
    assert days.locator(".form-problem").count() == 0


def test_a_new_member_is_added_and_read_back(lab: Lab) -> None:
    begin_visit(lab)
    lab.section("家庭成员")
    lab.card("要新增几个人").locator("input").fill("1")
    lab.page.locator(".form-row-card", has_text="新增").click()
    lab.card("姓名").locator("input").fill("王小雨")
    lab.choose("现在在家吗", "常住在家")
    lab.choose("与户主关系", "女儿")
    lab.choose("性别", "女")
    lab.card("出生日期").locator("input").fill("2015-09-01")
    lab.choose("民族", "汉族")
    lab.choose("医疗保险", "城乡居民医保")
    lab.choose("有大病保险吗", "是")
    lab.choose("本人享受低保", "没有")
    lab.choose("留守儿童", "否")
    lab.choose("在校情况", "小学在读")
    op = finish_visit(lab)
    creates = [one for one in op["entities"] if "base_version" not in one]
    assert [one["dataset"] for one in creates] == ["member"]
    declared = f'create="true" update="false" baseVersion="" trunkVersion="" branchId="" id="{creates[0]["id"]}"'
    assert declared in op["instance_xml"]


def test_what_is_missing_is_pointed_at_and_never_in_the_way_before_saving(lab: Lab) -> None:
    lab.open("form=household_visit&household=1")
    lab.next()
    assert lab.card("这次怎么联系的").locator(".form-problem").count() == 1
    lab.next()
    lab.card("走访日期").wait_for()
    lab.read_back()
    lab.save()
    lines = lab.page.locator(".form-violation")
    assert lines.count() == 2
    lines.first.click()
    lab.card("这次怎么联系的").wait_for()


def test_the_language_changes_in_the_middle_of_a_form(lab: Lab) -> None:
    lab.open("form=household_visit&household=1")
    lab.page.evaluate("lab.setLanguage('en')")
    lab.card("How this visit is made").wait_for()
    assert "Next" in lab.page.inner_text(".form-foot")
    assert "In person" in lab.page.inner_text(".form-choices")


FILLED = {
    "t_text": "一行字", "t_long": "两行\n字", "t_digits": "0123", "t_int": "42", "t_dec": "3.5", "t_count": "2",
    "t_date": "2026-11-21", "t_one": "b", "t_search": "v12", "t_many": "a c", "t_rank": "c a b", "t_range": "5",
    "t_stars": "4", "t_ack": "OK", "t_code": "6901234567892", "t_path": "",
}  # fmt: skip


def fill_every_widget(lab: Lab) -> None:
    typed = {"文字": "一行字", "数字文字": "0123", "整数": "４2x", "小数": "3。5", "条码": "6901234567892"}
    for title, text in {**typed, "日期": "2026-11-21", "时间": "08:30"}.items():
        lab.page.locator(f'.form-card:has(.form-text:text-is("{title}")) input').fill(text)
    lab.card("长文字").locator("textarea").fill("两行\n字")
    lab.card("日期和时间").locator("input").fill("2026-11-21T08:30")
    lab.card("计数").locator("button").last.click(click_count=2)
    lab.choose("选一个", "乙")
    lab.card("从很多里选").locator("input").fill("云台")
    lab.choose("从很多里选", "云台村")
    for choice in ("甲", "丙"):
        lab.choose("选几个", choice)
    for choice in ("丙", "甲"):
        lab.choose("排序", choice)
    lab.card("百分之几").locator("button").nth(1).click(click_count=2)
    lab.card("打分").locator("button", has_text="4").click()
    lab.choose("请确认", "知道了")


def fill_files(lab: Lab) -> None:
    lab.take_photo("照片")
    lab.sign("签名")
    file = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"kept exactly"}
    lab.card("文件").locator("input[type=file]").set_input_files(file)
    lab.card("文件").locator(".form-file").wait_for()


def test_every_widget_writes_its_answer(lab: Lab) -> None:
    """One question of each drawn type is filled by thumb; the instance holds what was meant."""
    lab.open("form=widgets")
    lab.by_section()
    lab.page.locator(".form-step-line").first.click()
    fill_every_widget(lab)
    fill_files(lab)
    place = lab.card("位置")
    place.locator("text=现在定位").click()
    place.locator("text=用这个位置").click()
    lab.next()
    lab.next()
    lab.page.click("text=加一个：人员")
    lab.card("名字").locator("input").fill("王大山")
    lab.page.click("text=好了")
    xml = lab.saved_xml()
    for name, value in FILLED.items():
        assert (f"<{name}>{value}</{name}>" if value else f"<{name}/>") in xml, name
    assert re.search(r"<t_moment>2026-11-21T08:30:00.000\+08:00</t_moment>", xml)
    assert re.search(r"<t_time>08:30:00.000\+08:00</t_time>", xml)
    assert "<t_place>23.1236 108.3703 0.0 8.0</t_place>" in xml
    assert "<people><p_name>王大山</p_name></people>" in xml
    lab.read_back()
    lab.page.locator(".form-choice", has_text="当面").click()
    lab.save()
    kept = {one["name"].split(".")[0]: one for one in lab.submitted()["attachments"]}
    assert set(kept) == {"t_photo", "t_sign", "t_file"}
    assert kept["t_file"]["size"] == len(b"kept exactly")


def test_a_type_that_is_not_drawn_says_so_in_both_languages_and_never_blocks(lab: Lab) -> None:
    lab.open("form=widgets")
    lab.by_section()
    lab.page.locator(".form-step-line").first.click()
    text = lab.card("路线").inner_text()
    assert "这个版本还不能填" in text and "not drawn yet" in text
    lab.read_back()
    lab.page.locator(".form-choice", has_text="电话").click()
    lab.save()
    assert lab.submitted()["visit"]["contact_mode"] == "phone"


def test_a_refused_position_is_told_and_keeps_neither_photo_nor_visit_from_being_saved(unlocated: Lab) -> None:
    lab = unlocated
    lab.open("form=widgets")
    lab.by_section()
    lab.page.locator(".form-step-line").first.click()
    lab.take_photo("照片")
    lab.read_back()
    lab.page.locator(".form-choice", has_text="当面").click()
    lab.save()
    op = lab.submitted()
    assert op["visit"]["location"]["source"] == "none"
    assert op["visit"]["location"]["reason"] in {"permission_denied", "no_fix"}
    assert op["attachments"][0]["capture"]["fix"] is None


def test_a_place_can_be_typed_with_its_reason(unlocated: Lab) -> None:
    lab = unlocated
    lab.open("form=widgets")
    lab.by_section()
    lab.page.locator(".form-step-line").first.click()
    place = lab.card("位置")
    place.locator("text=自己输入").click()
    for label, text in (("纬度", "23.1"), ("经度", "108.3"), ("为什么", "山谷里定不上")):
        place.locator("label", has_text=label).locator("input").fill(text)
    place.locator("text=用输入的位置").click()
    assert re.search(r"<t_place>23.1 108.3</t_place>", lab.saved_xml())
    lab.read_back()
    lab.page.locator(".form-choice", has_text="当面").click()
    lab.save()
    location = lab.submitted()["visit"]["location"]
    assert (location["source"], location["lat"], location["reason"]) == ("manual_pin", "23.1", "山谷里定不上")


def test_a_code_is_read_by_the_eye_of_the_phone_and_can_be_typed_over(lab: Lab) -> None:
    """From a photo of it here: the camera itself is tests/e2e/test_phone_scan.py."""
    lab.open("form=widgets")
    lab.by_section()
    lab.page.locator(".form-step-line").first.click()
    code = lab.card("条码")
    code.locator("text=扫码").click()
    sheet = lab.page.get_by_role("dialog")
    picture = jpeg(code_picture("SBX-2019-0000042-7-QINGSHI-3"))
    sheet.locator("input[type=file]").set_input_files({"name": "c.jpg", "mimeType": "image/jpeg", "buffer": picture})
    expect(code.locator(".form-input")).to_have_value("SBX-2019-0000042-7-QINGSHI-3")
    assert (sheet.count(), lab.page.locator("video").count()) == (0, 0)
    assert "<t_code>SBX-2019-0000042-7-QINGSHI-3</t_code>" in lab.saved_xml()
    code.locator(".form-input").fill("WM-0043")
    code.locator(".form-input").blur()
    assert "<t_code>WM-0043</t_code>" in lab.saved_xml()


LAYOUT = """() => {
  const wide = document.documentElement.scrollWidth > innerWidth;
  const all = (chosen) => [...document.querySelectorAll(chosen)].map(e => [e, e.getBoundingClientRect()]);
  const touched = all('.form button, .form input:not([type=file]), .form textarea, label.form-button');
  const small = touched.filter(([e, box]) => e.offsetParent && (box.height < 47.5 || box.width < 47.5));
  const out = all('.form-page *').filter(([, box]) => box.right > innerWidth + 1);
  const told = (found) => found.map(([e]) => e.outerHTML.slice(0, 90));
  return {wide, small: told(small), out: told(out)};
}"""


@pytest.mark.parametrize("form", [path.stem for path in shared_forms()] or [pytest.param("", marks=pytest.mark.skip)])
def test_a_published_survey_opens_and_each_section_fits_the_screen(lab: Lab, form: str) -> None:
    """Every section is drawn without an error, in large type; targets are at least 48 px, nothing runs off the side."""
    lab.open(f"form={form}")
    lab.page.add_style_tag(content=":root { --text-size: 21px }")
    lab.by_section()
    sections = lab.page.locator(".form-step-line").count()
    assert sections >= 4
    for index in range(sections):
        lab.contents()
        lab.page.locator(".form-step-line").nth(index).click()
        lab.page.wait_for_selector(".form-foot")
        assert lab.page.evaluate(LAYOUT) == {"wide": False, "small": [], "out": []}
