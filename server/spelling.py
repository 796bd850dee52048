"""JSON as it is written: what `json.dumps` writes, to the byte, by an encoder that is made once.

`json` makes one for each value. A push writes twenty values an op, most of them small, and the making took longer than
the writing.
"""

from __future__ import annotations

from collections.abc import Callable
from json import encoder
from typing import Any


def speller(*, sort_keys: bool = False, ensure_ascii: bool = True, compact: bool = False) -> Callable[[Any], str]:
    """A `json.dumps` of this kind. A value that holds itself is a RecursionError here."""
    letters = encoder.encode_basestring_ascii if ensure_ascii else encoder.encode_basestring
    colon, comma = (":", ",") if compact else (": ", ", ")
    write = encoder.c_make_encoder(  # type: ignore[attr-defined]
        None, encoder.JSONEncoder().default, letters, None, colon, comma, sort_keys, False, True
    )
    return lambda value: "".join(write(value, 0))


spell = speller()
