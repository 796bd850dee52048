"""Everything that was done in the demo county before its first newcomer came, in the order of time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.demo.checks import plan_checks
from server.demo.county import County
from server.demo.homes import Household
from server.demo.livelihood import plan_livelihood
from server.demo.safety import plan_safety
from server.demo.village import plan_village
from server.demo.visits import plan_visits
from server.demo.works import Work


def plan_works(county: County) -> tuple[Work, ...]:
    """All forms that were filled, numbered by the time at which they were finished."""
    village = county.households[0].village
    near = _near_first(county.households, village)
    of_village = [one for one in near if one.village == village]
    township = [one for one in near if one.village[:9] == village[:9]]
    by_name = {worker.username: worker.id for worker in county.workers}
    found = [
        *plan_visits(county.households, county.today),
        *plan_livelihood(near, county.today),
        *plan_safety(near, by_name["yan.gong"], county.today),
        *plan_checks(township, by_name["zhang.zhuren"], county.today),
        *plan_village(of_village, by_name["cao.shu"], county.today),
    ]
    ordered = sorted(found, key=lambda work: (work.ended, work.form, work.worker))
    return tuple(replace(work, number=number) for number, work in enumerate(ordered, 1))


def _near_first(households: Sequence[Household], village: str) -> list[Household]:
    """The village of the first sign-ins, then every tenth household of the others: most of what happens is in sight."""
    return [one for k, one in enumerate(households) if one.village == village or k % 10 == 3]
