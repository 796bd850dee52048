"""The life of a finding as data: states, steps, who may take which, and clocks in days by date. PURE.

`form_definitions/workflows/finding.yaml` is read and checked as a whole: every mistake with file, line, cause and cure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from server.forms import definition_checks as check
from server.forms.definition_file import DefinitionFile, Place, read_definition
from server.forms.issue import DefinitionError

# Who may take a step: the village's side, the office of the area, or the office and an inspector who is sent there.
SIDES: Mapping[str, tuple[str, ...]] = {
    "village": ("cadre",),
    "office": ("supervisor", "admin"),
    "inspection": ("supervisor", "admin", "inspector"),
}
NEEDS = ("text", "photo", "due", "lead", "check")
BARS = ("opener",)
STATUSES = ("confirmed", "indicative")
ORDERED = "ordered"  # the clock that a step with `due` sets
RISE = "rise_days"
_FILE = ("name", "labels", "start", "states", "steps", "versions")
_STATE = ("labels", "clock", "then", "final")
_STEP = ("labels", "by", "from", "to", "needs", "bars")
_VERSION = ("id", "from", "status", "source", "clocks")


@dataclass(frozen=True)
class State:
    """`clock`: which one runs in it, None: no clock. `then`: the state that follows when it has run out."""

    name: str
    labels: dict[str, str]
    clock: str | None
    then: str | None
    final: bool


@dataclass(frozen=True)
class StepKind:
    """A step that `by` (a key of SIDES) may take in the states `of`; it leads to `to`. `needs`: what it must say."""

    name: str
    labels: dict[str, str]
    by: str
    of: tuple[str, ...]
    to: str
    needs: tuple[str, ...]
    bars: tuple[str, ...]


@dataclass(frozen=True)
class Clocks:
    """Days by the clock's name, for findings opened from `since` on."""

    id: str
    since: date
    status: str
    source: str
    days: dict[str, int]


@dataclass(frozen=True)
class Workflow:
    name: str
    labels: dict[str, str]
    start: str
    states: dict[str, State]
    steps: dict[str, StepKind]
    versions: tuple[Clocks, ...]  # oldest first

    def clocks_on(self, day: date) -> Clocks:
        """The version that holds for what was opened on this day; before the first, the first."""
        begun = [one for one in self.versions if one.since <= day]
        return (begun or list(self.versions[:1]))[-1]


@lru_cache(maxsize=4)
def finding_workflow(forms: Path) -> Workflow:
    """The workflow below the folder of form definitions. Raises DefinitionError with everything that is wrong."""
    return read_workflow(forms / "workflows" / "finding.yaml")


def read_workflow(path: Path) -> Workflow:
    """As finding_workflow, from this file."""
    file = read_definition(path)
    found = _workflow(file)
    if not file.issues:
        _check_whole(file, found)
    if file.issues:
        raise DefinitionError(file.issues)
    return found


def _workflow(file: DefinitionFile) -> Workflow:
    content = file.content
    check.check_keys(file, (), content, _FILE, _FILE)
    given = check.mapping(file, ("states",), content.get("states"))
    states = {name: _state(file, name, one, tuple(given)) for name, one in given.items()}
    kinds = check.mapping(file, ("steps",), content.get("steps"))
    clocks = {one.clock for one in states.values() if one.clock} - {ORDERED} | {RISE}
    listed = enumerate(check.sequence(file, ("versions",), content.get("versions")))
    versions = [_clocks(file, ("versions", str(n)), one, sorted(clocks)) for n, one in listed]
    return Workflow(
        name=check.name(file, ("name",), content.get("name")),
        labels=check.labels(file, ("labels",), content.get("labels")),
        start=check.known_name(file, ("start",), content.get("start"), states) or "",
        states=states,
        steps={name: _step(file, name, one, tuple(states)) for name, one in kinds.items()},
        versions=tuple(sorted((one for one in versions if one), key=lambda one: one.since)),
    )


def _state(file: DefinitionFile, name: str, given: Any, known: Sequence[str]) -> State:
    at = ("states", name)
    content = check.mapping(file, at, given)
    check.check_keys(file, at, content, _STATE, ("labels",))
    clock = content.get("clock")
    return State(
        name=check.name(file, at, name),
        labels=check.labels(file, (*at, "labels"), content.get("labels")),
        clock=check.name(file, (*at, "clock"), clock) if clock is not None else None,
        then=check.known_name(file, (*at, "then"), content.get("then"), known),
        final=check.word(file, (*at, "final"), content.get("final"), ("yes", "no")) == "yes",
    )


def _step(file: DefinitionFile, name: str, given: Any, states: Sequence[str]) -> StepKind:
    at = ("steps", name)
    content = check.mapping(file, at, given)
    check.check_keys(file, at, content, _STEP, ("labels", "by", "from", "to"))
    return StepKind(
        name=check.name(file, at, name),
        labels=check.labels(file, (*at, "labels"), content.get("labels")),
        by=check.word(file, (*at, "by"), content.get("by"), tuple(SIDES)) or "office",
        of=check.words(file, (*at, "from"), content.get("from"), states),
        to=check.known_name(file, (*at, "to"), content.get("to"), states) or "",
        needs=check.words(file, (*at, "needs"), content.get("needs"), NEEDS),
        bars=check.words(file, (*at, "bars"), content.get("bars"), BARS),
    )


def _clocks(file: DefinitionFile, at: Place, given: Any, wanted: Sequence[str]) -> Clocks | None:
    content = check.mapping(file, at, given)
    check.check_keys(file, at, content, _VERSION, _VERSION)
    days = check.mapping(file, (*at, "clocks"), content.get("clocks"))
    check.check_keys(file, (*at, "clocks"), days, wanted, wanted)
    since = check.day(file, (*at, "from"), content.get("from"))
    if since is None:
        return None
    return Clocks(
        id=str(content.get("id") or ""),
        since=since,
        status=check.word(file, (*at, "status"), content.get("status"), STATUSES) or "indicative",
        source=str(content.get("source") or ""),
        days={name: _days(file, (*at, "clocks", name), text) for name, text in days.items()},
    )


def _days(file: DefinitionFile, at: Place, given: Any) -> int:
    found = check.number(file, at, given, whole=True)
    if found is not None and not 1 <= found <= 366:
        file.complain("policy.out_of_bounds", at, value=given, least=1, most=366)
    return int(found or 1)


def _check_whole(file: DefinitionFile, found: Workflow) -> None:
    """What only the whole can show: ways that end nowhere, states that nobody reaches, clocks where nothing waits."""
    for state in found.states.values():
        leaves = state.then or any(state.name in step.of for step in found.steps.values())
        if not state.final and (not leaves or state.clock is None):
            file.complain("workflow.dead_end", ("states", state.name), state=state.name)
        if (state.final and state.clock is not None) or (state.then and state.clock is None):
            file.complain("workflow.idle_clock", ("states", state.name), state=state.name)
        if state.name not in _reached(found):
            file.complain("workflow.unreached", ("states", state.name), state=state.name)
    for step in found.steps.values():
        if found.states[step.to].clock == ORDERED and "due" not in step.needs:
            file.complain("workflow.no_due", ("steps", step.name), step=step.name, state=step.to)
    if not found.versions:
        file.complain("key.missing", ("versions",), key="clocks")


def _reached(found: Workflow) -> set[str]:
    reached: set[str] = set()
    waiting = [found.start]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            following = found.states[name].then
            waiting += [step.to for step in found.steps.values() if name in step.of]
            waiting += [following] if following else []
    return reached
