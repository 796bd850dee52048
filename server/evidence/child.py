"""The process that opens photos: one JSON order a line in, one JSON answer a line out.

It has no database, no secrets in its environment and hard limits; when a photo kills it, only this photo is lost to it.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from server.evidence.images import Order, derive

MEMORY = 1536 * 1024 * 1024
FILE = 32 * 1024 * 1024
CPU_SECONDS = 30  # a photo


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        _allow(CPU_SECONDS)
        given = json.loads(line)
        targets = {int(edge): Path(path) for edge, path in given["targets"].items()}
        made = derive(Order(Path(given["source"]), given["labelled"], targets))
        print(json.dumps(made.as_json()), flush=True)


def _allow(seconds: int) -> None:
    """Sets the soft limit of CPU time so far beyond what was used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
