"""Which published forms an ODK client is offered, and which lists of records they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
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
    """The newest published version of each form that the actor may fill in (or all of them), by form id."""
    columns = (FormVersion.form_id, FormVersion.version, FormVersion.names, FormVersion.hash)
    rows = session.execute(
        select(*columns, FormVersion.extra)
        .where(FormVersion.state == "published", *([FormVersion.form_id == form_id] if form_id else []))
        .order_by(FormVersion.form_id, FormVersion.published_at.desc(), FormVersion.version.desc())
    )
    reader = reader_of(session, actor)
    forms = [OfferedForm(*row) for *row, extra in rows if reader.may_fill((extra or {}).get("settings", {}))]
    if all_versions:
        return forms
    newest: dict[str, OfferedForm] = {}
    for form in forms:
        newest.setdefault(form.form_id, form)
    return list(newest.values())


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
