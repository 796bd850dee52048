"""Each web process has a processor of its own, if there is one for each and none is left over.

A web process works in short pieces: it asks PostgreSQL, sleeps, is woken. Linux wakes it where there is room, mostly on
the other processor, whose caches know nothing of it; it then takes as long to find its code as to run it. Nothing is
pinned where processors are left over: there the system has better places to choose from.
(docs/decisions/2026-11-23-a-web-process-stays-on-its-processor.md)
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

_everywhere: Collection[int] = ()  # where this process might run before it settled


def usable() -> Collection[int]:
    """Numbers of the processors that the system lets us run on; none where it has no such thing (macOS)."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()


def home(processors: Collection[int], taken: Iterable[int | None], processes: int) -> int | None:
    """Where the next of so many processes belongs while siblings have these homes; None: wherever there is room."""
    if not 0 < len(processors) <= processes:
        return None
    settled = Counter(taken)
    return min(sorted(processors), key=lambda one: settled[one])


def settle(processor: int | None) -> None:
    """Binds this process, before it has threads, to its home."""
    global _everywhere
    if processor is not None:
        _everywhere = usable()
        os.sched_setaffinity(0, {processor})


@contextmanager
def at_large() -> Iterator[None]:
    """What this thread starts within may run on every processor: heavy work goes where there is room."""
    mine = usable()
    if not _everywhere:
        yield
        return
    os.sched_setaffinity(0, _everywhere)
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
