"""What is asked while a form is judged: may this be judged, does that hold. Collects the findings in document order."""

from __future__ import annotations

import re

from server.forms.evaluation.cells import Cell
from server.forms.evaluation.doubt import MOST_READINGS, Asked, Doubt, readings, wide_reads
from server.forms.evaluation.findings import Finding, sentence
from server.forms.evaluation.plan import Part
from server.forms.evaluation.sheet import Sheet
from server.forms.evaluation.texts import Text
from server.forms.xpath import EvaluationError, Expression

MOST_FINDINGS = 200
# What an expression may run into over any values; the node is then not judged by it.
TROUBLE = (EvaluationError, ArithmeticError, RecursionError, ValueError)
_LIMIT = re.compile(r"-?\d{1,7}(\.\d{1,4})?|\d{4}-\d\d-\d\d", re.ASCII)
# The last of one node stand last.
_RANKS = {"relevance": 0, "required": 1, "type": 2, "constraint": 3, "choice": 4, "repeat_count": 5, "bind": 6}


class Judge:
    """Judges the cells of one sheet. `doubt`: what is not judged."""

    def __init__(self, sheet: Sheet, doubt: Doubt) -> None:
        self.sheet, self.doubt, self.context = sheet, doubt, sheet.context
        self.noted: list[tuple[Cell, Finding]] = []
        self.is_full = False
        self._wide = wide_reads(sheet.plan)
        self._affordable: dict[Asked, bool] = {}
        self._left = MOST_READINGS

    def has_required(self, cell: Cell) -> bool:
        """False when the empty node had to be answered."""
        required = cell.part.required
        if isinstance(required, bool):
            return not required
        return not self._truth(cell, required, otherwise=False)

    def keeps_constraint(self, cell: Cell) -> bool:
        constraint = cell.part.constraint
        return constraint if isinstance(constraint, bool) else self._truth(cell, constraint, otherwise=True)

    def _truth(self, cell: Cell, condition: Expression, otherwise: bool) -> bool:
        if not self.may_judge(cell.part, condition):
            return otherwise
        self.context.node = cell
        try:
            return condition.truth_at(cell, self.context)
        except TROUBLE:
            return otherwise

    def may_judge(self, part: Part, expression: Expression) -> bool:
        """Whether what the expression reads is known, and not too much."""
        if expression in self.doubt.unknown:
            return False
        asked = part.index, expression
        if asked not in self._wide:
            return True
        if asked not in self._affordable:
            cost = readings(self.sheet, *asked)
            self._affordable[asked] = cost <= self._left
            if cost <= self._left:
                self._left -= cost
            else:
                self.note(self.sheet.root, "bind", "too_large")
        return self._affordable[asked]

    def note(self, cell: Cell, kind: str, code: str, own: Text | None = None, **values: str) -> None:
        """A finding at the cell, in the form's own words where it has any."""
        part = cell.part
        # What no question asks cannot be answered better: there it is the form's own computation that is wrong.
        if part.control is None and kind in ("required", "type", "constraint"):
            kind = "bind"
            code = "required.computed" if code == "required" else code
        message = self.said(cell, own) if own is not None else None
        self.put(cell, Finding(cell.place, kind, message or sentence(code, label_of(part), **values)))

    def put(self, cell: Cell, finding: Finding) -> None:
        self.noted.append((cell, finding))
        self.is_full = len(self.noted) > 2 * MOST_FINDINGS

    def said(self, cell: Cell, text: Text) -> dict[str, str] | None:
        """The form's text with its outputs filled in; None when it says nothing."""
        said = text.said(lambda expression: self._output(cell, expression))
        return said if any(said.values()) else None

    def _output(self, cell: Cell, expression: Expression) -> str:
        """Limits and days are said; other answers are left open: not everybody who reads findings may see them."""
        self.context.node = cell
        try:
            text = expression.text_of(self.context)
        except TROUBLE:
            return "…"
        return text if _LIMIT.fullmatch(text) else "…"

    def found(self) -> list[Finding]:
        """In document order, each once; cut with a remark when there are too many."""
        if not self.noted:
            return []
        place = {id(cell): at for at, cell in enumerate(self.sheet.root.everything())}
        self.noted.sort(key=lambda one: (place[id(one[0])], _RANKS[one[1].kind]))
        once = {(one.path, one.kind, one.message["zh"]): one for _, one in self.noted}
        kept = list(once.values())[:MOST_FINDINGS]
        if len(once) > MOST_FINDINGS:
            kept.append(Finding(self.sheet.root.place, "bind", sentence("too_many", label_of(self.sheet.root.part))))
        return kept


def label_of(part: Part) -> dict[str, str]:
    """The question's label, outputs left open; its name where it has none."""
    said = part.label.said(lambda _: "…") if part.label is not None else {}
    return {language: said.get(language) or part.name for language in ("zh", "en")}
