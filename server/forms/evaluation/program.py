"""The steps of a plan as judging runs them: what is the same for every instance is found out once."""

from __future__ import annotations

from dataclasses import dataclass

from server.forms.evaluation.doubt import is_bookkeeping, may_be_doubted
from server.forms.evaluation.plan import FormPlan, Part, Step
from server.forms.xpath import Expression

# Their result depends on the language that the form was shown in.
_BY_LANGUAGE = frozenset({"jr:itext", "jr:choice-name"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step: relevant, calculate, count, propose or pin.

    propose: a calculation on a question that people may answer. pin: one with once(), which keeps what it has.
    """

    kind: str
    part: Part
    expression: Expression
    # Whether it depends on the submission if it may be judged.
    is_doubted: bool


def program_of(plan: FormPlan) -> tuple[Instruction, ...]:
    """The steps worth running: without those whose result cannot be held against anything."""
    known: tuple[Instruction, ...] | None = plan.kept.get("program")
    if known is None:
        steps = (
            Instruction(_kind(step), step.part, step.expression, may_be_doubted(plan, step.part, step.expression))
            for step in plan.steps
        )
        known = plan.kept["program"] = tuple(step for step in steps if _is_worth_running(step))
    return known


def _kind(step: Step) -> str:
    if step.kind != "calculate":
        return step.kind
    may_be_edited = step.part.control is not None and step.part.readonly is not True
    return "pin" if "once" in step.expression.functions else "propose" if may_be_edited else "calculate"


def _is_worth_running(step: Instruction) -> bool:
    """Whether the form alone decides the result: no clock, no chance, no language of the screen."""
    if is_bookkeeping(step.part):
        return False
    by_language = step.expression.functions & _BY_LANGUAGE
    return step.kind in ("relevant", "propose", "pin") or (step.expression.is_stable and not by_language)
