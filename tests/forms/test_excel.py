"""Every form can be changed in Excel: its workbook compiles to the very form that it was made of."""

from __future__ import annotations

import io

import openpyxl
import pytest

from server.forms.compile import compile_form
from server.forms.excel import excel_of
from server.forms.source import FormSource, read_source
from tests.forms.samples import DEFINITIONS, compiled, datasets

FORMS = sorted(path.name for path in (DEFINITIONS / "forms").iterdir() if path.is_dir())


@pytest.mark.parametrize("form", FORMS)
def test_the_excel_workbook_is_the_same_form(form: str) -> None:
    content, name = excel_of(read_source(DEFINITIONS / "forms" / form))
    assert name == "form.xlsx"
    assert compile_form(content, name, datasets=datasets()).xform == compiled(form).xform


def test_codes_stay_texts() -> None:
    """Excel would make 2 of 02, and a number of a version."""
    content, _ = excel_of(read_source(DEFINITIONS / "forms" / "household_visit"))
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for row in book["choices"].iter_rows() for cell in row if cell.value == "02"]
    assert cells and all(cell.number_format == "@" and cell.data_type == "s" for cell in cells)
    assert book.sheetnames[0] == "survey"


def test_what_was_handed_in_as_a_workbook_goes_back_as_it_came() -> None:
    content, _ = excel_of(read_source(DEFINITIONS / "forms" / "satisfaction"))
    assert excel_of(FormSource(content, "走访.xlsx")) == (content, "走访.xlsx")
