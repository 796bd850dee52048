"""Whether a batch of positions looks like another datum than it says, told by numbers. PURE.

Each position is compared with the house that it belongs to. In the wrong datum all of them lie off by nearly the same
hundreds of metres, in the direction of that datum; honest ones scatter around their houses. What is found is a question
for a person: nothing is converted by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from server.geo.datum import BD09, GCJ02, Degrees, Position, from_wgs84, to_wgs84
from server.geo.earth import bearings

# What the positions may really be. `…_undone`: they were converted though they were WGS-84 already, or the houses
# themselves lie in that datum; from one batch alone nobody can tell which.
LIKELY: dict[str, Callable[[Degrees, Degrees], Position]] = {
    "gcj02": lambda lon, lat: to_wgs84(lon, lat, GCJ02),
    "bd09": lambda lon, lat: to_wgs84(lon, lat, BD09),
    "gcj02_undone": lambda lon, lat: from_wgs84(lon, lat, GCJ02),
    "bd09_undone": lambda lon, lat: from_wgs84(lon, lat, BD09),
}


@dataclass(frozen=True)
class DoubtLimits:
    """Fewest pairs; the median shift in metres from which it is worth a question; the share of it (0 to 1) that may be
    left under the likely datum.
    """

    pairs: int
    shift_m: float
    left: float


@dataclass(frozen=True)
class Shift:
    """A batch against its houses. `east_m`, `north_m`: median offset; `apart_m`: median distance as declared; `left_m`:
    under `likely`, the datum that explains it best; `n` pairs. `doubtful`: beyond the limits.
    """

    n: int
    east_m: float
    north_m: float
    apart_m: float
    likely: str
    left_m: float
    doubtful: bool


def look(
    fixes: Sequence[tuple[float, float]], houses: Sequence[tuple[float, float]], limits: DoubtLimits
) -> Shift | None:
    """The shift between fixes and houses, pair by pair ((lon, lat), WGS-84 as declared); None with too few pairs."""
    if len(fixes) < max(limits.pairs, 1):
        return None
    lon, lat = np.array(fixes).T
    to_lon, to_lat = np.array(houses).T
    azimuths, metres = bearings(to_lon, to_lat, lon, lat)
    left = {name: _apart(*undo(lon, lat), to_lon, to_lat) for name, undo in LIKELY.items()}
    likely = min(left, key=lambda name: left[name])
    apart = float(np.median(metres))
    return Shift(
        n=len(fixes),
        east_m=float(np.median(metres * np.sin(azimuths))),
        north_m=float(np.median(metres * np.cos(azimuths))),
        apart_m=apart,
        likely=likely,
        left_m=left[likely],
        doubtful=apart >= limits.shift_m and left[likely] <= apart * limits.left,
    )


def _apart(lon: Degrees, lat: Degrees, to_lon: Degrees, to_lat: Degrees) -> float:
    return float(np.median(bearings(to_lon, to_lat, lon, lat)[1]))
