"""A hamlet for the model: two villages, two households with a member each, people; and what its phones do."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from server.accounts import people
from server.accounts.tables import HelperOf
from server.geo.tables import Region
from server.sync import feeds, news, rights
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.migrate_records import migrate_all
from server.sync.record import Origin, RecordWrite
from server.sync.vocabulary import vocabulary
from tests.phones import FieldPhone, Sent, Values, new_id
from tests.sync.family import VERSIONS, family, person
from tests.world import COUNTY, EAST, ZHAO, World

PROPERTIES = {
    "address": "address", "head_name": "head_name", "village": "region", "field": "farmland_mu",
    "name": "full_name", "birth": "birth_date", "since": "state_since", "sex": "sex",
}  # fmt: skip
POISONS: dict[str, dict[str, Any]] = {
    "kind": {"kind": "teleport"}, "xml": {"instance_xml": "\x00<data"}, "entities": {"entities": 5},
    "visit": {"visit": {"started_at": "0001-01-01", "location": {"lon": "east"}}}, "form": {"form_version": "99"},
    "id": {"instance_id": "uuid:of somebody else"}, "files": {"attachments": [{"name": "../x", "sha256": "y"}] * 600},
}  # fmt: skip
TOLERATED = ("visit", "entities")  # applied, with findings
_numbers = itertools.count(1)


@dataclass
class Hamlet:
    """`people`: ids by short name (a, b, helper, boss); `made`: what members that phones made are called.

    `renewed`: its server has today's words and the form's second version. `let_through`: ops that a person applied.
    """

    world: World
    number: int
    villages: list[str]
    households: list[str]
    members: list[str]
    made: dict[str, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    renewed: bool = False
    let_through: set[str] = field(default_factory=set)

    def person(self, name: str) -> str:
        return f"{name}{self.number}"

    def phone(self, name: str) -> FieldPhone:
        phone = FieldPhone(self.world.phone(self.person(name)))
        self.names[id(phone)] = self.person(name)
        return phone

    def name_of(self, phone: FieldPhone) -> str:
        return self.names[id(phone)]

    def place_of(self, record: str) -> Any:
        for kind, ids in (("household", self.households), ("member", self.members)):
            if record in ids:
                return kind, ids.index(record)
        return None

    def give_right(self, name: str, given: bool) -> None:
        """A cadre's role, or a helper's household, comes or goes."""
        person_id = self.world.people[self.person(name)]
        if name == "helper":
            work = partial(rights.give_household, position="lead") if given else rights.take_household
            self.world.run(lambda session: feeds.touch(session, work(session, person_id, self.households[0])))
            return
        change = rights.give_role if given else rights.take_role
        village = self.villages[name == "b"]
        self.world.run(lambda session: change(session, person_id, "cadre", village))

    def revoke(self, phone: FieldPhone) -> None:
        answer = self.world.phone("admin").post(f"/installs/{phone.line.install_id}/revoke", {})
        assert answer.status_code == 200, answer.text

    def renew(self, world: World, phones: Sequence[FieldPhone]) -> None:
        """Another program on the same database: its definitions have other words. Records are carried over later."""
        self.world, self.renewed = world, True
        for phone in phones:
            phone.line.client = world.app.test_client()

    def carry(self) -> None:
        with self.world.app.app_context():
            migrate_all()

    def todays(self, one: Sent, record: str, values: Values) -> Values:
        """What an op says of a record, in today's words. Needs the application's context."""
        if not self.renewed or one.op.get("form_version") != "1" or record not in self.households:
            return values
        return vocabulary("household").forward(values, 0)


def make_hamlet(world: World) -> Hamlet:
    number = next(_numbers)
    villages = [f"9901012{number % 1000:03d}{place:02d}" for place in (1, 2)]
    hamlet = Hamlet(world, number, villages, [new_id(), new_id()], [new_id(), new_id()])
    world.run(lambda session: _fill(session, hamlet))
    return hamlet


def _fill(session: Session, hamlet: Hamlet) -> None:
    for code in hamlet.villages:
        path = f"/99/{COUNTY}/{EAST}/{code}/"
        session.add(Region(code=code, parent_code=EAST, level="village", path=path, name_zh=code))
    session.flush()
    first, second = hamlet.villages
    roles = {"a": ("cadre", first), "b": ("cadre", second), "helper": None, "boss": ("supervisor", EAST)}
    for name, role in roles.items():
        username = hamlet.person(name)
        made = people.add_person(
            session, id=str(uuid.uuid4()), username=username, display_name=username, password_hash="-"
        )
        hamlet.world.people[username] = made.id
        if role:
            people.give_role(session, made.id, *role)
    for place, (household, member) in enumerate(zip(hamlet.households, hamlet.members, strict=True)):
        _record(session, hamlet, "household", household, {"head_name": f"户{place}", "region": first})
        values = {"household": household, "full_name": f"人{place}", "birth_date": "1970-01-01"}
        _record(session, hamlet, "member", member, values)
    helper = hamlet.world.people[hamlet.person("helper")]
    session.add(HelperOf(person_id=helper, household_id=hamlet.households[0], position="lead"))
    session.flush()
    feeds.touch(session, news.of_households(session, hamlet.households))


def _record(session: Session, hamlet: Hamlet, dataset: str, id: str, values: dict[str, str | None]) -> None:
    origin = Origin(new_id(), hamlet.world.people["import"], "import", None)
    write = RecordWrite(dataset, id, values, parent=values.get("household"))
    apply_write(session, datasets()[dataset], origin, write)


@dataclass
class Work:
    """What one person does on one phone, offline: everything goes into the outbox."""

    hamlet: Hamlet
    phone: FieldPhone

    def visit(self, household: int, values: dict[str, str], collect: bool = False, **more: Any) -> Sent | None:
        """`collect`: as ODK Collect sends it, a step of a branch; such a branch goes on until the row comes anew."""
        record = self.hamlet.households[household]
        if self.phone.base_of(record) is None:
            return None
        seen = self.phone.shown(record)
        # The form opens with what is known, so it also sends what nobody touched.
        known = [name for name in ("days", "head_name", "address") if name not in values]
        prefilled = {name: seen.get(self._property(name)) or "" for name in known}
        before = self._pending(record)
        if self._on_branch(before) or (collect and not before):
            more["attributes"] = self._branch(record, len(before))
        return self._save(record, {**prefilled, **values}, [], **more)

    def _pending(self, record: str) -> list[Sent]:
        """Own ops on the record since the row that the next op stands on."""
        since = self.phone.since.get(record)
        return [one for one in self.phone.sent[since:] if record in one.writes] if since is not None else []

    @staticmethod
    def _on_branch(before: list[Sent]) -> bool:
        return any("entities" not in one.op for one in before)

    def _branch(self, record: str, steps: int) -> str:
        trunk = (self.phone.base_of(record) or {})["version"]
        since = self.phone.since.get(record, len(self.phone.sent))
        branch = uuid.uuid5(uuid.NAMESPACE_OID, f"{self.phone.line.install_id} {record} {since}")
        return f' baseVersion="{trunk + steps}" trunkVersion="{trunk}" branchId="{branch}"'

    def with_photo(self, household: int) -> Sent | None:
        content = f"photo {new_id()}".encode()
        name = sha256(content).hexdigest()
        file = {"name": "front.jpg", "sha256": name, "size": len(content), "media_type": "image/jpeg"}
        one = self.visit(household, {"front": "front.jpg"}, attachments=[file])
        if one is not None:
            self.phone.photos[name] = content
        return one

    def waiting(self, dice: Random) -> None:
        """An op that depends on a later one, or on one that never comes."""
        one = self.visit(0, {"address": str(dice.randrange(1, 4))})
        other = self.visit(0, {"days": str(dice.randrange(1, 4))}) if dice.random() < 0.8 else None
        if one is not None:
            one.op["depends_on"] = [other.id if other else new_id()]

    def wrong(self, dice: Random) -> None:
        """What will be set aside: a foreign record, an envelope that names other records, poison."""
        kind = dice.choice(["foreign", "mismatch", *POISONS])
        if kind == "foreign":
            self.phone.keep(family(self.phone.line, household=ZHAO, days="9"), {})
        elif kind == "mismatch":
            one = self.visit(0, {"days": str(dice.randrange(1, 4))})
            if one is not None and "entities" in one.op:
                one.op["entities"] = [{"dataset": "household", "id": ZHAO, "base_version": 1, "base": {}}]
        else:
            self.phone.keep(self._poison(kind), {})

    def _poison(self, kind: str) -> dict[str, Any]:
        return {**family(self.phone.line, household=self.hamlet.households[0], days="9"), **POISONS[kind]}

    def poisons(self) -> list[Any]:
        """One of each that can be told from good ones, and what is no op at all."""
        deep: Any = 1
        for _ in range(80):
            deep = [deep]
        named = [self._poison(kind) for kind in POISONS if kind not in TOLERATED]
        return [*named, 7, None, {"op_id": "x", "clock": deep}]

    def try_to_reach(self, dice: Random) -> None:
        record = self.hamlet.households[0]
        row = self.phone.base_of(record)
        if row is not None:
            visit = {"ended_at": f"2026-11-2{dice.randrange(3)}T09:00:00+08:00", "contact_mode": "in_person"}
            how = dice.choice(["nobody", "refused"])
            said = {"entity_id": record, "disposition": how, "visit": visit, "base_version": row["version"]}
            self.phone.keep(self.phone.line.op("contact_attempt", **said), {})

    def add_member(self, household: int, name: str, birth: str) -> Sent | None:
        record = self.hamlet.households[household]
        if self.phone.base_of(record) is None:
            return None
        row = person(name=name, birth=birth)
        self.hamlet.made[row["id"]] = f"{self.hamlet.names[id(self.phone)][0]}{len(self.hamlet.made)}"
        return self._save(record, {}, [row])

    def change_member(self, which: int, values: dict[str, str]) -> Sent | None:
        known = [id for id in [*self.hamlet.members, *self.hamlet.made] if self.phone.base_of(id)]
        if not known:
            return None
        member = known[which % len(known)]
        row = self.phone.base_of(member) or {}
        household = row.get("parent")
        if household is None or self.phone.base_of(household) is None:
            return None
        return self._save(household, {}, [person(member, **values)])

    def correct(self, values: dict[str, str]) -> Sent | None:
        """Fills the last own visit anew."""
        visits = [one for one in self.phone.sent if one.op["kind"] == "submission" and one.writes]
        if not visits:
            return None
        last = visits[-1]
        household = next(id for id in last.writes if id in self.hamlet.households)
        return self._save(household, values, [], corrects=last.op["instance_id"])

    def decide(self, number: int, choice: int) -> None:
        listed = self.phone.line.get("/conflicts?state=open&limit=100").json["items"]
        open_now = sorted((one for one in listed if self._mine(one)), key=lambda one: (one["label"], one["properties"]))
        if not open_now:
            return
        conflict = open_now[number % len(open_now)]
        head = conflict["heads"][choice % len(conflict["heads"])]
        op = {
            "op_id": new_id(), "install_id": self.phone.line.install_id, "seq": next(self.phone.line._numbers),
            "kind": "resolution", "conflict_id": conflict["id"], "choose": head["op_id"], "reason": "asked again",
            "seen": [one["op_id"] for one in conflict["heads"]],
        }  # fmt: skip
        self.phone.keep(op, {})

    def _mine(self, conflict: Any) -> bool:
        return bool(conflict["heads"]) and (
            conflict["entity_id"] in [*self.hamlet.households, *self.hamlet.members, *self.hamlet.made]
        )

    def review(self, sent: list[Sent], number: int, state: str) -> None:
        visits = [one for one in sent if one.op["kind"] == "submission" and one.answer]
        if visits:
            one = visits[number % len(visits)]
            body = {"state": state, "comments": [{"text": "see the photo"}]}
            self.phone.line.post(f"/submissions/{one.op['instance_id']}/review", body)

    def look_through(self, ops: set[str], number: int, let: bool) -> None:
        """A supervisor decides about one op that was set aside or is held."""
        line = self.phone.line
        aside = line.get("/quarantine?state=open&limit=100").json["items"]
        found = [(f"/quarantine/{row['id']}", row["op_id"]) for row in aside if row["op_id"] in ops]
        held = line.get("/held?limit=100").json["items"]
        found += [(f"/held/{row['op_id']}", row["op_id"]) for row in held if row["op_id"] in ops]
        if not found:
            return
        path, op_id = found[number % len(found)]
        answer = line.post(f"{path}/apply", {}) if let else line.post(f"{path}/dismiss", {"reason": "seen"})
        assert answer.status_code in (200, 422), answer.text
        self.hamlet.let_through |= {op_id} if let and answer.status_code == 200 else set()

    def some_of_a_day(self, dice: Random) -> None:
        """A piece of work of any kind, and perhaps a little network."""
        dice.choice([*[self.anything] * 4, self.waiting, self.wrong, lambda _: self.with_photo(0)])(dice)
        if dice.random() < 0.5:
            self.phone.push(lose_answer=dice.random() < 0.2, newest_first=dice.random() < 0.2)
        if dice.random() < 0.3:
            self.phone.upload()
        if dice.random() < 0.4:
            self.phone.pull()

    def anything(self, dice: Random) -> None:
        """Some piece of work, the same for the same dice."""
        kind = dice.choice(["visit", "visit", "visit", "branch", "add", "change", "archive", "correct"])
        # Mostly the same house: people are to get in each other's way.
        place, text = int(dice.random() < 0.2), str(dice.randrange(1, 4))
        if kind in ("visit", "branch"):
            asked = ["days", "address", "head_name", *(["field"] if self.phone.form == "2" else [])]
            self.visit(place, {dice.choice(asked): text}, collect=kind == "branch")
        elif kind == "add":
            self.add_member(place, dice.choice(["小梅", "小兰"]), "2020-01-01")
        elif kind == "change":
            self.change_member(place, dice.choice([{"birth": "1999-01-01"}, {"since": "1995-01-01"}, {"sex": "male"}]))
        elif kind == "archive" and dice.random() < 0.5:
            self.visit(place, {"state": "archived"})
        elif kind == "archive":
            self.change_member(place, {"member_state": "archived"})
        else:
            self.correct({"days": text})

    def _save(self, household: str, values: dict[str, str], rows: list[dict[str, str]], **more: Any) -> Sent | None:
        """The op as the phone makes it, on what the phone shows. On a branch nothing but steps of it."""
        if "attributes" not in more and self._on_branch(self._pending(household)):
            return None
        names = [self._property(name) for name in values if name != "front" and name != "state"]
        writes = {household: self._properties(values)}
        entities = [self.phone.named("household", household, names)]
        for row in rows:
            given = {name: text for name, text in row.items() if name not in ("id", "new")}
            writes[row["id"]] = self._properties(given)
            entities.append(self.phone.named("member", row["id"], list(writes[row["id"]])))
        op = family(self.phone.line, *rows, household=household, version=self.phone.form, **values, **more)
        if "attributes" in more:
            del op["entities"]
            return self.phone.keep(op, writes)
        return self.phone.keep({**op, "entities": entities}, writes)

    def _property(self, name: str) -> str:
        return VERSIONS[self.phone.form][1] if name == "days" else PROPERTIES[name]

    def _properties(self, values: dict[str, str]) -> dict[str, str | None]:
        known = (name for name in values if name == "days" or name in PROPERTIES)
        return {self._property(name): values[name] or None for name in known}
