"""Ops a second when phones come back with 200 visits each. Prints figures, judges nothing.

    make bench    (or: .venv/bin/python -m tests.bench.bench_push [--batches 4] [--only sqlite|postgres])

Each op is a visit of 80 questions that changes four values of its household. For each database (durable: fsync on) and
1 and 4 clients: ops/s through a real gunicorn, beside the raw durable INSERT+COMMIT/s of one Python client, before and
after in the same run. Processor time of server and database for one op is what changes least on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from typing import Any

import requests

from server import db
from tests.bench.ground import Ground, ground, parallel, raw_rate
from tests.bench.visit_form import FORM_ID, filled, form_text, new_instance_id
from tests.world import Phone

CLIENTS = (1, 4)
BATCH = 200


def batch(phone: Phone, households: Sequence[str], base: int) -> dict[str, Any]:
    """One push: a visit to each household, whose record the phone has at version `base`."""
    return {"ops": [_op(phone, household, base) for household in households]}


def sent(phone: Phone, households: Sequence[str], batches: int) -> list[bytes]:
    """The bodies of that many pushes, one after the other."""
    return [json.dumps(batch(phone, households, base)).encode() for base in range(1, batches + 1)]


def _op(phone: Phone, household: str, base: int) -> dict[str, Any]:
    instance_id = new_instance_id()
    op = phone.visit(household, base, instance_id=instance_id)
    return {**op, "form_id": FORM_ID, "instance_xml": filled(household, instance_id, base)}


def one_client(address: str, headers: dict[str, str], bodies: Sequence[bytes]) -> None:
    """Sends one batch after the other; the bodies were made before the clock started, as a phone's outbox has them."""
    session = requests.Session()
    headers = {**headers, "Content-Type": "application/json"}
    for body in bodies:
        answer = session.post(f"{address}/api/v1/sync/push", data=body, headers=headers, timeout=300)
        odd = [result for result in answer.json()["results"] if result["status"] != "applied"]
        assert not odd, odd[:2]


def warm(place: Ground, homes: Sequence[Sequence[str]]) -> None:
    """A server that has been up for a while: each of its processes has judged such visits before."""
    phones = [place.world.phone("li") for _ in homes]
    with place.world.app.app_context():
        db.db.engine.dispose()
    pairs = zip(phones, homes, strict=True)
    parallel(one_client, [(place.address, phone.headers, sent(phone, home, 2)) for phone, home in pairs])


def line(place: Ground, clients: int, batches: int, homes: Sequence[Sequence[str]]) -> None:
    phones = [place.world.phone("li") for _ in range(clients)]
    with place.world.app.app_context():
        db.db.engine.dispose()
    given = [
        (place.address, phone.headers, sent(phone, home, batches)) for phone, home in zip(phones, homes, strict=True)
    ]
    before, busy = raw_rate(place.url), place.cpu()
    seconds, _ = parallel(one_client, given)
    ops = BATCH * batches * clients
    cpu = 1000 * (place.cpu() - busy) / ops
    raw = statistics.mean((before, raw_rate(place.url)))
    print(
        f"{place.kind:9} {clients:2} clients  {ops / seconds:7.1f} ops/s  cpu {cpu:5.2f} ms each  "
        f"raw {raw:7.1f}/s  ratio {ops / seconds / raw:.2f}",
        flush=True,
    )


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--batches", type=int, default=4)
    asked.add_argument("--only", choices=("sqlite", "postgres"))
    options = asked.parse_args()
    for kind in ("sqlite", "postgres"):
        if options.only in (None, kind):
            with ground(kind, BATCH * (sum(CLIENTS) + 1), form_text()) as place:
                homes = [place.households[n : n + BATCH] for n in range(0, len(place.households), BATCH)]
                spare = homes.pop()
                warm(place, [spare[n::8] for n in range(8)])
                for clients in CLIENTS:
                    mine, homes = homes[:clients], homes[clients:]
                    line(place, clients, options.batches, mine)


if __name__ == "__main__":
    main()
