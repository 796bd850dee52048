"""Named places where a test can make the program die or fail.

`hit(name)` does nothing unless the program was started with RUHU_TESTING=1, and then only what
RUHU_FAILPOINT asks: `push.raw_stored=kill` (SIGKILL), `push.raw_stored=raise` (an exception), `…=full` (no room on
the disk), `…=wait` (half a second, so that a race happens); `…=kill:3` acts on the third hit. A test walks over NAMES
and fails on a place that no test kills.
"""

from __future__ import annotations

import errno
import os
import signal
import time

NAMES = (
    "push.before_raw",
    "push.raw_stored",
    "push.judging",
    "push.judged",
    "push.feeds_written",
    "push.committed",
    "upload.created",
    "upload.receiving",
    "upload.writing",
    "upload.syncing",
    "upload.bytes_written",
    "upload.offset_committed",
    "upload.verified",
    "upload.linking",
    "upload.renamed",
    "upload.finished",
    "store.putting",
    "store.put",
    "sweep.judged",
    "sweep.rows_gone",
    "keys.batch",
    "keys.master_written",
    "keys.rewrapped",
    "import.batch_written",
    "import.batch_committed",
)


class FailpointError(RuntimeError):
    """Raised by `=raise`; stands for any unforeseen error at that place."""


_hits: dict[str, int] = {}


def _act(name: str) -> None:
    wanted, _, action = os.environ.get("RUHU_FAILPOINT", "").partition("=")
    if wanted != name:
        return
    _hits[name] = _hits.get(name, 0) + 1
    kind, _, nth = action.partition(":")
    if nth and _hits[name] != int(nth):
        return
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if kind == "wait":
        time.sleep(0.5)
        return
    raise FailpointError(name)


def _check(name: str) -> None:
    if name not in NAMES:
        raise KeyError(f"failpoint {name} is not listed in NAMES")
    _act(name)


def _ignore(name: str) -> None:
    """What production runs."""


hit = _check if os.environ.get("RUHU_TESTING") == "1" else _ignore
