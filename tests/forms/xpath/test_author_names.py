"""An author is told where an expression names what the form does not have."""

from __future__ import annotations

import pytest

from server.forms.compile import compile_form
from server.forms.issue import FormInvalid

FORM = """
| survey   |                  |      |       |              |              |            |
|          | type             | name | label | relevant     | choice_filter| constraint |
|          | text             | a    | A     |              |              |            |
|          | select_one towns | b    | B     | {relevant}   | {filter}     |            |
|          | integer          | c    | C     |              |              | {rule}     |
| choices  |                  |      |       |              |              |            |
|          | list_name        | name | label | county       |              |            |
|          | towns            | x    | X     | k            |              |            |
|          | towns            | y    | Y     | m            |              |            |
| settings |                  |      |       |              |              |            |
|          | form_id          | version |    |              |              |            |
|          | names            | 1    |       |              |              |            |
"""


def _issues(relevant: str = "", filter: str = "county = ${a}", rule: str = "") -> list[str]:
    source = FORM.format(relevant=relevant, filter=filter, rule=rule)
    try:
        compile_form(source.encode("utf-8"), "form.md")
    except FormInvalid as error:
        return [f"{issue.where}: {issue.why} {issue.fix}" for issue in error.issues]
    return []


def test_a_sound_form_has_no_issue() -> None:
    assert _issues("/data/a != ''", rule=". > 3 and ../a = 'x'") == []


@pytest.mark.parametrize(
    ("given", "place", "words"),
    [
        ({"relevant": "/data/nobody = 1"}, "survey row 3", ["/data/nobody", "relevant"]),
        ({"relevant": "../../a = 1"}, "survey row 3", ["/a"]),
        ({"relevant": "instance('villages')/root/item[name = 'x']/label = 'y'"}, "survey row 3", ["villages"]),
        ({"filter": "province = ${a}"}, "survey row 3", ["province", "county", "choice_filter"]),
        ({"filter": "county = frobnicate(${a})"}, "survey row 3", ["frobnicate"]),
        ({"filter": "county = (${a}"}, "survey row 3", ["“)”"]),
        ({"rule": "string-lenght(.) < 5"}, "survey row 4", ["string-lenght", "string-length"]),
        ({"rule": "round(1, 2, 3) = ."}, "survey row 4", ["round", "1–2", "3"]),
        ({"rule": "selected(.， 'a')"}, "survey row 4", ["，", "Write ,"]),
        ({"rule": ". > 1 &amp; . &lt; 3"}, "survey row 4", ["&"]),
        ({"rule": "count('a') > 1"}, "survey row 4", ["count"]),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_its_place(given: dict[str, str], place: str, words: list[str]) -> None:
    """Unknown questions, lists, columns of choices, functions, wrong numbers of arguments, broken expressions."""
    (told,) = _issues(**given)
    assert place in told and " / " in told
    assert all(word in told for word in words), told


def test_a_word_without_quotes_is_a_warning() -> None:
    """Published forms hold such mistakes and work otherwise."""
    source = FORM.format(relevant="/data/a = yes", filter="", rule="").encode("utf-8")
    (told,) = [warning for warning in compile_form(source, "form.md").warnings if "yes" in warning]
    assert told.startswith("survey 第3行 / survey row 3") and "'yes'" in told
