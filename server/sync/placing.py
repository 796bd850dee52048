"""What an op of kind `place` says, and what it makes of a record's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from server.forms.canonical import canonical
from server.forms.dataset import Dataset
from server.geo import datum
from server.sync.envelope import as_uuid, as_version
from server.sync.merge_policy import PINNED
from server.sync.place import declared_point, length

LONGEST_REASON = 2000
_CENTIMETRE = Decimal("0.0000001")  # of a degree


@dataclass(frozen=True)
class PlaceOp:
    """`{entity_id, place: {lon, lat, datum, source, accuracy_m?}, reason, base_version}`: as declared, never converted.

    `suggested`: it is said to be the place that was suggested.
    """

    entity_id: str
    lon: str
    lat: str
    datum: str
    source: str
    accuracy_m: str | None
    reason: str
    base_version: int
    suggested: bool = False


def read_place(body: Mapping[str, Any]) -> PlaceOp | None:
    """The place in an op's body; None when a part is missing, is no position on Earth or of a datum that nobody knows.

    A place without a reason is none: who comes later must be able to judge it.
    """
    given, reason, entity_id = body.get("place"), body.get("reason"), as_uuid(body.get("entity_id"))
    if entity_id is None or not isinstance(given, Mapping) or not isinstance(reason, str):
        return None
    spelled, source = _datum(given.get("datum")), given.get("source")
    if spelled is None or declared_point({**given, "datum": spelled}) is None or source not in PINNED:
        return None
    if not reason.strip() or len(reason) > LONGEST_REASON:
        return None
    metres = length(given.get("accuracy_m"))
    return PlaceOp(
        entity_id,
        _degrees(given["lon"]),
        _degrees(given["lat"]),
        spelled,
        str(source),
        None if metres is None else f"{metres:.1f}",
        reason.strip(),
        as_version(body.get("base_version")),
        body.get("suggested") is True,
    )


def values_of(dataset: Dataset, said: PlaceOp) -> dict[str, str | None]:
    """The whole merge group of the place: what a pin does not know (the time of a fix) is empty."""
    parts = dataset.location or {}
    group = dataset.properties[parts["lon"]].group
    values: dict[str, str | None] = dict.fromkeys(dataset.groups.get(group or "", ()))
    said_of = {"lon": said.lon, "lat": said.lat, "accuracy_m": said.accuracy_m, "datum": said.datum}
    values |= {parts[part]: text for part, text in said_of.items()}
    if dataset.found_by:
        values[dataset.found_by] = said.source
    return {name: canonical(text, dataset.properties[name].type) for name, text in values.items()}


def _datum(given: object) -> str | None:
    """The code of the declared datum; CGCS2000 keeps its own name."""
    named = datum.named(given) if given else None
    return "cgcs2000" if named and str(given).strip().lower() in ("cgcs2000", "epsg:4490") else named


def _degrees(given: object) -> str:
    """To a centimetre: more digits than that were never measured on a map."""
    try:
        return format(Decimal(str(given)).quantize(_CENTIMETRE, ROUND_HALF_EVEN), "f")
    except InvalidOperation:
        return str(given)
