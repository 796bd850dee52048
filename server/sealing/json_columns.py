"""Types of columns whose JSON holds secrets: sealed whole, or only in those parts that nobody declared open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Dialect, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from server.sealing.columns import Sealed, Unreadable, unreadable
from server.sealing.tokens import WORD, Unopened, key_of
from server.sealing.vault import vault
from server.spelling import spell, speller

_spell = speller(ensure_ascii=False, compact=True)
_read = json.JSONDecoder().decode

SEALED = "~"  # in a JSON object: the token of what is not to be seen in it
LOST = "~lost"  # and one that did not open
_CHANGE = ("from", "to")


def _is_open(name: str, open_names: frozenset[str]) -> bool:
    """Also "@state" and the like, which are no person's secret."""
    return name in open_names or name.startswith("@")


class _Json(Sealed):
    impl = JSON
    cache_ok = True

    def __init__(self, place: str) -> None:
        TypeDecorator.__init__(self, none_as_null=True)
        self.place = place
        self._place = place.encode()

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(JSON(none_as_null=True))

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self.impl_instance.coerce_compared_value(op, value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """Straight to the text that both databases take, past the types that would wrap the value and ask it again."""
        hidden = self.process_bind_param

        def process(value: Any) -> str | None:
            stored = hidden(value, dialect)
            return None if stored is None else spell(stored)

        return process

    def stored(self) -> TypeEngine[Any]:
        return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

    def _hide(self, value: Any) -> str:
        return vault().word(_spell(value).encode(), self._place)

    def _show(self, token: str) -> Any:
        return _read(str(vault().unword(token, self._place), "utf-8", "surrogatepass"))


class SealedJson(_Json):
    """A JSON value sealed whole. What is empty stays as it is: "is there anything" may be asked in SQL.

    `damaged` is what is read in place of a value that does not open.
    """

    cache_ok = True

    def __init__(self, place: str, damaged: Any) -> None:
        super().__init__(place)
        self.damaged = json.dumps(damaged)  # hashable, and nobody changes it

    def keys_in(self, stored: Any) -> Iterator[bytes | None]:
        if stored:
            yield key_of(stored) if isinstance(stored, str) else None

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return self._hide(value) if value else value

    def opened(self, stored: Any) -> Any:
        return self._show(stored) if isinstance(stored, str) and stored.startswith(WORD) else stored

    def stand_in(self, stored: Any) -> Any:
        return json.loads(self.damaged)


class SealedValues(_Json):
    """Values by property: those of properties that are not declared open lie in one token under "~".

    One token and not one each: it tells nobody which of them are there.
    """

    cache_ok = True

    def keys_in(self, stored: Any) -> Iterator[bytes | None]:
        for name, value in (stored or {}).items():
            if name == SEALED:
                yield key_of(value)
            elif name != LOST and not _is_open(name, vault().open_names):
                yield None

    def process_bind_param(self, value: Mapping[str, Any] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        open_names = vault().open_names
        if value.keys() <= open_names:
            return value  # as mostly in a head
        hidden = [name for name in value if name not in open_names and not name.startswith("@")]
        if not hidden:
            return value
        stored = dict(value)
        secret = {name: stored.pop(name) for name in hidden}
        secret.pop(LOST, None)
        if secret:
            stored[SEALED] = self._hide(secret)
        if LOST in value:
            stored[LOST] = getattr(value[LOST], "token", value[LOST])
        return stored

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None or (SEALED not in value and LOST not in value):
            return value
        return super().process_result_value(value, dialect)

    def opened(self, stored: dict[str, Any]) -> dict[str, Any]:
        if SEALED in stored:
            stored = {**stored, **self._show(stored[SEALED])}
            del stored[SEALED]
        if LOST in stored:
            stored[LOST] = unreadable(stored[LOST])
        return stored

    def stand_in(self, stored: dict[str, Any]) -> dict[str, Any]:
        plain = {name: value for name, value in stored.items() if name != SEALED}
        return {**plain, LOST: unreadable(stored[SEALED])}


class SealedChanges(_Json):
    """Changes of a record ({property, from, to, …}): before and after of what is not declared open are sealed."""

    cache_ok = True

    def keys_in(self, stored: Any) -> Iterator[bytes | None]:
        for one in stored or ():
            if SEALED in one:
                yield key_of(one[SEALED])
            elif not _is_open(one["property"], vault().open_names):
                yield None

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        open_names = vault().open_names
        return [one if _is_open(one["property"], open_names) else self._sealed(one) for one in value or ()]

    def _sealed(self, change: Mapping[str, Any]) -> dict[str, Any]:
        stored = {name: part for name, part in change.items() if name not in _CHANGE}
        before_and_after = [change.get(name) for name in _CHANGE]
        lost = next((part.token for part in before_and_after if isinstance(part, Unreadable)), None)
        return {**stored, SEALED: lost or self._hide(before_and_after)}

    def opened(self, stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self._opened(one) if SEALED in one else one for one in stored]

    def _opened(self, change: Mapping[str, Any]) -> dict[str, Any]:
        before_and_after = self._show(change[SEALED])
        rest = {name: part for name, part in change.items() if name != SEALED}
        return {**rest, **dict(zip(_CHANGE, before_and_after, strict=True))}

    def stand_in(self, stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self._tolerant(one) if SEALED in one else one for one in stored]

    def _tolerant(self, change: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._opened(change)
        except Unopened:
            rest = {name: part for name, part in change.items() if name != SEALED}
            return {**rest, **dict.fromkeys(_CHANGE, unreadable(change[SEALED]))}
