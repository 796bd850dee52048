"""Which published forms an ODK client is offered, and which lists of records they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import now
from server.errors import Problem
from server.forms import versions
from server.forms.model import REGION_LIST
from server.forms.tables import FormVersion
from server.sync.definitions import form_model
from server.sync.entity_lists import EntityList, lists_of
from server.sync.offering import reader_of
from server.sync.vocabulary import datasets_as


@dataclass(frozen=True)
class OfferedForm:
    """A published version; `names` by language, `hash` is `md5:…` of the XForm's bytes."""

    form_id: str
    version: str
    names: Mapping[str, str]
    hash: str


def offered_forms(
    session: Session, actor: Actor, form_id: str | None = None, *, all_versions: bool = False
) -> list[OfferedForm]:
    """Of each form that the actor may fill in the version whose day came last (or all that have begun), by form id."""
    rows = versions.list_versions(session)
    if form_id is not None:
        rows = [row for row in rows if row.form_id == form_id]
    reader = reader_of(session, actor)
    usable = [row for row in rows if _begun(row) and reader.may_fill(versions.settings_of(row))]
    usable.sort(key=lambda row: (versions.offered_from(row), row.version), reverse=True)
    newest: dict[str, FormVersion] = {}
    for row in usable:
        newest.setdefault(row.form_id, row)
    wanted = usable if all_versions else newest.values()
    return [OfferedForm(row.form_id, row.version, row.names, row.hash) for row in sorted(wanted, key=_form_id)]


def _begun(row: FormVersion) -> bool:
    begins = versions.offered_from(row)
    return begins is not None and begins <= now()


def _form_id(row: FormVersion) -> str:
    return row.form_id


def entity_lists(session: Session, form: FormVersion) -> tuple[EntityList, ...]:
    """The lists of records that this form reads. A file of the same name that came with the form goes first."""
    model = form_model(session, form.form_id, form.version)
    own = versions.media_hashes(session, [form])[form.form_id, form.version]
    lists = lists_of(form.xform, model, datasets_as(form.vocabulary), form.vocabulary) if model else ()
    return tuple(wanted for wanted in lists if wanted.filename not in own)


def reads_regions(session: Session, form: FormVersion) -> bool:
    """Does the form ask for a village or group, and brings no list of its own?"""
    model = form_model(session, form.form_id, form.version)
    own = versions.media_hashes(session, [form])[form.form_id, form.version]
    names = [file.rpartition("/")[2] for file in model.files] if model else []
    return REGION_LIST in names and REGION_LIST not in own


def entity_list(session: Session, form: FormVersion, dataset: str) -> EntityList:
    """One of them. Problem record.not_found."""
    found = next((wanted for wanted in entity_lists(session, form) if wanted.dataset.name == dataset), None)
    if found is None:
        raise Problem("record.not_found")
    return found
