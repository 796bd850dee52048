"""How a story becomes a filled form: told, then plain, and loud when the form has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from server.demo.respond import StoryError, respond
from server.forms.compile import compile_form
from server.forms.evaluation import Filling, FormPlan
from server.forms.model import FormModel

FORM = """
| survey |
| | type | name | label | required | relevant | constraint | repeat_count |
| | select_one yes_no | lives_here | Lives here | true() | | | |
| | text | where | Where | true() | ${lives_here} = 'no' | | |
| | integer | people | People | true() | | . >= 2 | |
| | begin_repeat | row | Row | | | | ${people} |
| | text | who | Who | true() | | | |
| | end_repeat | | | | | | |
| | text | remarks | Remarks | | | | |
| choices |
| | list_name | name | label |
| | yes_no | yes | Yes |
| | yes_no | no | No |
| settings |
| | form_id | version |
| | small | 1 |
"""
XFORM = compile_form(FORM.encode(), "small.md").xform
MODEL = FormModel.from_xform(XFORM)


def told(**story: str) -> Filling:
    fill = Filling(FormPlan.from_xform(XFORM), {}, now=datetime(2026, 11, 20, tzinfo=UTC))
    respond(
        fill,
        MODEL,
        {name.replace("__", "[") + ("]" if "__" in name else ""): v for name, v in story.items()},
        Random(1),
    )
    return fill


def test_a_story_is_told_also_where_an_answer_brings_up_the_question() -> None:
    fill = told(where="亲戚家", lives_here="no", people="2", who__1="王大山", who="李秀兰")
    assert fill.value("/data/where") == "亲戚家"
    assert [fill.value(f"/data/row[{n}]/who") for n in (1, 2)] == ["王大山", "李秀兰"]


def test_what_the_form_insists_on_is_answered_plainly_and_nothing_else_is() -> None:
    fill = told(lives_here="yes")
    assert fill.violations() == []
    assert int(fill.value("/data/people")) >= 2
    assert fill.value("/data/remarks") == ""


def test_what_was_not_asked_is_not_told() -> None:
    assert told(lives_here="yes", where="亲戚家").value("/data/where") == ""


@pytest.mark.parametrize(("story", "word"), [({"peple": "2"}, "peple"), ({"people": "1"}, "people")])
def test_a_story_that_no_longer_fits_the_form_is_named(story: dict[str, str], word: str) -> None:
    with pytest.raises(StoryError, match=word):
        told(**story)
