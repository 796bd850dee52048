"""Tools of tests about simultaneity: work begun at one moment, a writer that stops before its commit, a poller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from server import db
from server.sending import catch_up
from tests.world import Phone

T = TypeVar("T")
PATIENCE = 30.0  # seconds until a wait is taken for a deadlock


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Answers of all works, each in a thread of its own, begun together; the first exception is raised."""
    start = threading.Barrier(len(works), timeout=PATIENCE)

    def run(work: Callable[[], T]) -> T:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [part.result(PATIENCE) for part in [pool.submit(run, work) for work in works]]


@dataclass
class Stopped:
    """A writer that stands before its commit: `there` is set when it stands, it goes on after `on`."""

    there: threading.Event = field(default_factory=threading.Event)
    on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def slow_commit(
    monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any], place: str = "push.feeds_written"
) -> Iterator[Stopped]:
    """Runs `work` in a thread that stops once its feed numbers are taken and all is sent but the commit, until `on` is
    set or the block ends; or at another `place` of a push.
    """
    stopped, slow = Stopped(), threading.Thread(target=work)

    def stop(here: str) -> None:
        if threading.current_thread() is slow and here == place and not stopped.there.is_set():
            catch_up(db.connection(db.db.session()))
            stopped.there.set()
            assert stopped.on.wait(PATIENCE)

    monkeypatch.setattr("server.sync.feeds.hit", stop)
    monkeypatch.setattr("server.sync.push.hit", stop)
    slow.start()
    try:
        assert stopped.there.wait(PATIENCE)
        yield stopped
    finally:
        stopped.on.set()
        slow.join(PATIENCE)
        assert not slow.is_alive()


class Poller:
    """Pulls one scope page after page, as a phone does; keeps what it saw, in order."""

    def __init__(self, phone: Phone, scope: str, limit: int = 500) -> None:
        self.phone, self.scope, self.limit = phone, scope, limit
        self.after = 0
        self.seen: list[dict[str, Any]] = []

    def poll(self) -> None:
        """Pulls until there is no more."""
        while True:
            page = self.phone.pull(self.scope, self.after, limit=self.limit)
            assert page["status"] == "ok"
            numbers = [entry["n"] for entry in page["entries"]]
            assert numbers == sorted(set(numbers)) and all(n > self.after for n in numbers)
            assert page["next"] == (numbers[-1] if numbers else self.after) <= page["head"]
            self.seen += page["entries"]
            self.after = page["next"]
            if not page["more"]:
                return

    def while_(self, work: Callable[[], T]) -> T:
        """Polls without pause while `work` runs, and once more after it."""
        done = threading.Event()

        def poll() -> None:
            while not done.is_set():
                self.poll()

        with ThreadPoolExecutor(1) as pool:
            polling = pool.submit(poll)
            try:
                return work()
            finally:
                done.set()
                polling.result(PATIENCE)
                self.poll()

    def versions(self, entity_id: str) -> list[int]:
        return [entry["version"] for entry in self.seen if entry["type"] == "entity" and entry["id"] == entity_id]
