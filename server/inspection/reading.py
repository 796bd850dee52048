"""Inspections as the desk reads them, and as the villages read those that are published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import today
from server.errors import Problem
from server.geo.inside import codes_inside
from server.inspection import draw_record
from server.inspection.freezing import exclusions_csv
from server.inspection.on_wire import inspection_wires, told
from server.inspection.opening import unclosed
from server.inspection.preview import names_of, overlap_rows
from server.inspection.rights import answerable, published_to
from server.inspection.tables import (
    Inspection,
    InspectionDraw,
    InspectionFrame,
)
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page

Wire = dict[str, Any]
FILES = {
    "frame.csv": "text/csv",
    "plan.yaml": "application/yaml",
    "freeze.json": "application/json",
    "draw.json": "application/json",
    "exclusions.csv": "text/csv",
    "redraw.py": "text/x-python",
    "bundle.zip": "application/zip",
}


@dataclass(frozen=True)
class Narrowed:
    """What a list is narrowed to; None is no limit. `unclosed`: those that should have been closed by today."""

    state: str | None = None
    region: str | None = None
    unclosed: bool = False


def list_inspections(
    session: Session, actor: Actor, wanted: Narrowed, limit: int, after: str | None
) -> Page | None:
    """Inspections that the actor answers for or audits, newest first; None when `after` names none of them."""
    known: Rows = select(Inspection).where(answerable(actor))
    query = known
    if wanted.state:
        query = query.where(Inspection.state == wanted.state)
    if wanted.region:
        query = query.where(Inspection.region_code.in_(codes_inside(session, wanted.region)))
    if wanted.unclosed:
        query = query.where(unclosed(today()))
    page = newest_first(session, query, known, Inspection.made_at, Inspection.id, limit, after)
    if page is None:
        return None
    return Page(inspection_wires(session, actor, [row.Inspection for row in page.rows]), page.next)


def overlaps_of(session: Session, actor: Actor, row: Inspection) -> list[Wire]:
    """Other inspections about the same households in the same days; to be looked at before the draw."""
    frame = session.get(InspectionFrame, row.id)
    lines = frame.csv.decode().splitlines()[1:] if frame else []
    return overlap_rows(session, actor, row, {line.split(",", 1)[0] for line in lines})


def list_published(session: Session, actor: Actor, limit: int, after: str | None) -> Page | None:
    """What the villages read of the inspections that were opened about them: never who is sent, never an answer."""
    known: Rows = select(Inspection).where(published_to(session, actor))
    page = newest_first(session, known, known, Inspection.made_at, Inspection.id, limit, after)
    if page is None:
        return None
    return Page(_published(session, [row.Inspection for row in page.rows]), page.next)


def _published(session: Session, rows: Sequence[Inspection]) -> list[Wire]:
    regions, ids = names_of(session, {row.region_code for row in rows}), [row.id for row in rows]
    query = select(InspectionFrame, InspectionDraw).join(
        InspectionDraw, InspectionDraw.inspection_id == InspectionFrame.inspection_id
    )
    found = {
        frame.inspection_id: (frame, draw)
        for frame, draw in session.execute(query.where(InspectionFrame.inspection_id.in_(ids)))
    }
    return [_published_wire(row, *found[row.id], regions) for row in rows]


def _published_wire(row: Inspection, frame: InspectionFrame, draw: InspectionDraw, regions: Mapping[str, Wire]) -> Wire:
    return {
        **told(row, regions),
        "frame_sha256": frame.sha256,
        "households": frame.households,
        "frozen_at": frame.frozen_at.isoformat(),
        "seed": draw.seed,
        "record_sha256": draw.sha256,
        "drawn_at": draw.drawn_at.isoformat(),
        "files": list(FILES),
    }


def published_file(session: Session, actor: Actor, inspection_id: str, name: str) -> tuple[bytes, str]:
    """A published file and its media type. Who answers for the inspection gets each as soon as it is there."""
    in_sight = select(Inspection).where(Inspection.id == inspection_id)
    row = session.scalar(in_sight.where(answerable(actor)))
    row = row or session.scalar(in_sight.where(published_to(session, actor)))
    content = file_of(session, row, name) if row is not None and name in FILES else None
    if content is None:
        raise Problem("record.not_found")
    return content, FILES[name]


def file_of(session: Session, row: Inspection, name: str) -> bytes | None:
    """The bytes of one of FILES; None while it is not there."""
    frame, draw = session.get(InspectionFrame, row.id), session.get(InspectionDraw, row.id)
    if frame is None:
        return None
    found: dict[str, Callable[[], bytes | None]] = {
        "frame.csv": lambda: frame.csv,
        "plan.yaml": lambda: row.plan.encode(),
        "freeze.json": lambda: frame.freeze,
        "draw.json": lambda: draw.record if draw else None,
        "exclusions.csv": lambda: exclusions_csv(session, row.id),
        "redraw.py": draw_record.VERIFIER.read_bytes,
        "bundle.zip": lambda: _bundle(session, frame, draw) if draw else None,
    }
    return found[name]()


def _bundle(session: Session, frame: InspectionFrame, draw: InspectionDraw) -> bytes:
    left_out = exclusions_csv(session, frame.inspection_id)
    return draw_record.bundle(draw.record, frame.csv, frame.freeze, left_out)
