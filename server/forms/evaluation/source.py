"""What the reading of an XForm needs at hand, and the parts of its primary instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from server.forms.evaluation.lists import own_instance
from server.forms.evaluation.plan import Action, Part
from server.forms.evaluation.texts import XF, Texts
from server.forms.issue import Issue
from server.forms.messages import issue
from server.forms.xml import local
from server.forms.xpath import Expression, ExpressionError, Node, Table, compile_expression

JR = "{http://openrosa.org/javarosa}"
# attribute of an XForm → column of the survey sheet, where they differ
_COLUMNS = {"calculate": "calculation", "readonly": "read_only", "nodeset": "choice_filter", "count": "repeat_count"}

Place = Callable[[str], str]


@dataclass
class Source:
    """An XForm being read: `issues` collects what is wrong; `place` tells where a question of a name stands."""

    parts: dict[str, Part]
    texts: Texts
    instances: dict[str, Node | Table]
    files: dict[str, str]
    place: Place
    issues: list[Issue] = field(default_factory=list)

    def expression(self, part: Part, attribute: str, text: str | None) -> Expression | None:
        """The expression compiled; one that cannot be read becomes an issue at the question."""
        if not text or not text.strip():
            return None
        try:
            return compile_expression(text)
        except ExpressionError as error:
            self.broken(part, attribute, text, error)
            return None

    def broken(self, part: Part, attribute: str, text: str, error: ExpressionError) -> None:
        column = _COLUMNS.get(attribute, attribute)
        where, cause = self.place(part.name), f"{error.why} {error.fix}"
        self.issues.append(issue("author.expression", where, column=column, text=text.strip()[:80], cause=cause))

    def part(self, path: str | None) -> Part | None:
        return self.parts.get(plain_path(path or ""))

    def action(self, element: Any, trigger: Part | None) -> Action | None:
        """A <setvalue>; None where it sets nothing that the form has."""
        target = self.part(element.get("ref") or element.get("nodeset"))
        if target is None:
            return None
        value = self.expression(target, "calculate", element.get("value"))
        events = frozenset((element.get("event") or "").split())
        return Action(events, target, value if value is not None else (element.text or ""), trigger)


def plain_path(path: str) -> str:
    """A path without the prefixes of namespaces."""
    return "/".join(step.rpartition(":")[2] for step in path.replace(" ", "").split("/"))


def part_of(element: Any, above: Part | None = None) -> Part:
    """The parts of a subtree; a repeat's template and its first rows are one."""
    name = local(element)
    part = Part(f"{above.path if above else ''}/{name}", name, above)
    part.default = (element.text or "").strip() if not len(element) else ""
    part.attributes = {key: value for key, value in element.attrib.items() if key != f"{JR}template"}
    for child in element:
        known = part.below.get(local(child))
        if known is None:
            known = part.below[local(child)] = part_of(child, part)
            known.rows = 0
        known.rows += f"{JR}template" not in child.attrib
    return part


def instances_of(model: Any) -> tuple[dict[str, Node | Table], dict[str, str]]:
    """The secondary instances: those in the form, and the addresses of those from files."""
    own: dict[str, Node | Table] = {}
    files: dict[str, str] = {}
    for element in list(model.iterfind(f"{XF}instance"))[1:]:
        name = element.get("id") or ""
        if element.get("src"):
            files[name] = element.get("src")
        elif len(element):
            own[name] = own_instance(element[0])
    return own, files
