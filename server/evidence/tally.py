"""What came of each reason to look, so that limits can be tuned: by what was measured, never by whom."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.evidence.queue import inside
from server.evidence.reasons import may_review
from server.evidence.tables import Verdict
from server.evidence.verdicts import VERDICTS
from server.sync.tables import Attachment, Submission

MOST_STEPS = 6
SAID = ("confirmed", "explained", "unclear")
DRAWN = "drawn"
Wire = dict[str, Any]


def statistics(session: Session, actor: Actor, region: str | None) -> list[Wire]:
    """For each reason {code, confirmed, explained, unclear, ask, limit, steps}; `drawn`: photos that had none.

    The newest word on a photo counts, questions beside it. `limit`: of the newest. `steps`: the same counts in steps of
    what was measured then, {from, to, …}, smallest first; none for a reason that measures nothing.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    measured: dict[str, list[tuple[float, str]]] = defaultdict(list)
    limits: dict[str, Any] = {}
    read = cache(json.loads)  # a county has 50,000 verdicts, and most of their codes are alike
    for row in _words(session, actor, region):
        values = read(row.measured or "{}")
        for code in read(row.codes) or [DRAWN]:
            counts[code][row.verdict] += 1
            seen = values.get(code, {})
            limits[code] = seen.get("limit", limits.get(code))
            value = seen.get("value")
            if row.verdict in SAID and isinstance(value, (int, float)) and not isinstance(value, bool):
                measured[code].append((abs(value), row.verdict))
    return [
        {"code": code, **{word: counts[code][word] for word in VERDICTS}, "limit": limits.get(code),
         "steps": steps(measured[code])}
        for code in sorted(counts)
    ]  # fmt: skip


def steps(values: Sequence[tuple[float, str]], most: int = MOST_STEPS) -> list[Wire]:
    """Values in at most so many steps of about as many photos; equal values are never parted. PURE."""
    found: list[list[tuple[float, str]]] = []
    room = -(-len(values) // most)
    for value, verdict in sorted(values):
        if not found or (len(found[-1]) >= room and found[-1][-1][0] != value):
            found.append([])
        found[-1].append((value, verdict))
    return [
        {"from": step[0][0], "to": step[-1][0], **{word: sum(said == word for _, said in step) for word in SAID}}
        for step in found
    ]


def _words(session: Session, actor: Actor, region: str | None) -> Iterator[Any]:
    """What was said in the area, oldest first: every question, and of the verdicts on a photo the newest.

    `codes` and `measured` are JSON texts.
    """
    query = (
        select(
            Verdict.attachment_id,
            Verdict.verdict,
            cast(Verdict.codes, String).label("codes"),
            cast(Verdict.measured, String).label("measured"),
        )
        .join(Attachment, Attachment.id == Verdict.attachment_id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(may_review(actor), *inside(session, region))
        .order_by(Verdict.at, Verdict.id)
    )
    newest: dict[str, Any] = {}
    for row in session.execute(query):
        if row.verdict == "ask":
            yield row
        else:
            newest.pop(row.attachment_id, None)
            newest[row.attachment_id] = row
    yield from newest.values()
