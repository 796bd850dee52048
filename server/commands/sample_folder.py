"""A folder in which a draw is frozen, drawn once and published."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.db import CHINA
from server.errors import Problem
from server.inspection.draw_record import (
    DICE,
    REVEAL,
    VERIFIER,
    Circumstances,
    Commitment,
    bundle,
    check_dice,
    draw_record,
    freeze_record,
    seed_of_two,
    signed,
)
from server.inspection.frame import Frame
from server.inspection.frame_file import frame_from_bytes
from server.inspection.plan import Plan
from server.inspection.plan_file import plan_of
from server.inspection.sampling import Drawn, draw
from server.inspection.sampling_messages import fault

FRAME, FREEZE, DRAW, EXCLUSIONS, BUNDLE = "frame.csv", "freeze.json", "draw.json", "exclusions.csv", "draw.zip"


def has_freeze(folder: Path) -> bool:
    return (folder / FREEZE).exists()


def has_draw(folder: Path) -> bool:
    return (folder / DRAW).exists()


def households(folder: Path) -> int:
    return int(json.loads((folder / FREEZE).read_bytes())["households"])


def freeze(
    folder: Path, frame: Frame, plan: Plan, exclusions: Path | None, commitments: tuple[Commitment, ...], by: str,
    key: Ed25519PrivateKey,
) -> None:  # fmt: skip
    """Writes frame.csv, freeze.json and exclusions.csv. Problems: frame.invalid, plan.invalid, draw.refused."""
    if frame.personal():
        raise Problem("frame.invalid", faults=[fault("column.personal", FRAME, name=one) for one in frame.personal()])
    draw(frame, plan, "0")  # what cannot be drawn is not frozen
    left_out = exclusions.read_bytes() if exclusions else None
    _refuse_overlap(frame, left_out)
    way = REVEAL if commitments else DICE
    around = Circumstances(way, _now(), by, commitments, left_out)
    record = signed(freeze_record(frame, plan, around), key)
    folder.mkdir(parents=True, exist_ok=True)
    frame.write(folder / FRAME)
    if left_out is not None:
        (folder / EXCLUSIONS).write_bytes(left_out)
    _write_once(folder / FREEZE, record)


def _refuse_overlap(frame: Frame, exclusions: bytes | None) -> None:
    if exclusions is None:
        return
    rows = csv.DictReader(io.StringIO(exclusions.decode("utf-8-sig", errors="replace"), newline=""))
    if "household_id" not in (rows.fieldnames or ()):
        known = ", ".join(rows.fieldnames or ())
        raise Problem("frame.invalid", faults=[fault("column.missing", EXCLUSIONS, name="household_id", known=known)])
    both = {row["household_id"] for row in rows if row.get("treatment") != "shared"} & set(frame.ids)
    if both:
        raise Problem("frame.invalid", faults=[fault("freeze.overlap", EXCLUSIONS, example=min(both))])


def publish(folder: Path, way: str, seed: str, secrets: Mapping[str, str], by: str, key: Ed25519PrivateKey) -> Drawn:
    """Draws and writes draw.json, redraw.py and draw.zip. Problem draw.refused: not as it was frozen, or no seed."""
    content = (folder / FREEZE).read_bytes()
    frozen = json.loads(content)
    if frozen["seed_way"] != way:
        raise Problem("draw.refused", faults=[fault("freeze.way", FREEZE, way=frozen["seed_way"])])
    frame, plan = frame_from_bytes((folder / FRAME).read_bytes()), plan_of(frozen["plan"])
    if (frame.sha256, plan.sha256) != (frozen["frame_sha256"], frozen["plan_sha256"]):
        raise Problem("draw.refused", faults=[fault("freeze.changed", FREEZE)])
    commitments = [Commitment(one["party"], one["sha256"]) for one in frozen["commitments"]]
    opened = tuple(replace(one, secret=secrets.get(one.party)) for one in commitments)
    drawn = draw(frame, plan, check_dice(seed) if way == DICE else seed_of_two(opened))
    around = Circumstances(
        way, frozen["frozen_at"], frozen["frozen_by"], opened, _read(folder / EXCLUSIONS), content, _now(), by
    )
    record = signed(draw_record(drawn, plan, around), key)
    _write_once(folder / DRAW, record)
    (folder / "redraw.py").write_bytes(VERIFIER.read_bytes())
    (folder / BUNDLE).write_bytes(bundle(record, (folder / FRAME).read_bytes(), content, around.exclusions))
    return drawn


def is_same(files: Mapping[str, bytes]) -> bool:
    """Whether this program draws the same from the published files."""
    record = json.loads(files[DRAW])
    return all(record[name] == value for name, value in drawn_in(files).as_json().items())


def drawn_in(files: Mapping[str, bytes]) -> Drawn:
    """The draw of these published files, drawn again."""
    record = json.loads(files[DRAW])
    return draw(frame_from_bytes(files[FRAME]), plan_of(record["plan"]), record["seed"])


def _write_once(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _now() -> str:
    return datetime.now(CHINA).isoformat(timespec="seconds")
