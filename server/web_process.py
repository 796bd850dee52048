"""A web process of gunicorn that lets a sibling with fewer connections take the next one, and whose threads stay with
a connection for a moment.

Processes share one listening socket, and whoever wakes first takes what comes: of four clients one process often got
three or all, while another slept (tests/bench/bench_push.py). A client keeps its connection, so it stays uneven for as
long as they talk.

Who sends one thing after the other sends the next a moment after the answer. gunicorn hands the connection back to its
main thread for that moment, and takes another thread for what comes: three wake-ups a request.
"""

from __future__ import annotations

import mmap
import select
import socket
import time

from gunicorn.workers.gthread import TConn, ThreadWorker

SLOTS = 256  # gunicorn numbers its processes on and on as it replaces those that ended
WAY = 0.010  # seconds in which a sibling may take the connection first
GLANCE = 0.001
STAY = 5  # milliseconds that a thread waits for the next request of its connection

# One number a process, in memory that all share from the fork on: its connections and 1. 0: there is no such process.
_counts = memoryview(mmap.mmap(-1, 4 * SLOTS)).cast("i")


class EvenWorker(ThreadWorker):  # type: ignore[misc]
    """Connections are spread evenly over such processes, and their threads stay with them for a moment."""

    home: int | None = None  # the processor that it stays on

    @property
    def nr_conns(self) -> int:
        """Connections that are open here, as gunicorn counts them; siblings are told each change."""
        return self._open

    @nr_conns.setter
    def nr_conns(self, connections: int) -> None:
        self._open = connections
        _counts[self._slot] = connections + 1

    def accept(self, listener: socket.socket) -> None:
        """Takes a connection, or finds it taken. Never leaves one waiting: who has more only comes a moment later."""
        if self.nr_conns > fewest():
            _make_way(listener)
        super().accept(listener)

    def handle(self, connection: TConn) -> object:
        """Answers a request of this connection, and those that follow at once. True: there may be more, later."""
        outcome = super().handle(connection)
        while outcome is True and self._may_stay() and _speaks(connection.sock):
            outcome = super().handle(connection)
        return outcome

    def _may_stay(self) -> bool:
        """While there is a thread for every connection nobody waits for this one."""
        return bool(self.alive and self.nr_conns <= self.cfg.threads)

    @property
    def _slot(self) -> int:
        slot: int = self.age % SLOTS
        return slot


def fewest() -> int:
    """Connections of the process that has the fewest."""
    return min((count for count in _counts if count), default=1) - 1


def forget(worker: EvenWorker) -> None:
    """A process has ended: nobody makes way for it any more."""
    _counts[worker._slot] = 0


def _speaks(client: socket.socket) -> bool:
    """Whether something comes from there within `STAY`."""
    waiting = select.poll()
    waiting.register(client, select.POLLIN)
    return bool(waiting.poll(STAY))


def _make_way(listener: socket.socket) -> None:
    """Returns when somebody took what waits there, or after `WAY`."""
    until = time.monotonic() + WAY
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    while time.monotonic() < until and waiting.poll(0):
        time.sleep(GLANCE)
