"""The process that opens photos: one JSON order a line in, one JSON answer a line out.

It has no database, no secrets in its environment and hard limits; when a photo kills it, only this photo is lost to it.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path

from server.confined import Limits, allow_cpu, confine
from server.evidence.images import Order, derive

# CPU is for each photo; the clock is watched by the darkroom.
LIMITS = Limits(memory=1536 * 1024 * 1024, file=32 * 1024 * 1024, cpu=30, wall=60)


def main() -> None:
    confine(LIMITS)
    _hush()
    for line in sys.stdin:
        allow_cpu(LIMITS.cpu)
        given = json.loads(line)
        targets = {int(edge): Path(path) for edge, path in given["targets"].items()}
        made = derive(Order(Path(given["source"]), given["labelled"], targets))
        print(json.dumps(made.as_json()), flush=True)


def _hush() -> None:
    """What readers say of bent files is in the findings; the log is not for strangers to write."""
    warnings.simplefilter("ignore")
    logging.disable()


if __name__ == "__main__":
    main()
