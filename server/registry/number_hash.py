"""People are found by their whole ID number through a keyed hash: the number itself is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine.default import DefaultExecutionContext

from server.sealing.json_columns import LOST
from server.sealing.reseal import HASHES
from server.sealing.vault import vault

PROPERTY = "id_number"


def number_in(values: Mapping[str, str | None]) -> str:
    """The ID number among a record's values, in its one spelling; empty when there is none."""
    return (values.get(PROPERTY) or "").strip().upper()


def number_hash(values: Mapping[str, str | None]) -> str | None:
    number = number_in(values)
    return vault().digest(number) if number else None


def number_hashes(number: str) -> list[str]:
    """What a record with this number may carry."""
    return vault().digests(number.strip().upper())


def of_insert(context: DefaultExecutionContext) -> str | None:
    """The column's value for a row that is being inserted, whoever inserts it."""
    row: Mapping[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return number_hash(row["data"])


def _anew(row: Mapping[str, Any]) -> str | None:
    """By the current key; where the number does not open its old hash still finds it."""
    stored: str | None = row["number_hash"]
    return stored if LOST in row["data"] else number_hash(row["data"])


HASHES["entity", "number_hash"] = _anew
