"""The report of an inspection as files: sections of paragraphs and tables, as a workbook or as a page to print. PURE.

Chinese first, English second, both in one file. The page needs nothing but itself and prints on A4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from server.reports.cells import safe

Text = tuple[str, str]  # Chinese, English
Cell = str | int | float | None
FORMATS: Mapping[str, tuple[str, str]] = {
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "html": ("html", "text/html"),
}
WIDEST = 60  # characters of a column in the workbook


@dataclass(frozen=True)
class Bar:
    """An interval as shares of 1, with the limit: drawn on the page, written in the workbook."""

    low: float
    high: float
    estimate: float
    limit: float
    most: float


@dataclass(frozen=True)
class Table:
    """`bars`: one for each row, where there are any."""

    head: Sequence[Text]
    rows: Sequence[Sequence[Cell]]
    bars: Sequence[Bar | None] = ()


@dataclass(frozen=True)
class Section:
    """`name`: of its sheet in the workbook."""

    name: str
    title: Text
    paragraphs: Sequence[Text] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Report:
    title: Text
    subtitle: Text
    sections: Sequence[Section]


def write_workbook(report: Report, target: Path) -> None:
    """A sheet a section; texts cannot run as formulas."""
    book = Workbook(write_only=True)
    for section in report.sections:
        _sheet(book, report, section)
    book.save(target)


def _sheet(book: Workbook, report: Report, section: Section) -> None:
    sheet = book.create_sheet(section.name)
    for column, width in enumerate(_widths(section)):
        sheet.column_dimensions[chr(ord("A") + column)].width = width
    _line(sheet, [_both(report.title)], bold=True)
    sheet.append([safe(_both(report.subtitle))])
    _line(sheet, [_both(section.title)], bold=True)
    for paragraph in section.paragraphs:
        for text in paragraph:
            sheet.append([safe(text)])
    if section.table is not None:
        sheet.append([])
        _line(sheet, [_both(head, "\n") for head in section.table.head], bold=True)
        for row in section.table.rows:
            sheet.append([safe(cell) if isinstance(cell, str) else cell for cell in row])


def _line(sheet: Worksheet, texts: Sequence[str], bold: bool) -> None:
    cells = [WriteOnlyCell(sheet, safe(text)) for text in texts]
    for cell in cells:
        cell.font, cell.alignment = Font(bold=bold), Alignment(wrap_text="\n" in str(cell.value), vertical="top")
    sheet.append(cells)


def _widths(section: Section) -> list[int]:
    if section.table is None:
        return [WIDEST]
    lines = [[max(head, key=len) for head in section.table.head], *section.table.rows]
    count = len(section.table.head)
    return [min(WIDEST, 4 + max((_width(row[n]) for row in lines if n < len(row)), default=8)) for n in range(count)]


def _width(cell: Cell) -> int:
    """A Chinese letter takes the room of two."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in str(cell if cell is not None else ""))


def _both(text: Text, between: str = "  ") -> str:
    return between.join(part for part in dict.fromkeys(text) if part)


_STYLE = """
body { font: 11pt/1.5 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  color: #1d2521; max-width: 190mm; margin: 12mm auto; padding: 0 6mm; }
h1 { font-size: 17pt; margin: 0; } h2 { font-size: 12.5pt; margin: 9mm 0 2mm; break-after: avoid; }
.en { color: #5d6963; font-size: 9.5pt; }
h1 .en, h2 .en { font-size: 10pt; font-weight: 400; margin-inline-start: 3mm; }
p { margin: 1mm 0; } table { width: 100%; border-collapse: collapse; font-size: 9.5pt; }
thead { display: table-header-group; } tr { break-inside: avoid; }
th, td { border-bottom: .2mm solid #dfe4e0; padding: 1.2mm 2mm; text-align: start; vertical-align: top; }
td { white-space: pre-line; }
th { font-weight: 600; } td.n { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { position: relative; height: 3mm; width: 40mm; background: #edf0ed; margin-top: 1mm; }
.bar span { position: absolute; inset-block: 0; } .range { background: #9fb3aa; }
.point { width: .5mm; background: #1d2521; }
.limit { width: .5mm; background: #1e5aa8; inset-block: -.7mm !important; }
@page { size: A4; margin: 14mm; } @media print { body { margin: 0; padding: 0; max-width: none; } }
* { print-color-adjust: exact; }
"""


def write_page(report: Report, target: Path) -> None:
    """HTML without scripts and without anything from elsewhere."""
    body = "".join(_section(section) for section in report.sections)
    head = f'<meta charset="utf-8"><title>{escape(report.title[0])}</title><style>{_STYLE}</style>'
    top = f"<h1>{_titled(report.title)}</h1>{_paragraph(report.subtitle)}"
    page = f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{top}{body}</body></html>\n'
    target.write_text(page, encoding="utf-8")


def _section(section: Section) -> str:
    paragraphs = "".join(_paragraph(one) for one in section.paragraphs)
    table = _table(section.table) if section.table is not None else ""
    return f"<section><h2>{_titled(section.title)}</h2>{paragraphs}{table}</section>"


def _titled(text: Text) -> Markup:
    return Markup('{} <span class="en" lang="en">{}</span>').format(*text)


def _paragraph(text: Text) -> Markup:
    return Markup('<p>{}<br><span class="en" lang="en">{}</span></p>').format(*text)


def _table(table: Table) -> str:
    head = "".join(Markup('<th>{}<br><span class="en" lang="en">{}</span></th>').format(*one) for one in table.head)
    bars = [*table.bars, *[None] * len(table.rows)]
    rows = "".join(f"<tr>{''.join(_cells(row, bar))}</tr>" for row, bar in zip(table.rows, bars, strict=False))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(row: Sequence[Cell], bar: Bar | None) -> Iterator[str]:
    """The bar stands below the first cell."""
    for n, cell in enumerate(row):
        drawn = _bar(bar) if bar is not None and n == 0 else ""
        kind = "" if isinstance(cell, str) or cell is None else ' class="n"'
        yield f"<td{kind}>{escape('' if cell is None else cell)}{drawn}</td>"


def _bar(bar: Bar) -> str:
    def place(share: float) -> str:
        return f"{max(0.0, min(1.0, share / bar.most)) * 100:.1f}%"

    width = f"{max(0.5, (bar.high - bar.low) / bar.most * 100):.1f}%"
    return (
        f'<div class="bar"><span class="range" style="left:{place(bar.low)};width:{width}"></span>'
        f'<span class="point" style="left:{place(bar.estimate)}"></span>'
        f'<span class="limit" style="left:{place(bar.limit)}"></span></div>'
    )
