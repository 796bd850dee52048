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
    "photo.not_an_image": ("文件不是能显示的照片({value})。", "The file is not a photo that can be shown ({value})."),
    "photo.truncated": ("文件不完整,后面缺了一部分。", "The file is incomplete; its end is missing."),
    "photo.damaged": ("照片内容读不出来({value})。", "The photo's content cannot be read ({value})."),
    "photo.too_many_pixels": (
        "照片有 {value} 个像素,超过 {limit},没有打开。",
        "The photo has {value} pixels, over {limit}; it was not opened.",
    ),
    "photo.too_costly": ("打开照片需要的内存太多。", "Opening the photo needs too much memory."),
    "photo.not_derived": (
        "试了 {value} 次都没有处理成功,原件已保存。", "{value} attempts to prepare it failed; the original is kept."
    ),
    "photo.mislabelled": ("文件实际是 {value},登记的是 {limit}。", "The file is {value} but was labelled {limit}."),
    "photo.trailing_bytes": (
        "照片后面还有 {value} 个字节的其他内容。", "{value} bytes of other content follow the photo."
    ),
    "photo.other_content": (
        "照片里还带着另一种文件({value})。", "The photo carries a file of another kind ({value})."
    ),
    "photo.exif_unreadable": ("照片自带的拍摄信息读不出来。", "The photo's own shooting record cannot be read."),
    "photo.datum_not_converted": (
        "位置的坐标系写的是 {value},系统不认识,未画在地图上。",
        "The position declares the datum {value}, which is not known; it is not drawn on the map.",
    ),
    "photo.time_without_zone": (
        "拍摄时间没有写时区,按北京时间理解。", "The shooting time names no zone; read as Beijing time."
    ),
}


def in_words(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A stored finding with its `message`, `{zh, en}`."""
    measured = {key: finding.get(key) for key in ("value", "limit")}
    zh, en = (text.format(**measured) for text in TEXTS[finding["code"]])
    return {**finding, "message": {"zh": zh, "en": en}}
