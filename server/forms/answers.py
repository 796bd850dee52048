"""An instance as people read it: the questions that were asked, with their answers and attachments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from server.forms.model import FormModel, Question, Trie
from server.forms.parsed import Instance

_SEPARATORS = {"zh": "、", "en": ", "}


@dataclass(frozen=True)
class Answer:
    """One asked question. `display` is the value in words; `position_path` counts repeats from 1."""

    path: str
    position_path: str
    labels: dict[str, str]
    type: str
    value: str | None
    display: dict[str, str]
    slot: str | None
    sensitivity: str | None


@dataclass(frozen=True)
class AttachmentRef:
    """A file that the instance names: `path` carries repeat positions, `slot` says which evidence it is."""

    name: str
    path: str
    slot: str | None


def answers(model: FormModel, instance: Instance, *, computed: bool = False) -> list[Answer]:
    """What was asked and answered, in form order; a question left empty has value None.

    `computed`: with what the form worked out by itself.
    """
    names = _record_names(instance)
    return [
        Answer(
            path=question.path,
            position_path=position,
            labels=question.labels,
            type=question.type,
            value=value,
            display=_display(question, value, names),
            slot=question.slot,
            sensitivity=question.sensitivity,
        )
        for question, position, value in _values(model, instance)
        if question.is_asked or (computed and question.type == "calculate")
    ]


def attachment_names(model: FormModel, instance: Instance) -> tuple[AttachmentRef, ...]:
    """The files that the instance names, in form order."""
    return tuple(
        AttachmentRef(value, position, question.slot)
        for question, position, value in _walk_from(instance, model.naming_files, model.repeats)
        if value
    )


def visit_facts(model: FormModel, instance: Instance) -> dict[str, str]:
    """What the form itself says about the visit, by its `bind::ruhu:visit` marks.

    Keys: started_at, ended_at, contact_mode, location ("lat lon altitude accuracy"); absent where not answered.
    """
    found = _walk_from(instance, model.about_visit, model.repeats)
    return {question.visit: value for question, _, value in found if question.visit and value}


def answers_once(level: Trie, node: Any) -> Iterator[tuple[Question, str]]:
    """What was answered to the questions of this tree (FormModel.asked_once), below this node, in form order."""
    for child in node:
        found = level.get(child.tag)
        if found is None:
            continue
        question, below = found
        if question is not None and (value := (child.text or "").strip()):
            yield question, value
        if below:
            yield from answers_once(below, child)


def _values(model: FormModel, instance: Instance) -> Iterator[tuple[Question, str, str | None]]:
    return _walk_from(instance, model.tree, model.repeats)


def _walk_from(
    instance: Instance, top: Trie, repeats: frozenset[str]
) -> Iterator[tuple[Question, str, str | None]]:
    return _walk(instance.root, top, f"/{instance.root.tag}", f"/{instance.root.tag}", repeats) if top else iter(())


def _walk(
    node: Any, level: Trie, path: str, position: str, repeats: frozenset[str]
) -> Iterator[tuple[Question, str, str | None]]:
    counted: Counter[str] = Counter()
    for child in node:
        found = level.get(child.tag)
        if found is None:
            continue
        question, below = found
        here, there = f"{path}/{child.tag}", f"{position}/{child.tag}"
        if here in repeats:
            counted[child.tag] += 1
            there += f"[{counted[child.tag]}]"
        if question is not None:
            yield question, there, (child.text or "").strip() or None
        if below:
            yield from _walk(child, below, here, there, repeats)


def _record_names(instance: Instance) -> dict[str, str]:
    """Labels of the records that the instance itself names, by id: a list from a file shows no codes."""
    return {
        entity.get("id"): entity.findtext("label")
        for entity in instance.root.iter("entity")
        if entity.get("id") and entity.findtext("label")
    }


def _display(question: Question, value: str | None, names: dict[str, str]) -> dict[str, str]:
    if value is None:
        return {"zh": "", "en": ""}
    if not question.choices:
        return {language: names.get(value, value) for language in _SEPARATORS}
    labels = {choice.value: choice.labels for choice in question.choices}
    picked = [value] if question.type == "select_one" else value.split()
    return {
        language: separator.join(labels.get(code, {}).get(language) or code for code in picked)
        for language, separator in _SEPARATORS.items()
    }
