"""A hamlet for the model: two villages, two households with a member each, people; and what its phones do."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.accounts import people
from server.accounts.tables import HelperOf, RoleGrant
from server.geo.tables import Region
from server.sync import feeds, news
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.record import Origin, RecordWrite
from tests.phones import FieldPhone, Sent, new_id
from tests.sync.family import family, person
from tests.world import COUNTY, EAST, World

PROPERTIES = {
    "days": "water_shortage_days", "address": "address", "head_name": "head_name", "village": "region",
    "name": "full_name", "birth": "birth_date", "since": "state_since", "sex": "sex",
}  # fmt: skip
_numbers = itertools.count(1)


@dataclass
class Hamlet:
    """`people`: ids by short name (a, b, helper, boss); `made`: what members that phones made are called."""

    world: World
    number: int
    villages: list[str]
    households: list[str]
    members: list[str]
    made: dict[str, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

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

    def give_role(self, name: str, given: bool) -> None:
        """The cadre of the second village comes and goes."""
        person_id = self.world.people[self.person(name)]

        def change(session: Session) -> None:
            session.execute(delete(RoleGrant).where(RoleGrant.person_id == person_id))
            if given:
                people.give_role(session, person_id, "cadre", self.villages[1])

        self.world.run(change)


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

    def visit(self, household: int, values: dict[str, str], version: str = "1", **more: Any) -> Sent | None:
        record = self.hamlet.households[household]
        if self.phone.base_of(record) is None:
            return None
        seen = self.phone.shown(record)
        # The form opens with what is known, so it also sends what nobody touched.
        prefilled = {name: seen.get(PROPERTIES[name]) or "" for name in ("days", "head_name") if name not in values}
        return self._save(record, {**prefilled, **values}, [], **more)

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
        visits = [one for one in self.phone.sent if one.op["kind"] == "submission"]
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

    def anything(self, dice: Random) -> None:
        """Some piece of work, the same for the same dice."""
        kind = dice.choice(["visit", "visit", "visit", "add", "change", "archive", "correct"])
        # Mostly the same house: people are to get in each other's way.
        place, text = int(dice.random() < 0.2), str(dice.randrange(1, 4))
        if kind == "visit":
            self.visit(place, {dice.choice(["days", "address", "head_name"]): text})
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

    def _save(self, household: str, values: dict[str, str], rows: list[dict[str, str]], **more: Any) -> Sent:
        """The op as the phone makes it, on what the phone shows."""
        names = [PROPERTIES[name] for name in values if name in PROPERTIES]
        writes = {household: _properties(values)}
        entities = [self.phone.named("household", household, names)]
        for row in rows:
            given = {name: text for name, text in row.items() if name not in ("id", "new")}
            writes[row["id"]] = _properties(given)
            entities.append(self.phone.named("member", row["id"], list(writes[row["id"]])))
        op = family(self.phone.line, *rows, household=household, **values, **more)
        return self.phone.keep({**op, "entities": entities}, writes)


def _properties(values: dict[str, str]) -> dict[str, str | None]:
    return {PROPERTIES[name]: text or None for name, text in values.items() if name in PROPERTIES}
