"""The results of an inspection as a whole: sample, response, indicators with verdicts, discrepancies.

Counts and shares only, no household and no person; both languages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows
from server.inspection.comparison import ANSWERED
from server.inspection.discrepancies import discrepancies, names_of
from server.inspection.indicators import NOT_THERE, POLICY, Indicator, Limits, indicators
from server.inspection.outcome import Found
from server.inspection.standing import REASONS
from server.inspection.tables import Inspection, InspectionExclusion, InspectionTask, SampledHousehold

Wire = dict[str, Any]
Datasets = Mapping[str, Dataset]

INDICATORS: Mapping[str, tuple[str, str, str, str]] = {
    "incidence": (
        "贫困发生率", "Share in need", "见到的农户里，达不到标准的人口占全部人口",
        "People below the standard among the people of all households met",
    ),
    "wrong_exit": (
        "错退率", "Wrongly released", "已脱贫（已消除风险）的农户里，达不到标准的人口占比",
        "People below the standard among those of households that were released",
    ),
    "missed": (
        "漏评率", "Missed", "没有纳入监测的一般农户里，达不到标准的人口占比",
        "People below the standard among those of households that nobody follows",
    ),
    "recognition": (
        "群众认可度", "Recognition", "表示满意或比较满意的农户占比",
        "Households that are content or very content among those that said so or otherwise",
    ),
    "errors": (
        "差错率", "Error rate", "核对不一致的项数占核对的项数",
        "Items that differ among the items checked",
    ),
}  # fmt: skip
VERDICTS: Mapping[str | None, tuple[str, str]] = {
    "meets": ("达标", "Meets the limit"),
    "fails": ("不达标", "Fails the limit"),
    "too_small": ("样本不足，下不了结论", "Sample too small to tell"),
    None: ("没有可算的数据", "Nothing to reckon with"),
}


def summary(session: Session, inspection: Inspection, found: Sequence[Found], datasets: Datasets) -> Wire:
    """Everything that the results page and the report show of the whole."""
    limits = limits_of(session, inspection)
    return {
        "id": inspection.id,
        "names": {"zh": inspection.name_zh, "en": inspection.name_en or inspection.name_zh},
        "region": inspection.region_code,
        "state": inspection.state,
        "starts_on": inspection.starts_on.isoformat(),
        "ends_on": inspection.ends_on.isoformat(),
        "sample": _sample(session, inspection),
        "response": _response(session, inspection),
        "indicators": [] if limits is None else [_indicator(one) for one in _reckoned(found, limits)],
        "errors": discrepancies(session, found, datasets, limits is not None and limits.is_changing_counted),
        "below": _below(found),
    }


def limits_of(session: Session, inspection: Inspection) -> Limits | None:
    """What held in the region on the day on which the inspection began; None where no such policy is loaded."""
    row = in_force(policy_rows(session, POLICY), inspection.region_code, inspection.starts_on)
    return Limits.of(row) if row else None


def _reckoned(found: Sequence[Found], limits: Limits) -> list[Indicator]:
    return indicators((one.visited for one in found), limits)


def _sample(session: Session, inspection: Inspection) -> Wire:
    kinds = session.execute(
        select(SampledHousehold.kind, SampledHousehold.village_code).where(
            SampledHousehold.inspection_id == inspection.id
        )
    ).all()
    excluded = session.execute(
        select(InspectionExclusion.reason, InspectionExclusion.treatment).where(
            InspectionExclusion.inspection_id == inspection.id
        )
    ).all()
    main = [row for row in kinds if row.kind == "main"]
    return {
        "households": len(main),
        "reserves": len(kinds) - len(main),
        "villages": len({row.village_code for row in main}),
        "excluded": len(excluded),
        "shared": sum(row.treatment == "shared" for row in excluded),
    }


def _response(session: Session, inspection: Inspection) -> list[Wire]:
    """How the visits of each form ended; those that a reserve stands for are told beside the others."""
    rows = session.execute(
        select(InspectionTask.form_id, InspectionTask.kind, InspectionTask.state, InspectionTask.disposition).where(
            InspectionTask.inspection_id == inspection.id
        )
    ).all()
    names = names_of(session, sorted({row.form_id for row in rows}))
    forms: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        forms[row.form_id, row.kind].append(row)
    return [
        {"form_id": form_id, "names": names.get(form_id), "kind": kind, **_counts(mine)}
        for (form_id, kind), mine in sorted(forms.items())
    ]


def _counts(rows: Sequence[Any]) -> Wire:
    standing = [row for row in rows if row.state != "replaced"]
    said = Counter(_ended(row) for row in standing)
    there = sum(count for code, count in said.items() if code not in NOT_THERE)
    answered = sum(said[code] for code in (*ANSWERED, "shared"))
    return {
        "tasks": len(standing),
        "answered": answered,
        "rate": answered / there if there else None,
        "dispositions": dict(said),
        "replaced": dict(Counter(row.disposition or "none" for row in rows if row.state == "replaced")),
    }


def _ended(row: Any) -> str:
    if row.state == "shared":
        return "shared"
    return row.disposition if row.state == "done" and row.disposition else "open"


def _indicator(one: Indicator) -> Wire:
    zh, en, means_zh, means_en = INDICATORS[one.code]
    said_zh, said_en = VERDICTS[one.verdict]
    share, rate = one.share, one.rate
    return {
        "code": one.code,
        "names": {"zh": zh, "en": en},
        "means": {"zh": means_zh, "en": means_en},
        "verdict": one.verdict,
        "says": {"zh": said_zh, "en": said_en},
        "limit": one.limit,
        "at_least": one.is_at_least,
        "rule": one.rule,
        "confidence": one.confidence,
        "count": one.count,
        "base": one.base,
        "households": rate.households if rate else 0,
        "estimate": rate.estimate if rate else None,
        "design_effect": rate.design_effect if rate else None,
        "low": share.low if share else None,
        "high": share.high if share else None,
        "shown_low": share.shown_low if share else None,
        "shown_high": share.shown_high if share else None,
        "size": share.size if share else None,
    }


def _below(found: Sequence[Found]) -> Wire:
    """Why households do not live up to the standard, and how many."""
    standings = [one.visited.standing for one in found if one.visited.standing is not None]
    counts = Counter(reason for standing in standings for reason in standing.reasons)
    return {
        "judged": len(standings),
        "households": sum(standing.is_below for standing in standings),
        "reasons": [
            {"code": code, "names": {"zh": zh, "en": en}, "households": counts[code]}
            for code, (zh, en) in REASONS.items()
            if counts[code]
        ],
    }
