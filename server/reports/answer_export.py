"""The answers of one form over an area and a time, written to a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.forms.dataset import Dataset
from server.forms.instance import parse_instance
from server.forms.issue import InstanceUnreadable
from server.forms.model import FormModel
from server.registry.masking import sight
from server.reports.answer_files import MAKERS, JsonLines
from server.reports.answered import Reader
from server.reports.facts import facts_of
from server.reports.layout import tables_of
from server.reports.selection import Selection, models_of, newest_model, selected
from server.sync.definitions import model_of
from server.sync.tables import Submission

FORMATS = {"csv": ("zip", "application/zip"), "json": ("jsonl", "application/jsonl"), "xlsx": (
    "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")}  # fmt: skip


class NoForm(Exception):
    """No published version of the form is known."""


def write_answers(
    session: Session,
    actor: Actor,
    datasets: Mapping[str, Dataset],
    wanted: Selection,
    target: Path,
    *,
    format: str = "csv",
    words: str = "codes",
) -> int:
    """Writes the file and answers how many submissions are in it. Raises NoForm.

    What cannot be read any more (a version that was never here) is left out; it has no columns to stand in.
    """
    models = _models(session, actor, wanted)
    readers = {version: Reader(model, datasets) for version, model in models.items()}
    if format == "json":
        return _write_json(session, actor, wanted, readers, target)
    sink = MAKERS[format](target, tables_of(list(models.values())), words)
    count = 0
    for row in selected(session, actor, wanted):
        reader = readers.get(row.Submission.form_version)
        instance = _instance(row.Submission)
        if reader is None or instance is None:
            continue
        sink.add(facts_of(row), reader.lines(instance, sight(bool(row.clear))))
        count += 1
    sink.close()
    return count


def _models(session: Session, actor: Actor, wanted: Selection) -> dict[str, FormModel]:
    """The versions that were answered; where none was, the newest, so that the file has its columns. Raises NoForm."""
    models = models_of(session, actor, wanted)
    if models:
        return models
    newest = newest_model(session, wanted.form_id)
    if newest is None:
        raise NoForm(wanted.form_id)
    return {newest.version: model_of(newest)}


def _write_json(
    session: Session, actor: Actor, wanted: Selection, readers: Mapping[str, Reader], target: Path
) -> int:
    sink, count = JsonLines(target), 0
    for row in selected(session, actor, wanted):
        reader = readers.get(row.Submission.form_version)
        found = submission_on_wire(row, reader) if reader is not None else None
        if found is not None:
            sink.add_object(found)
            count += 1
    sink.close()
    return count


def submission_on_wire(row: Any, reader: Reader) -> dict[str, Any] | None:
    """One submission as typed JSON: facts, answers nested as in the form, and the paths of masked ones."""
    instance = _instance(row.Submission)
    if instance is None:
        return None
    tree, masked = reader.typed(instance, sight(bool(row.clear)))
    facts: dict[str, Any] = {name: value or None for name, value in facts_of(row).items()}
    facts |= {"form_id": row.Submission.form_id, "findings": len(row.Submission.findings)}
    return {**facts, "answers": tree, "masked": masked}


def _instance(submission: Submission) -> Any:
    try:
        return parse_instance(submission.instance_xml)
    except InstanceUnreadable:
        return None
