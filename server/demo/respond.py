"""Fills a form as its worker would: first what the story tells, then something plain where the form insists. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random

from server.forms.evaluation import Filling, NotAsked
from server.forms.model import FormModel, Question

# What is answered where the story says nothing and the form insists, by question name.
PLAIN: Mapping[str, tuple[str, ...]] = {
    "consent": ("agreed",),
    "no_signature_reason": ("cannot_write", "on_paper", "on_paper"),
    "no_result_signature_reason": ("on_paper",),
    "read_back": ("yes",),
}
NUMBERS = ("0", "1", "2", "3", "5", "10", "30", "100")
_ROW = re.compile(r"\[(\d+)\]")


class StoryError(RuntimeError):
    """The form asks something that the demo has no answer for: form, question and why."""


def respond(fill: Filling, model: FormModel, story: Mapping[str, str], throw: Random) -> None:
    """Answers until nothing stands in the way of finishing. Raises StoryError with the name of the question."""
    known = {question.name for question in model.questions}
    unknown = [name for name in story if name.partition("[")[0] not in known]
    if unknown:
        raise StoryError(f"{model.form_id} has no question {', '.join(unknown)}")
    given: set[str] = set()
    tell(fill, story, given)
    for _ in range(40):
        stuck = fill.violations()
        if not stuck:
            break
        for violation in stuck:
            if violation.path in given and violation.kind == "constraint":
                raise StoryError(f"{model.form_id} {violation.path}: {fill.value(violation.path)!r} is not allowed")
            _plain(fill, model, violation.path, throw)
        tell(fill, story, given)
    else:
        raise StoryError(f"{model.form_id}: no end of questions")


def tell(fill: Filling, story: Mapping[str, str], given: set[str]) -> None:
    """Gives the answers of the story, again and again as they bring up new questions. `given` gains their places."""
    more = True
    while more:
        more = False
        for place in list(fill.questions()):
            answer = next((story[key] for key in _keys(place) if key in story), None)
            if answer is None or place in given:
                continue
            try:
                fill.answer(place, answer)
            except NotAsked:
                continue
            given.add(place)
            more = True


def _keys(place: str) -> Iterator[str]:
    """What a story may call a question: its name with its row, or its name."""
    name = _ROW.sub("", place).rpartition("/")[2]
    rows = _ROW.findall(place)
    yield f"{name}[{rows[-1] if rows else 1}]"
    yield name


def _plain(fill: Filling, model: FormModel, place: str, throw: Random) -> None:
    question = model.by_path[_ROW.sub("", place)]
    for candidate in _candidates(fill, place, question, throw):
        fill.answer(place, candidate)
        if all(violation.path != place for violation in fill.violations()):
            return
    raise StoryError(f"{model.form_id} {place}: no answer fits")


def _candidates(fill: Filling, place: str, question: Question, throw: Random) -> Iterator[str]:
    plain = PLAIN.get(question.name)
    if plain:
        yield throw.choice(plain)
    offered = fill.choices(place)
    if offered is not None:
        yield from (choice for choice in ("no", "none") if choice in offered)
        yield from offered
    elif question.type in ("int", "decimal"):
        yield from NUMBERS
    elif question.type in ("date", "dateTime"):
        yield fill.value("/data/visit_date") if question.type == "date" else fill.value("/data/end")
    else:
        yield "无"
