"""Doubts about the datum of a batch, for those who look after the area, and what they say of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, not_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.accounts.audit import note
from server.db import now
from server.errors import Problem
from server.geo.inside import codes_inside
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.sync.office_tables import DatumDoubt
from server.sync.review import REVIEWERS
from server.sync.scope import in_regions, unannounced

READERS = (*REVIEWERS, "auditor")
STATES = ("open", "gone", "explained", "confirmed")
WORDS = ("explained", "confirmed")

# Plain sentences: numbers, a direction, what to do; never that somebody did wrong.
_SAID = {
    "gcj02": (
        "这部手机这一天的 {n} 户定位都偏了约 {apart} 米，方向和 GCJ-02（高德、腾讯地图）一致；"
        "按 GCJ-02 换算后只差 {left} 米。请问清定位来源，数据没有改动。",
        "The positions of {n} households from this phone and day all lie about {apart} m off, in the way of GCJ-02 "
        "(Amap, Tencent); taken as GCJ-02 they are {left} m off. Ask where they come from; nothing was changed.",
    ),
    "bd09": (
        "这部手机这一天的 {n} 户定位都偏了约 {apart} 米，方向和 BD-09（百度地图）一致；"
        "按 BD-09 换算后只差 {left} 米。请问清定位来源，数据没有改动。",
        "The positions of {n} households from this phone and day all lie about {apart} m off, in the way of BD-09 "
        "(Baidu); taken as BD-09 they are {left} m off. Ask where they come from; nothing was changed.",
    ),
    "gcj02_undone": (
        "这部手机这一天的 {n} 户定位和登记位置相差约 {apart} 米，方向和 GCJ-02 相反：可能换算了两次，"
        "也可能登记的位置本身是 GCJ-02。请核对，数据没有改动。",
        "The positions of {n} households from this phone and day lie about {apart} m from the registered ones, against "
        "the way of GCJ-02: converted twice, or the registered places are in GCJ-02. Compare; nothing was changed.",
    ),
    "bd09_undone": (
        "这部手机这一天的 {n} 户定位和登记位置相差约 {apart} 米，方向和 BD-09 相反：可能换算了两次，"
        "也可能登记的位置本身是 BD-09。请核对，数据没有改动。",
        "The positions of {n} households from this phone and day lie about {apart} m from the registered ones, against "
        "the way of BD-09: converted twice, or the registered places are in BD-09. Compare; nothing was changed.",
    ),
}


def _mine(actor: Actor, roles: tuple[str, ...]) -> Rows:
    mine = and_(in_regions(actor, roles, DatumDoubt.region_code), not_(unannounced(actor, DatumDoubt.person_id)))
    found: Rows = select(DatumDoubt).where(mine)
    return found


def list_doubts(
    session: Session, actor: Actor, region: str | None, state: str, limit: int, after: str | None
) -> Page | None:
    """Doubts in the actor's area, newest first; None when `after` names none of them."""
    known = _mine(actor, READERS)
    query = known.where(DatumDoubt.state == state)
    if region is not None:
        query = query.where(DatumDoubt.region_code.in_(codes_inside(session, region)))
    page = newest_first(session, query, known, DatumDoubt.found_at, DatumDoubt.id, limit, after)
    if page is None:
        return None
    rows = [row.DatumDoubt for row in page.rows]
    people = authors(session, (person for row in rows for person in (row.person_id, row.word_by)))
    return Page([_wire(row, people) for row in rows], page.next)


def say(session: Session, actor: Actor, doubt_id: str, word: str, text: str) -> dict[str, Any]:
    """The doubt with a person's word; a later word replaces it, and both are in the audit. Problem record.not_found."""
    row = session.scalar(_mine(actor, REVIEWERS).where(DatumDoubt.id == doubt_id).with_for_update())
    if row is None:
        raise Problem("record.not_found")
    row.state, row.note, row.word_by, row.word_at = word, text, actor.id, now()
    note(session, actor.id, "datum_doubt.word", row.id, word=word)
    return _wire(row, authors(session, (row.person_id, row.word_by)))


def _wire(row: DatumDoubt, people: dict[str, dict[str, str]]) -> dict[str, Any]:
    zh, en = _SAID[row.likely]
    numbers = {"n": row.n, "apart": round(row.apart_m), "left": round(row.left_m)}
    return {
        "id": row.id,
        "code": "DATUM",
        "install_id": row.install_id,
        "author": people.get(row.person_id),
        "day": row.day.isoformat(),
        "region": row.region_code,
        "likely": row.likely,
        **{name: getattr(row, name) for name in ("n", "east_m", "north_m", "apart_m", "left_m", "limits", "rule")},
        "message": {"zh": zh.format(**numbers), "en": en.format(**numbers)},
        "state": row.state,
        "found_at": row.found_at.isoformat(),
        "seen_at": row.seen_at.isoformat(),
        "word": {"by": people.get(row.word_by or ""), "at": row.word_at.isoformat(), "note": row.note}
        if row.word_at
        else None,
    }
