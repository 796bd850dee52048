"""Finds the village or group that a row names, within the area that the import may touch."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.geo.tables import Region
from server.imports.cells import Spoiled
from server.sync.place import HOME_LEVELS


@dataclass(frozen=True)
class _Place:
    code: str
    level: str
    path: str
    above: tuple[str, ...]


class Places:
    """The regions of this database, for looking up by code or by names from above to below.

    `area`: path of the region that the import is limited to, "" for all; `scope`: paths that the person may
    administer, None for all.
    """

    def __init__(self, session: Session, area: str, scope: Sequence[str] | None) -> None:
        self._area, self._scope = area, scope
        rows = session.execute(select(Region.code, Region.level, Region.path, Region.name_zh)).all()
        names = {row.code: _plain(row.name_zh) for row in rows}
        self._by_code: dict[str, _Place] = {}
        self._by_name: dict[str, list[_Place]] = defaultdict(list)
        for row in rows:
            above = tuple(names.get(code, "") for code in row.path.strip("/").split("/")[:-1])
            place = _Place(row.code, row.level, row.path, above)
            self._by_code[row.code] = place
            self._by_name[names[row.code]].append(place)

    def may(self, path: str) -> bool:
        """Whether the import may touch what lies there."""
        return path.startswith(self._area) and (self._scope is None or any(path.startswith(one) for one in self._scope))

    def path_of(self, code: str) -> str:
        place = self._by_code.get(code)
        return place.path if place else ""

    def by_code(self, text: str) -> str | Spoiled:
        place = self._by_code.get(_plain(text))
        return self._home([place] if place else [])

    def by_names(self, texts: Sequence[str]) -> str | Spoiled:
        """The last name counts; the others must stand above it, in their order."""
        names = [_plain(text) for text in texts if _plain(text)]
        if not names:
            return Spoiled("region.unknown")
        return self._home([place for place in self._by_name[names[-1]] if _in_order(names[:-1], place.above)])

    def _home(self, found: Sequence[_Place]) -> str | Spoiled:
        homes = [place for place in found if place.level in HOME_LEVELS and self.may(place.path)]
        if len(homes) > 1:
            return Spoiled("region.several")
        return homes[0].code if homes else Spoiled("region.unknown")


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _in_order(names: Sequence[str], above: Sequence[str]) -> bool:
    rest = iter(above)
    return all(name in rest for name in names)
