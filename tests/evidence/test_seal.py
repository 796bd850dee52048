"""The seal of a visit's photos: what the phone signed stands, and whatever was changed afterwards is told.

cases/sealed_visit.json was written by the phone's own code (client/src/lib/chain.ts) with awkward numbers and texts: so
both sides mean the same bytes.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from server.evidence.seal import Link, broken

VISIT = json.loads((Path(__file__).parent / "cases" / "sealed_visit.json").read_text())
KEY = VISIT["public_key_jwk"]


def links(records: list[dict[str, Any]] | None = None) -> list[Link]:
    given = VISIT["records"] if records is None else records
    return [Link(record["slot"], record["photo_sha256"], record) for record in given]


def changed(place: int, **values: Any) -> list[Link]:
    records = copy.deepcopy(VISIT["records"])
    records[place].update(values)
    return links(records)


def test_what_the_phone_sealed_is_whole_in_any_order() -> None:
    assert broken(links(), KEY) == {}
    assert broken(reversed(links()), KEY) == {}


@pytest.mark.parametrize(
    "values",
    [{"wall_ms": 1}, {"fix": None}, {"household_id": "another"}, {"seq": 9}, {"slot": "roof"}, {"added": "later"}],
)
def test_a_record_that_was_changed_after_signing_is_told(values: dict[str, Any]) -> None:
    place = 2 if "seq" in values else 1
    slot = values.get("slot", VISIT["records"][place]["slot"])
    assert broken(changed(place, **values), KEY)[slot] == "signature"


def test_a_photo_that_was_taken_out_leaves_a_gap() -> None:
    first, _, last = VISIT["records"]
    assert broken(links([first, last]), KEY) == {"water": "gap"}


def test_a_photo_put_in_the_place_of_another_is_told() -> None:
    first, second, third = links()
    swapped = [first, Link("kitchen", "f" * 64, second.capture), third]
    assert broken(swapped, KEY) == {"kitchen": "other_photo"}


def test_a_chain_cut_together_from_two_visits_is_told() -> None:
    """The second record is rightly signed but names another one before it."""
    records = copy.deepcopy(VISIT["records"])
    records[0]["photo_sha256"], records[1]["photo_sha256"] = "d" * 64, records[1]["photo_sha256"]
    found = broken(links(records), KEY)
    assert found == {"front": "signature", "kitchen": "previous"}


def test_another_key_no_key_and_no_signature_differ() -> None:
    other = {**KEY, "x": KEY["y"], "y": KEY["x"]}
    assert set(broken(links(), other).values()) == {"signature"}
    assert set(broken(links(), None).values()) == {"no_key"}
    records = [{**record, "signature": None} for record in VISIT["records"]]
    assert set(broken(links(records), KEY).values()) == {"unsigned"}


@pytest.mark.parametrize("left", [("signature",), ("seq", "prev_record_hash", "signature")])
def test_a_photo_without_its_seal_among_sealed_ones_is_told(left: tuple[str, ...]) -> None:
    """Whoever takes the seal off the last record of a chain leaves no gap behind it."""
    records = copy.deepcopy(VISIT["records"])
    records[2] = {name: value for name, value in records[2].items() if name not in left}
    assert broken(links(records), KEY) == {"water": "stripped"}


@pytest.mark.parametrize("nonsense", ["", "?", "QUJD", 5, {"r": 1}])
def test_a_signature_that_is_none_is_no_error(nonsense: object) -> None:
    assert broken(changed(2, signature=nonsense), KEY) == {"water": "signature"}


def test_a_number_that_json_cannot_say_twice_is_told() -> None:
    assert broken(changed(2, wall_ms=2**60), KEY) == {"water": "unreadable"}


def test_files_of_other_programs_have_no_seal_and_break_none() -> None:
    assert broken([Link("collect", "e" * 64, None), Link("older", "e" * 64, {"source": "gallery"})], None) == {}
