"""What an expression may see while it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from server.forms.xpath.table import Table
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Day


def no_name(value: str, path: str) -> str | None:
    return None


# Nodes that // and its like may come by in one context (a judging, a case): about a second.
MOST_WALKED = 5_000_000


@dataclass(slots=True)
class Context:
    """The place and the surroundings of an evaluation. Mutable on purpose: set `node` and evaluate again.

    node       the node that the expression belongs to; also what current() means
    root       the root element of the primary instance (/data), where absolute paths start
    instances  secondary instances by id: a Table, or the root element of an XML instance
    now        the time of the evaluation, with a time zone: all local dates and times are of this zone
    texts      jr:itext: text id → text in the language wanted
    choice_name  jr:choice-name: (value, path of the question) → label, None when the value is no choice
    version    version(): the version of the form
    today      the day of `now`, once somebody has asked for it
    places, slots  for paths that mean one and the same node wherever they stand: where in `slots` its list is
    """

    node: Node
    root: Node
    instances: Mapping[str, Node | Table] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now().astimezone())
    texts: Mapping[str, str] = field(default_factory=dict)
    choice_name: Callable[[str, str], str | None] = no_name
    version: str = ""
    places: Mapping[str, int] = field(default_factory=dict)
    slots: Mapping[int, Sequence[Node]] = field(default_factory=dict)
    today: Day | None = None
    # Where a predicate stands in its node-set; set only for predicates that ask.
    position: int = 0
    size: int = 0
    # How many nodes far-reaching axes may still come by; then EvaluationError.
    left: int = MOST_WALKED

    def at(self, node: Node) -> Context:
        """The same surroundings seen from another node."""
        return replace(self, node=node)
