"""The codebook of a form: every question and code of every version, as a workbook in both languages."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from server.forms.dataset import Dataset
from server.forms.model import FormModel, Question
from server.forms.sensitivity import Level, levels_of
from server.forms.tables import FormVersion
from server.reports.cells import sheet_cell
from server.reports.layout import tables_of

_QUESTIONS = (
    "表 table", "列 column", "路径 path", "题型 type", "中文 zh", "英文 en", "提示 hint zh", "提示 hint en",
    "必填 required", "何时问 relevant", "限制 constraint", "算法 calculation", "选项来源 choice file", "存入 saves to",
    "敏感级别 sensitivity", "照片位置 photo slot", "版本 versions",
)  # fmt: skip
_CODES = ("表 table", "列 column", "代码 code", "中文 zh", "英文 en", "版本 versions")
_VERSIONS = (
    "版本 version", "状态 state", "名称 zh", "名称 en", "发布 published", "开始 starts on", "停用 retired",
    "文件 source",
)  # fmt: skip


def codebook(
    rows: Sequence[FormVersion], models: Mapping[str, FormModel], datasets: Mapping[str, Dataset]
) -> bytes:
    """The workbook. `rows` oldest first; a question that reads differently in two versions has two lines."""
    book = Workbook(write_only=True)
    ordered = [models[row.version] for row in rows]
    _sheet(book, "questions", _QUESTIONS, _questions(ordered, datasets))
    _sheet(book, "codes", _CODES, _codes(ordered))
    _sheet(book, "versions", _VERSIONS, (_version(row) for row in rows))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


Cells = tuple[str, ...]
Lines = Callable[[FormModel], Iterator[tuple[str, Cells]]]


def _sheet(book: Workbook, title: str, header: Cells, lines: Iterator[Cells]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    cells = [WriteOnlyCell(sheet, text) for text in header]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    for line in lines:
        sheet.append([sheet_cell(text, "") for text in line])


def _questions(models: Sequence[FormModel], datasets: Mapping[str, Dataset]) -> Iterator[Cells]:
    by_path = _united(models, lambda model: _lines_of(model, levels_of(model, datasets)))
    for place, column, path in _places(models):
        for line, versions in by_path.get(path, {}).items():
            yield (place, column, path, *line, versions)


def _codes(models: Sequence[FormModel]) -> Iterator[Cells]:
    by_path = _united(models, _codes_of)
    for place, column, path in _places(models):
        for line, versions in by_path.get(path, {}).items():
            yield (place, column, *line, versions)


def _places(models: Sequence[FormModel]) -> Iterator[tuple[str, str, str]]:
    """(table, column, path) of each question, in the order of an export; a place with four columns once."""
    for table in tables_of(models):
        seen: set[str] = set()
        for column in table.columns:
            if column.question.path not in seen:
                seen.add(column.question.path)
                name = column.name.removesuffix(f"-{column.part}") if column.part else column.name
                yield table.name, name, column.question.path


def _united(models: Sequence[FormModel], lines_of: Lines) -> dict[str, dict[Cells, str]]:
    """path → line → the versions that have exactly this line."""
    found: dict[str, dict[Cells, list[str]]] = {}
    for model in models:
        for path, line in lines_of(model):
            found.setdefault(path, {}).setdefault(line, []).append(model.version)
    return {path: {line: " ".join(names) for line, names in lines.items()} for path, lines in found.items()}


def _lines_of(model: FormModel, levels: Mapping[str, Level]) -> Iterator[tuple[str, Cells]]:
    for question in model.questions:
        if question.type != "note":
            yield question.path, _line(question, levels[question.path].sensitivity)


def _line(question: Question, sensitivity: str | None) -> Cells:
    texts = (question.labels, question.hints)
    words = tuple(text.get(language, "") for text in texts for language in ("zh", "en"))
    rules = (question.required, question.relevant, question.constraint, question.calculate, question.choice_file)
    saved = "#".join(question.save_to or ())
    return (question.type, *words, *(rule or "" for rule in rules), saved, sensitivity or "", question.slot or "")


def _codes_of(model: FormModel) -> Iterator[tuple[str, Cells]]:
    for question in model.questions:
        for choice in question.choices or ():
            yield question.path, (choice.value, choice.labels.get("zh", ""), choice.labels.get("en", ""))


def _version(row: FormVersion) -> Cells:
    moments = (row.published_at, row.starts_on, row.retired_at)
    return (
        row.version, row.state, row.names.get("zh", ""), row.names.get("en", ""),
        *(moment.isoformat() if moment else "" for moment in moments), row.source_name,
    )  # fmt: skip
