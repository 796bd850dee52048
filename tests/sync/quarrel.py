"""Two who differ about one household, and the conflict that came of it."""

from __future__ import annotations

from typing import Any

from tests.world import Phone, World


def begin_quarrel(world: World) -> tuple[Phone, Phone, Phone]:
    """The cadre says 5 days without water, the helper 9; both saw version 1. The supervisor is to decide."""
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    assert li.send(li.visit(water_days="5"))[0]["status"] == "applied"
    assert helper.send(helper.visit(water_days="9"))[0]["status"] == "conflicted"
    return li, helper, zhang


def open_conflict(phone: Phone) -> Any:
    (item,) = phone.get("/conflicts?state=open").json["items"]
    return item
