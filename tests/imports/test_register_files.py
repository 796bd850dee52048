"""Files as offices write them: every encoding, every mark between columns, workbooks, and what must be refused."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from server.errors import Problem
from server.imports import sheets
from tests.imports.registers import (
    COLUMNS,
    MAPPING,
    book_bytes,
    bring,
    counts,
    csv_bytes,
    household,
    id_number,
    look,
    person,
    records,
)
from tests.world import QINGSHI, World


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_encoding_of_an_office_is_read_and_named(world: World, encoding: str) -> None:
    found = bring(world, csv_bytes([person(1)], encoding))
    assert household(world).label == "户主1"
    assert any(("GB18030" if encoding == "gb18030" else "UTF-8") in remark for remark in found["notes"])


def test_a_file_in_no_encoding_is_refused_with_the_cure(world: World) -> None:
    with pytest.raises(Problem) as refused:
        look(world, csv_bytes([person(1)]) + b"\xff\xff\x81")
    assert refused.value.code == "import.not_readable"
    assert "CSV UTF-8" in refused.value.faults[0].fix


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_other_marks_between_columns_are_found(world: World, mark: str) -> None:
    text = csv_bytes([person(1)]).decode().replace(",", mark)
    assert look(world, text.encode())["counts"]["household"] == counts(new=1)


def test_a_missing_column_is_named_with_those_that_are_there(world: World) -> None:
    columns = [name for name in COLUMNS if name != "村"]
    rows = [{name: value for name, value in person(1).items() if name != "村"}]
    with pytest.raises(Problem) as refused:
        look(world, csv_bytes(rows, columns=columns))
    fault = refused.value.faults[0]
    assert "“村”" in fault.why and "乡镇" in fault.why and "第1行" in fault.where


def test_problems_are_placed_counted_and_their_examples_masked(world: World) -> None:
    rows = [
        person(1, 户类型="外星户"),
        person(2, household=2, 户类型="外星户", 耕地="三亩"),
        person(3, household=3, 出生日期="昨天"),
        person(4, household=4, 身份证号="990101197001020019"),
    ]
    found = look(world, csv_bytes(rows))
    by_code = {(one["code"], one["column"]): one for one in found["problems"]}
    kind = by_code["cell.code", "户类型"]
    assert (kind["count"], kind["rows"], kind["example"]) == (2, [2, 3], "外星户")
    assert "exited" in kind["why"] and "codes" in kind["fix"]
    assert by_code["cell.number", "耕地"]["rows"] == [3]
    assert by_code["cell.date", "出生日期"]["example"] == "***"
    check = by_code["id.check", "身份证号"]
    assert check["example"] == "990***********0019" and not check["refused"]
    assert found["counts"] == {"household": counts(new=2, refused=2), "member": counts(new=1, refused=3)}


@pytest.mark.parametrize(
    ("column", "given", "name", "kept"),
    [
        ("登记日期", "2024/3/5", "registered_on", "2024-03-05"),
        ("登记日期", "2024年3月5日", "registered_on", "2024-03-05"),
        ("登记日期", "20240305", "registered_on", "2024-03-05"),
        ("登记日期", "198312", None, None),
        ("登记日期", "2024115", None, None),
        ("耕地", "3,5", None, None),
        ("耕地", "3，5", None, None),
        ("耕地", "1 2", None, None),
        ("耕地", "12 000,5", None, None),
        ("耕地", "-1,234,567.50", "farmland_mu", "-1234567.5"),
        ("耕地", "１,０２３.50", "farmland_mu", "1023.5"),
        ("户类型", "边缘易致贫户", "household_category", "at_risk_marginal"),
        ("户类型", "At risk", None, None),
        ("户类型", "ordinary", "household_category", "ordinary"),
        ("户类型", "脱贫户", "household_category", "exited"),
        ("户主", '="王大山"', "head_name", "王大山"),
        ("户主", "'王大山", "head_name", "王大山"),
        ("户主", " 王\u200b大山\u3000", "head_name", "王大山"),
        ("户主", "无", "head_name", None),
        ("缺水天数", "12.5", None, None),
        ("户主", "=HYPERLINK(1)", None, None),
        ("户编号", "4.40524E+17", None, None),
    ],
)
def test_cells_become_canonical_values_or_a_problem(
    world: World, column: str, given: str, name: str | None, kept: str | None
) -> None:
    found = bring(world, csv_bytes([person(1, **{column: given})]))
    if name is None:
        assert found["counts"]["household"]["refused"] == 1
    else:
        assert household(world).values.get(name) == kept


def test_several_choices_in_one_cell_are_told_apart(world: World) -> None:
    """Labels and codes alike, parted as people part them."""
    from server.forms.datasets import load_datasets
    from tests.forms.samples import DEFINITIONS

    choices = load_datasets(DEFINITIONS / "datasets")["household"].properties["measures"].choices or ()
    first, second = choices[0], choices[1]
    bring(world, csv_bytes([person(1, 措施=f"{second.labels['zh']}、{first.value}")]))
    assert household(world).values["measures"] == " ".join(sorted([first.value, second.value]))


def test_a_workbook_is_read_as_typed(world: World) -> None:
    """Numbers, dates and texts as cells; the ID number as text."""
    row = list(person(1, 缺水天数="").values())
    row[6], row[7], row[12] = 3.5, datetime(2024, 3, 5), datetime(1970, 1, 2)  # noqa: DTZ001 - as a sheet has them
    found = bring(world, book_bytes({"花名册": [COLUMNS, row]}), filename="r.xlsx")
    assert found["state"] == "applied"
    values = household(world).values
    assert (values["farmland_mu"], values["registered_on"]) == ("3.5", "2024-03-05")
    assert records(world, "member")[0].values["birth_date"] == "1970-01-02"


@pytest.mark.parametrize("dates", ["%d/%m/%Y", "%Y-%d-%m"])
def test_a_date_of_the_workbook_itself_is_no_text_in_some_format(world: World, dates: str) -> None:
    """`dates` says how texts are written: a real date was refused by it, or its day taken for its month."""
    row = list(person(1).values())
    row[7] = datetime(2024, 3, 5)  # noqa: DTZ001 - as a sheet has it
    own = MAPPING.replace("登记日期: registered_on", f'登记日期: {{to: registered_on, dates: ["{dates}"]}}')
    bring(world, book_bytes({"花名册": [COLUMNS, row]}), own, filename="r.xlsx")
    assert household(world).values["registered_on"] == "2024-03-05"


def test_a_code_that_is_shown_with_leading_zeros_keeps_them(world: World) -> None:
    """The cell holds 12 and shows 00012, which is what the office's other lists say."""
    book = openpyxl.load_workbook(io.BytesIO(book_bytes({"花名册": [COLUMNS, list(person(1).values())]})))
    cell = book.worksheets[0]["A2"]
    cell.value, cell.number_format = 12, "00000"
    out = io.BytesIO()
    book.save(out)
    bring(world, out.getvalue(), filename="r.xlsx")
    assert household(world, "00012").values["farmland_mu"] == "3.5"


def test_two_workbooks_may_call_their_sheet_the_same(world: World) -> None:
    """As every new workbook does: the columns of one were looked for in the other."""
    households, members = (book_bytes({"Sheet1": table}) for table in two_tables(person(1), person(2, household=2)))
    bring(world, households, filename="r.xlsx", members=members)
    assert [one.label for one in records(world, "member")] == ["成员1", "成员2"]


def test_formulas_are_never_computed(world: World) -> None:
    row = list(person(1).values())
    row[6] = "=1+2"
    found = look(world, book_bytes({"花名册": [COLUMNS, row]}), filename="r.xlsx")
    assert [one["code"] for one in found["problems"] if one["column"] == "耕地"] == ["cell.formula"]


def test_a_long_number_that_a_spreadsheet_spoilt_is_noticed(world: World) -> None:
    row = list(person(1).values())
    row[13] = 990101197001020015
    found = look(world, book_bytes({"花名册": [COLUMNS, row]}), filename="r.xlsx")
    assert "cell.digits_lost" in {one["code"] for one in found["problems"]}
    assert found["counts"]["member"]["refused"] == 1


TWO_SHEETS = MAPPING.replace("household:\n", "household:\n  sheet: 户\n").replace("member:\n", "member:\n  sheet: 人\n")
OF_HOUSEHOLD, OF_MEMBER = COLUMNS[:10], ("户编号", "姓名", "性别", "出生日期", "身份证号")


def two_tables(*people: dict[str, str]) -> tuple[list[Any], list[Any]]:
    first = {one["户编号"]: [one[name] for name in OF_HOUSEHOLD] for one in people}
    return [OF_HOUSEHOLD, *first.values()], [OF_MEMBER, *([one[name] for name in OF_MEMBER] for one in people)]


def test_households_and_members_may_stand_in_two_sheets(world: World) -> None:
    households, members = two_tables(person(1), person(2), person(3, household=2))
    bring(world, book_bytes({"户": households, "人": members}), TWO_SHEETS, filename="r.xlsx")
    assert len(records(world, "household")) == 2
    assert len(records(world, "member")) == 3


def test_households_and_members_may_stand_in_two_files(world: World) -> None:
    households, members = two_tables(person(1), person(2, household=2))
    texts = ["\n".join(",".join(row) for row in table).encode() for table in (households, members)]
    bring(world, texts[0], members=texts[1])
    assert [one.label for one in records(world, "member")] == ["成员1", "成员2"]


def test_a_member_of_a_household_that_came_earlier_finds_it(world: World) -> None:
    """The second file brings members only; one of them names a household that nobody knows."""
    bring(world, csv_bytes([person(1)]))
    households, members = two_tables(person(2), person(3, household=8))
    texts = ["\n".join(",".join(row) for row in table).encode() for table in (households[:1], members)]
    found = bring(world, texts[0], members=texts[1])
    assert found["applied"]["member"] == counts(new=1, refused=1)
    assert {one.parent_id for one in records(world, "member")} == {household(world).id}


def test_a_missing_sheet_is_named(world: World) -> None:
    households, _ = two_tables(person(1))
    with pytest.raises(Problem) as refused:
        look(world, book_bytes({"户": households}), TWO_SHEETS, filename="r.xlsx")
    assert "“人”" in refused.value.faults[0].why


def test_merged_cells_are_filled_down_where_the_mapping_says_so(world: World) -> None:
    filled = MAPPING + "fill_down: [户编号, 乡镇, 村, 户主]\n"
    rows = [person(1), person(2, 户编号="", 乡镇="", 村="", 户主="", 户类型="", 耕地="", 登记日期="")]
    found = bring(world, csv_bytes(rows), filled)
    assert found["applied"] == {"household": counts(new=1), "member": counts(new=2)}


def test_a_cell_that_says_there_is_nothing_was_not_merged(world: World) -> None:
    """Household 2 has no telephone: it was given the one of the household above."""
    rows = [person(1, 电话="19900001111"), person(2, household=2, 电话="无"), person(3, household=2, 电话="")]
    bring(world, csv_bytes(rows), MAPPING + "fill_down: [户编号, 电话]\n")
    assert household(world, "H2").values.get("contact_phone") is None
    assert household(world, "H1").values["contact_phone"] == "19900001111"


def test_the_first_row_of_a_household_counts_and_the_others_are_compared(world: World) -> None:
    found = bring(world, csv_bytes([person(1, 耕地="1"), person(2, 耕地="2")]))
    assert household(world).values["farmland_mu"] == "1"
    problem = next(one for one in found["problems"] if one["code"] == "household.differs")
    assert (problem["rows"], problem["column"], problem["refused"]) == ([3], "耕地", False)


@pytest.mark.parametrize(
    ("column", "given", "named"),
    [("村", "白塔村", "乡镇、村"), ("村", "没有村", "乡镇、村"), ("登记日期", "昨天", "登记日期")],
)
def test_another_village_or_an_unreadable_cell_in_a_further_row_is_named(
    world: World, column: str, given: str, named: str
) -> None:
    """The household went to the first row's village without a word; a row that names none says nothing else."""
    rows = [person(1), person(2, **{column: given}), person(3, 乡镇="", 村="")]
    found = look(world, csv_bytes(rows))
    assert [(one["code"], one["column"], one["rows"]) for one in found["problems"]] == [
        ("household.differs", named, [3])
    ]
    assert found["counts"]["member"] == counts(new=3)


def test_one_person_twice_is_refused_the_second_time(world: World) -> None:
    found = bring(world, csv_bytes([person(1), person(1, household=2)]))
    assert found["applied"]["member"] == counts(new=1, refused=1)
    assert next(one for one in found["problems"] if one["code"] == "key.twice")["rows"] == [3]


def test_a_child_without_an_id_number_is_known_by_the_other_key(world: World) -> None:
    rows = [person(1), person(2, 身份证号="")]
    bring(world, csv_bytes(rows))
    assert bring(world, csv_bytes(rows))["applied"]["member"] == counts(unchanged=2)


def test_a_header_below_a_title_is_found(world: World) -> None:
    content = "虚县农户登记册,,\r\n".encode() + csv_bytes([person(1)])
    assert look(world, content, MAPPING + "header_row: 2\n")["counts"]["household"] == counts(new=1)


def test_regions_come_by_code_too_and_twins_are_not_guessed(world: World) -> None:
    by_code = MAPPING.replace("{names: [乡镇, 村]}", "{code: 村}")
    bring(world, csv_bytes([person(1, 村=QINGSHI)]), by_code)
    assert household(world).region_code == QINGSHI


def test_rules_of_the_dataset_ask_and_never_refuse(world: World) -> None:
    found = bring(world, csv_bytes([person(1, 缺水天数="400")]))
    problem = next(one for one in found["problems"] if one["code"].startswith("rule."))
    assert problem["code"] == "rule.household.shortage_days_impossible" and not problem["refused"]
    assert household(world).values["water_shortage_days"] == "400"


def hostile(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book_bytes({"a": [COLUMNS]}))) as good, zipfile.ZipFile(out, "w") as bad:
        for part in good.infolist():
            bad.writestr(part, content if part.filename == name else good.read(part))
        if name not in good.namelist():
            bad.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: hostile("xl/vbaProject.bin", b"x"), "宏"),
        (lambda: hostile("xl/workbook.xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), "宏"),
        (lambda: hostile("xl/worksheets/sheet9.xml", b" " * 3_000_000), "太大"),
        (lambda: book_bytes({"a": [COLUMNS]})[:-40], "打不开"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "不是 CSV"),
        (lambda: '户编号,"姓名\n'.encode() + b"a,b", "引号"),
        (lambda: csv_bytes([person(1)]) + b'H2,"x"y,\n', "引号"),
    ],
    ids=["macros", "dtd", "bomb", "cut", "old excel", "open quote", "bad quote"],
)
def test_hostile_and_broken_files_are_refused_in_words(
    world: World, content: Any, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MAX_UNPACKED", 2_000_000)
    try:
        found = look(world, content())
    except Problem as problem:
        assert problem.code == "import.not_readable"
        assert code in problem.faults[0].why
    else:
        assert (found["state"], found["error"]) == ("failed", "import.not_readable")
        assert code in found["problems"][0]["why"]


def test_an_id_number_of_the_wrong_length_identifies_nobody(world: World) -> None:
    found = look(world, csv_bytes([person(1, 身份证号=id_number("1970-01-02", 1)[:15])]))
    assert "key.number" in {one["code"] for one in found["problems"]}
