"""The visits of one household on the day of a photo, as a line beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, func
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.db import CHINA
from server.evidence.one_visit import day_of
from server.evidence.queue import looks
from server.evidence.tables import PhotoLook
from server.geo.inside import metres_between
from server.registry.reading import Datasets
from server.registry.tables import Entity
from server.sync.place import geometry_of, length
from server.sync.reading import list_query, photo_counts
from server.sync.tables import Submission, without_xml

MOST = 50
Wire = dict[str, Any]


def read_day(session: Session, actor: Actor, datasets: Datasets, attachment_id: str) -> Wire | None:
    """{day, items}: the household's visits of the photo's day that the reader may see, in their order in time.

    A visit counts for the day on which it began; where nobody said so, for that of receipt. None for a photo that is
    not in the reader's queue. Always in the same number of statements.
    """
    found = session.execute(looks(actor).where(PhotoLook.attachment_id == attachment_id)).one_or_none()
    if found is None:
        return None
    visit: Submission = found.Submission
    begun = func.coalesce(Submission.started_at, Submission.received_at)
    since = datetime.combine(day_of(visit), time(), CHINA)
    mine = Submission.root_id == visit.root_id if visit.root_id else Submission.instance_id == visit.instance_id
    query = list_query(actor).where(mine, begun >= since, begun < since + timedelta(days=1)).options(without_xml())
    rows = session.execute(query.order_by(begun, Submission.instance_id).limit(MOST)).all()
    people = authors(session, (row.Submission.person_id for row in rows))
    photos = photo_counts(session, [row.Submission.instance_id for row in rows])
    items = [{**_visit(row, people, datasets), "photos": photos.get(row.Submission.instance_id)} for row in rows]
    return {"day": day_of(visit).isoformat(), "present": visit.instance_id, "items": items}


def _visit(row: Row[Any], people: Mapping[str, Wire], datasets: Datasets) -> Wire:
    submission: Submission = row.Submission
    return {
        "instance_id": submission.instance_id,
        "form_id": submission.form_id,
        "form_names": row.names,
        "author": people.get(submission.person_id),
        "started_at": submission.started_at.isoformat() if submission.started_at else None,
        "ended_at": submission.ended_at.isoformat() if submission.ended_at else None,
        "received_at": submission.received_at.isoformat(),
        "contact_mode": submission.contact_mode,
        "review": submission.review,
        "supersedes": submission.deprecated_id,
        "place": _place(submission, row.Entity, datasets),
    }


def _place(submission: Submission, household: Entity | None, datasets: Datasets) -> Wire | None:
    """How exact the visit's own place is, and how far it lies from where the house is placed now; None without one."""
    if submission.geom is None:
        return None
    dataset = datasets.get(household.dataset) if household else None
    house = geometry_of(dataset, household.values) if household and dataset else None
    here, there = submission.geom.coords[0], house.coords[0] if house else None
    metres = metres_between(here[0], here[1], there[0], there[1]) if there else None
    return {
        "accuracy_m": length((submission.location or {}).get("accuracy_m")),
        "distance_m": round(metres, 1) if metres is not None else None,
    }
