"""A small world for tests of writing: a tree of regions, people by name, a small form, and phones that push.

Everything valid by default; a test changes the one thing that it is about.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server import db
from server.accounts import people, tokens
from server.accounts.installs import claim_install
from server.accounts.tables import HelperOf
from server.config import ROOT
from server.forms.compile import CompiledForm, compile_form
from server.forms.dataset import Dataset
from server.forms.datasets import load_datasets
from server.forms.policies import Policy
from server.forms.tables import FormVersion
from server.geo.tables import Region
from server.sync import feeds, news, policies
from server.sync.apply import apply_write
from server.sync.record import Origin, RecordWrite

COUNTY, EAST, WEST = "990100000000", "990101000000", "990102000000"
QINGSHI, BAITA, LIUSHU = "990101200000", "990101201000", "990102200000"
NAMES = {COUNTY: "虚县", EAST: "东河镇", WEST: "西山乡", QINGSHI: "青石村", BAITA: "白塔村", LIUSHU: "柳树村"}
PASSWORD = "ruhu-test-password"
WANG = "11111111-1111-4111-8111-111111111111"  # a household in Qingshi
ZHAO = "22222222-2222-4222-8222-222222222222"  # a household in Liushu, another township
WANG_SON = "33333333-3333-4333-8333-333333333333"

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | save_to | repeat_count |
| | select_one_from_file household.csv | household | 农户 | Household | | |
| | csv-external | member | | | | |
| | text | head_name | 户主 | Head | household#head_name | |
| | integer | water_days | 缺水天数 | Days short | household#water_shortage_days | |
| | select_one grade | grade | 等级 | Grade | household#house_grade | |
| | text | phone | 电话 | Phone | household#contact_phone | |
| | text | village | 村 | Village | household#region | |
| | begin_repeat | row | 成员 | Member | | |
| | text | member_id | 编号 | Id | | |
| | text | is_new | 新 | New | | |
| | text | of | 户 | Household | member#household | |
| | text | name | 姓名 | Name | member#full_name | |
| | end_repeat | | | | | |
| | image | front | 正面照 | Front | | |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | grade | A | A级 | A |
| | grade | B | B级 | B |
| | grade | C | C级 | C |
| settings |
| | form_id | version | form_title |
| | small_visit | 1 | 走访 |
| entities |
| | list_name | label | entity_id | create_if | update_if | repeat |
| | household | ${head_name} | ${household} | | true() | |
| | member | ${name} | ${member_id} | ${is_new}='1' | ${is_new}='0' | ${row} |
"""


@cache
def small_form() -> CompiledForm:
    return compile_form(FORM.encode(), "small.md", {})


@dataclass
class World:
    """The app with people; `phone(name)` signs a person in on a new install."""

    app: Flask
    people: dict[str, str] = field(default_factory=dict)

    def phone(self, name: str, install_id: str | None = None) -> Phone:
        install_id = install_id or f"install-{name}-{uuid.uuid4().hex[:8]}"
        with self.app.app_context():
            token = db.transact(lambda session: _sign_in(session, self.people[name], install_id))
        return Phone(self.app.test_client(), token, install_id)

    def run(self, work: Any) -> Any:
        """A piece of work in one write transaction."""
        with self.app.app_context():
            return db.transact(work)

    def look(self, work: Any) -> Any:
        with self.app.app_context(), db.read() as session:
            return work(session)


def _sign_in(session: Session, person_id: str, install_id: str) -> str:
    claim_install(session, install_id, person_id, {})
    return tokens.issue(session, person_id, "api", timedelta(days=1), install_id).token


@dataclass
class Phone:
    """One install of one person: makes ops with gapless numbers and talks to the server."""

    client: FlaskClient
    token: str
    install_id: str
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(f"/api/v1{path}", json=body, headers=self.headers)

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def push(self, *ops: Any) -> Any:
        answer = self.post("/sync/push", {"ops": list(ops)})
        assert answer.status_code == 200, answer.text
        return answer.json

    def send(self, *ops: Any) -> list[Any]:
        results: list[Any] = self.push(*ops)["results"]
        return results

    def pull(self, scope: str, after: int = 0, **more: Any) -> Any:
        body = {"install_id": self.install_id, "feeds": {scope: {"after": after}}, **more}
        return self.post("/sync/pull", body).json["feeds"][scope]

    def op(self, kind: str, **body: Any) -> dict[str, Any]:
        """An op of this kind with the next number."""
        return {
            "op_id": str(uuid.uuid4()),
            "install_id": self.install_id,
            "seq": next(self._numbers),
            "kind": kind,
            "device_time": "2026-11-21T09:10:00+08:00",
            "depends_on": [],
            **body,
        }

    def visit(self, household: str = WANG, base_version: int | None = 1, **given: Any) -> dict[str, Any]:
        """An op of kind submission; `given` may hold values (head_name, water_days …) and envelope fields."""
        values = {
            name: given.pop(name)
            for name in ("head_name", "water_days", "grade", "phone", "village", "front", "members")
            if name in given
        }
        instance_id = given.pop("instance_id", f"uuid:{uuid.uuid4()}")
        entities = given.pop("entities", [named(household, base_version, given.pop("base", {}))])
        op = {
            "op_id": str(uuid.uuid4()),
            "install_id": self.install_id,
            "seq": next(self._numbers),
            "kind": "submission",
            "device_time": "2026-11-21T09:00:00+08:00",
            "clock": {},
            "depends_on": [],
            "instance_id": instance_id,
            "form_id": "small_visit",
            "form_version": "1",
            "instance_xml": instance_xml(instance_id, household, values),
            "visit": {
                "started_at": "2026-11-21T09:00:00+08:00",
                "ended_at": "2026-11-21T09:20:00+08:00",
                "contact_mode": "in_person",
                "location": {
                    "lon": "108.10010",
                    "lat": "26.20010",
                    "accuracy_m": 8,
                    "datum": "wgs84",
                    "source": "gps",
                    "fix_time": "2026-11-21T09:01:00+08:00",
                },
            },
            "entities": entities,
            "attachments": [],
        }
        return {key: value for key, value in {**op, **given}.items() if value is not ...}


def named(
    household: str, base_version: int | None, base: Mapping[str, Any] = {}, dataset: str = "household"
) -> dict[str, Any]:
    item: dict[str, Any] = {"dataset": dataset, "id": household, "base": dict(base)}
    return item | ({"base_version": base_version} if base_version is not None else {})


def instance_xml(instance_id: str, household: str, values: Mapping[str, Any]) -> str:
    """An instance of the small form; a value that is not given has no node, "" is an empty node."""
    nodes = "".join(
        f"<{name}>{values[name]}</{name}>"
        for name in ("head_name", "water_days", "grade", "phone", "village")
        if name in values
    )
    rows = "".join(_member(household, *row) for row in values.get("members", ()))
    front = f"<front>{values['front']}</front>" if "front" in values else ""
    return (
        '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="small_visit" version="1">'
        f"<household>{household}</household>{nodes}{rows}{front}"
        f'<meta><instanceID>{instance_id}</instanceID><entity dataset="household" id="{household}" update="1">'
        f"<label>{values.get('head_name', '')}</label></entity></meta></data>"
    )


def _member(household: str, member_id: str, is_new: str, name: str) -> str:
    action = 'create="1"' if is_new == "1" else 'update="1"'
    return (
        f"<row><member_id>{member_id}</member_id><is_new>{is_new}</is_new><of>{household}</of><name>{name}</name>"
        f'<meta><entity dataset="member" id="{member_id}" {action}><label>{name}</label></entity></meta></row>'
    )


def build_world(app: Flask) -> World:
    """Two townships, three villages, two households, and people by name."""
    with app.app_context():
        return World(app, db.transact(_fill))


def _fill(session: Session) -> dict[str, str]:
    _regions(session)
    ids = {
        "li": _person(session, "li", "cadre", QINGSHI),
        "bai": _person(session, "bai", "cadre", BAITA),
        "zhao": _person(session, "zhao", "cadre", LIUSHU),
        "zhang": _person(session, "zhang", "supervisor", EAST),
        "admin": _person(session, "admin", "admin", COUNTY),
        "auditor": _person(session, "auditor", "auditor", COUNTY),
        "helper": _person(session, "helper", None, None),
        "import": people.add_importer(session, id=str(uuid.uuid4()), display_name="import").id,
    }
    add_form(session, small_form())
    _households(session, ids["import"])
    session.add(HelperOf(person_id=ids["helper"], household_id=WANG, position="lead"))
    session.flush()
    feeds.touch(
        session, [*news.of_households(session, [WANG, ZHAO]), news.of_form("small_visit", "1", "x", "published")]
    )
    return ids


def _regions(session: Session) -> None:
    tree = [
        (COUNTY, None, "county"),
        (EAST, COUNTY, "township"),
        (WEST, COUNTY, "township"),
        (QINGSHI, EAST, "village"),
        (BAITA, EAST, "village"),
        (LIUSHU, WEST, "village"),
    ]
    paths: dict[str | None, str] = {None: "/99/"}
    for code, parent, level in tree:
        paths[code] = f"{paths[parent]}{code}/"
        session.add(Region(code=code, parent_code=parent, level=level, path=paths[code], name_zh=NAMES[code]))
        session.flush()


def _person(session: Session, name: str, role: str | None, region: str | None) -> str:
    person = people.add_person(session, id=str(uuid.uuid4()), username=name, display_name=name, password_hash=_hash())
    if role:
        people.give_role(session, person.id, role, region)
    return person.id


@cache
def _hash() -> str:
    return people.hash_password(PASSWORD)


def add_policies(session: Session) -> None:
    """Those of the repository."""
    policies.load(session, _policies())


@cache
def _policies() -> dict[str, Policy]:
    return policies.read_policies(ROOT / "form_definitions" / "policies")


def add_form(session: Session, form: CompiledForm, state: str = "published") -> None:
    session.add(
        FormVersion(
            form_id=form.form_id,
            version=form.version,
            state=state,
            names=form.names,
            datasets=list(form.datasets),
            source_name="form.md",
            source=b"",
            xform=form.xform,
            hash=form.hash,
            checksum=form.hash,
            warnings=[],
            published_at=datetime.now(UTC),
        )
    )


@cache
def _datasets() -> dict[str, Dataset]:
    """Read once: that takes longer than all else that a world needs."""
    return load_datasets(ROOT / "form_definitions" / "datasets")


def add_household(session: Session, author: str, household: str, values: Mapping[str, str]) -> None:
    """As the register brings it."""
    origin = Origin(str(uuid.uuid4()), author, "import", None)
    apply_write(session, _datasets()["household"], origin, RecordWrite("household", household, values))


def _households(session: Session, author: str) -> None:
    for household, region, name in ((WANG, QINGSHI, "王大山"), (ZHAO, LIUSHU, "赵小河")):
        values = {
            "head_name": name,
            "region": region,
            "lon": "108.1",
            "lat": "26.2",
            "accuracy_m": "5",
            "datum": "wgs84",
            "source": "gps",
            "water_shortage_days": "20",
            "house_grade": "B",
        }
        add_household(session, author, household, values)
    son = RecordWrite("member", WANG_SON, {"household": WANG, "full_name": "王小山"}, parent=WANG)
    apply_write(session, _datasets()["member"], Origin(str(uuid.uuid4()), author, "import", None), son)
