"""Reading a table of people to invite (CSV). PURE: bytes in, rows with what is wrong in each out.

Columns: username, name, role, region, or 用户名, 姓名, 角色, 区域; others are left alone. A person with two roles has
two lines. UTF-8 with or without a byte order mark, and GB18030, which Chinese Excel writes.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from server.accounts.people import USERNAME, is_reserved, may_combine
from server.accounts.tables import ROLES

MOST_BYTES = 512 * 1024
MOST_ROWS = 2000
LONGEST_NAME = 64
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})  # line breaks, and what turns the direction of reading
_COLUMNS = {
    "username": "username", "用户名": "username", "name": "name", "姓名": "name", "role": "role", "角色": "role",
    "身份": "role", "region": "region", "区域": "region", "区划代码": "region", "region_code": "region",
}  # fmt: skip
_ROLE_WORDS = {
    "村干部": "cadre", "主管": "supervisor", "管理员": "admin", "审计人员": "auditor", "审计": "auditor",
    "抽查人员": "inspector",
}  # fmt: skip


@dataclass
class InviteRow:
    """One line. `problems`: codes of what is wrong with it, such as `role.unknown`; `state` is set against the people.

    State: new, added (the person is there and gets the role), there (nothing to do), wrong.
    """

    line: int
    username: str
    name: str
    role: str
    region: str | None
    problems: list[str] = field(default_factory=list)
    state: str = "new"


class UnreadableTable(Exception):
    """The file as a whole is of no use; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_invitations(raw: bytes) -> list[InviteRow]:
    """All rows with the problems that the file alone shows. Raises UnreadableTable."""
    lines = csv.reader(io.StringIO(_decoded(raw), newline=""))
    try:
        header = [_COLUMNS.get(cell.strip().lower(), "") for cell in next(lines, [])]
        if not {"username", "name", "role"} <= set(header):
            raise UnreadableTable("file.columns")
        rows = [_row(lines.line_num, dict(zip(header, cells, strict=False))) for cells in lines if any(cells)]
    except csv.Error as error:
        raise UnreadableTable("file.quotes") from error
    if not rows:
        raise UnreadableTable("file.empty")
    if len(rows) > MOST_ROWS:
        raise UnreadableTable("file.too_long")
    _compare(rows)
    return rows


def _decoded(raw: bytes) -> str:
    if len(raw) > MOST_BYTES:
        raise UnreadableTable("file.too_long")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableTable("file.workbook")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableTable("file.encoding")


def _row(line: int, cells: dict[str, str]) -> InviteRow:
    given = {name: cells.get(name, "").strip() for name in ("username", "name", "role", "region")}
    role = _ROLE_WORDS.get(given["role"], given["role"].lower())
    row = InviteRow(line, given["username"].lower(), given["name"], role, given["region"] or None)
    row.problems = list(problems_of(row))
    return row


def problems_of(row: InviteRow) -> Iterator[str]:
    """What is wrong with a row by itself."""
    if not USERNAME.fullmatch(row.username):
        yield "username.shape"
    elif is_reserved(row.username):
        yield "username.reserved"
    if not 1 <= len(row.name) <= LONGEST_NAME:
        yield "name.length"
    elif any(unicodedata.category(sign) in UNSEEN for sign in row.name):
        yield "name.signs"
    if row.role not in ROLES:
        yield "role.unknown"
    elif (row.role == "inspector") == bool(row.region):
        yield "region.inspector" if row.region else "region.missing"


def _compare(rows: list[InviteRow]) -> None:
    """Lines about one person must agree, and not say the same twice."""
    names: dict[str, str] = {}
    roles: dict[str, set[str]] = {}
    seen: set[tuple[str, str, str | None]] = set()
    for row in rows:
        if names.setdefault(row.username, row.name) != row.name:
            row.problems.append("name.differs")
        if (row.username, row.role, row.region) in seen:
            row.problems.append("row.twice")
        seen.add((row.username, row.role, row.region))
        roles.setdefault(row.username, set()).add(row.role)
        if not may_combine(roles[row.username]):
            row.problems.append("role.inspects_only")
