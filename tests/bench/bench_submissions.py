"""Submissions a second, one submission a request, as ODK Collect sends them. Prints figures, judges nothing.

    make bench    (or: .venv/bin/python -m tests.bench.bench_submissions [--rounds 5] [--only sqlite|postgres])

For each database (durable: fsync on) and 1, 4 and 8 clients: visits of 80 questions through a real gunicorn, validated
and merged, each to a household of its own whose record the phone had at its newest version. Beside it the raw durable
INSERT+COMMIT/s of one Python client, before and after each round. The clients share the machine with the server,
so they do as little as they can. The ratio is what counts: these machines are noisy. Processor time of server and
database for one submission is what changes least.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit

from sqlalchemy.orm import Session
from urllib3.filepost import encode_multipart_formdata

from server import db
from server.accounts import tokens
from server.accounts.installs import claim_install
from tests.bench.ground import Ground, ground, parallel, raw_rate
from tests.bench.visit_form import filled, form_text, new_instance_id
from tests.world import World

CLIENTS = (1, 4, 8)
SPARE = 400  # households for warming up
BORDER = "between-the-parts-of-one-submission"


@dataclass(frozen=True)
class Round:
    """Submissions a second, raw commits a second, ms of processor time for a submission, ms that each took."""

    rate: float
    raw: float
    cpu: float
    times: Sequence[float]


def new_key(world: World, name: str) -> str:
    """A token as an administrator gives it to a phone with Collect."""

    def work(session: Session) -> str:
        install_id = f"collect-{name}"
        claim_install(session, install_id, world.people["li"], {})
        return tokens.issue(session, world.people["li"], "openrosa", timedelta(days=1), install_id).token

    with world.app.app_context():
        key = db.transact(work)
        db.db.engine.dispose()
    return key


def instances(households: Sequence[str], count: int, first_visit: int) -> list[str]:
    """Instances of Collect: bases are in the instance, here the one version that the records have."""
    given = (households[n % len(households)] for n in range(count))
    return [
        filled(household, new_instance_id(), first_visit + n).replace('update="1"', 'update="1" baseVersion="1"')
        for n, household in enumerate(given)
    ]


def bodies(xmls: Sequence[str]) -> list[bytes]:
    """What Collect sends for each of these instances, made before the clock starts."""
    named = [{"xml_submission_file": ("visit.xml", xml, "text/xml")} for xml in xmls]
    return [encode_multipart_formdata(parts, BORDER)[0] for parts in named]


def one_client(address: str, key: str, sent: Sequence[bytes]) -> list[float]:
    """Seconds of each request of one client, one after the other on a kept connection."""
    server, seconds = HTTPConnection(urlsplit(address).netloc, timeout=60), []
    headers = {"X-OpenRosa-Version": "1.0", "Content-Type": f"multipart/form-data; boundary={BORDER}"}
    for body in sent:
        start = time.perf_counter()
        server.request("POST", f"/key/{key}/submission", body, headers)
        answer = server.getresponse()
        said = answer.read()
        seconds.append(time.perf_counter() - start)
        assert answer.status == 201, said
    return seconds


def warm(place: Ground, households: Sequence[str]) -> None:
    """A server that has been up for a while: each of its processes has taken in such visits before."""
    keys = [new_key(place.world, f"warm-{n}") for n in range(8)]
    homes = [households[n::8] for n in range(8)]
    pairs = zip(keys, homes, strict=True)
    parallel(one_client, [(place.address, key, bodies(instances(home, len(home), 1))) for key, home in pairs])


def sent_by(place: Ground, clients: int, keys: Sequence[str], households: Sequence[str]) -> Round:
    """So many clients send a visit to each of these households; each client has its own part of them."""
    share = len(households) // clients
    homes = [households[n * share : (n + 1) * share] for n in range(clients)]
    given = [
        (place.address, key, bodies(instances(home, share, clients))) for key, home in zip(keys, homes, strict=True)
    ]
    before, busy = raw_rate(place.url), place.cpu()
    seconds, answers = parallel(one_client, given)
    cpu = 1000 * (place.cpu() - busy) / (share * clients)
    raw = statistics.mean((before, raw_rate(place.url)))
    times = [1000 * second for answer in answers for second in answer]  # type: ignore[attr-defined]
    return Round(share * clients / seconds, raw, cpu, times)


def line(place: Ground, clients: int, rounds: Sequence[Sequence[str]]) -> None:
    """Medians of the rounds: between two of them the machine may lose half its speed."""
    keys = [new_key(place.world, f"{clients}-{n}") for n in range(clients)]
    found = [sent_by(place, clients, keys, households) for households in rounds]
    times = sorted(time for one in found for time in one.times)
    ratios = sorted(one.rate / one.raw for one in found)
    print(
        f"{place.kind:9} {clients:2} clients  {statistics.median(one.rate for one in found):7.1f} submissions/s  "
        f"median {statistics.median(times):6.1f} ms  p95 {times[int(len(times) * 0.95)]:6.1f} ms  "
        f"cpu {statistics.median(one.cpu for one in found):5.1f} ms each  "
        f"raw {statistics.median(one.raw for one in found):7.1f}/s  "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        flush=True,
    )


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--count", type=int, default=240, help="submissions a round")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--only", choices=("sqlite", "postgres"))
    options = asked.parse_args()
    for kind in ("sqlite", "postgres"):
        if options.only in (None, kind):
            with ground(kind, options.count * options.rounds * len(CLIENTS) + SPARE, form_text()) as place:
                warm(place, place.households[-SPARE:])
                homes = place.households[:-SPARE]
                rounds = [homes[at : at + options.count] for at in range(0, len(homes), options.count)]
                for n, clients in enumerate(CLIENTS):
                    line(place, clients, rounds[n :: len(CLIENTS)])


if __name__ == "__main__":
    main()
