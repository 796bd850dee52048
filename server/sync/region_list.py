"""The places where a person may write, as the list `region.csv` of forms (for ODK Collect; the phone makes its own)."""

from __future__ import annotations

import csv
import io

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.geo.tables import Region
from server.sync.scope import regions_below
from server.sync.write import WRITING

COLUMNS = ("name", "label", "level", "parent")
_CHOSEN = ("village", "group")


def region_csv(session: Session, actor: Actor) -> bytes:
    """Villages and groups by code; a group carries the name of its village. UTF-8, lines end with LF."""
    names = {region.code: region.name_zh for region in _mine(session, actor, ("village",))}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for region in _mine(session, actor, _CHOSEN):
        village = names.get(region.parent_code or "", "") if region.level == "group" else ""
        label = f"{village} {region.name_zh}" if village not in region.name_zh else region.name_zh
        writer.writerow((region.code, label, region.level, region.parent_code or ""))
    return text.getvalue().encode()


def _mine(session: Session, actor: Actor, levels: tuple[str, ...]) -> list[Region]:
    inside = Region.code.in_(regions_below(actor.paths(WRITING)))
    return list(session.scalars(select(Region).where(inside, Region.level.in_(levels)).order_by(Region.code)))
