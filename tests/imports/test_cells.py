"""Cells and mappings of any content: a canonical value or a named problem, never a crash, nothing in between."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from server.forms.canonical import canonical
from server.forms.datasets import load_datasets
from server.imports.cells import Spoiled, key_part, plain, value_of
from server.imports.mapping import Column, read_mapping
from server.imports.messages import texts
from tests.forms.samples import DEFINITIONS

DATASETS = load_datasets(DEFINITIONS / "datasets")
PROPERTIES = [prop for dataset in ("household", "member") for prop in DATASETS[dataset].properties.values()]
WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["2024-02-30", "1,000", "９９", "是", "#N/A", "=1", "'0012", "1E+17", "٣", "1e400", "--", "a b"]),
)
CELLS = st.one_of(WORDS, st.floats(), st.integers(), st.datetimes(), st.dates(), st.booleans(), st.none())


@settings(max_examples=400, deadline=None)
@given(prop=st.sampled_from(PROPERTIES), cell=CELLS)
def test_every_cell_is_a_canonical_value_or_a_problem_with_words(prop, cell) -> None:
    text = plain(cell)
    found = text if isinstance(text, Spoiled) else value_of(Column("c", prop, {}), text)
    if isinstance(found, Spoiled):
        why, fix = texts(found.code, **dict(found.values))
        assert why and fix and "{" not in why
        return
    assert found == canonical(found, prop.type)
    if found is not None and prop.choices is not None:
        assert set(found.split()) <= {choice.value for choice in prop.choices}


@settings(max_examples=200, deadline=None)
@given(prop=st.sampled_from(PROPERTIES), cell=CELLS)
def test_what_was_taken_is_taken_again_as_it_is(prop, cell) -> None:
    """A register that is exported from Ruhu and brought back changes nothing."""
    text = plain(cell)
    found = text if isinstance(text, Spoiled) else value_of(Column("c", prop, {}), text)
    if isinstance(found, str) and plain(found) == found:
        assert value_of(Column("c", prop, {}), found) == found


def test_what_a_spreadsheet_computed_is_read_as_it_shows_it() -> None:
    """The last bits of a sum are nobody's value, and would differ from what a cadre writes."""
    shown = {0.1 + 0.2: "0.3", 1.1 * 3: "3.3", 1234.5600000000001: "1234.56", 0.00001: "0.00001", 3 - 4e-16: "3"}
    assert {cell: plain(cell) for cell in shown} == shown


@given(text=st.text(max_size=30))
def test_keys_do_not_mind_blanks_width_and_case(text: str) -> None:
    assert key_part(f" {text}\u3000") == key_part(text) == key_part(key_part(text))


PARTS = st.recursive(
    st.one_of(st.text(max_size=8), st.none(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
KEYS = ("source", "header_row", "household", "member", "key", "columns", "region", "to", "codes", "fill_down", "match")


@settings(max_examples=150, deadline=None)
@given(content=st.dictionaries(st.sampled_from(KEYS), PARTS | st.dictionaries(st.sampled_from(KEYS), PARTS)))
def test_a_mapping_of_any_shape_is_read_or_refused_in_words(content) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.yaml"
        path.write_text(json.dumps(content), "utf-8")
        found, faults = read_mapping(path, DATASETS)
    assert (found is None) == bool(faults)
    assert all(fault.where and fault.why and fault.fix for fault in faults)
