"""Columns that a form reads of lists from files: one that is misspelled is empty on every phone, and nobody is told."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping

from server.forms.dataset import Dataset
from server.forms.evaluation import FormPlan
from server.forms.issue import Issue
from server.forms.messages import issue
from server.forms.unknown_names import expressions_by_column

# What a list of records has beside the properties.
OF_RECORDS = ("name", "label", "__version", "__trunkVersion", "__branchId")

# {list: {column: where it is read first}}
Reads = Mapping[str, Mapping[str, str]]


def columns_read(plan: FormPlan, place: Callable[[str], str]) -> Reads:
    """The columns by the file's name without .csv; other kinds of files name theirs more freely."""
    csv_files = {name: file for name, file in plan.files.items() if file.endswith(".csv")}
    found: dict[str, dict[str, str]] = {}
    for part in plan.parts.values():
        # What pyxform wrote itself.
        if "/meta/" in part.path:
            continue
        for _, expression in expressions_by_column(part):
            for name, column in expression.columns:
                file = csv_files.get(name.removesuffix(".csv"))
                if file is not None:
                    stem = file.rpartition("/")[2].removesuffix(".csv")
                    found.setdefault(stem, {}).setdefault(column, place(part.name))
    return found


def known_columns(media: Mapping[str, bytes], datasets: Mapping[str, Dataset]) -> dict[str, Collection[str]]:
    """The columns of the files that come with a form, and of the lists of records."""
    known: dict[str, Collection[str]] = {
        name: (*OF_RECORDS, *dataset.properties) for name, dataset in datasets.items()
    }
    return known | {name.removesuffix(".csv"): _header(content) for name, content in media.items() if _is_list(name)}


def unknown_columns(reads: Reads, known: Mapping[str, Collection[str]]) -> Iterator[Issue]:
    """An issue for each column that its list does not have; lists that are not known are not judged."""
    for name, columns in reads.items():
        for column, where in sorted(columns.items()):
            if known.get(name) and column not in known[name]:
                yield issue("author.no_such_column", where, list=name, name=column, known=", ".join(known[name]))


def _is_list(name: str) -> bool:
    return name.endswith(".csv") and name != "itemsets.csv"


def _header(content: bytes) -> tuple[str, ...]:
    lines = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    try:
        return tuple(name.strip() for name in next(lines, []))
    except csv.Error:
        return ()
