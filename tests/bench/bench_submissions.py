"""Submissions a second, one submission a request, as phones on a good day send them. Prints figures, judges nothing.

    make bench    (or: .venv/bin/python -m tests.bench.bench_submissions [--count 1000] [--only sqlite|postgres])

For each database (durable: fsync on) and 1, 4 and 8 clients: submissions/s and latency through a real gunicorn, beside
the raw durable INSERT+COMMIT/s of Python clients on the same database in the same run. The ratio is what counts: these
machines are noisy.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("RUHU_TESTING", "1")

import requests
import sqlalchemy as sa

from server import db, schema
from server.app import create_app
from server.config import Settings
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.record import Origin, RecordWrite
from tests.postgres import private_postgres
from tests.serving import serving
from tests.world import QINGSHI, Phone, World, build_world

CLIENTS = (1, 4, 8)
HOUSEHOLDS = 200


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.sqlite'}"
        return
    with private_postgres(durable=True) as address:
        engine = sa.create_engine(
            address.format(name="postgres").replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE bench")
        engine.dispose()
        yield address.format(name="bench")


def prepare(url: str, var: Path) -> tuple[World, list[str]]:
    """The world of the tests with more households in one village."""
    app = create_app(Settings(database_url=url, var=var, testing=True))
    with app.app_context():
        schema.migrate(db.db.engine)
    world = build_world(app)
    ids = [str(uuid.uuid4()) for _ in range(HOUSEHOLDS)]

    def fill(session: sa.orm.Session) -> None:
        for household in ids:
            values = {"head_name": "张三", "region": QINGSHI, "water_shortage_days": "20", "house_grade": "B"}
            origin = Origin(str(uuid.uuid4()), world.people["import"], "import", None)
            apply_write(session, datasets()["household"], origin, RecordWrite("household", household, values))

    world.run(fill)
    with app.app_context():
        db.db.engine.dispose()
    return world, ids


def bodies(phone: Phone, households: list[str], count: int) -> list[dict[str, object]]:
    numbers = itertools.count(30)
    return [
        {"ops": [phone.visit(household, water_days=str(next(numbers)), head_name="张三")]}
        for household, _ in zip(itertools.cycle(households), range(count), strict=False)
    ]


def one_client(address: str, headers: dict[str, str], requests_: list[dict[str, object]]) -> list[float]:
    """Seconds of each request of one client, one after the other on a kept connection."""
    session, seconds = requests.Session(), []
    for body in requests_:
        start = time.perf_counter()
        answer = session.post(f"{address}/api/v1/sync/push", json=body, headers=headers, timeout=60)
        seconds.append(time.perf_counter() - start)
        [result] = answer.json()["results"]
        assert result["status"] in ("applied", "conflicted"), result
    return seconds


def raw_client(url: str, count: int) -> float:
    """The same machine's floor: one Python client, one small durable INSERT+COMMIT after the other."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), connect_args=_patience(url))
    with engine.connect() as connection:
        if url.startswith("sqlite"):
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
        start = time.perf_counter()
        for _ in range(count):
            connection.execute(
                sa.text("INSERT INTO bench_raw VALUES (:id, :body)"), {"id": str(uuid.uuid4()), "body": "x" * 800}
            )
            connection.commit()
        seconds = time.perf_counter() - start
    engine.dispose()
    return seconds


def _patience(url: str) -> dict[str, object]:
    return {"timeout": 60} if url.startswith("sqlite") else {}


def parallel(
    clients: int, work: Callable[..., object], arguments: list[tuple[object, ...]]
) -> tuple[float, list[object]]:
    """Runs `work` in as many processes; seconds for all, and what each answered."""
    with ProcessPoolExecutor(clients) as pool:
        list(pool.map(int, range(clients)))  # the processes are there before the clock starts
        start = time.perf_counter()
        futures = [pool.submit(work, *given) for given in arguments]
        answers = [future.result() for future in futures]
        return time.perf_counter() - start, answers


def measure(kind: str, count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ruhu-bench-") as name, database(kind, Path(name)) as url:
        world, households = prepare(url, Path(name))
        with world.app.app_context():
            with db.db.engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE bench_raw (id varchar(36) PRIMARY KEY, body text)")
            db.db.engine.dispose()
        with serving(url, Path(name), {"RUHU_TESTING": "0"}, workers=2) as address:
            for clients in CLIENTS:
                line(kind, clients, count, url, address, world, households)


def line(kind: str, clients: int, count: int, url: str, address: str, world: World, households: list[str]) -> None:
    share = count // clients
    raw_seconds, _ = parallel(clients, raw_client, [(url, share)] * clients)
    phones = [world.phone("li") for _ in range(clients)]
    given = [(address, phone.headers, bodies(phone, households, share)) for phone in phones]
    seconds, answers = parallel(clients, one_client, given)
    times = sorted(1000 * second for answer in answers for second in answer)  # type: ignore[attr-defined]
    rate, raw = share * clients / seconds, share * clients / raw_seconds
    p95 = times[int(len(times) * 0.95)]
    print(
        f"{kind:9} {clients:2} clients  {rate:7.1f} submissions/s  median {statistics.median(times):6.1f} ms  "
        f"p95 {p95:6.1f} ms  raw INSERT+COMMIT {raw:7.1f}/s  ratio {rate / raw:.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    given = parser.parse_args()
    for kind in ("sqlite", "postgres"):
        if given.only in (None, kind):
            measure(kind, given.count)


if __name__ == "__main__":
    main()
