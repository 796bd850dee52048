"""What gunicorn does besides serving: `--config python:server.hooks`.

Python looks for garbage after every 700 new objects. One batch of visits makes a hundred thousand, nearly none of them
in cycles, so that looking for them cost a tenth of the processor time (tests/bench/bench_push.py).

A browser sends a request again by itself, from its first byte, when a connection that was used before is cut under it.
For a piece of a photo that is dear on a bad line: the server has what came, and the phone would go on from there. So
each piece travels on a connection of its own (tests/bench/bench_phone.py --only line).

Clients are spread evenly over the processes (web_process.py), and each process stays on its processor (processors.py).
"""

from __future__ import annotations

import gc
from typing import Any, Protocol

from server import processors, web_process

OBJECTS = 10_000  # new ones before the youngest are looked through
ROUNDS = 20  # of looking through the younger before the older are
UPLOADS = "/api/v1/uploads"

worker_class = web_process.EvenWorker


class Asked(Protocol):
    """gunicorn's request."""

    path: str

    def force_close(self) -> None: ...


def pre_fork(arbiter: Any, worker: web_process.EvenWorker) -> None:
    """Said by the parent, one process after the other: it knows where those live that are there."""
    taken = [one.home for one in arbiter.WORKERS.values()]
    worker.home = processors.home(processors.usable(), taken, arbiter.num_workers)


def post_fork(_arbiter: object, worker: web_process.EvenWorker) -> None:
    """Before it has threads: they stay where their process is."""
    processors.settle(worker.home)


def post_worker_init(_worker: object) -> None:
    """Whatever is there by now stays for ever: it is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, ROUNDS, ROUNDS)


def pre_request(_worker: object, asked: Asked) -> None:
    """Closes the connection after a request of an upload, so that the next piece is not sent on one that was used."""
    if asked.path.startswith(UPLOADS):
        asked.force_close()


def child_exit(_arbiter: object, worker: web_process.EvenWorker) -> None:
    """Said by the parent of a process that has ended, however it ended."""
    web_process.forget(worker)
