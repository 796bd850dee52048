"""The days of a finding's clocks: the policy `finding_clocks` as it holds in its area on the day it was opened. PURE.

Where no such policy is loaded, the workflow's own days hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from server.forms.policy_rows import Row, in_force
from server.inspection.finding_workflow import Clocks, Workflow

POLICY = "finding_clocks"


def flow_in(flow: Workflow, rows: Sequence[Row], region: str, day: date) -> Workflow:
    """The workflow with the days for what is opened in a region on a day. `rows`: of the policy."""
    row = in_force(rows, region, day)
    if row is None:
        return flow
    days = {name: int(row[name]) for name in flow.versions[0].days}
    since = date.fromisoformat(row["valid_from"])
    return replace(flow, versions=(Clocks(row["name"], since, row["status"], row["label"], days),))
