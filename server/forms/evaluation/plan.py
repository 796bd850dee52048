"""A form as it is evaluated: its parts with their compiled expressions, and the order in which they are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from server.forms.evaluation.choices import Choices
from server.forms.evaluation.texts import Pieces, Text
from server.forms.xpath import Atom, Expression, Node, Table
from server.forms.xpath.typed import converter

# What a bind says as a constant: required="true()". An expression that is none stays an Expression.
Condition = Expression | bool


@dataclass(eq=False, slots=True)
class Part:
    """A node of the primary instance: group, repeat (its rows are one part) or value.

    `index` numbers the parts in document order. `control`: input, select1, select, rank, upload, trigger, range,
    None when no question asks it. `bounds`: of a range, (start, end). `template`: rows that a new instance starts with.
    """

    path: str
    name: str
    above: Part | None
    index: int = 0
    default: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    below: dict[str, Part] = field(default_factory=dict)
    # attributes that the form computes (meta/entity/@id), by name without @
    computed: dict[str, Part] = field(default_factory=dict)
    type: str = "string"
    is_repeat: bool = False
    rows: int = 1
    relevant: Condition = True
    required: Condition = False
    readonly: Condition = False
    constraint: Condition = True
    calculate: Expression | None = None
    count: Expression | None = None
    preload: tuple[str, str] | None = None
    label: Text | None = None
    constraint_text: Text | None = None
    required_text: Text | None = None
    control: str | None = None
    choices: Choices | None = None
    bounds: tuple[float, float] | None = None
    # Found out once, because every judging asks for it: what stands below; what turns texts into typed values;
    # whether there is one node of it, as no repeat holds it; how elements that came before were laid out (layout.py).
    items: tuple[Part, ...] = ()
    convert: Callable[[str, tzinfo], Atom] | None = None
    is_single: bool = True
    layouts: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def complete(self) -> None:
        self.items = tuple(self.below.values())
        self.convert = converter(self.type)
        self.is_single = not self.repeats_above()

    def walk(self) -> Iterator[Part]:
        """Itself and all below in document order; computed attributes directly after their node."""
        yield self
        yield from self.computed.values()
        for part in self.below.values():
            yield from part.walk()

    def repeats_above(self) -> tuple[Part, ...]:
        """The repeats that hold it, itself included, outermost first."""
        here = (self,) if self.is_repeat else ()
        return (self.above.repeats_above() if self.above else ()) + here


@dataclass(frozen=True, slots=True)
class Step:
    """One computation, done for every node of its part: `kind` is relevant, calculate or count."""

    kind: str
    part: Part
    expression: Expression


@dataclass(frozen=True, slots=True)
class Action:
    """A setvalue: on these `events` (odk-instance-first-load, odk-new-repeat, xforms-value-changed) set `target`.

    `trigger`: the part whose change sets it off, None for the other events. `value`: an expression or a literal text.
    """

    events: frozenset[str]
    target: Part
    value: Expression | str
    trigger: Part | None


@dataclass(frozen=True)
class FormPlan:
    """Immutable; build once per form version with from_xform and keep it. Safe between threads.

    `parts` in document order, `steps` in the order of computing. `instances`: secondary instances that the form
    carries; `files`: those that come from files, by id with their address (jr://file-csv/household.csv).
    `texts`: itext by language and id.
    """

    form_id: str
    version: str
    root: Part
    parts: Mapping[str, Part]
    steps: tuple[Step, ...]
    actions: tuple[Action, ...]
    instances: Mapping[str, Node | Table]
    files: Mapping[str, str]
    texts: Mapping[str, Mapping[str, Pieces]]
    # What is found out once about the plan by those who use it.
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_xform(cls, xml: str) -> FormPlan:
        """Read a compiled XForm. Raises FormInvalid: no XForm, unreadable expressions, a circular computation."""
        # Imported late: the reader builds the classes of this module.
        from server.forms.evaluation.reading import read_plan

        return read_plan(xml)


def path_from(at: str, path: str) -> str:
    """A path as seen from the node `at`, without steps up."""
    if path.startswith("/"):
        return path
    steps = at.split("/")
    for step in path.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in (".", ""):
            steps.append(step)
    return "/".join(steps)
