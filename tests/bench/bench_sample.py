"""Draws from a frame of a million invented households: seconds and peak memory.

    python -m tests.bench.bench_sample [HOUSEHOLDS]

Prints, for each design, the processor's seconds of reading the frame (CSV in random order), of hashing it and of
drawing, in processes of their own, with all seconds that passed and the peak of memory of the whole process.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from server.inspection.frame_file import read_frame
from server.inspection.plan_file import plan_of
from server.inspection.sampling import draw

SEED = "46152336125466135241"
VILLAGE, TOWNSHIP = 300, 20  # households of a village, villages of a township
PLANS = {
    "two_stage": {
        "design": "two_stage", "stratum": "township", "villages": {"count": 3}, "households": 10, "reserves": 5,
    },
    "simple": {"design": "simple", "households": 1500, "reserves": 100},
    "systematic": {"design": "systematic", "households": 1500},
    "stratified": {"design": "stratified", "stratum": "township", "households": 5000, "reserves": 5},
}  # fmt: skip


def write(path: Path, households: int) -> None:
    """A frame in random order; ids as long as the real ones."""
    order = list(range(households))
    chance = random.Random(8)
    chance.shuffle(order)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("household_id,village,township\r\n")
        for number in order:
            village = number // VILLAGE
            id_ = f"{number * 2654435761 % 2**32:08x}-0000-4000-8000-{number:012x}"
            file.write(f"{id_},99{village:010},99{village // TOWNSHIP:07}000\r\n")


def measure(path: Path, name: str) -> dict[str, object]:
    began, start = time.perf_counter(), time.process_time()
    frame = read_frame(path)
    read = time.process_time()
    _ = frame.sha256
    hashed = time.process_time()
    drawn = draw(frame, plan_of(PLANS[name]), SEED)
    end = time.process_time()
    return {
        "design": name,
        "households": len(frame),
        "drawn": len(drawn.households),
        "read_s": round(read - start, 2),
        "hash_s": round(hashed - read, 2),
        "draw_s": round(end - hashed, 2),
        "passed_s": round(time.perf_counter() - began, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(measure(Path(sys.argv[2]), sys.argv[3])))
        return
    households = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.csv"
        write(path, households)
        for name in PLANS:
            command = [sys.executable, "-m", "tests.bench.bench_sample", "one", str(path), name]
            print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
