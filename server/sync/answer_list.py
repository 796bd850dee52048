"""The answers of one submission, in form order, as one reader may see them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from server.forms.answers import Answer, answers
from server.forms.instance import Instance, parse_instance
from server.forms.issue import InstanceUnreadable
from server.forms.model import FormModel
from server.forms.tables import FormVersion
from server.registry.masking import HIDDEN, Sight, Treatment, is_id_number, mask, mask_name, treatment
from server.registry.reading import Datasets
from server.sync.definitions import model_of
from server.sync.tables import Submission

# Not an answer to anybody: the form's own bookkeeping.
_META = "meta"


def answer_list(session: Session, datasets: Datasets, submission: Submission, seen: Sight) -> list[dict[str, Any]]:
    """Answers with labels. Without its form version, the bare texts by path: they are not lost, only unnamed."""
    try:
        instance = parse_instance(submission.instance_xml)
    except InstanceUnreadable:
        return []
    form = session.get(FormVersion, (submission.form_id, submission.form_version))
    if form is None:
        return _bare(instance, seen)
    model = model_of(form)
    return [_shown(answer, model, datasets, seen) for answer in answers(model, instance)]


def _shown(answer: Answer, model: FormModel, datasets: Datasets, seen: Sight) -> dict[str, Any]:
    """The answer on the wire; `masked` where value and words are not the stored ones."""
    sensitivity, is_name = _sensitivity(answer, model, datasets)
    wire = {**asdict(answer), "masked": False}
    del wire["sensitivity"]
    how = _treatment(seen, sensitivity, answer.value)
    if how == "show" or answer.value is None:
        return wire
    hidden = None if how == "hide" else mask_name(answer.value) if is_name else mask(answer.value)
    return wire | {"value": hidden, "display": {"zh": hidden or HIDDEN, "en": hidden or HIDDEN}, "masked": True}


def _treatment(seen: Sight, sensitivity: str | None, value: str | None) -> Treatment:
    """A form that declares nothing may still ask for ID numbers: those are known by their shape."""
    if sensitivity is None and value and is_id_number(value):
        sensitivity = "sensitive"
    return treatment(seen, sensitivity)


def _sensitivity(answer: Answer, model: FormModel, datasets: Datasets) -> tuple[str | None, bool]:
    """The stricter of what the form and the dataset declare, and whether the answer is a record's name."""
    levels = ("public", "internal", "personal", "sensitive")
    declared = {answer.sensitivity}
    is_name = False
    question = model.by_path.get(answer.path)
    if question is not None and question.save_to is not None:
        dataset = datasets.get(question.save_to[0])
        found = dataset.properties.get(question.save_to[1]) if dataset else None
        declared.add(found.sensitivity if found else None)
        is_name = dataset is not None and dataset.label_property == question.save_to[1]
    known = [level for level in declared if level in levels]
    return (max(known, key=levels.index) if known else None), is_name


def _bare(instance: Instance, seen: Sight) -> list[dict[str, Any]]:
    """Every filled leaf of the instance."""
    rows = []
    for element in instance.root.iter("*"):
        text = (element.text or "").strip()
        path = element.getroottree().getpath(element)
        if len(element) or not text or f"/{_META}/" in path:
            continue
        shown = text if _treatment(seen, None, text) == "show" else mask(text)
        rows.append({
            "path": path, "position_path": path, "labels": {}, "type": "unknown", "value": shown,
            "display": {"zh": shown, "en": shown}, "slot": None, "masked": shown != text,
        })  # fmt: skip
    return rows
