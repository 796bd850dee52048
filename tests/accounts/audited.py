"""Reads out of the server's source which actions it writes into the audit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from server.evidence.verdicts import VERDICTS
from server.sync.area_changes import KINDS
from server.sync.merge_policy import PINNED
from server.sync.review import STATES

ROOT = Path(__file__).parents[2]
WRITER = "server.accounts.audit"
WORKFLOW = ROOT / "form_definitions" / "workflows" / "finding.yaml"
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def families() -> dict[str, set[str]]:
    """What may stand in the place of `*`, of actions whose last word is only known when they happen."""
    return {
        "finding.*": {f"finding.{step}" for step in yaml.safe_load(WORKFLOW.read_text("utf-8"))["steps"]},
        "photo.*": {f"photo.{verdict}" for verdict in VERDICTS},
        "place.*": {f"place.{source}" for source in PINNED},
        "region.*": {f"region.{kind}" for kind in KINDS},
        "register.*_read": {f"register.{what}_read" for what in ("refused", "vanished")},
        "submission.*": {f"submission.{state}" for state in STATES},
    }


@dataclass(frozen=True)
class Call:
    """One `note(…)`: the actions that it may write; a word that is not written there is `*`."""

    where: str
    actions: frozenset[str]


def calls() -> Iterator[Call]:
    """Every call of `note` in server/."""
    for path in sorted((ROOT / "server").rglob("*.py")):
        text = path.read_text("utf-8")
        if WRITER not in text:
            continue
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "note":
                yield Call(f"{path.relative_to(ROOT)}:{node.lineno}", frozenset(_actions(tree, node.args[2])))


def _actions(tree: ast.Module, said: ast.expr) -> Iterator[str]:
    if isinstance(said, ast.Constant):
        yield str(said.value)
    elif isinstance(said, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in said.values)
    elif isinstance(said, ast.IfExp):
        yield from _actions(tree, said.body)
        yield from _actions(tree, said.orelse)
    elif isinstance(said, ast.Name):
        yield from _named(tree, said.id)


def _named(tree: ast.Module, name: str) -> Iterator[str]:
    """What the module assigns to a name, and what it gives to functions of its own as the parameter of that name."""
    places = {
        node.name: [one.arg for one in node.args.args].index(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and name in [one.arg for one in node.args.args]
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            yield from _actions(tree, node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places:
            yield from _actions(tree, node.args[places[node.func.id]])


def written() -> set[str]:
    """All of them, families spelled out."""
    spelled = families()
    return {one for call in calls() for action in call.actions for one in spelled.get(action, {action})}
