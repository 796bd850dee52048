"""Stands in for the compiler's process: breaks the one limit that its order names."""

from __future__ import annotations

import pickle
import sys
import time

from server.confined import OUT_OF_MEMORY, Limits, confine


def main() -> None:
    order = pickle.load(sys.stdin.buffer)
    what = order["source"].decode()
    confine(Limits(**order["limits"]))
    if what == "cpu":
        while True:
            pass
    if what == "wall":
        time.sleep(30)
    if what == "memory":
        try:
            bytearray(1 << 30)
        except MemoryError:
            raise SystemExit(OUT_OF_MEMORY) from None
    sys.stdout.write("x" * (1 << 20))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
