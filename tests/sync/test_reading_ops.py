"""Ops are read the short way where nothing is to be cleaned; what comes out is the same."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from server.sync.envelope import DEEPEST, as_uuid, cleaned, nesting, read_op

ODD = st.sampled_from(["\x00", "\ud800", "\udfff", "\\u0000", "\\ud800", "NaN", "😀", "王", "a"])
TEXTS = st.lists(ODD, max_size=4).map("".join)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
@example({"place": {"lon": float("inf"), "note": ["\x00", "\ud83d"]}})
def test_what_is_judged_is_the_cleaned_op(element: dict[str, Any]) -> None:
    """Proves that no NUL, lone surrogate or number beyond all bounds comes by the short way, wherever it stands."""
    assert read_op(element).body == cleaned(element)


def test_what_nests_too_deep_is_not_judged_however_many_brackets_it_has() -> None:
    """Proves that counting brackets only saves the longer look: many shallow ones are read, deep ones are not."""
    shallow = {"kind": "x", "items": [[] for _ in range(DEEPEST * 2)]}
    deep: Any = {}
    for _ in range(DEEPEST):
        deep = {"in": deep}
    assert nesting(deep) > DEEPEST and read_op(deep).body == {}
    assert read_op(shallow).body == shallow


NAMES = st.uuids().map(str)
SPELLINGS = st.one_of(
    NAMES.map(str.upper), NAMES.map("urn:uuid:{}".format), NAMES.map("{{{}}}".format), NAMES.map("{}\n".format),
    NAMES.map(lambda name: name.replace("-", "")), NAMES.map(lambda name: name.replace("-", "_")),
    st.builds(lambda name, at, letter: name[:at] + letter + name[at + 1 :], NAMES, st.integers(0, 36), st.characters()),
    st.text(max_size=40),
)  # fmt: skip


@given(NAMES | SPELLINGS)
def test_an_id_is_what_python_reads_as_one_in_its_one_spelling(text: str) -> None:
    try:
        expected = str(UUID(text)) if str(UUID(text)) == text.lower() else None
    except ValueError:
        expected = None
    assert as_uuid(text) == expected
