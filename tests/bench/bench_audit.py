"""What the audit's chain costs: deeds with and without a sealer beside them, sealing and verifying by the thousand.

    python -m tests.bench.bench_audit [--entries 20000]

Prints entries a second. Deeds are written by four threads, each entry a transaction of its own.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from server import db, schema
from server.accounts.audit import note
from server.app import create_app
from server.config import Settings
from server.sync import audit_chain
from tests.postgres import private_postgres

WRITERS = 4


def _write(app: Flask, count: int) -> None:
    with app.app_context():
        for n in range(count):
            db.transact(lambda session, n=n: note(session, None, "submission.asked", f"uuid:{n}", reason="why"))


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _together(app: Flask, count: int) -> None:
    threads = [threading.Thread(target=_write, args=(app, count // WRITERS)) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _beside_a_sealer(app: Flask, count: int) -> None:
    over = threading.Event()

    def seal() -> None:
        with app.app_context():
            while not over.is_set():
                audit_chain.seal()

    sealer = threading.Thread(target=seal)
    sealer.start()
    _together(app, count)
    over.set()
    sealer.join()


def measure(app: Flask, entries: int) -> dict[str, float]:
    """Entries a second of each kind of work."""
    few = entries // 10
    found = {"deeds alone": few / _timed(lambda: _together(app, few))}
    with app.app_context():
        audit_chain.seal()
    found["deeds beside a sealer that never rests"] = few / _timed(lambda: _beside_a_sealer(app, few))
    _together(app, entries - 2 * few)
    with app.app_context():
        waiting = entries - 2 * few
        found["sealed"] = waiting / _timed(lambda: audit_chain.seal() and None)
        with db.read() as session:
            start = time.perf_counter()
            checked = audit_chain.verify(session)
            found["verified"] = checked.entries / (time.perf_counter() - start)
    assert checked.broken is None, checked
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=20_000)
    entries = parser.parse_args().entries
    with private_postgres() as address, tempfile.TemporaryDirectory() as folder:
        for name, url in (("PostgreSQL", address.format(name="postgres")), ("SQLite", f"sqlite:///{folder}/a.sqlite")):
            app = create_app(Settings(database_url=url, var=Path(folder)))
            with app.app_context():
                schema.migrate(db.db.engine)
            for what, rate in measure(app, entries).items():
                print(f"{name}: {what}: {rate:,.0f} a second")
            with app.app_context():
                db.db.engine.dispose()


if __name__ == "__main__":
    main()
