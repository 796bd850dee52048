"""Puts the records that a case of a form begins with into a running demo county, under ids of their own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.people import add_person, give_role, hash_password
from server.accounts.qualifications import Certificate, qualify
from server.accounts.tables import Person
from server.forms.canonical import canonical
from server.forms.dataset import Dataset
from server.sync.apply import apply_write
from server.sync.feeds import touch
from server.sync.news import of_outcomes
from server.sync.record import Origin, RecordWrite
from tests.forms.case_files import Case, Row
from tests.forms.samples import datasets

VILLAGE = "990101100201"


@dataclass(frozen=True)
class Filling:
    """A case whose records are on the server: `household` is opened on the phone, None for a form about the village."""

    case: Case
    household: str | None


def put_records(cases: Mapping[str, Case], author: str) -> dict[str, Filling]:
    """By form. Ids are new in every call, so that cases that use the same ids do not meet. Needs an app context."""
    own = {form: _with_own_ids(case) for form, case in cases.items()}
    for case in own.values():
        db.transact(partial(_store, case=case, author=author))
    return {form: Filling(case, _household(case)) for form, case in own.items()}


def _household(case: Case) -> str | None:
    rows = case.lists.get("household", ())
    named = [value for path, value in case.answers if path.endswith("/household")]
    return rows[0]["name"] if len(rows) == 1 and rows[0]["name"] in named else None


def _with_own_ids(case: Case) -> Case:
    """The same case with new ids of its records, in rows and answers alike."""
    text = json.dumps({"lists": dict(case.lists), "answers": list(case.answers)}, ensure_ascii=False)
    for name in {row["name"] for dataset, rows in case.lists.items() if dataset in datasets() for row in rows}:
        text = text.replace(name, str(uuid.uuid4()))
    changed: dict[str, Any] = json.loads(text)
    return replace(case, lists=changed["lists"], answers=[(path, value) for path, value in changed["answers"]])


def _store(session: Session, case: Case, author: str) -> None:
    known = datasets()
    origin = Origin(str(uuid.uuid4()), author, "case", None)
    ordered = sorted((name for name in case.lists if name in known), key=lambda name: known[name].parent is not None)
    writes = [_write(known[name], row) for name in ordered for row in case.lists[name]]
    touch(session, of_outcomes(session, [apply_write(session, known[one.dataset], origin, one) for one in writes]))


def _write(dataset: Dataset, row: Row) -> RecordWrite:
    values = {name: canonical(row[name], prop.type) for name, prop in dataset.properties.items() if row.get(name)}
    if dataset.region_source:
        values.setdefault(dataset.region_source, VILLAGE)
    if dataset.label_property:
        values.setdefault(dataset.label_property, row.get("label") or row["name"])
    parent = row.get(dataset.parent.property) if dataset.parent else None
    return RecordWrite(dataset.name, row["name"], values, parent=parent)


def add_worker(username: str, password: str, name: str) -> str:
    """Somebody to whom every form is offered: all roles in the village, and the certificate. Answers the id."""

    def store(session: Session) -> str:
        known = session.scalar(select(Person.id).where(Person.username == username))
        return known or _add(session, username, password, name)

    return db.transact(store)


def _add(session: Session, username: str, password: str, name: str) -> str:
    person = add_person(
        session, id=str(uuid.uuid4()), username=username, display_name=name, password_hash=hash_password(password)
    )
    for role in ("cadre", "supervisor"):
        give_role(session, person.id, role, VILLAGE)
    give_role(session, person.id, "inspector", None)
    certificate = Certificate(str(uuid.uuid4()), "house_appraiser", "1", "虚县", date(2020, 1, 1), None)
    qualify(session, person.id, certificate, None)
    return person.id
