"""A form evaluated: what it computes, what it asks, and whether a filled one keeps its rules. Pure.

    plan = FormPlan.from_xform(xform)                      # once per form version
    findings = check(plan, parse_instance(xml), {"member": rows}, now=visit_moment)
"""

from server.forms.evaluation.checking import check
from server.forms.evaluation.filling import Filling, NotAsked, Violation
from server.forms.evaluation.findings import Finding
from server.forms.evaluation.lists import ListUnreadable, Seen, read_list
from server.forms.evaluation.plan import FormPlan

__all__ = [
    "Filling",
    "Finding",
    "FormPlan",
    "ListUnreadable",
    "NotAsked",
    "Seen",
    "Violation",
    "check",
    "read_list",
]
