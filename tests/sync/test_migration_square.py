"""The migration square (field.md, I12): carrying the state of a record over gives what carrying its ops would have.

It must not matter whether an op came before the words changed and was carried with the record, or after and was
carried at the door. Checked on the present merge with ops as they come: out of order, concurrent, from several phones.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from server.forms.dataset import Dataset, Property
from server.forms.migrations import Recode, Rename, Split, Values, Vocabulary
from server.sync import merge
from server.sync.migrate_keys import carried_keys

TEXTS = ("p", "q", "r", "p q", None)
MANY = settings(max_examples=400, deadline=None)


NOTHING = merge.Key((), None)


def _prop(name: str, group: str | None = None) -> Property:
    return Property(name, "text", {}, "public", "review", group, None, None, None, ())


def _words(*properties: Property, step: Rename | Split | Recode) -> Vocabulary:
    dataset = Dataset("x", {}, {p.name: p for p in properties}, None, None, (), properties[0].name, None, ())
    return Vocabulary(dataset, (step,))


RENAME = _words(_prop("new"), step=Rename("old", "new"))
SPLIT = _words(_prop("a", "ab"), _prop("b", "ab"), step=Split("old", ("a", "b"), " "))
SWAP = _words(_prop("old"), step=Recode("old", {"p": "q", "q": "p"}))
JOIN = _words(_prop("old"), step=Recode("old", {"p": "m", "q": "m"}))


@st.composite
def histories(draw: st.DrawFn) -> list[merge.Write]:
    """What several phones wrote to one key, as the server would record it: versions rise, bases lie below."""
    texts = draw(st.sampled_from([TEXTS[:3], TEXTS]))
    writes: list[merge.Write] = []
    key = merge.Key((), None)
    shown: list[str | None] = [None]
    seqs: dict[str, int] = {}
    for n in range(draw(st.integers(1, 7))):
        lineage = draw(st.sampled_from(["phone-1", "phone-2", "phone-3"]))
        seqs[lineage] = seqs.get(lineage, 0) + 1
        # Most phones are either new to the record or up to date; the rest were away for a while.
        base = draw(st.sampled_from([0, n, n, draw(st.integers(0, n))]))
        saw = {"old": shown[base]} if base else None
        corrects = draw(st.sampled_from([*[None] * 6, *(write.op_id for write in writes)]))
        value = {"old": draw(st.sampled_from(texts))}
        write = merge.Write(f"op-{n}", value, n + 1, base, saw, lineage, seqs[lineage], corrects)
        writes.append(write)
        key = merge.add(key, write)
        shown.append(key.shown_value().get("old"))
    return writes


def _fold(writes: list[merge.Write], start: merge.Key = NOTHING) -> merge.Key:
    for write in writes:
        start = merge.add(start, write)
    return start


def _carry(words: Vocabulary) -> Callable[[Values], Values]:
    return lambda values: words.forward(values, 0)


def _carried(words: Vocabulary, write: merge.Write) -> merge.Write:
    """The op as its phone's envelope is carried at the door."""
    ((_, key),) = carried_keys({"old": merge.Key((write,), None)}, _carry(words), _key_of(words)).items()
    return key.writes[0]


def _key_of(words: Vocabulary) -> Callable[[str], str]:
    def key_of(name: str) -> str:
        prop = words.dataset.properties.get(name)
        return prop.group if prop and prop.group else name

    return key_of


def _open(key: merge.Key) -> tuple[set[str], list[Values], bool]:
    values = sorted((dict(value) for value in key.values()), key=repr)
    return {head.op_id for head in key.heads()}, values, key.contested()


def _migrated(words: Vocabulary, key: merge.Key) -> merge.Key:
    (found,) = carried_keys({"old": key}, _carry(words), _key_of(words)).values()
    return found


@MANY
@given(histories(), st.sampled_from([RENAME, SPLIT, SWAP, JOIN]))
def test_migrating_the_merge_is_merging_the_migrated(writes: list[merge.Write], words: Vocabulary) -> None:
    state_carried = _migrated(words, _fold(writes))
    ops_carried = _fold([_carried(words, write) for write in writes])
    assert _open(state_carried) == _open(ops_carried)


@MANY
@given(histories(), st.sampled_from([RENAME, SPLIT, SWAP, JOIN]), st.integers(0, 7))
def test_it_does_not_matter_when_the_words_changed(
    writes: list[merge.Write], words: Vocabulary, moment: int
) -> None:
    """Ops before the moment are carried with the record, those after at the door."""
    before = _fold(writes[:moment])
    state = _migrated(words, before) if before.writes else before
    late = _fold([_carried(words, write) for write in writes[moment:]], state)
    assert _open(late) == _open(_fold([_carried(words, write) for write in writes]))


@MANY
@given(histories(), st.sampled_from([RENAME, SPLIT, SWAP]))
def test_words_that_stay_different_change_nothing_but_words(writes: list[merge.Write], words: Vocabulary) -> None:
    """No conflict appears or vanishes, and what is shown stays shown."""
    before = _fold(writes)
    after = _migrated(words, before)
    assert [w.closed_by for w in before.writes] == [w.closed_by for w in after.writes]
    assert before.shown == after.shown and before.contested() == after.contested()
    assert after.shown_value() == words.forward(before.shown_value(), 0)


def test_two_codes_that_become_one_end_their_conflict() -> None:
    """Two people chose different old codes for what is one thing now: nobody disagrees any more."""
    one = merge.Write("op-1", {"old": "p"}, 1, 0, None, "phone-1", 1)
    other = merge.Write("op-2", {"old": "q"}, 2, 0, None, "phone-2", 1)
    assert _fold([one, other]).contested()
    assert not _migrated(JOIN, _fold([one, other])).contested()


def test_what_a_person_closed_stays_closed() -> None:
    """A decision is no function of values: carrying words over must not open it again."""
    one = merge.Write("op-1", {"old": "p"}, 1, 0, None, "phone-1", 1, closed_by="resolution")
    other = merge.Write("op-2", {"old": "q"}, 2, 0, None, "phone-2", 1)
    after = _migrated(SWAP, merge.Key((one, other), "op-2"))
    assert [write.closed_by for write in after.writes] == ["resolution", None] and after.shown == "op-2"
