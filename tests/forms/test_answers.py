"""A supervisor reads a submission in words, and every named file is known by its place."""

from server.forms.answers import answers_once
from server.forms.instance import answers, attachment_names, parse_instance, visit_facts
from tests.forms.samples import FILLED, HOUSEHOLD, small_model, visit_model


def test_answers_come_in_form_order_with_places_and_words() -> None:
    found = answers(small_model(), parse_instance(FILLED))
    assert [answer.position_path for answer in found] == [
        "/data/household", "/data/head_name", "/data/measures", "/data/front", "/data/n_rows",
        "/data/member_row[1]/basic/m_name", "/data/member_row[1]/basic/m_birth", "/data/member_row[1]/m_photo",
        "/data/member_row[2]/basic/m_name", "/data/member_row[2]/m_photo",
    ]  # fmt: skip
    measures = found[2]
    assert measures.display == {"zh": "饮水安全、健康帮扶", "en": "Water, Health"}
    assert measures.labels == {"zh": "措施", "en": "Measures"}
    assert measures.value == "water health"


def test_a_record_chosen_from_a_list_is_shown_by_its_name() -> None:
    chosen = answers(small_model(), parse_instance(FILLED))[0]
    assert (chosen.value, chosen.display["zh"]) == (HOUSEHOLD, "王大山")


def test_an_unknown_code_is_shown_as_it_is() -> None:
    found = answers(small_model(), parse_instance(FILLED.replace("water health", "water bread")))
    assert found[2].display["zh"] == "饮水安全、bread"


def test_attachments_are_named_with_place_and_slot() -> None:
    found = attachment_names(small_model(), parse_instance(FILLED))
    assert [(ref.name, ref.path, ref.slot) for ref in found] == [
        ("front.jpg", "/data/front", "house_front"),
        ("ming.jpg", "/data/member_row[2]/m_photo", None),
    ]


def test_unknown_nodes_are_no_answers() -> None:
    strange = FILLED.replace("<n_rows>", "<surprise>1</surprise><n_rows>")
    assert len(answers(small_model(), parse_instance(strange))) == len(answers(small_model(), parse_instance(FILLED)))


def test_the_form_tells_the_facts_of_the_visit() -> None:
    """For clients that send no envelope: ODK Collect."""
    xml = """<data id="household_visit" version="1"><start>2026-11-21T08:00:00Z</start><end/>
    <contact_mode>phone</contact_mode><place><house_point>25.1 101.7 1890 12</house_point></place>
    <meta><instanceID>uuid:x</instanceID></meta></data>"""
    assert visit_facts(visit_model(), parse_instance(xml)) == {
        "started_at": "2026-11-21T08:00:00Z", "contact_mode": "phone", "location": "25.1 101.7 1890 12",
    }  # fmt: skip


def test_what_is_asked_once_is_what_stands_outside_of_repeats() -> None:
    """The quick reading of many instances finds what the whole one does."""
    model, instance = small_model(), parse_instance(FILLED)
    whole = [(one.path, one.value) for one in answers(model, instance) if one.value and one.path == one.position_path]
    assert [(question.path, value) for question, value in answers_once(model.asked_once, instance.root)] == whole
    assert len(whole) < len([one for one in answers(model, instance) if one.value])
