"""The comparison of an inspection: seconds for the items alone, and for the whole results page from the database.

    .venv/bin/python -m tests.bench.bench_comparison [households] [sqlite|postgres]

80 fields: everything that the datasets household and dwelling compare. One answer in twelve differs from the record.
Rows are sealed as in life, so opening them is part of the time.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server import db
from server.db import now
from server.forms.compile import compile_form
from server.forms.dataset import Dataset, Property
from server.inspection.comparison import compare
from server.inspection.facts import facts_of
from server.inspection.outcome import gather
from server.inspection.summary import summary
from server.inspection.tables import Inspection, InspectionDraw, InspectionTask, SampledHousehold
from server.registry.tables import Entity, EntityVersion
from server.sync.definitions import datasets, form_model
from server.sync.tables import OpLog, Submission
from tests.bench.ground import database, prepare
from tests.inspection.outcome_stage import INSPECTION
from tests.world import EAST, QINGSHI, World, add_form, add_policies

DATASETS = ("household", "dwelling")
WRONG = 1 / 12
Fields = list[tuple[str, Property]]


def fields_of(known: Mapping[str, Dataset]) -> Fields:
    return [(name, prop) for name in DATASETS for prop in known[name].properties.values() if prop.backcheck]


def form_source(fields: Fields) -> str:
    rows = "".join(
        f"| | text | q{n} | 第{n}题 | Question {n} | {dataset}#{prop.name} |\n"
        for n, (dataset, prop) in enumerate(fields)
    )
    return (
        "| survey |\n| | type | name | label::中文 (zh) | label::English (en) | bind::ruhu:backcheck |\n"
        "| | select_one_from_file household.csv | household | 农户 | Household | |\n"
        f"{rows}| settings |\n| | form_id | version | namespaces |\n"
        '| | bench_check | 1 | ruhu="https://ruhu.example/xforms" |\n'
    )


def value_of(throw: Random, prop: Property) -> str:
    if prop.choices:
        return throw.choice(prop.choices).value
    return str(throw.randint(1, 60_000)) if prop.type in ("integer", "decimal") else f"文字{throw.randint(1, 9)}"


def settle(session: Session, people: Mapping[str, str], fields: Fields, count: int) -> None:
    """Households with a house each, drawn yesterday and answered since."""
    throw, at = Random(8), now() - timedelta(days=2)
    session.execute(insert(Inspection), [{
        "id": INSPECTION, "region_code": EAST, "name_zh": "x", "plan": "", "form_ids": ["bench_check"],
        "starts_on": date(2026, 11, 1), "ends_on": date(2026, 11, 30), "state": "closed", "made_by": people["zhang"],
    }])  # fmt: skip
    session.execute(insert(InspectionDraw), [{
        "inspection_id": INSPECTION, "seed": "1", "sha256": "", "drawn_by": people["zhang"],
        "record": json.dumps({"villages": [{"village": QINGSHI, "pi": "1/2"}]}).encode(),
        "drawn_at": at + timedelta(days=1),
    }])  # fmt: skip
    for place in range(count):
        rows = household(throw, people, fields, place, at)
        for table, given in rows:
            session.execute(insert(table), given)


def household(throw: Random, people: Mapping[str, str], fields: Fields, place: int, at: Any) -> list[tuple[Any, Any]]:
    key, house, op = (str(uuid.UUID(int=throw.getrandbits(128), version=4)) for _ in range(3))
    values = [value_of(throw, prop) for _, prop in fields]
    said = [value_of(throw, prop) if throw.random() < WRONG else value
            for value, (_, prop) in zip(values, fields, strict=True)]  # fmt: skip
    held = {name: {prop.name: value for value, (dataset, prop) in zip(values, fields, strict=True) if dataset == name}
            for name in DATASETS}  # fmt: skip
    body = "".join(f"<q{n}>{value}</q{n}>" for n, value in enumerate(said))
    instance = f"uuid:{op}"
    xml = f'<data id="bench_check" version="1">{body}<meta><instanceID>{instance}</instanceID></meta></data>'
    both = ((key, "household", None), (house, "dwelling", key))
    return [
        (Entity, [{"id": id, "root_id": key, "parent_id": above, "dataset": dataset, "region_code": QINGSHI,
                   "version": 1, "values": held[dataset], "contested": [], "shown": {}, "updated_by": people["import"]}
                  for id, dataset, above in both]),
        (EntityVersion, [{"entity_id": id, "version": 1, "op_id": op, "person_id": people["import"], "base_version": 0,
                          "at": at, "changes": [], "values": held[dataset]} for id, dataset, _ in both]),
        (OpLog, [{"op_id": op, "person_id": people["zhang"], "kind": "submission", "raw": b"{}", "content_hash": op}]),
        (Submission, [{"instance_id": instance, "op_id": op, "form_id": "bench_check", "form_version": "1",
                       "instance_xml": xml, "xml_hash": "", "person_id": people["zhang"], "region_code": QINGSHI,
                       "root_id": key, "findings": [], "independent": True}]),
        (SampledHousehold, [{"inspection_id": INSPECTION, "household_id": key, "kind": "main", "village_code": QINGSHI,
                             "township_code": EAST, "place": place, "pi": "1/20", "weight": "20", "ticket": ""}]),
        (InspectionTask, [{"id": op, "inspection_id": INSPECTION, "household_id": key, "village_code": QINGSHI,
                           "form_id": "bench_check", "kind": "visit", "state": "done", "disposition": "complete",
                           "instance_id": instance, "cadre_version": 1}]),
    ]  # fmt: skip


def measure(world: World, count: int) -> None:
    with world.app.app_context(), db.read() as session:
        began = time.perf_counter()
        inspection = session.get_one(Inspection, INSPECTION)
        found = gather(session, inspection)
        gathered = time.perf_counter()
        told = summary(session, inspection, found, datasets())
        done = time.perf_counter()
        model = form_model(session, "bench_check", "1")
        assert model is not None
        facts = facts_of(model, datasets(), None)
        pairs = [({(item.fact.dataset, item.fact.property): item.recorded for item in one.asked[0].items},
                  one.asked[0].answers) for one in found]  # fmt: skip
        start = time.perf_counter()
        items = sum(len(compare(facts, record, answers, "complete")) for record, answers in pairs)
        alone = time.perf_counter() - start
    errors = told["errors"]["all"]
    print(f"  {count} households × {len(facts)} fields: {items} items; error rate {errors['rate']:.1%}")
    print(f"  comparison alone {alone:.2f} s ({items / alone:,.0f} items/s)")
    print(f"  read, opened, compared {gathered - began:.2f} s; counted and judged {done - gathered:.2f} s")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    for kind in sys.argv[2:3] or ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory(prefix="ruhu-bench-") as name, database(kind, Path(name)) as url:
            print(kind)
            world, _ = prepare(url, Path(name), 1)
            with world.app.app_context():
                fields = fields_of(datasets())
            source = compile_form(form_source(fields).encode(), "bench.md")
            world.run(add_policies)
            world.run(lambda session, form=source: add_form(session, form))
            world.run(lambda session, at=world, of=fields: settle(session, at.people, of, count))
            measure(world, count)


if __name__ == "__main__":
    main()
