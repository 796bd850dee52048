"""Code lists: one CSV a list, read as offices save them, with every mistake placed by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.forms.code_lists import load_code_lists
from server.forms.datasets import load_datasets
from server.forms.issue import DefinitionError, Issue
from tests.forms.samples import DEFINITIONS

LIST = "code,zh,en,note,source\n02,户主,Head,,GB/T 4761\n10,配偶,Spouse,夫或妻,\n"
PET = """
name: pet
labels: {zh: 宠物, en: Pet}
label_property: kind
properties:
  kind: {type: select_one, choices: pet_kind, labels: {zh: 种类, en: Kind}, sensitivity: public, merge: review}
"""


def read(tmp_path: Path, content: str | bytes, name: str = "relation.csv") -> tuple[dict[str, list[str]], list[Issue]]:
    issues: list[Issue] = []
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    lists = load_code_lists(tmp_path, issues)
    return {name: [choice.value for choice in choices] for name, choices in lists.items()}, issues


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_in_every_encoding_that_excel_writes(tmp_path: Path, encoding: str) -> None:
    lists, issues = read(tmp_path, LIST.encode(encoding))
    assert (lists, issues) == ({"relation": ["02", "10"]}, [])


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        ("code,zh\n02,户主\n", 1, "“en” is missing"),
        (LIST.replace("note", "remark"), 1, "“remark” is not known here"),
        (LIST.replace("10,", "1 0,"), 3, "“1 0” is not allowed"),
        (LIST.replace("10,", "02,"), 3, "“02” is given twice"),
        (LIST.replace("Spouse", ""), 3, "Both a Chinese and an English label"),
        ("code,zh,en\n", 1, "holds no code"),
    ],
)
def test_a_wrong_list_is_told_its_line_cause_and_cure(tmp_path: Path, content: str, line: int, why: str) -> None:
    _, issues = read(tmp_path, content)
    (issue,) = [one for one in issues if why in one.why]
    assert f"relation.csv line {line}" in issue.where and " / " in issue.fix


def test_datasets_refer_to_a_list_by_name(tmp_path: Path) -> None:
    for folder in ("datasets", "codes"):
        (tmp_path / folder).mkdir()
    (tmp_path / "datasets" / "pet.yaml").write_text(PET, "utf-8")
    with pytest.raises(DefinitionError, match="pet_kind"):
        load_datasets(tmp_path / "datasets")
    (tmp_path / "codes" / "pet_kind.csv").write_text("code,zh,en\ncat,猫,Cat\n", "utf-8")
    kind = load_datasets(tmp_path / "datasets")["pet"].properties["kind"]
    assert [choice.labels for choice in kind.choices or ()] == [{"zh": "猫", "en": "Cat"}]


@pytest.mark.parametrize(
    ("name", "count", "some"),
    [
        ("sex", 4, {"0", "1", "2", "9"}),
        ("marriage", 8, {"10", "20", "30", "40", "90"}),
        ("ethnic_group", 58, {"01", "06", "56", "97", "98"}),
        ("education_level", 8, {"10", "70", "90"}),
        ("id_kind", 4, {"111", "113"}),
        ("disability_kind", 7, {"1", "7"}),
        ("disability_level", 4, {"1", "4"}),
    ],
)
def test_national_lists_are_whole(name: str, count: int, some: set[str]) -> None:
    issues: list[Issue] = []
    values = [choice.value for choice in load_code_lists(DEFINITIONS / "codes", issues)[name]]
    assert not issues and some <= set(values)
    assert len(values) == len(set(values)) >= count


def test_relations_are_the_national_ones_without_gaps() -> None:
    """GB/T 4761-2008, two digits: 79 and 98 are not used, 03 to 09 and 13 to 19 neither."""
    values = {choice.value for choice in load_code_lists(DEFINITIONS / "codes", [])["relation"]}
    expected = {"01", "02", "10", "11", "12"} | {str(n) for n in range(20, 98)} | {"99"}
    assert values == expected
