"""What a reader sees of a personal value."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.forms.datasets import load_datasets
from server.registry.masking import HIDDEN, mask, mask_name, shown, shown_label, treatment

DATASETS = load_datasets(Path(__file__).resolve().parents[2] / "form_definitions" / "datasets")


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("51012319850102123X", "510***********123X"),
        ("510123850102123", "510********2123"),
        ("13800001234", "138****1234"),
        ("0871-5551234", "087*****1234"),
        ("1985-03-07", "1985-**-**"),
        ("青石村3组12号", HIDDEN),
        ("disabled", HIDDEN),
        ("5101231985", HIDDEN),
        ("51012319850102123X 王大山", HIDDEN),
    ],
)
def test_a_value_is_masked_by_its_shape_and_an_unknown_shape_is_hidden_whole(value: str, seen: str) -> None:
    """Proves that a mistyped ID number, which has no known shape, leaks nothing."""
    assert mask(value) == seen


@pytest.mark.parametrize(
    ("name", "seen"),
    [("张三", "张*"), ("张小三", "张*三"), ("阿依努尔", "阿**尔"), ("Wang Wu", HIDDEN), ("张", HIDDEN)],
)
def test_a_name_keeps_its_ends(name: str, seen: str) -> None:
    assert mask_name(name) == seen


def test_a_working_reader_sees_names_but_only_the_ends_of_numbers() -> None:
    seen = shown(
        DATASETS["member"],
        {"full_name": "张小三", "id_number": "51012319850102123X", "health": "disabled"},
        "clear",
    )
    assert seen.values == {"full_name": "张小三", "id_number": "510***********123X", "health": HIDDEN}
    assert set(seen.masked) == {"id_number", "health"}


def test_an_auditor_sees_personal_values_masked_and_sensitive_ones_not_at_all() -> None:
    values = {
        "full_name": "张小三",
        "birth_date": "1985-03-07",
        "id_number": "51012319850102123X",
        "household": "x",
    }
    seen = shown(DATASETS["member"], values, "audit")
    assert seen.values == {"full_name": "张*三", "birth_date": "1985-**-**", "household": "x"}


def test_an_empty_value_stays_empty_and_is_not_called_masked() -> None:
    seen = shown(DATASETS["member"], {"id_number": None, "full_name": "李秀兰"}, "clear")
    assert seen.values["id_number"] is None
    assert seen.masked == ()


def test_what_nobody_declared_is_hidden() -> None:
    """Proves that a value left over from an older dataset does not appear because its declaration is gone."""
    assert "secret_note" not in shown(DATASETS["household"], {"secret_note": "x"}, "audit").values
    assert shown(DATASETS["household"], {"secret_note": "x"}, "clear").values["secret_note"] == HIDDEN
    assert treatment("audit", None) == "mask"


def test_the_label_is_as_secret_as_its_property() -> None:
    assert shown_label(DATASETS["household"], "王大山", "clear") == "王大山"
    assert shown_label(DATASETS["household"], "王大山", "audit") == "王*山"
    assert shown_label(None, "王大山", "audit") == HIDDEN
