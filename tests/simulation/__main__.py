"""`python -m tests.simulation SEED` replays one seed with its story.

`--seeds N [--from M]` runs many and names those that fail. `--database postgres`: on a private PostgreSQL.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.simulation.databases import KINDS
from tests.simulation.play import play, stage_and_core


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seed", nargs="?", type=int, help="replay this one and tell its story")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--database", choices=KINDS, default=KINDS[0])
    asked = parser.parse_args()
    seeds = [asked.seed] if asked.seed is not None else range(asked.first, asked.first + asked.seeds)
    began, failed = time.monotonic(), []
    folder = tempfile.TemporaryDirectory(prefix="ruhu-simulation-")
    with folder as at, stage_and_core(Path(at), asked.database) as (stage, core):
        for seed in seeds:
            log: list[str] = []
            try:
                play(seed, stage, core, log)
            except Exception:
                failed.append(seed)
                print(f"seed {seed} fails", *log[-60:], traceback.format_exc(limit=-3), sep="\n  ", flush=True)
            else:
                if asked.seed is not None:
                    print(*log, sep="\n")
    took = time.monotonic() - began
    print(f"{len(seeds)} seeds, {took:.0f} s, failing: {failed or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
