"""The demo county as values: areas, people who work in it, households. Pure, and the same on every run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from random import Random
from typing import Any

from shapely.geometry.base import BaseGeometry

from server.demo.families import family
from server.demo.homes import Household, household
from server.demo.land import Area, land, near
from server.demo.numbers import IdNumbers
from server.demo.seed import dice, new_id
from server.demo.words import (
    ADMIN,
    APPRAISER,
    AUDITOR,
    CADRES,
    COUNTY,
    HELPERS,
    INSPECTORS,
    SUPERVISORS,
    TOWNSHIPS,
    villages_of,
)

HOUSEHOLDS_IN_A_VILLAGE = 50
PASSWORD = "ruhu-demo"  # noqa: S105 - printed on the start page; the demo guards nothing


@dataclass(frozen=True)
class Worker:
    """Somebody who signs in. `task` is shown beside the sign-in; roles are (role, region).

    `qualification`: kind of certificate that the person holds.
    """

    id: str
    username: str
    name: str
    task: str
    roles: tuple[tuple[str, str | None], ...]
    qualification: str = ""


@dataclass(frozen=True)
class County:
    """Everything that is loaded into an empty database; `today` is the day on which it was invented."""

    areas: tuple[Area, ...]
    workers: tuple[Worker, ...]
    households: tuple[Household, ...]
    today: date

    @cached_property
    def area_by_code(self) -> dict[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def worker_by_id(self) -> dict[str, Worker]:
        return {worker.id: worker for worker in self.workers}

    def fingerprint(self) -> str:
        """SHA-256 over every value."""
        parts = [self.areas, self.workers, self.households, self.today.isoformat()]
        return hashlib.sha256(json.dumps(parts, default=_plain, ensure_ascii=False).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.wkt if isinstance(value, BaseGeometry) else vars(value)


def build_county(today: date) -> County:
    areas, people = land(), workers()
    return County(areas, people, tuple(_households(areas, people, today)), today)


def workers() -> tuple[Worker, ...]:
    """Everybody who signs in: helpers first, two a village, then cadres, one a village, and the rest."""
    return tuple(_workers(dice("workers")))


def _workers(throw: Random) -> Iterator[Worker]:
    county = COUNTY[0]
    for username, name in HELPERS:
        yield Worker(new_id(throw), username, name, "帮扶责任人 / helper", ())
    villages = [village for township in TOWNSHIPS for village in villages_of(township)]
    for (username, name), (code, zh, _) in zip(CADRES, villages, strict=True):
        yield Worker(new_id(throw), username, name, f"{zh}村干部 / village cadre", (("cadre", code),))
    for (username, name), (code, zh, *_) in zip(SUPERVISORS, TOWNSHIPS, strict=True):
        yield Worker(new_id(throw), username, name, f"{zh}乡村振兴办 / supervisor", (("supervisor", code),))
    appraiser = TOWNSHIPS[0][0]
    yield Worker(
        new_id(throw), *APPRAISER, "住建部门鉴定人员 / house appraiser", (("supervisor", appraiser),), "house_appraiser"
    )
    for username, name in INSPECTORS:
        yield Worker(new_id(throw), username, name, "核查组 / inspection team", (("inspector", None),))
    yield Worker(new_id(throw), *ADMIN, "管理 / administration", (("admin", county),))
    yield Worker(new_id(throw), *AUDITOR, "审计（只读） / auditor (reads only)", (("auditor", county),))


def _households(areas: tuple[Area, ...], people: tuple[Worker, ...], today: date) -> Iterator[Household]:
    """Each village has two helpers: each leads one half and is deputy for the other."""
    villages = [area for area in areas if area.level == "village"]
    numbers = IdNumbers()
    number = 0
    for index, village in enumerate(villages):
        throw = dice(f"households {village.code}")
        groups = [area for area in areas if area.parent == village.code]
        pair = people[2 * index : 2 * index + 2]
        for k in range(HOUSEHOLDS_IN_A_VILLAGE):
            number += 1
            group = groups[k % len(groups)]
            lead, deputy = pair if k % 2 == 0 else reversed(pair)
            yield household(
                throw,
                number,
                village.code,
                group.code,
                near(_hamlet(group), _boundary(village), throw),
                (lead.id, deputy.id),
                (lead.name, deputy.name),
                family(throw, numbers, today),
                today,
            )


def _hamlet(group: Area) -> Any:
    return group.hamlet


def _boundary(village: Area) -> BaseGeometry:
    if village.boundary is None:
        raise ValueError(f"{village.code} has no boundary")
    return village.boundary
