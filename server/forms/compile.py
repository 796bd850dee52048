"""XLSForm → XForm: compiled by pyxform, pinned by us, checked against the datasets."""

import copy
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from server.forms.author import issue_of
from server.forms.dataset import Dataset
from server.forms.expressions import checked_plan
from server.forms.issue import FormInvalid, InstanceUnreadable, Issue, PolicyConflict
from server.forms.list_columns import Reads, columns_read, known_columns, unknown_columns
from server.forms.messages import issue
from server.forms.mistakes import complaints
from server.forms.model import REGION_LIST, FormModel
from server.forms.pin import pin_versions
from server.forms.policies import policy_of_file
from server.forms.policy import policy_conflicts
from server.forms.unknown_names import bare_names
from server.forms.workbook import Workbook, read_workbook

# Dots alone are a step in an address, and would be lost from it.
_FORM_ID = re.compile(r"(?!\.+\Z)[\w.-]{1,100}")
_VERSION = re.compile(r"(?!\.+\Z)[\w.-]{1,64}")
_NO_MEDIA: Mapping[str, bytes] = {}


@dataclass(frozen=True)
class CompiledForm:
    """A form ready to be stored. `names` by language; `hash` is "md5:…" of the XForm's UTF-8 bytes.

    `media` is what goes with it: the given files and the choice list that pyxform made (itemsets.csv).
    `datasets` are the datasets that it writes or reads, `policies` the policies whose list it reads, `settings` what it
    says about itself (FormModel.settings). `reads`: the columns of lists from files that it reads, by list, each with
    its place. `warnings` are bilingual texts for the author.
    """

    form_id: str
    version: str
    names: dict[str, str]
    xform: str
    hash: str
    datasets: tuple[str, ...]
    warnings: tuple[str, ...]
    media: Mapping[str, bytes]
    policies: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    reads: Reads = field(default_factory=dict)


def compile_form(
    source: bytes,
    filename: str,
    media: Mapping[str, bytes] = _NO_MEDIA,
    *,
    datasets: Mapping[str, Dataset] | None = None,
) -> CompiledForm:
    """Compile a workbook (.xlsx, .xls, Markdown tables; by content).

    Raises FormInvalid with every issue found, placed by sheet and row; PolicyConflict when `datasets` are given
    and the form contradicts them. A workbook without a version gets one made from its bytes, so that a version
    always stands for one content. Missing media are warnings: clients show the form without them.
    """
    workbook = read_workbook(source, filename)
    warnings = _set_identity(workbook, source)
    result = _convert(workbook)
    xform = _pinned(result.xform)
    plan = checked_plan(xform, workbook.place_of_question)
    model = FormModel.from_xform(xform)
    if datasets is not None and (found := policy_conflicts(model, datasets, workbook.place_of_question)):
        raise PolicyConflict(found)
    files = dict(media)
    if result.itemsets:
        files["itemsets.csv"] = result.itemsets.encode("utf-8")
    used = _datasets(model, datasets or {})
    reads = columns_read(plan, workbook.place_of_question)
    doubts = [*unknown_columns(reads, known_columns(files, datasets or {})), *_missing_media(model, files, used)]
    # pyxform would have photos made smaller (max-pixels); evidence stays as the camera took it.
    warnings += [_text(issue_of(text, workbook.place_of_word)) for text in result.warnings if "max-pixels" not in text]
    warnings += [_text(found) for found in (*bare_names(plan, workbook.place_of_question), *doubts)]
    return CompiledForm(
        form_id=model.form_id,
        version=model.version,
        names=_names(model.title),
        xform=xform,
        hash="md5:" + hashlib.md5(xform.encode("utf-8"), usedforsecurity=False).hexdigest(),
        datasets=used,
        warnings=tuple(warnings),
        media=files,
        policies=tuple(name for file in model.files if (name := policy_of_file(file))),
        settings=model.settings,
        reads={name: dict(columns) for name, columns in reads.items()},
    )


def _set_identity(workbook: Workbook, source: bytes) -> list[str]:
    """Check form_id and version in the settings sheet, and make up a missing version. Returns warnings."""
    rows = workbook.rows("settings")
    settings = rows[0] if rows else {}
    issues: list[Issue] = []
    form_id = str(settings.get("form_id") or settings.get("id_string") or "")
    if not _FORM_ID.fullmatch(form_id):
        issues.append(issue("settings.form_id", workbook.place("settings", 2), given=form_id))
    version = str(settings.get("version") or "")
    if version and not _VERSION.fullmatch(version):
        issues.append(issue("settings.version", workbook.place("settings", 2), given=version))
    if issues:
        raise FormInvalid(issues)
    if version:
        return []
    settings["version"] = "auto-" + hashlib.sha256(source).hexdigest()[:10]
    header = workbook.sheets.get("settings_header") or [{}]
    header[0]["version"] = None
    made = issue("settings.no_version", workbook.place("settings", 2), version=settings["version"])
    return [_text(made)]


def _convert(workbook: Workbook) -> Any:
    as_written = copy.deepcopy(workbook.sheets)
    try:
        return convert(dict(workbook.sheets), form_name="data")
    except PyXFormError as error:
        found = complaints(as_written) or [str(error)]
        raise FormInvalid(sorted((issue_of(text, workbook.place_of_word) for text in found), key=_row)) from error
    except RecursionError as error:
        raise FormInvalid([issue("author.too_deep", "survey")]) from error
    except Exception as error:  # pyxform meets some mistakes with a bare KeyError or AttributeError.
        raise FormInvalid([issue("author.crash", "survey", cause=repr(error)[:200])]) from error


def _pinned(xform: str) -> str:
    """The XForm pinned; one that no client could read (control characters, nested too deep) is its author's mistake."""
    try:
        return pin_versions(xform)
    except InstanceUnreadable as error:
        raise FormInvalid(error.issues) from error


def _row(found: Issue) -> int:
    row = re.search(r" row (\d+)", found.where)
    return int(row[1]) if row else 0


def _names(title: str) -> dict[str, str]:
    """A title "入户走访 / Household visit" names the form in both languages."""
    chinese, separator, english = title.partition(" / ")
    return {"zh": chinese.strip(), "en": (english if separator else chinese).strip()}


def _datasets(model: FormModel, known: Mapping[str, Dataset]) -> tuple[str, ...]:
    written = [entity.dataset for entity in model.entities]
    lists = [file.rpartition("/")[2].removesuffix(".csv") for file in model.files if file.endswith(".csv")]
    return tuple(dict.fromkeys([*written, *(name for name in lists if name in known)]))


def _missing_media(model: FormModel, files: Mapping[str, bytes], datasets: tuple[str, ...]) -> list[Issue]:
    names = dict.fromkeys(file.rpartition("/")[2] for file in model.files if "last-saved" not in file)
    return [
        issue("media.missing", name, name=name)
        for name in names
        if name not in {*files, REGION_LIST} and name.removesuffix(".csv") not in datasets and not policy_of_file(name)
    ]


def _text(found: Issue) -> str:
    return f"{found.where}: {found.why} {found.fix}".strip()
