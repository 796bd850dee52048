"""What gunicorn does in each of its workers before it serves (`--config python:server.garbage`).

Python looks for garbage after every 700 new objects. One batch of visits makes a hundred thousand, nearly none of them
in cycles, so that looking for them cost a tenth of the processor time (tests/bench/bench_push.py).
"""

from __future__ import annotations

import gc

OBJECTS = 10_000  # new ones before the youngest are looked through
ROUNDS = 20  # of looking through the younger before the older are


def post_worker_init(_worker: object) -> None:
    """Whatever is there by now stays for ever: it is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, ROUNDS, ROUNDS)
