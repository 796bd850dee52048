"""Single expressions in JavaRosa, the engine of ODK Collect: one process for all, one line of JSON for each."""

from __future__ import annotations

from typing import Any

from tests.forms.java_process import ZONE, JavaProcess

__all__ = ["ZONE", "Case", "JavaRosa"]

Case = dict[str, Any]


class JavaRosa(JavaProcess):
    """The engine, started once; use it as a context."""

    def __init__(self) -> None:
        super().__init__("Eval")

    def evaluate(self, case: Case) -> dict[str, Any]:
        """{"type", "value"} or {"error"} of {expr, instance, context, secondary, types}."""
        return self.ask(case)
