"""Tries to reach a household: kept one by one, whether they came as an op of their own or with a form.

Either way the household's merge group `contact` says how the last one ended; its code list is the dataset's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import not_, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.db import upsert
from server.forms.canonical import canonical
from server.geo.tables import Region
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.sync import scope
from server.sync.case import Case
from server.sync.definitions import datasets
from server.sync.envelope import Visit
from server.sync.office_tables import ContactAttempt
from server.sync.op_row import OpRow
from server.sync.record import Outcome
from server.sync.record_rows import RecordRow

DATASET, DISPOSITION = "household", "contact_disposition"
# After these the household was reached: the count of tries without success begins anew.
REACHED = ("complete", "partial")
# After these one goes again, as often as the policy `contact` asks.
AGAIN = ("nobody", "lost")
# How a telephone form ends, in the words of the code list.
_BY_PHONE = {"reached": "complete", "refused": "refused", "given_up": "nobody", "call_again": "nobody"}


def dispositions() -> frozenset[str]:
    """The codes of how a try may end, from the dataset's code list."""
    return frozenset(choice.value for choice in datasets()[DATASET].properties[DISPOSITION].choices or ())


def words_of(code: str) -> dict[str, str] | None:
    """How this code is called; None for one that is not in the list."""
    choices = datasets()[DATASET].properties[DISPOSITION].choices or ()
    return next((dict(choice.labels) for choice in choices if choice.value == code), None)


def ended(root: Any) -> str | None:
    """How a form says that the try ended (`disposition`; of a telephone form `outcome`), in codes of the list.

    `root`: of the filled form; None where it does not say.
    """
    disposition, outcome = (_said(root, name) for name in ("disposition", "outcome"))
    return disposition if disposition in dispositions() else _BY_PHONE.get(outcome)


def asks_again(root: Any) -> bool:
    """Whether a form met nobody, so that it is a try and not what was asked for: somebody goes again.

    A telephone form that holds as many calls as the policy asks is the end of it.
    """
    return ended(root) in AGAIN and _said(root, "outcome") != "given_up"


def _said(root: Any, name: str) -> str:
    return (root.findtext(f".//{name}") or "").strip()


def values_of(entity: RecordRow, disposition: str, at: datetime) -> dict[str, str | None]:
    """What the try makes of the household's group `contact`; what the form alone asks (why away) is empty."""
    dataset = datasets()[DATASET]
    group = dataset.properties[DISPOSITION].group
    values: dict[str, str | None] = {prop.name: None for prop in dataset.properties.values() if prop.group == group}
    before = entity.values.get("contact_tries") or "0"
    tries = 0 if disposition in REACHED else (int(before) if before.isdecimal() else 0) + 1
    values[DISPOSITION] = disposition
    values["contact_at"] = canonical(at.isoformat(timespec="milliseconds"), dataset.properties["contact_at"].type)
    values["contact_tries"] = str(tries)
    return values


def add(
    session: Session,
    op: OpRow,
    entity_id: str,
    disposition: str,
    visit: Visit,
    instance_id: str | None = None,
    *,
    independent: bool = False,
) -> None:
    """Keeps one try; of one op and household once. `independent`: kept from the village (see Submission)."""
    statement = upsert(session, ContactAttempt).values(
        op_id=op.op_id,
        entity_id=entity_id,
        person_id=op.person_id,
        disposition=disposition,
        instance_id=instance_id,
        received_at=op.received_at,
        started_at=visit.started_at,
        ended_at=visit.ended_at,
        contact_mode=visit.contact_mode,
        location=dict(visit.location) if visit.location else None,
        independent=independent,
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["op_id", "entity_id"]))


def of_submission(session: Session, case: Case, written: Sequence[Outcome]) -> None:
    """The try that a form tells of: it writes how the try ended."""
    known = dispositions() if written and case.submission else frozenset()
    for write in case.writes if known else ():
        ended = write.values.get(DISPOSITION)
        if write.dataset == DATASET and ended in known and case.submission:
            submission = case.submission
            add(
                session,
                case.row,
                write.id,
                str(ended),
                submission.visit,
                submission.instance_id,
                independent=case.independent,
            )


def list_contacts(session: Session, actor: Actor, entity_id: str, limit: int, after: str | None) -> Page | None:
    """Tries to reach a household, newest first; None for one out of sight, or when `after` names none of its tries."""
    entity = scope.find_entity(session, actor, entity_id)
    if entity is None:
        return None
    known: Rows = select(ContactAttempt).where(ContactAttempt.entity_id == entity.root_id)
    above = tuple(role.role for role in actor.roles if role.role != "cadre")
    region = session.get_one(Region, entity.region_code)
    open_to_all, own = ContactAttempt.independent.is_(False), ContactAttempt.person_id == actor.id
    if actor.covers(region.path, above):
        kept = scope.unannounced(actor, ContactAttempt.person_id, ContactAttempt.entity_id, above)
        known = known.where(or_(open_to_all, own, not_(kept)))
    else:
        known = known.where(or_(open_to_all, own))
    page = newest_first(session, known, known, ContactAttempt.received_at, ContactAttempt.op_id, limit, after)
    if page is None:
        return None
    names = authors(session, (row.ContactAttempt.person_id for row in page.rows))
    return Page([_wire(row.ContactAttempt, names) for row in page.rows], page.next)


def _wire(row: ContactAttempt, names: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "op_id": row.op_id,
        "instance_id": row.instance_id,
        "disposition": row.disposition,
        "author": names.get(row.person_id),
        "received_at": row.received_at.isoformat(),
        "visit": {
            "started_at": row.started_at.isoformat() if row.started_at else None,
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            "contact_mode": row.contact_mode,
            "location": row.location,
        },
    }
