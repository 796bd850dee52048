"""The steps of a plan as judging runs them: what is the same for every instance is found out once."""

from __future__ import annotations

from dataclasses import dataclass

from server.forms.evaluation.plan import FormPlan, Part
from server.forms.xpath import Expression

# Their result depends on the language that the form was shown in.
_BY_LANGUAGE = frozenset({"jr:itext", "jr:choice-name"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step: relevant, calculate or count."""

    kind: str
    part: Part
    expression: Expression


def program_of(plan: FormPlan) -> tuple[Instruction, ...]:
    """The steps worth running: without those whose result cannot be held against anything."""
    known: tuple[Instruction, ...] | None = plan.kept.get("program")
    if known is None:
        steps = (Instruction(step.kind, step.part, step.expression) for step in plan.steps)
        known = plan.kept["program"] = tuple(step for step in steps if step.kind == "relevant" or _is_fixed(step))
    return known


def _is_fixed(step: Instruction) -> bool:
    """Whether the form alone decides the result: no clock, no chance, no person, no language of the screen."""
    part, expression = step.part, step.expression
    may_be_edited = part.control is not None and part.readonly is not True
    # The form's own bookkeeping: names of the instance and of records follow from answers that are judged.
    is_bookkeeping = part.name.startswith("@") or "/meta/" in part.path
    return (
        expression.is_stable
        and not expression.functions & _BY_LANGUAGE
        and not is_bookkeeping
        and not (step.kind == "calculate" and may_be_edited)
    )
