"""Compiles a workbook in a process of its own, so that no upload can hold or break the program."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from server.confined import Limits, Lost, ask
from server.forms.compile import CompiledForm
from server.forms.dataset import Dataset
from server.forms.issue import FormInvalid, Issue, PolicyConflict
from server.forms.messages import issue
from server.forms.source import FormSource

CHILD = "server.forms.compile_child"
# For whoever waits at a desk: the page and the child's start take the rest of five seconds.
HASTY = Limits(memory=1024 * 1024 * 1024, file=48 * 1024 * 1024, cpu=4, wall=4.6)
# For files that are our own or an operator's.
PATIENT = replace(HASTY, cpu=60, wall=180)
# A compiler looks into lists only; pictures stay here.
_LOOKED_INTO = (".csv", ".xml", ".geojson")


def compile_apart(source: FormSource, datasets: Mapping[str, Dataset], limits: Limits = PATIENT) -> CompiledForm:
    """As compile_form; a workbook that takes too long or too much is FormInvalid too."""
    seen = {name: content if name.endswith(_LOOKED_INTO) else b"" for name, content in source.media.items()}
    order = {
        "source": source.content,
        "filename": source.filename,
        "media": seen,
        "datasets": _plain(datasets),
        "limits": asdict(limits),
    }
    try:
        answer = json.loads(ask(CHILD, pickle.dumps(order), limits))
    except (Lost, ValueError) as error:
        reason = error.reason if isinstance(error, Lost) else "crash"
        raise FormInvalid([issue(f"workbook.{reason}", source.filename, seconds=limits.cpu)]) from error
    if "refused" in answer:
        raise _refusal(answer, source.filename)
    return _form(answer, source)


def _plain(datasets: Mapping[str, Dataset]) -> dict[str, Dataset]:
    """Without their rules: those are programs, which do not travel, and no form is judged by them."""
    return {name: replace(dataset, rules=()) for name, dataset in datasets.items()}


def _refusal(answer: Mapping[str, Any], filename: str) -> FormInvalid:
    issues = [Issue(*parts) for parts in answer["issues"]]
    if answer["more"]:
        issues.append(issue("workbook.more_issues", filename, more=answer["more"]))
    return PolicyConflict(issues) if answer["refused"] == "policy" else FormInvalid(issues)


def _form(answer: Mapping[str, Any], source: FormSource) -> CompiledForm:
    made = {name: base64.b64decode(content) for name, content in answer["made"].items()}
    # JSON knows no tuples; the form has nothing else that is a list.
    form: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in answer["form"].items()
    }
    return CompiledForm(**form, media={**source.media, **made})
