"""What can be said about a photo. Reasons for a person to look, never an accusation.

Texts are Chinese first, English second; `{value}` and `{limit}` are what was measured and what it was held against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["info", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One remark: stable code, level, what was measured, and the limit it was held against."""

    code: str
    level: Level
    value: str | int | None = None
    limit: str | int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


TEXTS: Mapping[str, tuple[str, str]] = {
    "photo.empty": ("文件是空的。", "The file is empty."),
    "photo.not_an_image": ("文件不是能显示的照片（{value}）。", "The file is not a photo that can be shown ({value})."),
    "photo.truncated": ("文件不完整，后面缺了一部分。", "The file is incomplete; its end is missing."),
    "photo.damaged": ("照片内容读不出来（{value}）。", "The photo's content cannot be read ({value})."),
    "photo.too_many_pixels": (
        "照片有 {value} 个像素，超过 {limit}，没有打开。",
        "The photo has {value} pixels, over {limit}; it was not opened.",
    ),
    "photo.too_costly": ("打开照片需要的内存太多。", "Opening the photo needs too much memory."),
    "photo.not_derived": (
        "试了 {value} 次都没有处理成功，原件已保存。", "{value} attempts to prepare it failed; the original is kept."
    ),
    "photo.mislabelled": ("文件实际是 {value}，登记的是 {limit}。", "The file is {value} but was labelled {limit}."),
    "photo.trailing_bytes": (
        "照片后面还有 {value} 个字节的其他内容。", "{value} bytes of other content follow the photo."
    ),
    "photo.other_content": (
        "照片里还带着另一种文件（{value}）。", "The photo carries a file of another kind ({value})."
    ),
    "photo.exif_unreadable": ("照片自带的拍摄信息读不出来。", "The photo's own shooting record cannot be read."),
    "photo.datum_not_converted": (
        "位置的坐标系写的是 {value}，系统不认识，未画在地图上。",
        "The position declares the datum {value}, which is not known; it is not drawn on the map.",
    ),
    "photo.time_without_zone": (
        "拍摄时间没有写时区，按北京时间理解。", "The shooting time names no zone; read as Beijing time."
    ),
    # Reasons to look (checks.py). They speak of places, times and pictures, never of a person.
    "DIST_HH": (
        "除去误差，拍照的地方离登记的住房还有 {value} 米（看一看的界限 {limit} 米）。可能住房位置登记得不准。",
        "Beyond all error the photo was taken {value} m from the registered house (limit {limit} m). The house may be "
        "registered in the wrong place.",
    ),
    "DATUM": (
        "两个位置的差正好像是把高德、腾讯地图的坐标（GCJ-02）当成了手机坐标。请核对坐标系。",
        "The two places differ as if coordinates of Amap or Tencent (GCJ-02) had been taken for a phone's. "
        "Check the datum.",
    ),
    "ACC_LOW": ("定位误差有 {value} 米（界限 {limit} 米）。", "The fix has an error of {value} m (limit {limit} m)."),
    "ACC_ZERO": (
        "定位精确得不合常理，或者与别的走访分毫不差（误差 {value} 米）。",
        "The fix is too exact to be one, or exactly that of other visits (error {value} m).",
    ),
    "FIX_STALE": (
        "定位时间和拍照时间相差 {value} 秒（界限 {limit} 秒）。",
        "Fix and shutter are {value} s apart (limit {limit} s).",
    ),
    "EXIF_TIME": (
        "照片自带的拍摄时间和拍照记录相差 {value} 小时（界限 {limit} 小时）。",
        "The photo's own time and its capture are {value} h apart (limit {limit} h).",
    ),
    "CLOCK": (
        "手机时间和服务器相差 {value} 秒，或者中途调过（界限 {limit} 秒）。",
        "The phone's clock was {value} s off the server's, or was set meanwhile (limit {limit} s).",
    ),
    "EXIF_GPS": (
        "照片自带的位置离定位 {value} 米（界限 {limit} 米）。",
        "The photo's own place is {value} m from the fix (limit {limit} m).",
    ),
    "SPEED": (
        "和前后一次走访的照片相比，要以每小时 {value} 公里赶路（界限 {limit}）。手机时间可能不准。",
        "Against the photos of the visits around it one would travel at {value} km/h (limit {limit}). "
        "The clock may be off.",
    ),
    "DUP_EXACT": (
        "一模一样的照片还用在另外 {value} 处。", "The very same photo is used elsewhere too (places: {value})."
    ),
    "DUP_NEAR": (
        "与别处的一张照片很像（差 {value} 位，界限 {limit} 位）。",
        "It looks like a photo of another visit ({value} bits apart, limit {limit}).",
    ),
    "NO_EXIF": ("照片没有自带相机信息。", "The photo names no camera."),
    "SOFTWARE": (
        "照片经过软件处理或是截图（{value}）。", "The photo went through a program or is a screenshot ({value})."
    ),
    "LOWRES": ("照片长边只有 {value} 像素（界限 {limit}）。", "The long edge has {value} pixels only (limit {limit})."),
    "DARK": ("照片太暗或几乎是一片，看不清内容。", "The photo is too dark or too plain to show anything."),
    "UNREADABLE": (
        "文件显示不出照片，看不到拍的是什么；原件已保存。",
        "The file shows no picture to look at; the original is kept.",
    ),
    "DEV_NEW": ("这台手机刚登记不久（一天之内）。", "The phone was signed in less than a day before."),
    "CHAIN": (
        "照片的封签不完整（{value}）：记录可能被改过、少了一张，或来自另一个浏览器。",
        "The seal of the photos is not whole ({value}): a record was changed, one is missing, "
        "or another browser made it.",
    ),
}

# The same where nothing was measured.
UNMEASURED: Mapping[str, tuple[str, str]] = {
    "CLOCK": ("手机时间中途调过。", "The phone's clock was set meanwhile."),
    "ACC_ZERO": ("定位与别的走访分毫不差。", "The fix is exactly that of other visits."),
}


def in_words(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A stored finding with its `message`, `{zh, en}`."""
    code, measured = finding["code"], {key: _plain(finding.get(key)) for key in ("value", "limit")}
    texts = UNMEASURED.get(code, TEXTS[code]) if finding.get("value") is None else TEXTS[code]
    zh, en = (text.format(**measured) for text in texts)
    return {**finding, "message": {"zh": zh, "en": en}}


def _plain(value: Any) -> Any:
    """A number without an empty fraction; a dash for nothing."""
    if value is None:
        return "-"
    return int(value) if isinstance(value, float) and value.is_integer() else value
