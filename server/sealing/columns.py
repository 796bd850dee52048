"""Types of columns that hold secrets. Code reads and writes plain values; the database sees tokens.

Each type is told its place (table.column), which every token is bound to. A value that does not open is Unreadable: it
is shown as such, logged, and kept as it is when its row is written again, so that one damaged value costs no list.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import structlog
from sqlalchemy import Dialect, LargeBinary, String, TypeDecorator
from sqlalchemy.types import TypeEngine

from server.sealing.tokens import WORD, Unopened, is_packed, key_of
from server.sealing.vault import vault

log = structlog.get_logger()

UNREADABLE = "（无法读取 · unreadable）"
_END = b"\x00"  # of a text that is filled up with spaces


class Unreadable(str):
    """Stands for a value that does not open; `token` is what lies in the database."""

    token: Any = None


class UnreadableBytes(bytes):
    """Stands for a payload that does not open: valid JSON, which says nothing."""

    token: bytes = b""


def unreadable(token: Any) -> Unreadable:
    """What is read in place of this token."""
    found = Unreadable(UNREADABLE)
    found.token = token
    return found


class Sealed(TypeDecorator[Any]):
    """What all of them share. `opened` is strict (raises Unopened), `stand_in` is what is read in place of a loss."""

    impl: Any = LargeBinary
    cache_ok = True  # SQLAlchemy asks each class for it

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place
        self._place = place.encode()

    def copy(self, **kw: Any) -> Sealed:
        return copy.copy(self)

    def stored(self) -> TypeEngine[Any]:
        """The type of what lies in the database, for those who carry tokens and do not open them."""
        return LargeBinary()

    def keys_in(self, stored: Any) -> Iterator[bytes | None]:
        """Of each part that should be sealed the id of its key; None where it lies there plain."""
        if stored:
            yield key_of(stored)

    def opened(self, stored: Any) -> Any:
        raise NotImplementedError

    def stand_in(self, stored: Any) -> Any:
        raise NotImplementedError

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        try:
            return self.opened(value)
        except Unopened as error:
            # Never the value: place and reason are enough to look for it (`ruhu keys verify`).
            log.error("sealed value unreadable", place=self.place, reason=str(error))
            return self.stand_in(value)


class SealedBytes(Sealed):
    """A payload, compressed and sealed."""

    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        if value is None or isinstance(value, UnreadableBytes):
            return value if value is None else value.token
        return vault().pack(value, self._place)

    def opened(self, stored: bytes) -> bytes:
        # Plain ones are from before there was sealing.
        return vault().unpack(stored, self._place) if is_packed(stored) else stored

    def stand_in(self, stored: bytes) -> UnreadableBytes:
        found = UnreadableBytes(b'"unreadable"')
        found.token = stored
        return found


class SealedText(Sealed):
    """A long text, compressed and sealed as bytes."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        if isinstance(value, Unreadable):
            token: bytes = value.token
            return token
        return vault().pack(value.encode("utf-8", "surrogatepass"), self._place)

    def opened(self, stored: bytes) -> str:
        content = vault().unpack(stored, self._place) if is_packed(stored) else stored
        return str(content, "utf-8", "surrogatepass")

    def stand_in(self, stored: bytes) -> str:
        return unreadable(stored)


class SealedWords(Sealed):
    """A short text, sealed as text."""

    impl = String
    cache_ok = True

    def stored(self) -> TypeEngine[Any]:
        return String()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if not value:
            return value
        if isinstance(value, Unreadable):
            return str(value.token)
        return vault().word(value.encode("utf-8", "surrogatepass") + _END, self._place)

    def opened(self, stored: str) -> str:
        if not stored.startswith(WORD):
            return stored
        found = vault().unword(stored, self._place).rstrip(b" ").removesuffix(_END)
        return found.decode("utf-8", "surrogatepass")

    def stand_in(self, stored: str) -> str:
        return unreadable(stored)
