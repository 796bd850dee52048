"""JSON as it is written: what `json.dumps` writes, to the byte, by an encoder that is made once.

`json` makes one for each value. A push writes twenty values an op, most of them small, and the making took longer than
the writing.
"""

from __future__ import annotations

from collections.abc import Callable
from json import encoder
from typing import Any


def _writer(sort_keys: bool = False, ensure_ascii: bool = True, compact: bool = False) -> Callable[[Any, int], Any]:
    letters = encoder.encode_basestring_ascii if ensure_ascii else encoder.encode_basestring
    colon, comma = (":", ",") if compact else (": ", ", ")
    found: Callable[[Any, int], Any] = encoder.c_make_encoder(  # type: ignore[attr-defined]
        None, encoder.JSONEncoder().default, letters, None, colon, comma, sort_keys, False, True
    )
    return found


def speller(*, sort_keys: bool = False, ensure_ascii: bool = True, compact: bool = False) -> Callable[[Any], str]:
    """A `json.dumps` of this kind. A value that holds itself is a RecursionError here."""
    write = _writer(sort_keys, ensure_ascii, compact)
    return lambda value: "".join(write(value, 0))


_write = _writer()


def spell(value: Any) -> str:
    """As `json.dumps` without more words. It closes over nothing: psycopg warns of functions that do, at each start."""
    return "".join(_write(value, 0))
