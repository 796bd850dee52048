"""How long each screen of the console waits for its first data, in a county after a year. Prints figures.

    .venv/bin/python -m tests.bench.bench_desk [--folder FOLDER] [--small] [--households N] [--turns 30]
        [--only SCREEN] [--reader supervisor|admin|auditor]

PostgreSQL with 100,000 households, 400,000 submissions and 1,000,000 photo rows (desk_ground.py says what they are).
With --folder the filled cluster stays there and is used again. A township's supervisor, the county's administrator and
an auditor open every screen (desk_screens.py) this many times, with areas and filters that go round, through the real
WSGI app in this process. A screen's requests are asked one after the other, and the time of all counts; those of
AT_ONCE (two of the overview and of its charts, the nine of a map's view) together, on the six connections that a
browser has, until the last is answered; the app is one process of threads then, so half of what `ruhu run` starts on
two cores. `cpu`: processor time of app and database for one opening, which changes least on a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg
from flask.testing import FlaskClient
from sqlalchemy import select

from server import db
from server.accounts import tokens
from server.accounts.tables import Person
from server.api.signed_in import COOKIE
from tests.bench.desk_ground import SMALL, WHOLE, DeskGround, desk_ground
from tests.bench.desk_screens import AT_ONCE, SCREENS, NothingThere, Seen, Turn
from tests.bench.ground import cpu_seconds
from tests.statements import statements

COUNTY, TOWNSHIP = "990101000000", "990101303000"
READERS = {"supervisor": ("desk.supervisor.6", TOWNSHIP), "admin": ("admin", COUNTY), "auditor": ("auditor", COUNTY)}
LIMIT = 1.0  # seconds
CONNECTIONS = 6  # that a browser opens to one server over HTTP/1.1
REFUSED = {403, 404, 409}  # not this reader's, or (409) not to be seen yet


@dataclass
class Figures:
    """Of one screen and reader: seconds of each opening, statements of the last, the slowest request."""

    seconds: list[float] = field(default_factory=list)
    statements: int = 0
    cpu: float = 0.0
    slowest: tuple[float, str] = (0.0, "")

    def line(self, screen: str, reader: str) -> str:
        p95 = p95_of(self.seconds)
        mark = f"  SLOW {1000 * self.slowest[0]:.0f} ms {self.slowest[1]}" if p95 >= LIMIT else ""
        return (
            f"{screen:16} {reader:10} "
            f"median {1000 * statistics.median(self.seconds):7.0f} ms  p95 {1000 * p95:7.0f} ms  "
            f"cpu {1000 * self.cpu:6.0f} ms  {self.statements:3} statements{mark}"
        )


def p95_of(seconds: Sequence[float]) -> float:
    """The smallest that is not exceeded by 95 of a hundred."""
    return sorted(seconds)[max(0, -(-len(seconds) * 95 // 100) - 1)]


def desk_of(place: DeskGround, username: str) -> FlaskClient:
    """A signed-in desk."""

    def work(session: object) -> str:
        person = db.db.session().scalars(select(Person.id).where(Person.username == username)).one()
        return tokens.issue(db.db.session(), person, "console", timedelta(days=1)).token

    client = place.app.test_client()
    client.set_cookie(COOKIE, db.transact(work))
    return client


def seen_by(place: DeskGround, area: str) -> Seen:
    """Things to open in this area; the areas are itself, some below it and some below these."""
    begins = area.rstrip("0") + "%"
    with psycopg.connect(place.url) as connection:

        def ids(statement: str, *given: str) -> list[str]:
            return [row[0] for row in connection.execute(statement.encode(), given)]

        below = ids(
            "SELECT code FROM region WHERE code LIKE %s AND level IN ('township', 'village')"
            " ORDER BY md5(code) LIMIT 9",
            begins,
        )
        homes = ids(
            "SELECT id FROM entity WHERE dataset = 'household' AND region_code LIKE %s"
            " ORDER BY jsonb_array_length(contested) DESC, md5(id) LIMIT 25",
            begins,
        )
        visits = ids(
            "SELECT instance_id FROM submission WHERE region_code LIKE %s ORDER BY md5(instance_id) LIMIT 25", begins
        )
        looks = ids(
            "SELECT l.attachment_id FROM photo_look l JOIN attachment a ON a.id = l.attachment_id"
            " JOIN submission s USING (instance_id)"
            " WHERE s.region_code LIKE %s ORDER BY md5(l.attachment_id) LIMIT 25", begins,
        )  # fmt: skip
        inspections = ids("SELECT id FROM inspection ORDER BY id")
        compared = ids("SELECT household_id FROM inspection_task WHERE state = 'done' ORDER BY id")
    tiles = [(9, 411, 218), (11, 1644, 874), (13, 6578, 3497), (15, 26315, 13991)]
    return Seen([area, *below], homes, visits, looks, inspections, compared, tiles)


def open_screen(client: FlaskClient, screen: str, turn: Turn, figures: Figures) -> bool:
    """Asks for the screen's first data; false when it is not for this reader, or nothing of its kind is there."""
    try:
        paths = SCREENS[screen](turn)
    except NothingThere:
        return False
    began = time.perf_counter()
    if screen in AT_ONCE:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            asked = list(pool.map(lambda path: ask_for(copy_of(client), path), paths))
    else:
        asked = [ask_for(client, path) for path in paths]
    if None in asked:
        return False
    figures.seconds.append(time.perf_counter() - began)
    figures.slowest = max(figures.slowest, *(one for one in asked if one is not None))
    return True


def copy_of(client: FlaskClient) -> FlaskClient:
    """The same desk on a connection of its own."""
    other = client.application.test_client()
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    other.set_cookie(COOKIE, cookie.value)
    return other


def ask_for(client: FlaskClient, path: str) -> tuple[float, str] | None:
    """Seconds until the answer is here, and the path; None when it is refused to this reader."""
    began = time.perf_counter()
    answer = client.get(f"/api/v1{path}", headers={"Accept-Encoding": "gzip"})
    if answer.status_code in REFUSED:
        return None
    assert answer.status_code in (200, 204), (path, answer.status_code, answer.text[:300])
    return time.perf_counter() - began, path


def measure(place: DeskGround, client: FlaskClient, screen: str, seen: Seen, turns: int, mark: str) -> Figures | None:
    """All turns of a screen after one that warms up; None when it is not for this reader."""
    if not open_screen(client, screen, Turn(seen, 0), Figures()):
        return None
    figures, began = Figures(), _cpu(mark)
    for n in range(turns):
        with statements(client.application) as sent:
            if not open_screen(client, screen, Turn(seen, n), figures):
                return None
        figures.statements = max(figures.statements, len(sent))
    figures.cpu = (_cpu(mark) - began) / turns
    return figures


def _cpu(mark: str) -> float:
    """Seconds of this process and of the database's."""
    return time.process_time() + cpu_seconds([mark])


def run(folder: Path, households: int, turns: int, only: str | None, readers: Sequence[str]) -> int:
    """Prints the table; how many lines are not below the limit."""
    slow = 0
    with desk_ground(folder, households) as place:
        for reader in readers:
            username, area = READERS[reader]
            client, seen = desk_of(place, username), seen_by(place, area)
            for screen in SCREENS if only is None else [only]:
                figures = measure(place, client, screen, seen, turns, str(folder / "postgres"))
                if figures is None:
                    print(f"{screen:16} {reader:10} nothing for this reader", flush=True)
                    continue
                slow += p95_of(figures.seconds) >= LIMIT
                print(figures.line(screen, reader), flush=True)
    print(f"{slow} of them not below {LIMIT:.0f} s at p95")
    return slow


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--folder", type=Path, help="keep the filled cluster here, and use it again")
    asked.add_argument("--households", type=int, default=WHOLE)
    asked.add_argument("--small", action="store_true", help=f"a trial with {SMALL} households")
    asked.add_argument("--turns", type=int, default=30)
    asked.add_argument("--only", choices=tuple(SCREENS))
    asked.add_argument("--reader", choices=tuple(READERS), action="append", help="all without it")
    options = asked.parse_args()
    households = SMALL if options.small else options.households
    with tempfile.TemporaryDirectory(prefix="ruhu-desk-") as name:
        run(options.folder or Path(name), households, options.turns, options.only, options.reader or list(READERS))


if __name__ == "__main__":
    main()
