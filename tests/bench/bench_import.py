"""A register of households with members: read, looked over, applied, and again. Prints figures, judges nothing.

    .venv/bin/python -m tests.bench.bench_import 100000 [database address]

Default: 10000 households of one to five members, in a new SQLite file. Peak memory is that of the whole program.
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from server import db, schema
from server.app import create_app
from server.config import Settings
from server.demo.numbers import check_digit
from server.geo.regions import import_regions
from server.imports import applying, asking, listing, looking
from server.sync.definitions import datasets

MAPPING = """
source: bench
household:
  key: [no]
  match: [household_no]
  region: {code: region}
  columns:
    no: household_no
    head: head_name
    address: address
    phone: contact_phone
    kind: household_category
    cause: poverty_cause
    registered: registered_on
    land: farmland_mu
    wages: wage_income
    roads: road_hardened
member:
  household: [no]
  key: [[id], [no, name]]
  match: [id_number]
  columns:
    name: full_name
    relation: relation
    sex: sex
    born: birth_date
    id: id_number
    health: health
    education: education
"""
COLUMNS = (
    "no", "region", "head", "address", "phone", "kind", "cause", "registered", "land", "wages", "roads",
    "name", "relation", "sex", "born", "id", "health", "education",
)  # fmt: skip
SURNAMES = "赵钱孙李周吴郑王冯陈"


def main(households: int, url: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        app = create_app(Settings(database_url=url or f"sqlite:///{var / 'bench.sqlite'}", var=var))
        register = var / "register.csv"
        with app.app_context():
            schema.migrate(db.db.engine)
            db.transact(lambda session: import_regions(session, division_tree(), None))
            rows = write_register(register, households, 1)
            size = register.stat().st_size / 1e6
            print(f"{households} households, {rows} rows, {size:.1f} MB, {db.db.engine.dialect.name}", flush=True)
            bring(app.config["RUHU"], register, households, "first")
            bring(app.config["RUHU"], register, households, "same again")
            write_register(register, households, 20)
            bring(app.config["RUHU"], register, households, "one household in 20 changed")


def villages() -> list[str]:
    """A county of 20 townships with 17 villages each."""
    return [f"990101{100 + town}{200 + n}" for town in range(20) for n in range(17)]


def division_tree() -> bytes:
    rows = ["code,parent,level,name_zh", "990000000000,,province,虚省", "990101000000,990000000000,county,虚县"]
    rows += [f"990101{100 + town}000,990101000000,township,{town}乡" for town in range(20)]
    rows += [f"{code},{code[:9]}000,village,{code[6:]}村" for code in villages()]
    return "\n".join(rows).encode()


def write_register(path: Path, households: int, changed: int) -> int:
    """Rows written. `changed` > 1: one household in so many has other wages than before."""
    homes = villages()
    rows = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for n in range(households):
            size = n % 5 + 1
            wages = str(20_000 + n % 700 * 10 + (500 if changed > 1 and n % changed == 0 else 0))
            head = f"{SURNAMES[n % 10]}户{n}"
            house = (
                f"B{n:07}", homes[n % len(homes)], head, f"{n % 60 + 1}号", f"199{n:08}",
                ("ordinary", "exited")[n % 2], ("illness", "no_labour", "")[n % 3], f"2024-{n % 12 + 1:02}-15",
                f"{n % 90 / 10}", wages, "yes",
            )  # fmt: skip
            for m in range(size):
                born = f"{1940 + (n + m * 17) % 80}-{n % 12 + 1:02}-{n % 28 + 1:02}"
                first = f"99{n // 1000 % 10000:04}{born.replace('-', '')}{n % 1000:03}"
                number = first + check_digit(first) if m == 0 else ""
                person = (head if m == 0 else f"{SURNAMES[m]}{n}之{m}", "02" if m == 0 else "99", str(n % 2 + 1), born)
                writer.writerow([*house, *person, number, "healthy", "primary"])
                rows += 1
    return rows


def bring(settings: Settings, register: Path, households: int, what: str) -> None:
    with register.open("rb") as file:
        import_id = asking.ask(settings, datasets(), None, asking.Asked("register.csv", file, MAPPING))
    looked = _timed(lambda: looking.look_over(settings, datasets(), import_id))
    db.transact(lambda session: applying.start(session, None, import_id))
    applied = _timed(lambda: applying.go_on(settings, datasets(), import_id))
    with db.read() as session:
        found = listing.on_wire(listing.find(session, None, import_id))
    applied_counts = found["applied"].values()
    kinds = {name: sum(counts[name] for counts in applied_counts) for name in ("new", "changed", "unchanged")}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:28} preview {_shown(looked, households)}   apply {_shown(applied, households)}   {kinds}")
    print(f"{'':28} peak memory so far {peak:.0f} MiB", flush=True)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU, which a busy machine does not change."""
    start, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - used


def _shown(seconds: tuple[float, float], households: int) -> str:
    wall, cpu = seconds
    return f"{wall:6.1f} s, {households / wall:5.0f} households/s (CPU {cpu:5.1f} s)"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, sys.argv[2] if len(sys.argv) > 2 else None)
