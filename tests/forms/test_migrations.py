"""Old words and new ones: what each step does to values, and what its author must get right."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forms.datasets import load_datasets
from server.forms.issue import DefinitionError
from server.forms.migration_files import load_vocabularies
from server.forms.migrations import Vocabulary

DATASET = """
name: shed
labels: {zh: 棚屋, en: Shed}
label_property: owner
card: [owner, hamlet]
properties:
  owner: {type: text, labels: {zh: 主人, en: Owner}, sensitivity: personal, merge: review}
  hamlet: {type: text, labels: {zh: 村, en: Hamlet}, sensitivity: internal, merge: review, group: address}
  plot: {type: text, labels: {zh: 号, en: Plot}, sensitivity: internal, merge: review, group: address}
  roof: {type: select_one, labels: {zh: 顶, en: Roof}, sensitivity: public, merge: review, choices: roofs}
  tools: {type: select_multiple, labels: {zh: 工具, en: Tools}, sensitivity: public, merge: review, choices: tools}
"""
CODES = """
roofs: {tile: {zh: 瓦, en: Tile}, sheet: {zh: 铁皮, en: Sheet}}
tools: {hoe: {zh: 锄, en: Hoe}, saw: {zh: 锯, en: Saw}}
"""
STEPS = """
dataset: shed
steps:
  - {id: a, on: 2026-01-01, rename: {from: keeper, to: owner}}
  - {id: b, on: 2026-02-01, split: {property: address, at: " ", into: [hamlet, plot]}}
  - {id: c, on: 2026-03-01, codes: {property: roof, map: {clay: tile, slate: tile, sheet: tile, tile: sheet}}}
  - {id: d, on: 2026-03-02, codes: {property: tools, map: {digger: hoe}}}
  - {id: e, on: 2026-04-01, retire: {property: fax, type: text, sensitivity: internal, labels: {zh: 传真, en: Fax}}}
"""


def _load(folder: Path, steps: str = STEPS, dataset: str = DATASET) -> Vocabulary:
    for name in ("datasets", "migrations"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "datasets" / "shed.yaml").write_text(dataset, "utf-8")
    (folder / "datasets" / "codes.yaml").write_text(CODES, "utf-8")
    (folder / "migrations" / "shed.yaml").write_text(steps, "utf-8")
    return load_vocabularies(folder / "migrations", load_datasets(folder / "datasets"))["shed"]


@pytest.fixture
def shed(tmp_path: Path) -> Vocabulary:
    return _load(tmp_path)


def test_an_old_form_is_read_in_todays_words(shed: Vocabulary) -> None:
    old = {"keeper": "王", "address": "青石 12 号", "roof": "clay", "tools": "saw digger", "fax": "1"}
    assert shed.forward(old, 0) == {
        "owner": "王", "hamlet": "青石", "plot": "12 号", "roof": "tile", "tools": "hoe saw", "fax": "1",
    }  # fmt: skip


def test_a_form_between_two_steps_takes_only_the_later_ones(shed: Vocabulary) -> None:
    """`sheet` and `tile` changed places: a form from before means the other one."""
    assert shed.forward({"owner": "王", "roof": "tile"}, 2) == {"owner": "王", "roof": "sheet"}
    assert shed.forward({"owner": "王", "roof": "tile"}, 3) == {"owner": "王", "roof": "tile"}
    assert shed.size == 5 and shed.forward({"roof": "sheet"}, 5) == {"roof": "sheet"}


def test_an_old_form_is_shown_its_own_words(shed: Vocabulary) -> None:
    today = {"owner": "王", "hamlet": "青石", "plot": "12", "roof": "sheet", "tools": "hoe saw", "fax": "1"}
    assert shed.back(today, 0) == {
        "keeper": "王", "address": "青石 12", "roof": "tile", "tools": "digger saw", "fax": "1",
    }  # fmt: skip


def test_cleared_and_absent_stay_different(shed: Vocabulary) -> None:
    assert shed.forward({"keeper": None, "address": None}, 0) == {"owner": None, "hamlet": None, "plot": None}
    assert shed.forward({}, 0) == {} and shed.back({}, 0) == {}


def test_the_dataset_is_known_to_old_forms_as_it_was(shed: Vocabulary) -> None:
    """So an old form still compiles against it, and its lists carry its columns."""
    was = shed.at(0)
    assert set(was.properties) == {"keeper", "address", "roof", "tools", "fax"}
    assert (was.label_property, was.card) == ("keeper", ("keeper", "address"))
    assert {choice.value for choice in was.properties["roof"].choices or ()} == {"clay", "slate", "sheet", "tile"}
    assert was.properties["fax"].sensitivity == "internal" and was.properties["address"].sensitivity == "internal"


words = st.text("ab", min_size=1, max_size=2)
values = st.fixed_dictionaries(
    {},
    optional={
        "owner": st.none() | words,
        "hamlet": st.none() | words,
        "plot": st.none() | words,
        "tools": st.sampled_from(["hoe", "saw", "hoe saw"]),
        "fax": st.none() | words,
    },
)


@given(values, st.integers(0, 5))
def test_what_an_old_form_leaves_as_it_was_comes_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, today: dict[str, str | None], known: int
) -> None:
    """An old phone round-trips everything, also what it does not know."""
    shed = _load(tmp_path_factory.mktemp("shed"))
    whole = {**today, **({"hamlet": today.get("hamlet") or "h", "plot": today.get("plot")} if "plot" in today else {})}
    back = shed.forward(shed.back(whole, known), known)
    assert {name: value for name, value in back.items() if value} == {n: v for n, v in whole.items() if v}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{from: keeper, to: owner}", "{from: keeper, to: owners}", "owners"),
        ("{from: keeper, to: owner}", "{from: roof, to: owner}", "roof"),
        ("into: [hamlet, plot]", "into: [hamlet, owner]", "group"),
        ("into: [hamlet, plot]", "into: [hamlet]", "group"),
        ("map: {digger: hoe}", "map: {digger: rake}", "rake"),
        ("on: 2026-02-01", "on: February", "date"),
        ("id: d", "id: a", "“a”"),
        ("codes: {property: tools", "code: {property: tools", "code"),
        ("dataset: shed", "dataset: sheds", "sheds"),
        ("sensitivity: internal, labels: {zh: 传真", "sensitivity: secret, labels: {zh: 传真", "secret"),
    ],
)
def test_a_wrong_step_stops_the_start_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in STEPS
    with pytest.raises(DefinitionError) as refused:
        _load(tmp_path, STEPS.replace(old, new))
    text = " ".join(f"{issue.where} {issue.why} {issue.fix}" for issue in refused.value.issues)
    assert told in text and "line" in text


def test_no_migrations_is_no_step(tmp_path: Path) -> None:
    from tests.forms.samples import datasets

    found = load_vocabularies(tmp_path, datasets())
    assert all(words.size == 0 for words in found.values()) and set(found) == set(datasets())
