"""The columns of the layers of a map file: names that stay, types, and what they say in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.evidence.feature_layers import COLLECTIONS, is_number
from server.forms.dataset import Choice, Dataset, Property

_TAKEN = ("fid", "geom")  # by a GeoPackage itself


@dataclass(frozen=True)
class Field:
    """`column`: its name in the file; `name`: of the property in a feature. `type`: text, whole, number, moment."""

    column: str
    name: str
    type: str
    labels: Mapping[str, str]
    unit: str = ""
    sensitivity: str = "internal"
    choices: tuple[Choice, ...] = ()


_STATED = (
    ("stated_lon", "number", "原坐标经度", "Longitude as declared"),
    ("stated_lat", "number", "原坐标纬度", "Latitude as declared"),
    ("datum", "text", "原坐标的坐标系", "Datum as declared"),
    ("accuracy_m", "number", "定位精度（米）", "Accuracy in metres"),
)
_FACTS = {
    "households": (
        ("id", "text", "编号", "Id"),
        ("label", "text", "名称", "Label"),
        ("region", "text", "区划代码", "Region code"),
        ("version", "whole", "版本", "Version"),
        ("updated_at", "moment", "最后修改", "Last change"),
        ("contested", "text", "有不同说法的项目", "Contested properties"),
        ("masked", "text", "隐去的项目", "Masked properties"),
    ),
    "submissions": (
        ("id", "text", "记录编号", "Submission"),
        ("form_id", "text", "表单", "Form"),
        ("form_version", "text", "表单版本", "Form version"),
        ("household", "text", "农户编号", "Household"),
        ("region", "text", "区划代码", "Region code"),
        ("author", "text", "填写人", "Author"),
        ("started_at", "moment", "开始时间", "Started"),
        ("received_at", "moment", "收到时间", "Received"),
        ("contact_mode", "text", "联系方式", "Contact"),
        *_STATED,
        ("place_source", "text", "位置来源", "Source of the place"),
        ("review", "text", "审核", "Review"),
        ("findings", "whole", "提示条数", "Findings"),
    ),
    "photos": (
        ("id", "text", "照片编号", "Photo"),
        ("instance_id", "text", "记录编号", "Submission"),
        ("household", "text", "农户编号", "Household"),
        ("region", "text", "区划代码", "Region code"),
        ("slot", "text", "拍什么", "Slot"),
        ("taken_at", "moment", "拍摄时间", "Taken"),
        *_STATED,
        ("place_source", "text", "位置来源：拍照记录、照片自带、走访", "Source of the place: capture, exif, visit"),
        ("state", "text", "处理情况", "State"),
        ("sha256", "text", "原图 SHA-256", "SHA-256 of the original"),
        ("photo", "text", "照片地址（需登录）", "Address of the photo (sign in there)"),
    ),
}


def fields_of(layer: str, datasets: Mapping[str, Dataset]) -> tuple[Field, ...]:
    """The columns of a layer: its facts, then (of households) every property of the dataset in its order."""
    facts = [Field(name, name, type, {"zh": zh, "en": en}) for name, type, zh, en in _FACTS[layer]]
    household = datasets.get("household") if layer == "households" else None
    if household is None:
        return tuple(facts)
    known = {field.name for field in facts}
    return (*facts, *(_field(household, prop) for prop in household.properties.values() if prop.name not in known))


def _field(household: Dataset, prop: Property) -> Field:
    column = f"{prop.name}_" if prop.name in _TAKEN else prop.name
    kind = "number" if is_number(household, prop.name) else "text"
    return Field(column, prop.name, kind, prop.labels, prop.unit or "", prop.sensitivity, prop.choices or ())


def title_of(layer: str) -> str:
    titles = COLLECTIONS[layer].titles
    return f"{titles['zh']} {titles['en']}"


BOOK = ("layer", "field", "type", "label_zh", "label_en", "unit", "sensitivity")
CODES = ("layer", "field", "code", "label_zh", "label_en")


def book_lines(layer: str, fields: tuple[Field, ...]) -> list[tuple[str, ...]]:
    """The lines of the codebook of this layer, in the order of BOOK."""
    return [
        (layer, one.column, one.type, one.labels.get("zh", ""), one.labels.get("en", ""), one.unit, one.sensitivity)
        for one in fields
    ]


def code_lines(layer: str, fields: tuple[Field, ...]) -> list[tuple[str, ...]]:
    """What the codes of this layer's columns mean, in the order of CODES."""
    return [
        (layer, one.column, choice.value, choice.labels.get("zh", ""), choice.labels.get("en", ""))
        for one in fields
        for choice in one.choices
    ]
