"""Pulls: a first fetch of a village of 5,000 households, and what every later sync costs. Prints figures only.

    make bench    (or: .venv/bin/python -m tests.bench.bench_pull [--households 5000] [--only sqlite|postgres])

For each database, through a real gunicorn: the first fetch of 5,000 households and their members in rows a second by
the wall clock and by the server's processor time, with and without gzip, and the server's peak memory; a pull with
nothing new; the time from a push to its being seen by another phone; the last 100 of 1,000,000 feed rows; a digest.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import db
from server.registry.tables import Entity
from server.sync.tables import Feed, FeedCounter
from tests.bench.ground import before, cpu_seconds, database, prepare
from tests.serving import serving
from tests.world import BAITA, QINGSHI, Phone, World

MEMBERS = 4
LONG = 1_000_000
HERE, FAR = f"region:{QINGSHI}", f"region:{BAITA}"
BATCH = 5000


def fill(session: Session, world: World, households: int) -> None:
    """Households with their members, and their feed rows, as an import would leave them."""
    rows: list[dict[str, Any]] = []
    for _ in range(households):
        household = str(uuid.uuid4())
        rows.append(_row(world, "household", household, household, None, before(household)))
        for number in range(MEMBERS):
            values = {"household": household, "full_name": f"张{number}", "sex": "male", "birth_date": "1970-01-01"}
            rows.append(_row(world, "member", str(uuid.uuid4()), household, household, values))
    start = session.get_one(FeedCounter, HERE).n
    for at in range(0, len(rows), BATCH):
        part = rows[at : at + BATCH]
        session.execute(sa.insert(Entity), part)
        told = [{"ref": row["id"], "n": start + at + k, **_news(HERE)} for k, row in enumerate(part, 1)]
        session.execute(sa.insert(Feed), told)
    session.execute(sa.update(FeedCounter).where(FeedCounter.scope == HERE).values(n=start + len(rows)))


def _news(scope: str) -> dict[str, Any]:
    return {"scope": scope, "space": "record", "type": "entity", "payload": None, "at": datetime.now(UTC)}


def _row(
    world: World, dataset: str, id: str, root: str, parent: str | None, values: dict[str, str]
) -> dict[str, Any]:
    return {
        "id": id, "dataset": dataset, "region_code": QINGSHI, "root_id": root, "parent_id": parent, "version": 1,
        "label": values.get("head_name") or values["full_name"], "state": "active", "values": values, "contested": [],
        "shown": {}, "vocabulary": 0, "updated_by": world.people["import"],
    }  # fmt: skip


def lengthen(session: Session) -> None:
    """A feed of a million rows; its last 100 are records."""
    series = (
        "WITH RECURSIVE s(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM s WHERE k < :count)"
        if db.is_sqlite(session)
        else "WITH s AS (SELECT k FROM generate_series(1, :count) AS k)"
    )
    insert = "INSERT INTO feed (scope, space, ref, type, n, at)"
    rows = f"{insert} {series} SELECT '{FAR}', 'record', 'r' || k, 'entity', k, :at FROM s"
    given = {"count": LONG - 100, "at": datetime.now(UTC).replace(tzinfo=None)}
    session.execute(sa.text(rows).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True))), given)
    ids = session.scalars(sa.select(Entity.id).limit(100)).all()
    last = [{"ref": id, "n": LONG - 100 + k, **_news(FAR)} for k, id in enumerate(ids, 1)]
    session.execute(sa.insert(Feed), last)
    session.add(FeedCounter(scope=FAR, n=LONG))


class Line:
    """A phone on a kept connection to the served app."""

    def __init__(self, address: str, phone: Phone) -> None:
        self.phone, self._address, self._session = phone, address, requests.Session()
        self._session.headers.update(phone.headers)

    def post(self, path: str, body: Any, accept: str = "identity") -> requests.Response:
        headers = {"Accept-Encoding": accept}
        answer = self._session.post(f"{self._address}/api/v1{path}", json=body, headers=headers, timeout=120)
        answer.raise_for_status()
        return answer

    def get(self, path: str) -> requests.Response:
        return self._session.get(f"{self._address}/api/v1{path}", timeout=120)

    def page(self, scope: str, after: int, limit: int, accept: str = "identity") -> tuple[dict[str, Any], int, float]:
        """A page, how many bytes came over the line, and the seconds until the last of them (without reading them)."""
        body = {"feeds": {scope: {"after": after}}, "limit": limit}
        start = time.perf_counter()
        headers = {"Accept-Encoding": accept}
        url = f"{self._address}/api/v1/sync/pull"
        answer = self._session.post(url, json=body, headers=headers, stream=True, timeout=120)
        answer.raise_for_status()
        came = answer.raw.read(decode_content=False)
        seconds = time.perf_counter() - start
        packed = answer.headers.get("Content-Encoding") == "gzip"
        page: dict[str, Any] = json.loads(gzip.decompress(came) if packed else came)["feeds"][scope]
        return page, len(came), seconds

    def all(self, scope: str, limit: int, accept: str) -> tuple[int, int, float, int]:
        """Fetches a feed to its head: rows, bytes on the line, seconds, the head."""
        after, rows, size, seconds = 0, 0, 0, 0.0
        while True:
            page, came, took = self.page(scope, after, limit, accept)
            after, rows = page["next"], rows + len(page["entries"])
            size, seconds = size + came, seconds + took
            if not page["more"]:
                return rows, size, seconds, after


def milliseconds(work: Callable[[], object], times: int = 20) -> str:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return f"median {statistics.median(seconds) * 1000:.1f} ms, worst {max(seconds) * 1000:.1f} ms"


def peak(mark: str) -> int:
    """The largest peak of memory so far among the server's processes, in MiB."""
    found = [0]
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (path / "cmdline").read_text():
                lines = (path / "status").read_text().splitlines()
                found += [int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")]
        except OSError:
            continue  # it has ended
    return max(found)


def report(kind: str, households: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ruhu-bench-") as name, database(kind, Path(name)) as url:
        world, _ = prepare(url, Path(name), 0)
        world.run(lambda session: fill(session, world, households))
        world.run(lengthen)
        _analyze(world)
        phones = [world.phone(who) for who in ("li", "li", "bai")]
        with world.app.app_context():
            db.db.engine.dispose()
        with serving(url, Path(name), {"RUHU_TESTING": "0"}, workers=1) as address:
            yield from _measured(address, [Line(address, phone) for phone in phones])


def _analyze(world: World) -> None:
    with world.app.app_context(), db.db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _measured(address: str, lines: list[Line]) -> Iterator[str]:
    first, second, far = lines
    mark = address.removeprefix("http://")
    first.page(HERE, 0, 1)
    small = peak(mark)
    for limit, accept in ((500, "identity"), (5000, "identity"), (5000, "gzip")):
        cpu = cpu_seconds([mark])
        rows, size, seconds, head = first.all(HERE, limit, accept)
        used = cpu_seconds([mark]) - cpu
        yield (
            f"first fetch, pages of {limit}, {accept}: {rows} rows, {rows / seconds:.0f} rows/s by the clock, "
            f"{rows / used:.0f} rows/s of processor time, {size / 2**20:.1f} MiB on the line"
        )
    yield f"peak memory of the server: {small} MiB before, {peak(mark)} MiB after"
    yield f"nothing new: {milliseconds(lambda: first.page(HERE, head, 500))}"
    yield f"digest of the feed: {milliseconds(lambda: first.get(f'/sync/digest?scope={HERE}'), 3)}"
    yield f"last 100 of 1,000,000: {milliseconds(lambda: far.page(FAR, LONG - 100, 500))}"
    yield f"from push to another phone's row: {milliseconds(lambda: _seen(first, second, head), 5)}"


def _seen(writer: Line, reader: Line, head: int) -> None:
    op = writer.phone.visit(water_days=str(uuid.uuid4().int % 300), base_version=1)
    writer.post("/sync/push", {"ops": [op]})
    page, _, _ = reader.page(HERE, head, 500)
    assert page["entries"], "the row is not there"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--households", type=int, default=5000)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    asked = parser.parse_args()
    for kind in [asked.only] if asked.only else ["sqlite", "postgres"]:
        for line in report(kind, asked.households):
            print(f"{kind}: {line}", flush=True)


if __name__ == "__main__":
    main()
