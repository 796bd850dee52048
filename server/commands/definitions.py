"""ruhu definitions check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
from flask import Flask

from server.commands.messages import say
from server.forms.compile import compile_form
from server.forms.dataset import Dataset
from server.forms.datasets import load_datasets
from server.forms.issue import DefinitionError, Issue, IssueError
from server.forms.list_columns import known_columns, unknown_columns
from server.forms.messages import issue
from server.forms.policies import FIXED, PREFIX, Policy, load_policies
from server.forms.policy_rows import contradictions, gaps, policy_list
from server.forms.rule_files import load_rules
from server.forms.source import WORKBOOKS, read_source
from server.inspection.finding_workflow import read_workflow

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(definitions)


@click.group()
def definitions() -> None:
    """Datasets, code lists, policies, rules and forms."""


@definitions.command()
@click.argument("folder", type=_FOLDER, required=False)
@click.pass_obj
def check(app: Callable[[], Flask], folder: Path | None) -> None:
    """Check all of FOLDER (default: this installation's) without changing anything: every mistake with its place."""
    wrong = 0
    for found in issues_of(folder or app().config["RUHU"].forms):
        wrong += 1
        click.echo(f"{found.where}: {found.why}\n    → {found.fix}", err=True)
    if wrong:
        click.echo(say("definitions.wrong", count=wrong), err=True)
        raise SystemExit(1)
    click.echo("ok")


def issues_of(folder: Path) -> Iterator[Issue]:
    """Everything that is wrong below a folder of form definitions. What rests on something wrong is not looked at."""
    try:
        datasets = load_datasets(folder / "datasets")
    except DefinitionError as error:
        yield from error.issues
        return
    policies: dict[str, Policy] = {}
    try:
        policies = load_policies(folder / "policies")
        for policy in policies.values():
            rows = policy_list(policy)
            yield from gaps(policy, rows) + contradictions(policy, rows)
        load_rules(folder / "rules", datasets, {name: tuple(one.values) for name, one in policies.items()})
    except DefinitionError as error:
        yield from error.issues
    yield from _workflow_issues(folder / "workflows" / "finding.yaml")
    for path in sorted((folder / "forms").glob("*/")):
        yield from _form_issues(path, datasets, policies)


def _workflow_issues(path: Path) -> Iterator[Issue]:
    """A folder without workflows may be one of datasets and forms alone."""
    try:
        if path.is_file():
            read_workflow(path)
    except DefinitionError as error:
        yield from error.issues


def _form_issues(path: Path, datasets: dict[str, Dataset], policies: dict[str, Policy]) -> Iterator[Issue]:
    try:
        source = read_source(path)
        form = compile_form(source.content, source.filename, source.media, datasets=datasets)
    except FileNotFoundError:
        yield issue("form.no_workbook", path.name, kinds=", ".join(WORKBOOKS))
        return
    except IssueError as error:
        for one in error.issues:
            yield Issue(f"{path.name}: {one.where}", one.why, one.fix)
        return
    for name in form.policies:
        if name not in policies:
            yield issue("form.unknown_policy", path.name, name=f"policy_{name}", known=", ".join(sorted(policies)))
    known = known_columns(form.media, datasets)
    known |= {f"{PREFIX}{name}": (*FIXED, *policy.values) for name, policy in policies.items()}
    for one in unknown_columns(form.reads, known):
        yield Issue(f"{path.name}: {one.where}", one.why, one.fix)
