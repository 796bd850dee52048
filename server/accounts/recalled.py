"""A password that was right a moment ago is not hashed again: programs that speak Basic send one with each request.

A hash is made to cost 30 ms of processor time and 19 MiB. What is recalled is told by the stored hash, which is read
anew each time, together with the password: so a new password, or a person who was sent away, counts at once.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

KEPT_FOR = 600.0  # seconds
MOST = 1000
_KEY = secrets.token_bytes(32)  # of this process; what is recalled is of no use elsewhere
_right: OrderedDict[bytes, float] = OrderedDict()
_lock = threading.Lock()


def matches_again(password_hash: str, password: str, verify: Callable[[str, str], bool]) -> bool:
    """As `verify(password_hash, password)`; what was right within ten minutes is not verified again."""
    name = hashlib.blake2b(f"{password_hash}\0{password}".encode(), key=_KEY, digest_size=32).digest()
    now = time.monotonic()
    if now < _right.get(name, 0.0):
        return True
    if not verify(password_hash, password):
        return False
    with _lock:
        _right[name] = now + KEPT_FOR
        _right.move_to_end(name)
        while len(_right) > MOST:
            _right.popitem(last=False)
    return True
