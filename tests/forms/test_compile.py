"""An author's workbook compiles, or its mistakes come back by sheet and row with cause and cure."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forms.compile import compile_form
from server.forms.issue import FormInvalid, PolicyConflict
from server.forms.model import FormModel
from server.forms.pin import pin_versions
from tests.forms.samples import SHARED_FORMS, SMALL, datasets, small_model

PLAIN = """
| survey |
| | type | name | label | calculation | relevant | save_to | parameters |
| | text | who | Who | | | | |
| | select_one colour | hue | Hue | | | | |
| | begin_group | inner | Inner | | | | |
| | integer | many | How many | | | | |
| | end_group | | | | | | |
| choices |
| | list_name | name | label |
| | colour | red | Red |
| settings |
| | form_id | version |
| | plain | 2 |
"""


def _sheet(markdown: str) -> bytes:
    """The same tables as a real .xlsx."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for line in markdown.strip().splitlines():
        cells = [cell.strip() or None for cell in line.strip().strip("|").split("|")]
        if cells[0]:
            sheet = book.create_sheet(cells[0])
        else:
            sheet.append(cells[1:])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _refusal(source: str | bytes, filename: str = "form.md") -> str:
    content = source.encode() if isinstance(source, str) else source
    with pytest.raises(FormInvalid) as refused:
        compile_form(content, filename, datasets=datasets())
    assert all("/ " in issue.why and issue.fix for issue in refused.value.issues)
    return "\n".join(f"{issue.where}: {issue.why} → {issue.fix}" for issue in refused.value.issues)


def test_markdown_and_a_workbook_compile_to_the_same_form() -> None:
    one, other = compile_form(PLAIN.encode(), "form.md"), compile_form(_sheet(PLAIN), "form.xlsx")
    assert one.xform == other.xform and one.hash == other.hash and one.hash.startswith("md5:")
    assert (one.form_id, one.version) == ("plain", "2")


def test_a_workbook_is_known_by_its_bytes_and_not_by_its_name() -> None:
    """Offices send old .xls files under an .xlsx name."""
    assert compile_form(_sheet(PLAIN), "form.xls").form_id == "plain"
    assert compile_form(_sheet(PLAIN), "表格").form_id == "plain"


def test_a_title_may_name_the_form_in_both_languages() -> None:
    assert compile_form(SMALL.encode(), "form.md").names == {"zh": "小表", "en": "Small form"}


@pytest.mark.parametrize(
    ("old", "new", "row", "word"),
    [
        ("| integer | many |", "| integre | many |", "survey row 5", "integre"),
        ("select_one colour", "select_one color", "survey row 3", "color"),
        ("| hue | Hue | |", "| hue | Hue | ${nobody} |", "survey row 3", "nobody"),
        ("| hue | Hue | | |", "| hue | Hue | | ${who |", "survey row 3", "${"),
        ("| integer | many |", "| integer | how many |", "survey row 5", "name"),
        ("| select_one colour | hue |", "| select_one colour | who |", "survey row 3", "who"),
        ("| | end_group | | | | | | |\n", "", "survey", "end_group"),
        ("| colour | red |", "| colour | |", "choices row 2", "name"),
        ("| colour | red | Red |", "| colour | red | Red |\n| | colour | red | Rot |", "choices row 3", "unique"),
        ("| who | Who | | | |", "| who | Who | | | head_name |", "survey row 2", "save_to"),
        ("| plain | 2 |", "| plain form | 2 |", "settings row 2", "plain form"),
        ("| plain | 2 |", "| plain | 2/3 |", "settings row 2", "2/3"),
        ("| | text | who | Who | | | | |\n", "| | text | | Who | | | | |\n", "survey row 2", "name"),
    ],
)
@pytest.mark.parametrize("as_xlsx", [False, True])
def test_a_mistake_is_placed_by_sheet_and_row(old: str, new: str, row: str, word: str, as_xlsx: bool) -> None:
    assert old in PLAIN
    wrong = PLAIN.replace(old, new, 1)
    told = _refusal(_sheet(wrong) if as_xlsx else wrong)
    assert row in told and word in told


def test_all_mistakes_of_questions_are_told_at_once() -> None:
    """pyxform stops at the first; an office should not have to upload once for each."""
    wrong = PLAIN.replace("| integer | many |", "| integre | many |").replace("select_one colour", "select_one color")
    wrong = wrong.replace("| text | who |", "| text | who is it |")
    told = _refusal(wrong)
    lines = told.splitlines()
    assert ["row 2" in lines[0], "row 3" in lines[1], "row 5" in lines[2], len(lines)] == [True, True, True, 3]
    assert "color" in lines[1] and "“integre”" in lines[2]


def test_what_is_wrong_is_named_in_the_chinese_half_too() -> None:
    told = _refusal(PLAIN.replace("| select_one colour | hue |", "| select_one colour | who |"))
    assert "“who”" in told.partition(": ")[2].partition(" / ")[0]


def test_a_choice_given_twice_names_no_setting_as_if_it_were_the_choice() -> None:
    told = _refusal(PLAIN.replace("| colour | red | Red |", "| colour | red | Red |\n| | colour | red | Rot |"))
    assert "allow_choice_duplicates" not in told.partition(" / ")[0] + told.partition(": ")[2].partition(" / ")[0]


@pytest.mark.parametrize("junk", [b"", b"hello", b"<h:html/>", b"\x89PNG\r\n\x1a\n||"])
def test_another_kind_of_file_is_told_in_plain_words(junk: bytes) -> None:
    """Not in those of the library that could not open it."""
    told = _refusal(junk)
    assert "这不是表格文件" in told and "definition" not in told and "Unicode" not in told


@pytest.mark.parametrize(
    ("expression", "warned"),
    [
        ("instance('shops')/root/item[name = ${who}]/label", ""),
        ("instance('shops')/root/item[nmae = ${who}]/label", "“shops.csv” has no column “nmae”: it is always"),
        ("pulldata('shops', 'lable', 'name', ${who})", "“shops.csv” has no column “lable”: it is always"),
        ("instance('household')/root/item[name = ${who}]/head_nmae", "“household.csv” has no column “head_nmae”"),
        ("instance('household')/root/item[name = ${who}]/head_name", ""),
    ],
)
def test_a_column_that_a_list_does_not_have_is_warned_about(expression: str, warned: str) -> None:
    """It would be empty on every phone: a limit that is never kept, a name that is never shown."""
    who = "| | text | who | Who | | | | |\n"
    lists = "".join(f"| | csv-external | {name} | | | | | |\n" for name in ("shops", "household"))
    reading = PLAIN.replace(who, f"{who}{lists}| | text | shown | Shown | {expression} = 'x' | | | |\n")
    found = compile_form(reading.encode(), "form.md", {"shops.csv": b"name,label\n1,One\n"}, datasets=datasets())
    told = " ".join(found.warnings)
    assert (warned in told and "survey row 5" in told) if warned else "has no column" not in told


@pytest.mark.parametrize("junk", [b"", b"hello", b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not ole",
                                  b"\x00" * 100, b"| settings |\n| | form_id |\n| | x |"])  # fmt: skip
def test_what_is_no_workbook_is_refused(junk: bytes) -> None:
    assert "form.md" in _refusal(junk)


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"| survey |\n"])
)
def test_any_bytes_compile_or_are_refused(content: bytes, start: bytes) -> None:
    try:
        compile_form(start + content, "form.xlsx")
    except FormInvalid as refused:
        assert refused.issues


def _with_part(name: str, content: bytes) -> bytes:
    out = io.BytesIO(_sheet(PLAIN))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    assert "40 MB" in _refusal(_with_part("xl/bomb.xml", b"\0" * (41 << 20)), "form.xlsx")


def test_a_workbook_with_macros_is_refused() -> None:
    assert "macros" in _refusal(_with_part("xl/vbaProject.bin", b"x"), "form.xlsx")
    assert "macros" in _refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16-le"), "form.xls")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_workbook_with_a_dtd_is_refused(encoding: str) -> None:
    hostile = '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'.encode(encoding)
    assert "DTD" in _refusal(_with_part("xl/worksheets/extra.xml", hostile), "form.xlsx")


def test_a_workbook_above_5_mb_is_refused() -> None:
    assert "5 MB" in _refusal(b"PK\x03\x04" + b"x" * (5 << 20), "form.xlsx")


def test_too_many_cells_are_refused() -> None:
    columns = range(60)
    head = "| survey |\n| | type | name |" + "".join(f" label::L{n} (x{n}) |" for n in columns)
    many = head + "\n" + "".join(f"| | text | q{n} |" + " Label |" * len(columns) + "\n" for n in range(2_500))
    assert "150000" in _refusal(many)


def test_groups_nested_without_end_are_refused() -> None:
    """pyxform recurses; its depth must not take the server down."""
    depth = 3000
    rows = "".join(f"| | begin_group | g{n} | G |\n" for n in range(depth)) + "| | end_group | | |\n" * depth
    _refusal("| survey |\n| | type | name | label |\n" + rows + "| settings |\n| | form_id | version |\n| | deep | 1 |")


def test_a_missing_version_is_made_from_the_content() -> None:
    """So that a version always stands for one content, and submissions name it."""
    bare = PLAIN.replace("| form_id | version |", "| form_id |").replace("| plain | 2 |", "| plain |")
    one, again = compile_form(bare.encode(), "a.md"), compile_form(bare.encode(), "b.md")
    other = compile_form(bare.replace("Who", "Whom").encode(), "a.md")
    assert one.version == again.version != other.version
    assert f'version="{one.version}"' in one.xform
    assert any(one.version in warning for warning in one.warnings)


@pytest.mark.parametrize(
    ("old", "new", "row", "word"),
    [
        ("household#head_name", "household#heads_name", "survey row 4", "heads_name"),
        ("| select_multiple measures | measures |", "| text | measures |", "survey row 5", "select_multiple"),
        ("| measures | water |", "| measures | wine |", "survey row 5", "wine"),
        ("member#birth_date", "member#sex", "survey row 14", "sex"),
    ],
)
def test_a_form_that_contradicts_a_dataset_is_refused(old: str, new: str, row: str, word: str) -> None:
    assert old in SMALL
    with pytest.raises(PolicyConflict) as refused:
        compile_form(SMALL.replace(old, new).encode(), "form.md", datasets=datasets())
    told = "\n".join(f"{issue.where}: {issue.why} {issue.fix}" for issue in refused.value.issues)
    assert word in told and row in told


def test_a_form_that_writes_an_unknown_list_is_refused() -> None:
    wrong = SMALL.replace("household#", "pond#").replace("| household | ${head_name}", "| pond | ${head_name}")
    with pytest.raises(PolicyConflict, match="pond"):
        compile_form(wrong.encode(), "form.md", datasets=datasets())


def test_missing_media_are_told_and_given_media_are_not() -> None:
    """The form still compiles; the lists of our datasets are made by the server and never missing."""
    with_list = PLAIN.replace("| select_one colour |", "| select_one_from_file shops.csv |")
    without = compile_form(with_list.encode(), "form.md")
    assert any("shops.csv" in warning for warning in without.warnings)
    media = {"shops.csv": b"name,label\n1,A"}
    assert compile_form(with_list.encode(), "form.md", media).warnings == ()
    assert not any("csv" in warning for warning in compile_form(SMALL.encode(), "f.md", datasets=datasets()).warnings)


def test_version_look_ups_are_pinned_once() -> None:
    """@baseVersion, @trunkVersion and @branchId of every entity; pinning again changes nothing."""
    xform = compile_form(SMALL.encode(), "form.md").xform
    assert xform.count('calculate="once(instance(') == 6
    assert pin_versions(xform) == xform


def test_the_model_knows_slots_choices_repeats_and_records() -> None:
    model = small_model()
    assert model.by_path["/data/front"].slot == "house_front"
    assert [choice.value for choice in model.by_path["/data/measures"].choices or ()] == ["health", "water"]
    assert model.by_path["/data/household"].choice_file == "jr://file-csv/household.csv"
    assert model.repeats == {"/data/member_row"}
    assert [(entity.dataset, entity.creates, entity.updates) for entity in model.entities] == [
        ("household", False, True), ("member", True, True),
    ]  # fmt: skip
    assert model.by_path["/data/member_row/basic/m_name"].save_to == ("member", "full_name")
    assert (model.by_path["/data/head_name"].type, model.by_path["/data/front"].type) == ("string", "image")


@pytest.mark.parametrize(
    "other", ["<data/>", "not xml", "<!DOCTYPE x><x/>", "<html xmlns='http://www.w3.org/1999/xhtml'/>"]
)
def test_what_is_no_xform_makes_no_model(other: str) -> None:
    with pytest.raises(FormInvalid):
        FormModel.from_xform(other)


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        ("all-question-types.xlsx", 85),
        ("ifrc-distribution-site-assessment-v1.xlsx", 95),  # an old .xls inside, and without a version
        ("socio-economic-survey-v20240515.xlsx", 17),
    ],
)
def test_published_forms_of_others_compile(name: str, questions: int) -> None:
    path = SHARED_FORMS / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    form = compile_form(path.read_bytes(), name, datasets=datasets())
    model = FormModel.from_xform(form.xform)
    assert len(model.questions) == questions and form.version
    if name.startswith("all"):
        assert any("cities.geojson" in warning for warning in form.warnings)


@pytest.mark.parametrize("expression", ["(", "${who} +", "${who} = 'x", "(" * 5000])
def test_an_expression_that_no_client_could_read_is_named_by_row_and_column(expression: str) -> None:
    """pyxform passes it on; phones would get a published form that they cannot open."""
    source = PLAIN.replace("| | integer | many | How many | | | | |", f"| | integer | many | M | | {expression} | | |")
    refusal = _refusal(source)
    assert "survey row 5" in refusal and "“relevant”" in refusal
