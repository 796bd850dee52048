"""What each screen of the console asks for when it is opened: one entry for each route of client/src/console/router.ts.

`NAME: PART` is a part of a screen that waits by itself. tests/api/test_desk_screens.py keeps this in step with the
router and with what the console's sources ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Seen:
    """What one reader may open: ids of each kind in the reader's areas, none where the reader sees none."""

    areas: Sequence[str]
    households: Sequence[str]
    visits: Sequence[str]
    looks: Sequence[str]
    inspections: Sequence[str]
    compared: Sequence[str]
    tiles: Sequence[tuple[int, int, int]]


@dataclass(frozen=True)
class Turn:
    """The `n`-th opening of a screen by one reader; areas and filters go round."""

    seen: Seen
    n: int

    @property
    def area(self) -> str:
        """Every second time all that the reader has, else one of the areas below."""
        return self.seen.areas[0] if self.n % 2 == 0 else self.of(self.seen.areas)

    def of(self, choices: Sequence[str]) -> str:
        if not choices:
            raise NothingThere
        return choices[self.n % len(choices)]

    def date(self, days: int) -> str:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return (today - days * DAY).isoformat()


class NothingThere(Exception):
    """The reader has nothing of this kind to open."""


def ask(path: str, **query: str | None) -> str:
    """Path below /api/v1; what is None is left out, and `since` is `from`."""
    given = {"from" if name == "since" else name: value for name, value in query.items() if value is not None}
    return path + (f"?{urlencode(given)}" if given else "")


def _overview(turn: Turn) -> list[str]:
    days = (29, 6, None)[turn.n % 3]
    now = ask("/overview", region=turn.area, since=turn.date(days) if days is not None else None)
    if days is None:
        return [now]
    span = {"since": turn.date(2 * days + 1), "to": turn.date(days)}
    return [now, ask("/overview", region=turn.area, **span, measures="visited,submissions")]


def _trends(turn: Turn) -> list[str]:
    """Thirteen weeks of what came and stood open, twelve months of households visited."""
    weeks = ",".join(turn.date(7 * week) for week in range(13, -1, -1))
    months = ",".join(turn.date(30 * month) for month in range(12, -1, -1))
    series = "visits,to_review,open_conflicts,open_questions"
    return [
        ask("/overview/trends", region=turn.area, series=series, edges=weeks),
        ask("/overview/trends", region=turn.area, series="visited", edges=months),
    ]


def _visits(turn: Turn) -> list[str]:
    filters: Sequence[Mapping[str, str]] = (
        {}, {"review": "received"}, {"since": turn.date(29)}, {"photos": "missing"}, {"status": "conflicted"},
        {"form_id": "household_visit"}, {"q": "张"}, {"q": "DK00"}, {"review": "has_issues"}, {"photos": "none"},
        {"since": turn.date(200), "to": turn.date(170)}, {"q": "王大山"},
    )  # fmt: skip
    return [ask("/submissions", region=turn.area, limit="100", **filters[turn.n % len(filters)])]


def _photos(turn: Turn) -> list[str]:
    filters: Sequence[Mapping[str, str]] = (
        {"state": "open"}, {"state": "open", "code": "DUP_NEAR"}, {"state": "done"}, {"state": "asked"},
        {"state": "open", "drawn": "1"}, {"state": "done", "code": "DIST_HH"},
    )  # fmt: skip
    queue = ask("/evidence", region=turn.area, limit="50", **filters[turn.n // 2 % len(filters)])
    return [queue, ask("/datum-doubts", state="open", region=turn.area, limit="1")]


def _look(turn: Turn) -> list[str]:
    look = turn.of(turn.seen.looks)
    return [f"/evidence/{look}", f"/evidence/{look}/day", f"/submissions/{quote(turn.of(turn.seen.visits), safe='')}",
            ask("/evidence", state="open", region=turn.area, limit="50")]  # fmt: skip


def _records(turn: Turn) -> list[str]:
    filters: Sequence[Mapping[str, str]] = (
        {}, {"q": "张"}, {"q": "王大山"}, {"concern": "house"}, {"concern": "water"}, {"concern": "overdue"},
        {"q": "DK012"}, {"q": "没有这个人"},
    )  # fmt: skip
    listed = ask("/entities", dataset="household", region=turn.area, limit="100", **filters[turn.n // 2 % len(filters)])
    return ["/datasets", listed]


def _map(turn: Turn) -> list[str]:
    """The tiles of one view, two layers, and the ground."""
    z, x, y = turn.seen.tiles[turn.n % len(turn.seen.tiles)]
    near = [(x + east, y + south) for east in (0, 1) for south in (0, 1)]
    tiles = [
        ask(f"/tiles/{layer}/{z}/{a}/{b}.mvt", region=turn.area)
        for layer in ("households", "submissions")
        for a, b in near
    ]
    return ["/maps", *tiles]


def _household(turn: Turn) -> list[str]:
    path = f"/entities/{turn.of(turn.seen.households)}"
    return [
        "/datasets",
        ask(f"{path}/whole", at=turn.date(90) if turn.n % 3 == 2 else None),
        path,
        ask(f"{path}/timeline", limit="50"),
    ]


def _conflicts(turn: Turn) -> list[str]:
    """The queue of households, and what differs in one of them."""
    order = ("oldest", "weight")[turn.n // 2 % 2]
    waiting = ask("/conflicts/households", order=order, region=turn.area, limit="100")
    return ["/datasets", waiting, ask("/conflicts", entity=turn.of(turn.seen.households), state="open", limit="100")]


def _aside(turn: Turn) -> list[str]:
    if turn.n % 3 == 2:
        return [ask("/held", region=turn.area, limit="100")]
    return [ask("/quarantine", region=turn.area, limit="100", state=("open", "applied")[turn.n % 3])]


def _inspection(turn: Turn) -> list[str]:
    path = f"/inspections/{turn.of(turn.seen.inspections)}"
    panes = [f"{path}/{pane}" for pane in ("villages", "inspectors", "routes")]
    return [path, *panes, ask(f"{path}/tasks", limit="500")]


def _rules(turn: Turn) -> list[str]:
    severity = (None, "soft", "hard")[turn.n % 3]
    return [ask("/rule-findings/summary", region=turn.area, severity=severity)]


def _findings(turn: Turn) -> list[str]:
    filters: Sequence[Mapping[str, str]] = (
        {},
        {"state": "opened"},
        {"overdue": "1"},
        {"mine": "1"},
        {"source": "hand"},
    )
    return ["/findings/workflow", ask("/findings", region=turn.area, limit="100", **filters[turn.n % len(filters)])]


def _audit(turn: Turn) -> list[str]:
    filters: Sequence[Mapping[str, str]] = (
        {}, {"kind": "household"}, {"since": turn.date(20)}, {"kind": "finding.opened"},
        {"subject": turn.of(turn.seen.households)},
    )  # fmt: skip
    return [ask("/audit", region=turn.area, limit="100", **filters[turn.n % len(filters)]), "/audit/head"]


def _people(turn: Turn) -> list[str]:
    filters: Sequence[Mapping[str, str]] = ({}, {"role": "cadre"}, {"q": "量员1"}, {"role": "supervisor"})
    return [ask("/people", region=turn.area, limit="100", **filters[turn.n % len(filters)])]


def _devices(turn: Turn) -> list[str]:
    filters: Sequence[Mapping[str, str]] = ({}, {"state": "waiting"}, {"state": "handing_over"}, {"q": "model 3"})
    return [ask("/devices", region=turn.area, limit="100", **filters[turn.n % len(filters)])]


FORM = "/forms/household_visit/2026120101"

# Screens that ask for all of it at the same time; of the others what is asked first may be what the next hangs on.
AT_ONCE = {"overview", "overview: charts", "map"}

SCREENS: Mapping[str, Callable[[Turn], list[str]]] = {
    "frame": lambda turn: ["/me", ask("/regions", geometry="1")],  # before the first screen, once
    "overview": _overview,
    "overview: charts": _trends,  # cards of their own, below what is shown first
    "overview: phones": lambda turn: [ask("/overview/sync", region=turn.area)],
    "submissions": _visits,
    "submission": lambda turn: [f"/submissions/{quote(turn.of(turn.seen.visits), safe='')}"],
    "evidence": _photos,
    "look": _look,
    "tally": lambda turn: [ask("/evidence/statistics", region=turn.area)],
    "datums": lambda turn: [
        ask("/datum-doubts", region=turn.area, limit="50", state=("open", "explained")[turn.n % 2])
    ],
    "map": _map,
    "records": _records,
    "importing": lambda turn: ["/datasets", "/imports/register"],
    "household": _household,
    "place": lambda turn: [f"/entities/{(one := turn.of(turn.seen.households))}", f"/entities/{one}/places"],
    "conflicts": _conflicts,
    "aside": _aside,
    "inspections": lambda turn: [ask("/inspections", region=turn.area), "/inspections/published"],
    "inspection-new": lambda turn: ["/forms"],
    "inspection": _inspection,
    "inspection-plan": lambda turn: ["/forms", f"/inspections/{turn.of(turn.seen.inspections)}"],
    "outcome": lambda turn: [
        f"/inspections/{(one := turn.of(turn.seen.inspections))}/outcome",
        ask(f"/inspections/{one}/comparisons", limit="50"),
    ],
    "compared": lambda turn: [f"/inspections/{turn.seen.inspections[0]}/comparisons/{turn.of(turn.seen.compared)}"],
    "patterns": lambda turn: [
        "/forms",
        ask(
            "/answer-patterns",
            form_id="household_visit",
            region=turn.area,
            since=turn.date(29),
            to=turn.date(0),
        ),
    ],
    "findings": _findings,
    "errands": lambda turn: [ask("/assignments", state=("open", "done")[turn.n % 2], limit="100")],
    "questions": lambda turn: [
        ask("/questions", region=turn.area, limit="100", state=("open", "answered")[turn.n % 2])
    ],
    "voices": lambda turn: [ask("/feedback", state=("open", "read")[turn.n % 2], limit="100")],
    "rules": _rules,
    "policies": lambda turn: ["/policies", "/policy-changes"],
    "policy-change": lambda turn: ["/policies"],
    "workflows": lambda turn: [ask("/findings/workflow", region=turn.area)],
    "forms": lambda turn: [ask("/forms", state="all")],
    "form": lambda turn: [FORM, f"{FORM}/changes", ask("/forms", state="all")],
    "people": _people,
    "devices": _devices,
    "areas": lambda turn: [ask("/regions/changes", region=turn.area)],
    "audit": _audit,
}

# Asked when somebody goes on from what a screen showed first: a click, a typed word, a file.
LATER = {
    "/exports",
    "/regions/at",
    "/inspections/{}/overlaps",
    "/inspections/{}/preview",
    "/findings/{}",
    "/findings/{}/similar",
    "/findings/{}/checkers",
    "/quarantine/{}",
    "/imports/register/{}",
    "/rule-findings",
    "/exports/{}",
    "/submissions/{}",
    "/conflicts/{}",
    "/policy-changes/{}",
}
