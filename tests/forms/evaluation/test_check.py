"""What is found in a filled form: every kind, where it stands, in whose words; and what is not judged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.forms.evaluation import Seen, check
from tests.forms.evaluation.forms import NOW, instance, judged, plan, question

HOUSEHOLD = [{"name": "h1", "label": "王大山", "region": "990101", "phone": "138", "rooms": "3"}]


def test_a_right_form_has_no_findings() -> None:
    form = plan(question("integer", "age", required="true()", constraint=". < 120"))
    assert judged(form, "<age>30</age>") == []


@pytest.mark.parametrize("inside", ["<age/>", "<age>  </age>", ""])
def test_an_empty_or_missing_required_answer_is_found(inside: str) -> None:
    assert judged(plan(question("integer", "age", required="true()")), inside) == [("/age", "required")]


def test_a_condition_decides_whether_an_answer_is_required() -> None:
    form = plan(question("text", "a"), question("text", "b", required="${a} = 'x'"))
    assert judged(form, "<a>x</a><b/>") == [("/b", "required")]
    assert judged(form, "<a>y</a><b/>") == []


def test_a_constraint_is_judged_only_where_there_is_an_answer() -> None:
    form = plan(question("integer", "age", constraint=". > 3 and . < 120"))
    assert judged(form, "<age>200</age>") == [("/age", "constraint")]
    assert judged(form, "<age/>") == []


def test_the_form_speaks_for_itself_in_both_languages() -> None:
    form = plan(question("integer", "most"), question("integer", "age", constraint=". <= ${most}",
                                                      says="最多 ${most} 岁 / At most ${most} years"))  # fmt: skip
    (found,) = check(form, instance("<most>120</most><age>121</age>"), {}, now=NOW)
    assert found.message == {"zh": "最多 120 岁", "en": "At most 120 years"}


def test_what_people_wrote_is_not_repeated_in_a_message() -> None:
    """Findings are read by people who may not see every answer."""
    rule = {"constraint": ". < 9", "says": "${who} 错 / ${who} wrong"}
    form = plan(question("text", "who"), question("integer", "age", **rule))
    (found,) = check(form, instance("<who>王大山</who><age>10</age>"), {}, now=NOW)
    assert found.message == {"zh": "… 错", "en": "… wrong"}


def test_without_words_of_its_own_the_question_is_named() -> None:
    form = plan(question("text", "a", required="true()", zh="户主姓名", en="Head of household"))
    (found,) = check(form, instance("<a/>"), {}, now=NOW)
    assert found.message == {"zh": "“户主姓名”需要填写", "en": "Please answer “Head of household”"}


@pytest.mark.parametrize(
    ("type", "right", "wrong"),
    [
        ("integer", "-12", "1.5"),
        ("integer", "2147483647", "2147483648"),
        ("decimal", "1.5E-3", "1,5"),
        ("date", "2024-02-29", "2023-02-29"),
        ("time", "09:30:00.000+08:00", "24:00"),
        ("dateTime", "2026-11-21T09:30:00.000+08:00", "2026-11-21"),
        ("geopoint", "23.1 108.1 210.0 6.5", "108.1 23.1 0"),
        ("geotrace", "1 2 0 0; 3 4 0 0", "1 2 0 0"),
        ("geoshape", "1 2; 3 4; 5 6; 1 2", "1 2; 3 4; 5 6; 7 8"),
    ],
)
def test_a_text_that_is_not_of_its_type_is_found(type: str, right: str, wrong: str) -> None:
    form = plan(question(type, "a"))
    assert judged(form, f"<a>{right}</a>") == []
    assert judged(form, f"<a>{wrong if type != 'geopoint' else '91 2'}</a>") == [("/a", "type")]


def test_a_choice_must_be_on_the_list() -> None:
    form = plan(question("select_one fruit", "one"), question("select_multiple fruit", "many"))
    assert judged(form, "<one>apple</one><many>pear apple</many>") == []
    assert judged(form, "<one>plum</one><many>pear plum</many>") == [("/one", "choice"), ("/many", "choice")]
    assert judged(form, "<one>apple pear</one><many>pear pear</many>") == [("/one", "choice"), ("/many", "choice")]


def test_a_choice_must_pass_the_filter() -> None:
    form = plan(question("text", "colour"), question("select_multiple fruit", "f", choice_filter="kind = ${colour}"))
    assert judged(form, "<colour>red</colour><f>apple cherry</f>") == []
    assert judged(form, "<colour>green</colour><f>apple pear</f>") == [("/f", "choice")]


def test_a_filter_sees_the_row_that_it_stands_in() -> None:
    form = plan(
        question("begin_repeat", "row"),
        question("text", "colour"),
        question("select_one fruit", "f", choice_filter="kind = ${colour}"),
        question("end_repeat"),
    )
    rows = "<row><colour>red</colour><f>apple</f></row><row><colour>green</colour><f>apple</f></row>"
    assert judged(form, rows) == [("/row[2]/f", "choice")]


def test_a_choice_from_a_list_in_a_file_is_judged_by_that_list() -> None:
    form = plan(question("select_one_from_file household.csv", "h"))
    assert judged(form, "<h>h1</h>", {"household": HOUSEHOLD}) == []
    assert judged(form, "<h>h2</h>", {"household": HOUSEHOLD}) == [("/h", "choice")]
    assert judged(form, "<h>h2</h>") == []  # an unknown list judges nothing


def test_a_filled_node_that_is_not_asked_is_found() -> None:
    form = plan(question("select_one yes_no", "a"), question("begin_group", "g", relevant="${a} = 'yes'"),
                question("text", "b"), question("end_group"))  # fmt: skip
    assert judged(form, "<a>no</a><g><b>x</b></g>") == [("/g/b", "relevance")]
    assert judged(form, "<a>no</a><g><b/></g>") == []
    assert judged(form, "<a>no</a>") == []
    assert judged(form, "<a>yes</a><g><b>x</b></g>") == []


def test_nothing_is_required_where_nothing_is_asked() -> None:
    form = plan(question("text", "a"), question("text", "b", relevant="${a} != ''", required="true()"),
                question("text", "c", relevant="${b} != ''", required="true()"))  # fmt: skip
    assert judged(form, "<a/>") == []
    assert judged(form, "<a>x</a><b/>") == [("/b", "required")]


def test_the_rows_of_a_counted_repeat_are_counted() -> None:
    form = plan(question("integer", "n"), question("begin_repeat", "row", repeat_count="${n}"), question("text", "a"),
                question("end_repeat"))  # fmt: skip
    assert judged(form, "<n>2</n><row><a/></row><row><a/></row>") == []
    assert judged(form, "<n>3</n><row><a/></row>") == [("/row", "repeat_count")]
    assert judged(form, "<n>0</n>") == []


def test_a_value_that_the_form_computes_otherwise_is_found_and_the_right_one_goes_on() -> None:
    """A grade that was tampered with does not decide what is asked."""
    form = plan(question("integer", "a"), question("calculate", "double", calculation="${a} * 2"),
                question("text", "why", relevant="${double} > 5", required="true()"))  # fmt: skip
    assert judged(form, "<a>3</a><double>4</double>") == [("/double", "bind"), ("/why", "required")]
    assert judged(form, "<a>3</a><double>6</double><why>x</why>") == []
    assert judged(form, "<a>1</a><why>x</why>") == [("/double", "bind"), ("/why", "relevance")]


@pytest.mark.parametrize("same", ["6", "6.0", "6.000000000001"])
def test_engines_write_numbers_differently(same: str) -> None:
    form = plan(question("integer", "a"), question("calculate", "double", calculation="${a} * 2"))
    assert judged(form, f"<a>3</a><double>{same}</double>") == []


@pytest.mark.parametrize("calculation", ["now()", "today()", "random()", "uuid()", "once(${a})"])
def test_what_nobody_can_compute_again_is_not_judged(calculation: str) -> None:
    form = plan(question("integer", "a"), question("calculate", "c", calculation=calculation))
    assert judged(form, "<a>3</a><c>anything</c>") == []


def test_what_reads_a_pinned_value_is_judged_by_the_value_that_was_sent() -> None:
    form = plan(question("calculate", "known", calculation="once(random())"),
                question("text", "why", relevant="${known} = 'D'"))  # fmt: skip
    assert judged(form, "<known>D</known><why>x</why>") == []
    assert judged(form, "<known>A</known><why>x</why>") == [("/why", "relevance")]


def test_a_pinned_value_that_the_form_takes_back_decides_nothing() -> None:
    """Without a household nothing that was pinned for one is left: as in a form that is opened again."""
    form = plan(question("text", "h"), question("calculate", "known", calculation="if(${h} = '', '', once(random()))"),
                question("text", "why", relevant="${known} != ''", required="true()"))  # fmt: skip
    assert judged(form, "<h>h1</h><known>D</known><why/>") == [("/why", "required")]
    assert judged(form, "<h/><known>D</known>") == []


def test_today_is_the_day_of_the_visit() -> None:
    form = plan(question("date", "d", constraint=". <= today()"))
    assert judged(form, "<d>2026-11-21</d>") == []
    assert judged(form, "<d>2026-11-22</d>") == [("/d", "constraint")]
    assert judged(form, "<d>2026-11-22</d>", now=NOW + timedelta(days=1)) == []


def test_what_a_question_computes_may_be_changed_by_a_person() -> None:
    """A calculation on a visible question proposes; only a read-only one decides."""
    open_to_all = plan(question("integer", "a"), question("integer", "b", calculation="${a} * 2"))
    shown_only = plan(question("integer", "a"), question("integer", "b", calculation="${a} * 2", read_only="true()"))
    assert judged(open_to_all, "<a>3</a><b>7</b>") == []
    assert judged(shown_only, "<a>3</a><b>7</b>") == [("/b", "bind")]


def test_a_list_that_may_have_changed_judges_no_computed_value() -> None:
    form = plan(question("select_one_from_file household.csv", "h"),
                question("calculate", "rooms", calculation="instance('household')/root/item[name = ${h}]/rooms"),
                question("integer", "beds", constraint=". <= ${rooms}"))  # fmt: skip
    inside = "<h>h1</h><rooms>2</rooms><beds>3</beds>"
    assert judged(form, inside, {"household": HOUSEHOLD}) == [("/rooms", "bind")]
    assert judged(form, inside, {"household": Seen(HOUSEHOLD, exact=False)}) == [("/beds", "constraint")]


def test_a_column_that_the_phone_did_not_have_judges_nothing() -> None:
    form = plan(question("select_one_from_file household.csv", "h"),
                question("text", "p", relevant="instance('household')/root/item[name = ${h}]/phone = ''"))  # fmt: skip
    inside = "<h>h1</h><p>x</p>"
    assert judged(form, inside, {"household": HOUSEHOLD}) == [("/p", "relevance")]
    assert judged(form, inside, {"household": Seen(HOUSEHOLD, unknown=frozenset({"phone"}))}) == []


def test_part_of_a_list_finds_rows_but_counts_none() -> None:
    form = plan(question("select_one_from_file household.csv", "h"),
                question("text", "few", relevant="count(instance('household')/root/item) > 1"))  # fmt: skip
    partly = {"household": Seen(HOUSEHOLD, whole=False)}
    assert judged(form, "<h>h1</h><few>x</few>", partly) == []
    assert judged(form, "<h>h2</h><few/>", partly) == [("/h", "choice")]


def test_what_the_form_does_not_have_is_named() -> None:
    form = plan(question("text", "a"))
    assert sorted(judged(form, "<a>1</a><a>2</a><b>3</b>")) == [("/a", "bind"), ("/b", "bind")]


def test_findings_stand_in_the_order_of_the_form_with_positions() -> None:
    form = plan(question("text", "a", required="true()"), question("begin_repeat", "row"),
                question("text", "b", required="true()"), question("begin_repeat", "inner"),
                question("integer", "c", constraint=". < 5"), question("end_repeat"), question("end_repeat"),
                question("text", "d", required="true()"))  # fmt: skip
    inside = "<a/><row><b>x</b><inner><c>1</c></inner><inner><c>9</c></inner></row><row><b/></row><d/>"
    assert judged(form, inside) == [
        ("/a", "required"), ("/row[1]/inner[2]/c", "constraint"), ("/row[2]/b", "required"), ("/d", "required"),
    ]  # fmt: skip
