"""What an instance writes is read from it by its own form version, exactly."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forms.instance import EntityWrite, answers, attachment_names, extract_writes, parse_instance
from server.forms.issue import ExtractionError, InstanceUnreadable
from server.forms.model import FormModel
from tests.forms.samples import FILLED, HOUSEHOLD, MEMBERS, datasets, small_model


def _writes(xml: str, model: FormModel | None = None) -> tuple[EntityWrite, ...]:
    return extract_writes(model or small_model(), parse_instance(xml), datasets())


def test_a_household_and_its_members_are_written() -> None:
    household, known, new = _writes(FILLED)
    assert household == EntityWrite(
        dataset="household", id=HOUSEHOLD, create=False, update=True, label="王大山",
        values={"head_name": "王大山", "measures": "health water"},
        base_version=5, trunk_version=5, branch_id=None, parent=None,
    )  # fmt: skip
    assert (known.id, known.create, known.update) == (MEMBERS[0], False, True)
    assert (known.base_version, known.trunk_version, known.branch_id) == (3, 2, "b-1")
    assert known.parent == new.parent == HOUSEHOLD
    assert (new.create, new.update, new.base_version) == (True, False, None)


def test_an_empty_node_clears_and_an_absent_one_writes_nothing() -> None:
    """Absent = not asked; the difference is what keeps a question that was not asked from wiping a value."""
    _, known, new = _writes(FILLED)
    assert known.values["birth_date"] is None
    assert "birth_date" not in new.values


def test_households_come_before_their_members() -> None:
    """Whatever the order in the XML: a child's parent exists when it is written."""
    assert [write.dataset for write in _writes(FILLED)] == ["household", "member", "member"]


def test_an_id_is_lower_case_and_may_carry_the_openrosa_prefix() -> None:
    prefixed = FILLED.replace(f'branchId="" id="{HOUSEHOLD}"', f'branchId="" id="uuid:{HOUSEHOLD.upper()}"')
    assert _writes(prefixed)[0].id == HOUSEHOLD


def test_neither_create_nor_update_writes_nothing() -> None:
    """A form's create_if and update_if may both be false, for example when the household declined."""
    declined = FILLED.replace('dataset="household" update="1"', 'dataset="household" update="0"')
    assert [write.dataset for write in _writes(declined)] == ["member", "member"]


def test_only_1_and_true_are_true() -> None:
    for word, count in [("true", 3), ("1", 3), ("TRUE", 2), ("yes", 2), ("", 2)]:
        assert len(_writes(FILLED.replace('household" update="1"', f'household" update="{word}"'))) == count


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'branchId="" id="{HOUSEHOLD}"', 'branchId="" id=""'),
        (f'branchId="" id="{HOUSEHOLD}"', 'branchId="" id="42"'),
        (f'branchId="" id="{HOUSEHOLD}"', f'branchId="" id="{HOUSEHOLD.replace("-4908-", "-1908-")}"'),
        (f'branchId="" id="{HOUSEHOLD}"', f'branchId="" id="{HOUSEHOLD}x"'),
        ('baseVersion="5"', 'baseVersion="five"'),
        ('baseVersion="5"', 'baseVersion="-5"'),
        ('trunkVersion="5"', 'trunkVersion="5.0"'),
        ('baseVersion="5"', 'baseVersion="٥"'),
        ('dataset="household" update="1"', 'dataset="household" create="1" update="1"'),
        ('dataset="household" update', 'dataset="villages" update'),
        (f'branchId="" id="{MEMBERS[1]}"', f'branchId="" id="{MEMBERS[0]}"'),
    ],
)
def test_what_cannot_be_applied_is_refused_with_its_place(old: str, new: str) -> None:
    """Ids that are no UUID v4, versions that are no numbers, undeclared actions, one record twice."""
    assert old in FILLED
    with pytest.raises(ExtractionError) as refused:
        _writes(FILLED.replace(old, new))
    assert refused.value.issue.where.endswith("meta/entity")


def test_a_dataset_that_this_server_does_not_know_is_refused() -> None:
    with pytest.raises(ExtractionError):
        extract_writes(small_model(), parse_instance(FILLED), {"member": datasets()["member"]})


def test_a_property_that_was_withdrawn_from_the_dataset_is_still_read() -> None:
    """Old form versions are interpreted for ever; their values are kept."""
    household = datasets()["household"]
    fewer = {name: prop for name, prop in household.properties.items() if name != "measures"}
    known = {**datasets(), "household": dataclasses.replace(household, properties=fewer)}
    assert extract_writes(small_model(), parse_instance(FILLED), known)[0].values["measures"] == "health water"


OLDEST = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><h:title>Old</h:title>
<model entities:entities-version="2022.1.0"><instance><data id="old" version="1"><g><name/><area/></g>
<meta><entity dataset="household" id="" create="1"><label/></entity><instanceID/></meta></data></instance>
<bind nodeset="/data/g/name" type="string" entities:saveto="head_name"/>
<bind nodeset="/data/g/area" type="decimal" entities:saveto="house_area"/></model></h:head>
<h:body><input ref="/data/g/name"><label>Name</label></input></h:body></h:html>"""


def test_the_oldest_entity_forms_are_understood() -> None:
    """Entities spec 2022.1: one list, create only, the declaration at the top and save_to in a group."""
    filled = f"""<data id="old" version="1"><g><name>李四</name><area>80.50</area></g><meta>
    <entity dataset="household" id="{HOUSEHOLD}" create="1"><label>李四</label></entity>
    <instanceID>uuid:x</instanceID></meta></data>"""
    (write,) = _writes(filled, FormModel.from_xform(OLDEST))
    assert write.create and write.values == {"head_name": "李四", "house_area": "80.5"}


@given(st.data())
def test_a_damaged_instance_is_read_or_refused_with_a_reason(data: st.DataObject) -> None:
    """Whatever was cut, doubled or overwritten: only the declared errors, and ids and versions always sound."""
    lines = FILLED.replace("><", ">\n<").splitlines()
    picked = data.draw(st.lists(st.sampled_from(range(len(lines))), min_size=1, max_size=3))
    for at in picked:
        lines[at] = data.draw(st.sampled_from(["", lines[at] * 2, "<a/>", *lines]))
    try:
        instance = parse_instance("\n".join(lines))
        answers(small_model(), instance)
        attachment_names(small_model(), instance)
        writes = extract_writes(small_model(), instance, datasets())
    except (InstanceUnreadable, ExtractionError) as refused:
        assert refused.issue.where and refused.issue.fix
        return
    assert all(len(write.id) == 36 and (write.create or write.update) for write in writes)
    assert len({write.id for write in writes}) == len(writes)
