"""ruhu form check FORM INSTANCE: what the server would find in a filled form. Needs no database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from server.commands.forms import form
from server.commands.messages import say
from server.commands.refusal import stop
from server.forms.compile import compile_form
from server.forms.evaluation import FormPlan, ListUnreadable, check, read_list
from server.forms.evaluation.lists import List, csv_rows
from server.forms.evaluation.moment import moment_of
from server.forms.issue import IssueError
from server.forms.parsed import Instance, instance_root
from server.forms.source import WORKBOOKS

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ITEMSETS = "itemsets.csv"


def register(main: click.Group) -> None:
    """The command stands in the group `form`."""


@form.command("check")
@click.argument("form_file", metavar="FORM", type=_FILE)
@click.argument("instance_file", metavar="INSTANCE", type=_FILE)
def check_instance(form_file: Path, instance_file: Path) -> None:
    """Judge INSTANCE (XML) by FORM (an XForm, or a workbook .md, .xlsx); prints the findings as a JSON list.

    Lists and media (CSV, XML, GeoJSON) stand beside FORM. today() and now() are the moment that the instance names.
    """
    try:
        plan, media = _read_form(form_file)
        root = instance_root(instance_file.read_bytes())
    except IssueError as error:
        _refuse(error)
    instance = Instance(root.get("id") or "", root.get("version") or "", "", None, root)
    if instance.form_id and instance.form_id != plan.form_id:
        stop(say("check.other_form", form=plan.form_id, given=instance.form_id))
    now = moment_of(plan, root) or datetime.now().astimezone()
    findings = check(plan, instance, _lists(plan, form_file.parent, media), now=now)
    click.echo(json.dumps([finding.as_json() for finding in findings], ensure_ascii=False, indent=1))


def _read_form(path: Path) -> tuple[FormPlan, Mapping[str, bytes]]:
    """The plan, and files that compiling made. Raises FormInvalid."""
    if path.suffix not in WORKBOOKS:
        return FormPlan.from_xform(path.read_text("utf-8-sig", errors="replace")), {}
    compiled = compile_form(path.read_bytes(), path.name)
    return FormPlan.from_xform(compiled.xform), compiled.media


def _refuse(error: IssueError) -> NoReturn:
    stop("\n".join(f"{issue.where}: {issue.why}\n    → {issue.fix}" for issue in error.issues))


def _lists(plan: FormPlan, folder: Path, made: Mapping[str, bytes]) -> dict[str, List]:
    """The lists beside the form; one that is not there is unknown, and what reads it is not judged."""
    found: dict[str, List] = {}
    for name, address in plan.files.items():
        filename = address.rpartition("/")[2]
        path = folder / filename
        content = path.read_bytes() if path.is_file() else made.get(filename)
        if content is None:
            continue
        try:
            if filename == _ITEMSETS:
                found[name] = [row for row in csv_rows(content) if row.get("list_name") == name]
            else:
                found[name] = read_list(filename, content)
        except (ListUnreadable, UnicodeDecodeError) as error:
            stop(say("check.list", cause=str(error)[:300]))
    return found
