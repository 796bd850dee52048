"""The report of one inspection: design, sample, response, results, findings, exclusions, and how to draw it again.

It holds no name of a household and no value of a record: what it says may go to whoever the office gives it to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import CHINA, now
from server.forms.dataset import Dataset
from server.inspection.discrepancies import region_names
from server.inspection.finding_access import visible, workflow
from server.inspection.finding_tables import Finding
from server.inspection.finding_wire import in_words
from server.inspection.freezing import exclusions_of
from server.inspection.outcome import gather, over
from server.inspection.plan_words import rows_of
from server.inspection.planning import plan_in
from server.inspection.summary import summary
from server.inspection.tables import Inspection, InspectionDraw, InspectionFrame
from server.reports.inspection_page import Bar, Report, Section, Table, Text
from server.reports.inspection_words import (
    AGAIN,
    COUNTED,
    EXCLUSION_HEAD,
    EXCLUSIONS,
    FINDING_HEAD,
    KINDS,
    NOTHING,
    PLAN_FILE,
    RATE_HEAD,
    RESPONSE_HEAD,
    TITLES,
    VERDICT_RULE,
    ended,
    said,
)  # fmt: skip

Wire = Mapping[str, Any]


def report_of(session: Session, datasets: Mapping[str, Dataset], actor: Actor, inspection_id: str) -> Report:
    """Problems: record.not_found, inspection.not_over."""
    inspection = over(session, actor, inspection_id)
    told = summary(session, inspection, gather(session, inspection), datasets)
    excluded = list(exclusions_of(session, inspection.id))
    made = now().astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    return Report(
        title=_names(told["names"]),
        subtitle=(
            f"抽查报告　{told['starts_on']} 至 {told['ends_on']}　{made} 生成",
            f"Report of an inspection, {told['starts_on']} to {told['ends_on']}, made {made} (China)",
        ),
        sections=[
            _design(session, inspection, told),
            Section("response", TITLES["response"], table=_response(told["response"])),
            _rates(told),
            *_differences(told["errors"]),
            _findings(session, actor, inspection.id),
            _exclusions(session, excluded),
            _again(session, inspection),
            _plan_file(inspection),
        ],
    )


def _names(names: Mapping[str, str] | None, fallback: str = "") -> Text:
    found = names or {}
    return found.get("zh") or fallback, found.get("en") or found.get("zh") or fallback


def _one(names: Mapping[str, str] | None, fallback: str) -> str:
    return " / ".join(dict.fromkeys(_names(names, fallback)))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}" if share >= 0.001 or share == 0 else "<0.1%"


def _design(session: Session, inspection: Inspection, told: Wire) -> Section:
    frame, draw = session.get(InspectionFrame, inspection.id), session.get_one(InspectionDraw, inspection.id)
    region = region_names(session, [inspection.region_code]).get(inspection.region_code)
    sample = told["sample"]
    rows: list[tuple[str, str | int]] = [
        ("区域 / Region", _one(region, inspection.region_code)),
        *((" / ".join(what), " / ".join(how)) for what, how in rows_of(plan_in(inspection))),
        ("方案指纹 / SHA-256 of the plan", plan_in(inspection).sha256),
        ("抽样框农户数 / Households in the frame", frame.households if frame else "–"),
        ("抽样框指纹 / SHA-256 of the frame", frame.sha256 if frame else "–"),
        ("抽签时间 / Drawn at", draw.drawn_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")),
        ("种子 / Seed", draw.seed),
        ("抽签记录指纹 / SHA-256 of the record", draw.sha256),
        ("抽中农户 / Households drawn", sample["households"]),
        ("抽中村 / Villages drawn", sample["villages"]),
        ("备用户 / Reserves", sample["reserves"]),
        ("近期查过的户 / Checked lately", sample["excluded"]),
        ("其中共用上次结果 / of these the earlier result is shared", sample["shared"]),
    ]
    return Section("design", TITLES["design"], table=Table((("内容", "What"), ("", "")), rows))


def _response(rows: Sequence[Wire]) -> Table:
    return Table(
        RESPONSE_HEAD,
        [
            [
                _one(row["names"], row["form_id"]), row["tasks"], row["answered"], _percent(row["rate"]),
                ended(row["dispositions"]), ended(row["replaced"]),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _rates(told: Wire) -> Section:
    rows = [
        [
            _one(one["names"], one["code"]), _percent(one["estimate"]), _between(one),
            ("≥ " if one["at_least"] else "≤ ") + _percent(one["limit"]), _one(one["says"], ""),
            f"{one['count']:g} / {one['base']:g}", one["households"], one["rule"],
        ]
        for one in told["indicators"]
    ]  # fmt: skip
    bars = [_bar(one) for one in told["indicators"]]
    below = told["below"]
    reasons = [_names(one["names"]) for one in below["reasons"]]
    counts = [one["households"] for one in below["reasons"]]
    paragraphs = [
        *VERDICT_RULE,
        (
            f"看了 {below['judged']} 户，达不到标准 {below['households']} 户"
            + "".join(f"；{zh} {n}" for (zh, _), n in zip(reasons, counts, strict=True)),
            f"{below['judged']} households looked at, {below['households']} below the standard"
            + "".join(f"; {en}: {n}" for (_, en), n in zip(reasons, counts, strict=True)),
        ),
    ]
    return Section("results", TITLES["results"], paragraphs, Table(RATE_HEAD, rows, bars))


def _between(one: Wire) -> str:
    return "–" if one["low"] is None else f"{_percent(one['low'])} – {_percent(one['high'])}"


def _bar(one: Wire) -> Bar | None:
    if one["estimate"] is None:
        return None
    most = 1.0 if one["at_least"] else min(1.0, 1.05 * max(one["limit"] * 2, one["shown_high"], one["high"]))
    return Bar(one["shown_low"], one["shown_high"], one["estimate"], one["limit"], most)


def _differences(errors: Wire) -> list[Section]:
    by_kind = [_counted(" / ".join(KINDS[one["kind"]]), one) for one in errors["by_kind"]]
    by_question = [_counted(_one(one["labels"], one["property"]), one) for one in errors["by_question"]]
    by_region = [_counted(("　" if one["above"] else "") + _one(one["names"], one["code"]), one)
                 for one in errors["by_region"]]  # fmt: skip
    parts = (("types", by_kind), ("questions", by_question), ("areas", by_region))
    return [Section(name, TITLES[name], () if rows else NOTHING, Table(COUNTED, rows)) for name, rows in parts]


def _counted(name: str, one: Wire) -> list[Any]:
    return [name, one["checked"], one["agrees"], one["within"], one["differs"], _percent(one["rate"]),
            one["not_asked"], one["not_comparable"]]  # fmt: skip


def _findings(session: Session, actor: Actor, inspection_id: str) -> Section:
    """Those that were opened from a difference of this inspection; numbers, no texts."""
    query = select(Finding).where(
        Finding.source == "discrepancy",
        Finding.source_ref.startswith(f"{inspection_id}:", autoescape=True),
        visible(actor),
    )
    findings = in_words(session, actor, session.scalars(query.order_by(Finding.opened_at, Finding.id)).all())
    names = region_names(session, sorted({one["region"] for one in findings}))
    states = workflow().states
    rows = [
        [one["number"], _one(names.get(one["region"]), one["region"]), said(one["kind"]),
         _one(states[one["state"]].labels, one["state"]), one["due_on"] or "–", one["over_days"] or None]
        for one in findings
    ]  # fmt: skip
    paragraphs = () if rows else (("没有从这次抽查转来的问题。", "No finding came of this inspection so far."),)
    return Section("findings", TITLES["findings"], paragraphs, Table(FINDING_HEAD, rows) if rows else None)


def _exclusions(session: Session, excluded: Sequence[Mapping[str, str]]) -> Section:
    names = region_names(session, sorted({one["village"] for one in excluded}))
    rows = [
        [one["household_id"], _one(names.get(one["village"]), one["village"]), " / ".join(EXCLUSIONS[one["reason"]]),
         " / ".join(EXCLUSIONS[one["treatment"]]), one["earlier_on"]]
        for one in excluded
    ]  # fmt: skip
    paragraphs = () if rows else (("没有农户因为近期查过而排除。", "No household was left out as checked lately."),)
    return Section("exclusions", TITLES["exclusions"], paragraphs, Table(EXCLUSION_HEAD, rows) if rows else None)


def _again(session: Session, inspection: Inspection) -> Section:
    draw = session.get_one(InspectionDraw, inspection.id)
    return Section("redraw", TITLES["redraw"], [(zh.format(sha256=draw.sha256, id=inspection.id),
                   en.format(sha256=draw.sha256, id=inspection.id)) for zh, en in AGAIN])  # fmt: skip


def _plan_file(inspection: Inspection) -> Section:
    """The plan as it was published, line by line, for whoever draws again or asks what was hashed."""
    lines = [[line] for line in inspection.plan.strip().splitlines()]
    return Section("plan", TITLES["plan"], PLAN_FILE, Table((("plan.yaml", ""),), lines))
