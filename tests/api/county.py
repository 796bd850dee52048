"""A small county for tests of reading: two townships, four households, five people, four submissions.

East (Donghe) has the villages Qingshi and Baita, West (Xishan) has Liushu. All names and codes are invented.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from pyxform.xls2xform import convert
from shapely import box
from sqlalchemy.orm import Session

from server import db
from server.accounts import people, tokens
from server.accounts.tables import HelperOf
from server.config import ROOT
from server.evidence.tables import Photo
from server.forms.datasets import load_datasets
from server.forms.tables import FormVersion
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sync.apply import apply_write
from server.sync.place import point
from server.sync.record import Origin, RecordWrite
from server.sync.tables import Attachment, Blob, OpLog, Submission

DATASETS = load_datasets(ROOT / "form_definitions" / "datasets")
COUNTY, EAST, WEST = "990100000000", "990101000000", "990102000000"
QINGSHI, BAITA, LIUSHU = "990101001000", "990101002000", "990102001000"
START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
PASSWORD = "a long enough password"

FORM = """
| survey | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | save_to | bind::ruhu:sensitivity |
| | text | head_name | 户主姓名 | Name of head | household#head_name | |
| | text | phone | 电话 | Phone | household#contact_phone | |
| | integer | short_days | 缺水天数 | Days short of water | household#water_shortage_days | |
| | select_one grade | grade | 房屋等级 | House grade | household#house_grade | |
| | image | front | 正面照 | Front | | internal |
| | text | remark | 备注 | Remark | | |
| choices | | | | |
| | list_name | name | label::中文 (zh) | label::English (en) | |
| | grade | A | A级 | Grade A | |
| | grade | B | B级 | Grade B | |
| settings | | | | |
| | form_id | version | form_title | namespaces | default_language |
| | small_visit | 1 | 走访 | ruhu="https://ruhu.example/xforms" | 中文 (zh) |
| entities | | | | |
| | list_name | label | entity_id | update_if | |
| | household | ${head_name} | ${head_name} | true() | |
"""


@dataclass(frozen=True)
class Visit:
    """What a submission of the county says; the rest is the same for all."""

    author: str
    household: str
    values: Mapping[str, str | None]
    lon: float
    lat: float
    accuracy: str = "8"
    base_version: int = 1
    photos: Sequence[tuple[str, bool]] = ()
    remark: str = "无"


def build(session: Session) -> None:
    """Fills an empty database with the county."""
    _regions(session)
    _people(session)
    session.flush()
    for number, (name, village, lon, lat) in enumerate(
        (("王大山", QINGSHI, 108.1, 23.1), ("李秀兰", BAITA, 108.3, 23.1), ("赵铁柱", LIUSHU, 108.6, 23.1)), 1
    ):
        _household(session, number, name, village, lon, lat)
    session.add(HelperOf(person_id=uid("helper"), household_id=uid("household 2"), position="lead"))
    _form(session)


def uid(name: str) -> str:
    """The same UUID v4 text for the same name."""
    return str(uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_OID, name).bytes, version=4))


def _regions(session: Session) -> None:
    rows: list[tuple[str, str | None, str, str, str, float | None]] = [
        (COUNTY, None, "county", "虚县", "Xu County", None),
        (EAST, COUNTY, "township", "东河镇", "Donghe", 108.0),
        (WEST, COUNTY, "township", "西山镇", "Xishan", 108.5),
        (QINGSHI, EAST, "village", "青石村", "Qingshi", 108.0),
        (BAITA, EAST, "village", "白塔村", "Baita", 108.2),
        (LIUSHU, WEST, "village", "柳树村", "Liushu", 108.5),
    ]
    paths: dict[str | None, str] = {None: "/"}
    for code, parent, level, zh, en, west in rows:
        paths[code] = f"{paths[parent]}{code}/"
        shape = box(west, 23.0, west + 0.2, 23.2) if west else None
        session.add(
            Region(code=code, parent_code=parent, level=level, path=paths[code], name_zh=zh, name_en=en, boundary=shape)
        )
        session.flush()


def _people(session: Session) -> None:
    hashed = people.hash_password(PASSWORD)
    roles = {
        "east": ("supervisor", EAST), "west": ("supervisor", WEST), "auditor": ("auditor", COUNTY),
        "cadre": ("cadre", QINGSHI), "helper": None, "stranger": ("inspector", None),
    }  # fmt: skip
    names = {
        "east": "东河主任",
        "west": "西山主任",
        "auditor": "审计员",
        "cadre": "青石干部",
        "helper": "帮扶人",
        "stranger": "检查员",
    }
    for username, role in roles.items():
        people.add_person(
            session, id=uid(username), username=username, display_name=names[username], password_hash=hashed
        )
        if role:
            people.give_role(session, uid(username), *role)


def _household(session: Session, number: int, name: str, village: str, lon: float, lat: float) -> None:
    values = {
        "household_no": f"H{number:03}", "head_name": name, "region": village, "contact_phone": "13800001234",
        "water_shortage_days": "20", "house_grade": "A", "lon": str(lon), "lat": str(lat), "accuracy_m": "5",
        "datum": "wgs84",
    }  # fmt: skip
    write_record(session, "cadre", f"register {number}", RecordWrite("household", uid(f"household {number}"), values))
    member = {"household": uid(f"household {number}"), "full_name": name, "id_number": "51012319850102123X"}
    write_record(
        session,
        "cadre",
        f"register member {number}",
        RecordWrite("member", uid(f"member {number}"), member, parent=uid(f"household {number}")),
    )


def write_record(session: Session, author: str, op: str, write: RecordWrite, instance_id: str | None = None) -> None:
    origin = Origin(op_id=uid(op), person_id=uid(author), lineage=author, seq=None, instance_id=instance_id)
    apply_write(session, DATASETS[write.dataset], origin, write)


def _form(session: Session) -> None:
    session.add(
        FormVersion(
            form_id="small_visit", version="1", state="published", names={"zh": "走访", "en": "Visit"},
            datasets=["household"], source_name="small_visit.md", source=b"", xform=convert(FORM).xform,
            hash="md5:0", checksum="0", warnings=[],
        )
    )  # fmt: skip


def submit(session: Session, name: str, visit: Visit, hour: int = 0, status: str = "applied") -> str:
    """A visit as push leaves it; its instance id."""
    instance_id = f"uuid:{uid(name)}"
    household = session.get_one(Entity, uid(visit.household))
    at = START + timedelta(hours=hour)
    session.add(
        OpLog(
            op_id=uid(name), person_id=uid(visit.author), kind="submission", raw=b"{}", content_hash=name,
            status=status, received_at=at,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        Submission(
            instance_id=instance_id, op_id=uid(name), form_id="small_visit", form_version="1",
            instance_xml=_instance(instance_id, household, visit), xml_hash=name, person_id=uid(visit.author),
            region_code=household.region_code, root_id=household.id, received_at=at,
            started_at=at - timedelta(minutes=40), ended_at=at - timedelta(minutes=20), contact_mode="in_person",
            location={
                "lon": str(visit.lon), "lat": str(visit.lat), "accuracy_m": visit.accuracy, "datum": "wgs84",
                "source": "gps",
            },
            geom=point(visit.lon, visit.lat), findings=[],
        )
    )  # fmt: skip
    session.flush()
    write = RecordWrite("household", household.id, visit.values, base_version=visit.base_version)
    write_record(session, visit.author, name, write, instance_id)
    for photo, here in visit.photos:
        _photo(session, instance_id, photo, here, visit)
    return instance_id


def _photo(session: Session, instance_id: str, name: str, here: bool, visit: Visit) -> None:
    sha = uuid.uuid5(uuid.NAMESPACE_OID, instance_id + name).hex * 2
    if here:
        session.add(Blob(sha256=sha, size=3))
        session.flush()
    row = Attachment(
        id=uid(instance_id + name), instance_id=instance_id, name=name, slot="front", sha256=sha, size=3,
        media_type="image/jpeg", blob=sha if here else None, person_id=uid(visit.author),
        capture={"source": "live", "fix": {"lon": visit.lon, "lat": visit.lat, "accuracy_m": 8}},
    )  # fmt: skip
    session.add(row)
    session.flush()
    if here:
        session.add(
            Photo(
                attachment_id=row.id,
                state="ready",
                findings=[],
                geom=point(visit.lon, visit.lat),
                place={"accuracy_m": 8},
            )
        )


def _instance(instance_id: str, household: Entity, visit: Visit) -> str:
    told = {**household.values, **visit.values}
    return (
        f'<data id="small_visit" version="1"><head_name>{household.label}</head_name>'
        f"<phone>{told['contact_phone']}</phone><short_days>{told['water_shortage_days']}</short_days>"
        f"<grade>{told['house_grade']}</grade><front/><remark>{visit.remark}</remark>"
        f"<meta><instanceID>{instance_id}</instanceID></meta></data>"
    )


@dataclass(frozen=True)
class Desk:
    """A person at the console, with shortcuts that fail loudly."""

    client: FlaskClient
    token: str

    def ask(self, address: str, **query: Any) -> Any:
        return self.client.get(
            f"/api/v1{address}", query_string=query, headers={"Authorization": f"Bearer {self.token}"}
        )

    def read(self, address: str, **query: Any) -> Any:
        answer = self.ask(address, **query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def ids(self, address: str, key: str = "instance_id", **query: Any) -> list[str]:
        return [item[key] for item in self.read(address, **query)["items"]]


def desk(app: Flask, username: str) -> Desk:
    """Signs the person in at a desk of its own."""
    with app.app_context():
        issued = db.transact(lambda session: tokens.issue(session, uid(username), "api", timedelta(hours=1)))
    return Desk(app.test_client(), issued.token)
