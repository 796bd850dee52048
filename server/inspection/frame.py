"""The sampling frame: who can be drawn, as canonical CSV that is published with its hash before the seed. PURE.

Columns: household_id, village, township; any others are kept in alphabetical order (strata, sizes, marks such as kin of
cadres). Canonical bytes: UTF-8 without byte order mark, LF after every line, cells NFC and trimmed, in double quotes
only where they hold a comma or a double quote (which is doubled), rows by household_id in the order of code points.
Any order of rows or columns, any line ends and quotes of the file read give the same bytes and the same hash.
Frames are made by frame_file.py: read_frame (a file) and frame_of (rows).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

COLUMNS = ("household_id", "village", "township")
# Names of columns that no published frame may have.
PERSONAL = frozenset(
    {
        "name", "full_name", "head", "head_name", "household_head", "phone", "mobile", "telephone", "id_number",
        "id_card", "address", "birth_date", "bank_account", "lon", "lat", "longitude", "latitude",
        "姓名", "户主", "户主姓名", "电话", "手机", "手机号", "联系电话", "身份证", "身份证号", "身份证号码", "住址",
        "地址", "银行卡号",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """Households in the order of their ids, column by column. `columns`: all names, the three needed ones first.

    `notes`: what a person should know about the file that was read.
    """

    columns: tuple[str, ...]
    cells: Mapping[str, Sequence[str]]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def ids(self) -> Sequence[str]:
        return self.cells["household_id"]

    @property
    def villages(self) -> Sequence[str]:
        """The village of each household."""
        return self.cells["village"]

    @property
    def townships(self) -> Sequence[str]:
        return self.cells["township"]

    @cached_property
    def sha256(self) -> str:
        """Hex hash of the canonical bytes."""
        digest = hashlib.sha256()
        for line in self.lines():
            digest.update(line)
        return digest.hexdigest()

    def lines(self) -> Iterator[bytes]:
        """The canonical bytes, line by line."""
        yield _line(self.columns)
        for row in zip(*(self.cells[name] for name in self.columns), strict=True):
            yield _line(row)

    def write(self, path: Path) -> None:
        with path.open("wb") as file:
            file.writelines(self.lines())

    def personal(self) -> tuple[str, ...]:
        """Columns that must not be published."""
        return tuple(name for name in self.columns if name.lower() in PERSONAL)


def _line(cells: Iterable[str]) -> bytes:
    return (",".join(map(_quoted, cells)) + "\n").encode()


def _quoted(cell: str) -> str:
    if "," in cell or '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
