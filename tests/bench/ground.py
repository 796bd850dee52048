"""The ground that the benchmarks of the way in stand on: databases, households, the raw rate, processor time."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("RUHU_TESTING", "1")

import sqlalchemy as sa

from server import db, schema
from server.app import create_app
from server.config import Settings
from server.forms.compile import compile_form
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.record import Origin, RecordWrite
from tests.postgres import private_postgres
from tests.processor import TICK, command, stats
from tests.serving import serving
from tests.world import QINGSHI, World, add_form, build_world

RAW_ROWS = 300
# What every household has from the start; a visit finds most of it unchanged.
BEFORE: Mapping[str, str] = {
    "region": QINGSHI, "water_shortage_days": "20", "house_grade": "B", "address": "青石组 8 号",
    "contact_phone": "13800000000", "household_category": "general", "farmland_mu": "3.2", "woodland_mu": "1.5",
    "road_hardened": "yes", "electricity": "yes", "broadcast_tv": "yes", "sanitary_toilet": "no",
}  # fmt: skip


def before(household: str) -> dict[str, str]:
    """What a household's record says at first. No two have one name: they would be asked about as one."""
    return {"head_name": f"张{household[:8]}", **BEFORE}


@dataclass(frozen=True)
class Ground:
    """A served database with its world: the small one of the tests, and households in one village."""

    kind: str
    url: str
    address: str
    world: World
    households: Sequence[str]
    cpu: Callable[[], float]


@contextmanager
def ground(kind: str, households: int, form: str | None = None) -> Iterator[Ground]:
    """`form`: source of one more form to publish. The server is a real gunicorn as `ruhu run` starts it."""
    with tempfile.TemporaryDirectory(prefix="ruhu-bench-") as name, database(kind, Path(name)) as url:
        world, ids = prepare(url, Path(name), households, form)
        with serving(url, Path(name), {"RUHU_TESTING": "0"}, workers=2) as address:
            marks = [address.removeprefix("http://"), url.rpartition("host=")[2]]
            yield Ground(kind, url, address, world, ids, lambda: cpu_seconds(marks))


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Address of an empty durable database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.sqlite'}"
        return
    with private_postgres(durable=True) as address:
        engine = sa.create_engine(_driver(address.format(name="postgres")), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE bench")
        engine.dispose()
        yield address.format(name="bench")


def _driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


def prepare(url: str, var: Path, households: int, form: str | None = None) -> tuple[World, list[str]]:
    """The world of the tests with more households in one village, and a table for the raw rate."""
    app = create_app(Settings(database_url=url, var=var, testing=True))
    with app.app_context():
        schema.migrate(db.db.engine)
    world = build_world(app)
    ids = [str(uuid.uuid4()) for _ in range(households)]

    def fill(session: sa.orm.Session) -> None:
        for household in ids:
            origin = Origin(str(uuid.uuid4()), world.people["import"], "import", None)
            write = RecordWrite("household", household, before(household))
            apply_write(session, datasets()["household"], origin, write)
        if form is not None:
            add_form(session, compile_form(form.encode(), "bench.md"))

    world.run(fill)
    with app.app_context():
        with db.db.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE bench_raw (id varchar(36) PRIMARY KEY, body text)")
            if not url.startswith("sqlite"):
                connection.exec_driver_sql("ANALYZE")
        db.db.engine.dispose()
    return world, ids


def raw_rate(url: str, count: int = RAW_ROWS) -> float:
    """The machine's floor: one Python client, one small durable INSERT+COMMIT after the other, a second."""
    engine = sa.create_engine(_driver(url), connect_args={"timeout": 60} if url.startswith("sqlite") else {})
    with engine.connect() as connection:
        if url.startswith("sqlite"):
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
        start = time.perf_counter()
        for _ in range(count):
            row = {"id": str(uuid.uuid4()), "body": "x" * 800}
            connection.execute(sa.text("INSERT INTO bench_raw VALUES (:id, :body)"), row)
            connection.commit()
        seconds = time.perf_counter() - start
    engine.dispose()
    return count / seconds


def parallel(work: Callable[..., object], arguments: Sequence[tuple[object, ...]]) -> tuple[float, list[object]]:
    """Runs `work` once for each of the arguments, each in a process of its own; seconds for all, and the answers."""
    with ProcessPoolExecutor(len(arguments)) as pool:
        list(pool.map(time.sleep, [0.05] * len(arguments)))  # the processes are there before the clock starts
        start = time.perf_counter()
        futures = [pool.submit(work, *given) for given in arguments]
        answers = [future.result() for future in futures]
        return time.perf_counter() - start, answers


def cpu_seconds(marks: Sequence[str]) -> float:
    """Processor time so far of all processes whose command line holds one of the marks, with their children."""
    found = stats()
    chosen = {pid for pid in found if any(mark and mark in command(pid) for mark in marks)}
    chosen |= {pid for pid, fields in found.items() if int(fields[1]) in chosen}
    # utime, stime, and both of the children that have ended
    return sum(int(ticks) for pid in chosen for ticks in found[pid][11:15]) / TICK
