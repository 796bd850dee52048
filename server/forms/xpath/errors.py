"""What can be wrong with an expression: when it is written, and when it is evaluated."""

from __future__ import annotations

from server.forms.issue import Issue
from server.forms.messages import issue


class ExpressionError(Exception):
    """The text is no expression. `position` counts characters from 0; `why` and `fix` are bilingual."""

    def __init__(self, code: str, position: int, **values: object) -> None:
        found: Issue = issue(f"expression.{code}", "", **values)
        super().__init__(f"{found.why} ({position})")
        self.code = code
        self.position = position
        self.why = found.why
        self.fix = found.fix


class EvaluationError(Exception):
    """The expression has no value here: a date of a text that is none, a missing list. `why`, `fix` bilingual."""

    def __init__(self, code: str, **values: object) -> None:
        found: Issue = issue(f"evaluation.{code}", "", **values)
        super().__init__(found.why)
        self.code = code
        self.why = found.why
        self.fix = found.fix
