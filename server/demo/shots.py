"""The photos of a filled form: where the camera was opened, what was seen, how it was kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from server.demo import pictures
from server.demo.seed import chance, dice, new_id
from server.demo.works import Work
from server.forms.evaluation import Filling
from server.forms.model import FormModel

# Photos are taken in this order; the rest in the order of the form.
FIRST = ("house_front", "house_danger", "house_back", "water_source", "public_notice", "attendance_sheet")
APP_BUILD = "demo"
PICKED_AFTER = timedelta(seconds=50)  # from the camera app back to the form


@dataclass(frozen=True)
class Shot:
    """A photo to draw for the question at `path`.

    `from_album`: a camera app took it and wrote time and place into it, the phone app picked it a little later.
    `sent`: the bytes have arrived.
    """

    path: str
    slot: str
    name: str
    seed: int
    place: tuple[float, float]
    taken: datetime
    from_album: bool
    sent: bool = True


def take(fill: Filling, model: FormModel, work: Work) -> list[Shot]:
    """The photos of this work, answered in the form. Nobody photographs where nobody is."""
    place = work.place
    if place is None or work.photos == 0:
        return []
    about = work.household.id if work.household else work.village
    throw = dice(f"photos {work.form} {about} {work.worker} {work.started.isoformat()}")
    asked = [path for path in fill.questions() if _slot(model, path)]
    asked.sort(key=lambda path: FIRST.index(slot) if (slot := _slot(model, path)) in FIRST else len(FIRST))
    shots = []
    for n, path in enumerate(asked[: work.photos]):
        from_album = chance(throw, 0.3)
        shot = Shot(
            path=path, slot=_slot(model, path) or "", name=f"{new_id(throw)}.jpg", seed=throw.getrandbits(32),
            place=(round(place[0] + throw.gauss(0, 3e-5), 6), round(place[1] + throw.gauss(0, 3e-5), 6)),
            taken=work.started + timedelta(minutes=4 + 3 * n), from_album=from_album,
            sent=not (work.unsent and n == len(asked[: work.photos]) - 1),
        )  # fmt: skip
        fill.answer(path, shot.name)
        shots.append(shot)
    return shots


def _slot(model: FormModel, path: str) -> str | None:
    """The slot of a photo that a camera takes; signatures are drawn by hand."""
    question = model.by_path.get(path)
    if question is None or question.type != "image" or question.slot is None or "signature" in question.slot:
        return None
    return question.slot


def draw(shot: Shot, work: Work) -> bytes:
    """The file as it was kept on the phone."""
    known = work.household.values if work.household else {}
    structure, water = known.get("house_structure", "masonry"), known.get("water_supply_mode", "centralized")
    drawn = pictures.draw(shot.slot, structure, water, shot.seed)
    return pictures.jpeg(drawn, shot.taken, shot.place if shot.from_album else None)


def capture(shot: Shot, work: Work, visit: str, sha256: str, size: int) -> dict[str, Any]:
    """What the phone app writes beside a photo (client/src/lib/capture.ts), before it is sealed."""
    fix = _fix(shot, work)
    return {
        "photo_sha256": sha256, "original_sha256": sha256, "bytes": size, "width": None, "height": None,
        "media_type": "image/jpeg", "source": "gallery" if shot.from_album else "live",
        "last_modified": _utc(shot.taken) if shot.from_album else None,
        "fix": fix, "n_fixes": 5 if fix else 0, "jitter_m": 2.5 if fix else None,
        "permission": "granted" if fix else "denied", "fix_at_save": fix,
        "wall_ms": int(_pressed(shot).timestamp() * 1000), "tz_offset_min": 480, "visit_id": visit,
        "household_id": work.household.id if work.household else None, "slot": shot.slot, "app_build": APP_BUILD,
    }  # fmt: skip


def _fix(shot: Shot, work: Work) -> dict[str, Any] | None:
    """Nothing where the phone was not allowed to ask for its place."""
    if work.fix == "refused":
        return None
    return {
        "lon": shot.place[0], "lat": shot.place[1], "accuracy_m": work.accuracy_m, "altitude_m": None,
        "speed": None, "heading": None, "time": _utc(_pressed(shot) - timedelta(seconds=2)),
    }  # fmt: skip


def _pressed(shot: Shot) -> datetime:
    """When the phone app got it."""
    return shot.taken + PICKED_AFTER if shot.from_album else shot.taken


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
