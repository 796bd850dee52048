"""Photos that ops name themselves, such as those of a step on a finding, held against the rules of visits' photos.

They belong to no visit and stand in no queue, so nothing is stored: what bytes, capture record and seal say is reckoned
when somebody who reviews the area reads them, by the same policy and the same checks (checks.py, seal.py). The picture
is not opened: what only pixels or EXIF could tell (alike, dark, edited) is not said.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.tables import Install
from server.evidence.checks import Check, Position, Shot, check
from server.evidence.judging import (
    clock_off,
    copies_of,
    fix_of,
    house_at,
    limits_in,
    others_of,
    position,
    same_spots,
    seal_check,
)
from server.evidence.photos import is_called_photo
from server.evidence.seal import Link, broken
from server.evidence.whereabouts import shutter_time
from server.registry.tables import Entity
from server.sync.envelope import parse_time
from server.sync.office_tables import OpFile
from server.sync.tables import OpLog


@dataclass(frozen=True)
class Occasion:
    """What an op brought its photos for: about which household (None: a whole village), where, on which day."""

    op_id: str
    household_id: str | None
    region: str
    day: date


def judge_named(session: Session, occasion: Occasion, here: Collection[str]) -> dict[str, list[Check]]:
    """Reasons to look at the op's photos, by name. `here`: hashes whose bytes came; of others nothing is said."""
    limits = limits_in(session, occasion.region, occasion.day)
    files = session.scalars(select(OpFile).where(OpFile.op_id == occasion.op_id).order_by(OpFile.name)).all()
    op = session.get(OpLog, occasion.op_id)
    if limits is None or op is None or not files:
        return {}
    install = session.get(Install, op.install_id) if op.install_id else None
    house = session.get(Entity, occasion.household_id) if occasion.household_id else None
    links = [Link(one.name, one.sha256, one.capture) for one in files]
    seals = broken(links, install.public_key_jwk if install else None)
    around = _Around(session, op, install, house_at(house, house.values) if house else None, _clock_of(op))
    return {
        one.name: [*check(around.shot(one), limits), *seal_check(seals.get(one.name), limits)]
        for one in files
        if one.sha256 in here and is_called_photo(one)
    }


def _clock_of(op: OpLog) -> dict[str, Any]:
    said = json.loads(op.raw).get("clock")
    return said if isinstance(said, dict) else {}


@dataclass(frozen=True)
class _Around:
    """What is the same for all photos of one op."""

    session: Session
    op: OpLog
    install: Install | None
    house: Position | None
    clock: dict[str, Any]

    def shot(self, file: OpFile) -> Shot:
        capture = file.capture or {}
        fix = fix_of(capture)
        place, shutter = position(fix), shutter_time(capture)
        others = others_of(self.session, self.op.person_id, (), shutter)
        return Shot(
            source=capture.get("source"),
            shutter=shutter,
            fix=place,
            fix_time=parse_time(fix.get("time", fix.get("fix_time"))),
            house=self.house,
            clock_off_s=clock_off(self.clock),
            jumped=bool(self.clock.get("jumped")),
            neighbours=others,
            copies=[*copies_of(self.session, file.sha256, ()), *self._named_elsewhere(file)],
            same_spot=same_spots(place, others),
            device_since=self.install.created_at if self.install else None,
            is_opened=False,
        )

    def _named_elsewhere(self, file: OpFile) -> Sequence[str]:
        """Other ops that brought the very same bytes."""
        same = (OpFile.sha256 == file.sha256, OpFile.op_id != file.op_id)
        return self.session.scalars(select(OpFile.op_id).where(*same).order_by(OpFile.op_id)).all()
