"""How well the phones of each area hand over: who was not here for long, what still waits in them, and what came but
could not be taken. Areas are counted; no person is named or ranked.

A phone is its person's, and counts in every area where that person works, once in each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.tables import HelperOf, Install, Person, RoleGrant
from server.geo.tables import Region
from server.registry.paging import Rows
from server.registry.tables import Entity
from server.sync import device_list, people_list
from server.sync.areas import by_region, regions_at, rows_of, upwards
from server.sync.reading import SubmissionFilter, submission_clauses
from server.sync.scope import regions_below, visible_submissions
from server.sync.set_aside import open_by_region
from server.sync.tables import Submission

Wire = dict[str, Any]


def sync_health(session: Session, actor: Actor, code: str) -> Wire | None:
    """Of an area and of each directly below it; None when the person may not see that area.

    Each number is the length of a list, but `outbox`: the sum of what the phones of the list `waiting` hold.
    """
    regions = regions_at(session, actor, code)
    if not regions:
        return None
    phones = _phones_of(session, actor, regions)
    kinds = _kinds(session, actor)
    columns = {name: upwards(counts, regions) for name, counts in _waiting(session, actor).items()}
    items = [
        {
            "region": row.code,
            **_counted(phones[row.code], kinds),
            **{name: counts.get(row.code, 0) for name, counts in columns.items()},
        }
        for row in rows_of(regions)
    ]
    return {"silent_days": device_list.SILENT_DAYS, "area": items[0], "items": items[1:]}


def _counted(phones: Iterable[str], kinds: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    here = set(phones)
    told = {name: len(here & found.keys()) for name, found in kinds.items()}
    return {**told, "outbox": sum(count for phone, count in kinds["waiting_phones"].items() if phone in here)}


def _kinds(session: Session, actor: Actor) -> dict[str, dict[str, int]]:
    """Which phones are in use, silent, or hold something back (and how much); of people the actor looks after."""
    mine = select(Install.id, Install.revoked_at, device_list.silent().label("silent")).join(
        Person, Person.id == Install.person_id
    )
    mine = mine.where(people_list.looked_after(session, actor))
    rows = session.execute(mine.where(Install.revoked_at.is_(None))).all()
    left = mine.with_only_columns(Install.id, device_list.LEFT).where(device_list.waiting())
    return {
        "phones": {row.id: 1 for row in rows},
        "silent_phones": {row.id: 1 for row in rows if row.silent},
        "waiting_phones": {row[0]: int(row[1] or 0) for row in session.execute(left)},
    }


def _phones_of(session: Session, actor: Actor, regions: Sequence[Region]) -> dict[str, set[str]]:
    """The phones of each region, by where their people have a role or help a household, there or below it.

    Of the area itself they are asked for as its list is: at the top it also has those of people without any area.
    """
    below = {one.code: one.path.strip("/").split("/") for one in regions}
    codes = regions_below((regions[0].path,))
    found: dict[str, set[str]] = defaultdict(set)
    granted: Rows = select(Install.id, RoleGrant.region_code).join(RoleGrant, RoleGrant.person_id == Install.person_id)
    granted = granted.where(RoleGrant.region_code.in_(codes))
    helped: Rows = (
        select(Install.id, Entity.region_code)
        .join(HelperOf, HelperOf.person_id == Install.person_id)
        .join(Entity, Entity.id == HelperOf.household_id)
        .where(Entity.region_code.in_(codes))
    )
    for phone, region in (pair for query in (granted, helped) for pair in session.execute(query.distinct())):
        for code in below.get(region, ()):
            found[code].add(phone)
    top = people_list.in_region(session, actor, regions[0].code)
    all_of = select(Install.id).join(Person, Person.id == Install.person_id).where(top)
    found[regions[0].code] = set(session.scalars(all_of))
    return found


def _waiting(session: Session, actor: Actor) -> dict[str, dict[str, int]]:
    """What came without all of its photos, and what waits for a person, by region."""
    missing = submission_clauses(session, actor, SubmissionFilter(photos="missing"))
    clauses = [visible_submissions(actor), *missing]
    return {
        "waiting_photos": by_region(session, Submission.region_code, clauses),
        **open_by_region(session, actor),
    }
