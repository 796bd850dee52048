"""What an import needs while it runs, read from its row once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.people import IMPORTER, add_importer
from server.accounts.tables import Person
from server.config import Settings
from server.errors import Problem
from server.forms.dataset import Dataset
from server.imports.mapping import RegisterMapping, read_mapping
from server.imports.places import Places
from server.imports.sheets import not_readable
from server.imports.staging import Staging
from server.imports.tables import ImportSource, RegisterImport

BATCH = 50  # households in one transaction
LEASE = timedelta(minutes=2)  # no batch takes so long: what has not moved since has lost its worker

Datasets = Mapping[str, Dataset]
# What is being done, how much of how much.
Progress = Callable[[str, int, int], None]

_IMPORTER_ID = "1f0e5a0c-93c2-4c1b-8f0e-6a5d2f6b7c11"


@dataclass(frozen=True)
class Job:
    """One import. `secret`: of its source; `number`: its place among the imports of this source, None in a preview."""

    id: str
    mapping: RegisterMapping
    datasets: Datasets
    source: str
    secret: bytes
    number: int | None
    importer: str
    places: Places
    staging: Staging

    @property
    def lineage(self) -> str:
        """The line of work of this register: what an import saw is what the imports before it wrote."""
        return f"import:{self.source}"


def folder_of(settings: Settings) -> Path:
    return settings.var / "imports"


def staging_path(settings: Settings, import_id: str) -> Path:
    return folder_of(settings) / f"{import_id}.staging"


def importer(session: Session) -> str:
    """Id of the person in whose name registers are merged; nobody can sign in as it."""
    found = session.scalar(select(Person.id).where(Person.username == IMPORTER))
    if found is not None:
        return found
    return add_importer(session, id=_IMPORTER_ID, display_name="登记册导入").id


def mapping_of(settings: Settings, text: str, name: str, datasets: Datasets) -> RegisterMapping:
    """The mapping in this text; `name` is said where something is wrong. Problem import.not_readable."""
    folder = folder_of(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = Path(own) / (plain_name(name) or "mapping.yaml")
        path.write_text(text, "utf-8")
        found, faults = read_mapping(path, datasets)
    if found is None:
        raise not_readable(*faults)
    return found


def plain_name(name: str) -> str:
    """The last part of a path, without what no file name may hold."""
    return "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())[:100]


def open_job(
    session: Session, settings: Settings, datasets: Datasets, row: RegisterImport, *, new: bool = False
) -> Job:
    """The import of this row. Problem import.state when its staging file is gone."""
    source = session.get_one(ImportSource, row.source)
    try:
        staging = Staging(staging_path(settings, row.id), row.secret, new=new)
    except FileNotFoundError as error:
        raise Problem("import.state", detail="staging") from error
    return Job(
        id=row.id,
        mapping=mapping_of(settings, row.mapping, "mapping.yaml", datasets),
        datasets=datasets,
        source=row.source,
        secret=source.secret,
        number=row.number,
        importer=importer(session) if row.number is not None else "",
        places=Places(session, row.area, row.scope),
        staging=staging,
    )


def silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""
