"""The declared datasets hold what the field work needs, and a wrong declaration says where and what to do."""

from pathlib import Path

import pytest

from server.forms.datasets import load_datasets
from server.forms.issue import DefinitionError
from tests.forms.samples import datasets

GOOD = """name: pond
labels: {zh: 池塘, en: Pond}
label_property: title
properties:
  title: {type: text, labels: {zh: 名称, en: Title}, sensitivity: public, merge: review}
  depth: {type: decimal, labels: {zh: 深度, en: Depth}, sensitivity: public, merge: review}
"""


def test_household_shows_the_six_facts_of_the_wall_chart() -> None:
    card = datasets()["household"].card
    assert card == (
        "per_capita_net_income", "main_income_source", "measures", "poverty_cause", "planned_exit_year", "lead_helper",
    )  # fmt: skip


def test_the_position_of_a_household_is_one_merge_group() -> None:
    """A longitude never stands beside another measurement's latitude, datum or time."""
    household = datasets()["household"]
    group = {prop.name for prop in household.properties.values() if prop.group == "location"}
    assert group == {"lon", "lat", "accuracy_m", "datum", "source", "fix_time"}
    assert {household.properties[name].merge for name in group} == {"most_precise"}
    assert household.location == {name: name for name in ("lon", "lat", "accuracy_m", "datum")}


def test_identity_phone_and_health_are_sensitive() -> None:
    """Domain facts: what leaked lists held; and nothing personal is public."""
    known = datasets()
    for dataset, name in [("member", "id_number"), ("member", "phone"), ("member", "health"),
                          ("household", "contact_phone")]:  # fmt: skip
        assert known[dataset].properties[name].sensitivity == "sensitive"
    public = {prop.name for name in ("household", "member") for prop in known[name].properties.values()
              if prop.sensitivity == "public"}  # fmt: skip
    assert public == {"region"}


def test_a_member_belongs_to_a_household() -> None:
    parent = datasets()["member"].parent
    assert parent and (parent.dataset, parent.property) == ("household", "household")


def _issues(folder: Path, text: str) -> str:
    (folder / "pond.yaml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_datasets(folder)
    assert all(issue.where and issue.why and issue.fix for issue in refused.value.issues)
    return "\n".join(f"{issue.where}: {issue.why} → {issue.fix}" for issue in refused.value.issues)


def test_a_good_declaration_loads(tmp_path: Path) -> None:
    (tmp_path / "pond.yaml").write_text(GOOD, "utf-8")
    assert list(load_datasets(tmp_path)["pond"].properties) == ["title", "depth"]


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("merge: review}\n  depth", "merge: rewiev}\n  depth", 5, "rewiev"),
        ("type: decimal", "type: float", 6, "float"),
        ("sensitivity: public, merge: review}\n", "merge: review}\n", 5, "sensitivity"),
        ("labels: {zh: 深度, en: Depth}", "labels: {zh: 深度}", 6, "zh: …, en: …"),
        ("label_property: title", "label_property: titel", 3, "titel"),
        ("  depth:", "  title:", 6, "title"),
        ("  depth:", "  __depth:", 6, "__depth"),
        ("type: decimal,", "type: decimal, colour: red,", 6, "colour"),
        ("type: decimal", "type: select_one", 6, "choices"),
        ("type: decimal", "type: select_one, choices: fish", 6, "fish"),
        ("merge: review}\n", "merge: worst}\n", 5, "order"),
        ("name: pond", "name: pond\nparent: {dataset: lake, property: title}", 2, "lake"),
        ("name: pond", "name: pond\nresolvers: [mayor]", 2, "mayor"),
        ("name: pond", "name: [pond", 1, "pond.yaml"),
    ],
)
def test_a_wrong_declaration_is_placed_and_cured(tmp_path: Path, old: str, new: str, line: int, word: str) -> None:
    """File, line, cause and cure, so that whoever wrote it can mend it without asking."""
    told = _issues(tmp_path, GOOD.replace(old, new, 1))
    assert "pond.yaml" in told and word in told
    assert f"line {line}" in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = _issues(tmp_path, GOOD.replace("type: decimal", "type: float").replace("en: Title", "fr: Titre"))
    assert "float" in told and told.count("→") == 2


def test_a_group_with_two_policies_is_refused(tmp_path: Path) -> None:
    """They win or lose together; two policies could part them."""
    two = GOOD.replace("merge: review}", "merge: review, group: g}", 1).replace(
        "public, merge: review}\n", "public, merge: append, group: g}\n", 1
    )
    assert "“g”" in _issues(tmp_path, two)
