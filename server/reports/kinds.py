"""What can be exported: for each kind how it is asked for, what file it becomes, and who writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.config import Settings
from server.errors import Problem
from server.evidence.features import Wanted
from server.forms.dataset import Dataset
from server.geo.inside import Box
from server.inspection.outcome import over
from server.reports import answer_export, inspection_page, map_export, photo_bundle
from server.reports.inspection_report import report_of
from server.reports.selection import Selection, newest_model

Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """One export to write: for whom, what was asked (texts, as JSON keeps them), and where to."""

    settings: Settings
    actor: Actor
    datasets: Mapping[str, Dataset]
    export_id: str
    asked: Asked
    target: Path


@dataclass(frozen=True)
class Written:
    """How many submissions, features, photos or rows are in the file, and what else is known of it."""

    rows: int
    made: dict[str, Any] | None = None


@dataclass(frozen=True)
class Kind:
    """`check` refuses what cannot be asked; `formats`: ending and media type of each, the usual one first; `name`:
    what its file name begins with.
    """

    check: Callable[[Session, Actor, Asked], None]
    write: Callable[[Session, Job], Written]
    formats: Mapping[str, tuple[str, str]]
    name: Callable[[Asked], str]

    def file(self, asked: Asked) -> tuple[str, str]:
        """Ending and media type."""
        return self.formats[asked["format"]]


def period(asked: Asked) -> tuple[datetime | None, datetime | None]:
    """When it begins, and when it is over."""
    since, until = (datetime.fromisoformat(asked[name]) if asked.get(name) else None for name in ("since", "until"))
    return since, until


def selection_of(asked: Asked) -> Selection:
    since, until = period(asked)
    return Selection(asked["form_id"], asked.get("region"), since, until, asked.get("status"))


def wanted_of(asked: Asked) -> Wanted:
    """The same for features; their time has no first moment that is out."""
    since, until = period(asked)
    last = until - timedelta(microseconds=1) if until else None
    box, within = asked.get("bbox"), asked.get("within")
    return Wanted(
        Box(*box) if box else None,
        since,
        last,
        asked.get("region"),
        asked.get("form_id"),
        placed=False,
        within=shapely.from_wkt(within) if within else None,
        timed=asked.get("timed"),
    )


def photos_of(asked: Asked) -> photo_bundle.Wanted:
    since, until = period(asked)
    return photo_bundle.Wanted(asked.get("region"), since, until, asked.get("instances"))


def _check_form(session: Session, actor: Actor, asked: Asked) -> None:
    if asked.get("form_id") is not None and newest_model(session, asked["form_id"]) is None:
        raise Problem("form.not_found")


def _check_size(session: Session, actor: Actor, asked: Asked) -> None:
    if photo_bundle.measure(session, actor, photos_of(asked)).too_large:
        raise Problem("export.too_large")


def _write_answers(session: Session, job: Job) -> Written:
    shape = {"format": job.asked["format"], "words": job.asked["words"]}
    wanted = selection_of(job.asked)
    return Written(answer_export.write_answers(session, job.actor, job.datasets, wanted, job.target, **shape))


def _write_map(session: Session, job: Job) -> Written:
    shape = {name: job.asked[name] for name in ("format", "layers", "base")}
    wanted = wanted_of(job.asked)
    return Written(map_export.write_map(session, job.actor, job.datasets, wanted, job.target, **shape))


def _write_photos(session: Session, job: Job) -> Written:
    wanted = photos_of(job.asked)
    made = photo_bundle.write_bundle(session, job.settings, job.actor, wanted, job.target, name=job.export_id)
    return Written(made.photos, made.as_json())


def _check_inspection(session: Session, actor: Actor, asked: Asked) -> None:
    over(session, actor, asked["inspection"])


def _write_inspection(session: Session, job: Job) -> Written:
    report = report_of(session, job.datasets, job.actor, job.asked["inspection"])
    write = inspection_page.write_page if job.asked["format"] == "html" else inspection_page.write_workbook
    write(report, job.target)
    return Written(sum(len(section.table.rows) for section in report.sections if section.table))


KINDS: Mapping[str, Kind] = {
    "answers": Kind(_check_form, _write_answers, answer_export.FORMATS, lambda asked: str(asked["form_id"])),
    "map": Kind(_check_form, _write_map, map_export.FORMATS, lambda asked: "map"),
    "photos": Kind(_check_size, _write_photos, photo_bundle.FORMATS, lambda asked: "photos"),
    "inspection": Kind(_check_inspection, _write_inspection, inspection_page.FORMATS, lambda asked: "inspection"),
}
