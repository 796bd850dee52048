"""Bent photos through the whole way that opens them: no crash, no hang, no growing memory, an answer for each.

    .venv/bin/python -m tests.evidence.fuzz 20000 [--seed 1] [--keep FOLDER]

Every input goes through one process as the worker runs it (server/evidence/child.py), with its limits. What comes back
must be storable and sayable, its copies must be clean JPEGs. An input that fails is kept in FOLDER. Exit code 1 when
any failed or the process grew.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from server.evidence.darkroom import Darkroom, Lost
from server.evidence.dhash import Hashes
from server.evidence.findings import in_words
from server.evidence.images import SIZES
from server.evidence.whereabouts import whereabouts
from server.sync.attachments import storable
from tests.evidence.mutations import mutant
from tests.processor import seconds_of

WARM = 300  # inputs after which all decoders are loaded
GROWTH = 64 * 1024  # kB that the process may have grown since
SLOW = 15.0  # seconds of processor time; the process may take 30
LABELS = ("image/jpeg", "image/png", "image/heic", "", "text/html")


@dataclass
class Outcome:
    """`told`: how often each state and finding came; `failed`: (number, why); sizes in kB, processor time in s."""

    told: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, str]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, 0)
    memory: list[int] = field(default_factory=list)

    @property
    def growth(self) -> int:
        """Of the process between warm and end: the least of the last samples, so that one big photo is no leak."""
        return min(self.memory[-3:]) - self.memory[0] if self.memory else 0

    @property
    def is_good(self) -> bool:
        return not self.failed and self.growth < GROWTH


def fuzz(numbers: range, seed: int, keep: Path | None = None, every: int = 500) -> Outcome:
    """Tries these inputs; `every` so many the process is weighed."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as name, Darkroom(most=len(numbers) + 1) as room:
        for number in numbers:
            content = mutant(seed, number)
            start = seconds_of(room._running().pid)
            fault = _try(room, Path(name), content, LABELS[number % len(LABELS)], outcome.told)
            seconds = max(0.0, seconds_of(room._running().pid) - start)
            outcome.slowest = max(outcome.slowest, (seconds, number))
            fault = fault or (f"took {seconds:.0f} s" if seconds > SLOW else None)
            if fault:
                outcome.failed.append((number, fault))
                print(f"FAILED {seed}/{number}: {fault}", flush=True)
                if keep:
                    (keep / f"{seed}-{number}").write_bytes(content)
            done = number - numbers.start + 1
            if done >= min(WARM, len(numbers) // 2) and (not outcome.memory or done % every == 0):
                outcome.memory.append(_kilobytes(room))
                print(f"{done} tried, {len(outcome.failed)} failed, {outcome.memory[-1] // 1024} MB", flush=True)
        outcome.memory.append(_kilobytes(room))
    return outcome


def _try(room: Darkroom, folder: Path, content: bytes, labelled: str, told: Counter[str]) -> str | None:
    """What is wrong with the answer to this input; None for nothing."""
    source, targets = folder / "source", {edge: folder / f"{edge}.jpg" for edge in SIZES}
    source.write_bytes(content)
    try:
        made = room.develop(source, labelled, targets)
        told.update([made["state"], *(finding["code"] for finding in made["findings"])])
        return _fault(made, targets)
    except Lost as error:
        return f"lost: {error}"
    except Exception as error:  # whatever the server's side trips over is what is looked for
        return f"{type(error).__name__}: {error}"


def _fault(made: Mapping[str, Any], targets: Mapping[int, Path]) -> str | None:
    text = json.dumps(made, allow_nan=False)
    if storable(made) != made or "\\u0000" in text or re.search(r"\\ud[89a-f]", storable_text(text)):
        return "the answer holds what no database stores"
    whereabouts(None, made["exif"], None, None)
    if any("{" in in_words(finding)["message"]["zh"] for finding in made["findings"] if "{" not in str(finding)):
        return "a finding has no words"
    if made["state"] != "ready":
        return None if made["findings"] else "unreadable without a word why"
    Hashes.of_hex(made["hashes"], made["plain"])
    return next((fault for edge, path in targets.items() if (fault := _copy_fault(path, edge))), None)


def storable_text(text: str) -> str:
    """JSON without its pairs of surrogates, which stand for one letter."""
    return re.sub(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", "", text)


def _copy_fault(path: Path, edge: int) -> str | None:
    with Image.open(path) as copy:
        copy.load()
        if copy.format != "JPEG" or max(copy.size) > edge or copy.getexif():
            return f"the copy is {copy.format} {copy.size}"
    path.unlink()
    return None


def _kilobytes(room: Darkroom) -> int:
    """What the process holds in memory."""
    status = Path(f"/proc/{room._running().pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) if found else 0


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("count", type=int, nargs="?", default=20_000)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--first", type=int, default=0, help="number of the first input")
    given.add_argument("--keep", type=Path)
    chosen = given.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    outcome = fuzz(range(chosen.first, chosen.first + chosen.count), chosen.seed, chosen.keep)
    seconds, number = outcome.slowest
    print(f"{chosen.count} inputs of seed {chosen.seed} in {time.monotonic() - start:.0f} s; {dict(outcome.told)}")
    print(f"slowest {seconds:.1f} s (number {number}); memory grew by {outcome.growth // 1024} MB")
    print("good" if outcome.is_good else f"{len(outcome.failed)} failed")
    sys.exit(0 if outcome.is_good else 1)


if __name__ == "__main__":
    main()
