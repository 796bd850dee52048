"""What is worth a look in a photo's place and time. PURE.

Each check answers what was measured, against which limit, from which inputs and by which version of the policy
`photo_checks`. A check is a reason for a person to look, never an accusation, and no photo is refused by one. Where
something was not measured nothing is said. Distances are in metres on the ellipsoid, accuracies are taken off first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from server.evidence.findings import Level
from server.geo.datum import GCJ02, from_wgs84
from server.geo.inside import metres_between

EDITORS = (
    "adobe", "photoshop", "gimp", "snapseed", "picsart", "meitu", "美图", "lightroom", "pixlr", "facetune", "水印",
)  # fmt: skip
NEW_DEVICE = timedelta(hours=24)
MOST_TOLD = 10  # other photos that a reason names


@dataclass(frozen=True)
class Limits:
    """The thresholds of one version of the policy (form_definitions/policies/photo_checks.yaml)."""

    version: str
    values: Mapping[str, float]

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Limits:
        numbers = {name: text for name, text in row.items() if name not in ("name", "label", "area", "status")}
        return cls(row["name"], {name: float(text) for name, text in numbers.items() if _is_number(text)})

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        """Whether the version that is loaded sets it: one that is older than the value does not."""
        return name in self.values


@dataclass(frozen=True)
class Position:
    """WGS-84 degrees; error in metres where one was declared."""

    lon: float
    lat: float
    accuracy_m: float | None = None

    def metres_to(self, other: Position) -> float:
        return metres_between(self.lon, self.lat, other.lon, other.lat)

    def slack(self, other: Position) -> float:
        """Metres that the two errors together may explain."""
        return (self.accuracy_m or 0.0) + (other.accuracy_m or 0.0)


@dataclass(frozen=True)
class Neighbour:
    """Another photo of the same worker, of another visit."""

    attachment_id: str
    place: Position
    at: datetime


@dataclass(frozen=True)
class Twin:
    """A photo of another visit that looks like this one: bits that differ and the crop by which they met.

    `same_house`: it shows, or should show, the same household; `same_moment`: the same worker's camera took both
    within seconds.
    """

    attachment_id: str
    distance: int
    variant: str
    same_house: bool = False
    same_moment: bool = False


@dataclass(frozen=True)
class Shot:
    """What is known of a photo. `shutter`: by the phone's clock; `clock_off_s`: how far that clock was ahead of the
    server's at its last contact; `jumped`: it was set meanwhile. `copies`: other visits with the very same bytes;
    `twins`: those of other visits that look alike, nearest first; `plain`: too dark or too flat to show anything;
    `unreadable`: the file shows no picture at all;
    `same_spot`: other visits with the very same fix. `device_since`: when this install was first seen. `is_opened`:
    whether the file was looked into; else nothing is said of what it says itself.
    """

    source: str | None = None
    shutter: datetime | None = None
    fix: Position | None = None
    fix_time: datetime | None = None
    house: Position | None = None
    exif: Mapping[str, Any] = field(default_factory=dict)
    exif_time: datetime | None = None
    size: tuple[int, int] | None = None
    format: str | None = None
    clock_off_s: float | None = None
    jumped: bool = False
    neighbours: Sequence[Neighbour] = ()
    copies: Sequence[str] = ()
    twins: Sequence[Twin] = ()
    plain: bool = False
    unreadable: bool = False
    same_spot: int = 0
    device_since: datetime | None = None
    is_opened: bool = True


@dataclass(frozen=True)
class Check:
    """One reason to look: code of field practice, level, measured value, limit, inputs, version of the policy."""

    code: str
    level: Level
    value: float | str | None
    limit: float | str | None
    inputs: dict[str, Any]
    rule: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Found = tuple[str, Level, float | str | None, float | str | None, dict[str, Any]]


def check(shot: Shot, limits: Limits) -> list[Check]:
    """All reasons to look at this photo."""
    return [Check(*found, limits.version) for look in _LOOKS for found in look(shot, limits)]


def _house(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.fix is None or shot.house is None:
        return
    metres = shot.fix.metres_to(shot.house)
    beyond = metres - shot.fix.slack(shot.house)
    inputs = {"metres": round(metres, 1), "accuracy_m": shot.fix.accuracy_m, "house_accuracy_m": shot.house.accuracy_m}
    if beyond > limits["house_far_m"]:
        yield "DIST_HH", "fail", round(beyond, 1), limits["house_far_m"], inputs
    elif beyond > limits["house_warn_m"]:
        yield "DIST_HH", "warn", round(beyond, 1), limits["house_warn_m"], inputs


def _datum(shot: Shot, limits: Limits) -> Iterator[Found]:
    """A fix that lies where a map in GCJ-02 shows the house, or a house that lies where such a map shows the fix."""
    if shot.fix is None or shot.house is None or "datum_alike_percent" not in limits:
        return
    if shot.fix.metres_to(shot.house) <= limits["house_warn_m"]:
        return
    for one, other in ((shot.fix, shot.house), (shot.house, shot.fix)):
        lon, lat = (float(part) for part in from_wgs84(other.lon, other.lat, GCJ02))
        shift = metres_between(other.lon, other.lat, lon, lat)
        left = metres_between(one.lon, one.lat, lon, lat)
        alike = limits["datum_alike_percent"] / 100 * shift
        if left < alike:
            which = "fix" if one is shot.fix else "house"
            yield "DATUM", "warn", round(left, 1), round(alike, 1), {"which": which, "shift_m": round(shift, 1)}


def _accuracy(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.fix is None:
        return
    error = shot.fix.accuracy_m
    if error is not None and error > limits["accuracy_warn_m"]:
        yield "ACC_LOW", "warn", error, limits["accuracy_warn_m"], {}
    if error is not None and error <= limits["accuracy_least_m"]:
        yield "ACC_ZERO", "warn", error, limits["accuracy_least_m"], {"same_spot": shot.same_spot}
    elif shot.same_spot:
        yield "ACC_ZERO", "warn", error, None, {"same_spot": shot.same_spot}


def _stale(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.fix_time is None or shot.shutter is None:
        return
    apart = abs((shot.fix_time - shot.shutter).total_seconds())
    if apart > limits["fix_age_s"]:
        yield "FIX_STALE", "warn", round(apart), limits["fix_age_s"], {"fix_time": shot.fix_time.isoformat()}


def _exif_time(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.exif_time is None or shot.shutter is None:
        return
    apart = (shot.shutter - shot.exif_time).total_seconds()
    inputs = {"exif_time": shot.exif_time.isoformat(), "captured": shot.shutter.isoformat()}
    if abs(apart) > limits["old_h"] * 3600:
        yield "EXIF_TIME", "fail", round(apart / 3600, 1), limits["old_h"], inputs
    elif abs(apart) > limits["clock_s"]:
        yield "EXIF_TIME", "warn", round(apart / 3600, 2), round(limits["clock_s"] / 3600, 2), inputs


def _clock(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.clock_off_s is not None and abs(shot.clock_off_s) > limits["clock_s"]:
        yield "CLOCK", "warn", round(shot.clock_off_s), limits["clock_s"], {"jumped": shot.jumped}
    elif shot.jumped:
        yield "CLOCK", "warn", None, None, {"jumped": True}


def _exif_place(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.fix is None or "lat" not in shot.exif:
        return
    own = Position(float(shot.exif["lon"]), float(shot.exif["lat"]), shot.exif.get("accuracy_m"))
    beyond = own.metres_to(shot.fix) - own.slack(shot.fix)
    if beyond > limits["exif_gap_m"]:
        yield "EXIF_GPS", "warn", round(beyond, 1), limits["exif_gap_m"], {"lon": own.lon, "lat": own.lat}


def _speed(shot: Shot, limits: Limits) -> Iterator[Found]:
    """The fastest way that the worker's photos just before and after ask for."""
    if shot.fix is None or shot.shutter is None or "travel_least_m" not in limits:
        return
    least = limits["travel_least_m"]
    ways = [way for other in shot.neighbours if (way := _way(shot.fix, shot.shutter, other, least)) is not None]
    if not ways:
        return
    fastest, other = max(ways, key=lambda way: way[0])
    if fastest > limits["speed_kmh"]:
        inputs = {"other": other.attachment_id, "at": other.at.isoformat()}
        yield "SPEED", "fail", round(fastest), limits["speed_kmh"], inputs


def _way(fix: Position, at: datetime, other: Neighbour, least: float) -> tuple[float, Neighbour] | None:
    """Kilometres an hour; None for places nearer to each other than `least` metres: too near to tell."""
    metres = fix.metres_to(other.place) - fix.slack(other.place)
    if metres < least:
        return None
    seconds = max(abs((at - other.at).total_seconds()), 1.0)
    return metres / seconds * 3.6, other


def _copies(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.copies and not shot.unreadable:  # two empty files are no photo that somebody used twice
        yield "DUP_EXACT", "fail", len(shot.copies), 0, {"others": list(shot.copies[:MOST_TOLD])}


def _twins(shot: Shot, limits: Limits) -> Iterator[Found]:
    """A burst is one moment and no reason. The same house looks alike over the years: there only the same picture
    counts."""
    told = [twin for twin in shot.twins if not twin.same_moment and twin.distance <= _limit(twin, limits)]
    if not told:
        return
    nearest = told[0]
    inputs = {
        "others": [twin.attachment_id for twin in told[:MOST_TOLD]],
        "variant": nearest.variant,
        "same_house": nearest.same_house,
        "same_moment": sum(twin.same_moment for twin in shot.twins),
    }
    same = nearest.distance <= limits["same_bits"]
    limit = limits["same_bits" if same else "near_bits"]
    yield "DUP_NEAR", "fail" if same else "warn", nearest.distance, limit, inputs


def _limit(twin: Twin, limits: Limits) -> float:
    return limits["same_bits" if twin.same_house else "near_bits"]


def _dark(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.unreadable:
        yield "UNREADABLE", "warn", None, None, {}
    if shot.plain:
        yield "DARK", "warn", None, None, {}


def _origin(shot: Shot, limits: Limits) -> Iterator[Found]:
    """Only of pictures that were picked or came from a camera app: the page's own camera writes no EXIF."""
    if not shot.is_opened:
        return
    if shot.source != "live" and not (shot.exif.get("make") or shot.exif.get("model")):
        yield "NO_EXIF", "info", None, None, {"source": shot.source}
    software = str(shot.exif.get("software") or "")
    if any(name in software.lower() for name in EDITORS):
        yield "SOFTWARE", "info", software, None, {}
    if shot.format == "png":
        yield "SOFTWARE", "info", "PNG", None, {"size": list(shot.size or ())}


def _sharpness(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.size is not None and max(shot.size) < limits["edge_px"]:
        yield "LOWRES", "info", max(shot.size), limits["edge_px"], {}


def _device(shot: Shot, limits: Limits) -> Iterator[Found]:
    if shot.device_since is None or shot.shutter is None:
        return
    before = shot.shutter - shot.device_since
    if timedelta() <= before < NEW_DEVICE:
        since = {"since": shot.device_since.isoformat()}
        yield "DEV_NEW", "info", _hours(before), _hours(NEW_DEVICE), since


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 1)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_LOOKS: tuple[Callable[[Shot, Limits], Iterator[Found]], ...] = (
    _house, _datum, _accuracy, _stale, _exif_time, _clock, _exif_place, _speed, _copies, _twins, _dark, _origin,
    _sharpness, _device,
)  # fmt: skip
