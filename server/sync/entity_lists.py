"""Lists of records for clients that keep them as CSV (ODK Collect), and what a client must forget.

A list holds the records that its reader works with, never more properties than the form needs: the public and
internal ones, and of the others those that the form both writes (`save_to`) and reads back to prefill a question. A
property that is read but not delivered would come back empty, and an empty node clears.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.forms.dataset import Dataset
from server.forms.model import FormModel
from server.forms.xml import parse_xml
from server.registry.masking import CLEAR_ROLES
from server.registry.tables import Entity
from server.sync.scope import visible_entities
from server.sync.vocabulary import Known, vocabulary

OPEN = ("public", "internal")
_LAYOUT = "1"  # part of every tag: change it with the shape of the CSV
_SOURCE = "jr://file-csv/"
_BATCH = 1000
_KEPT_HASHES = 512
_TODAY: Known = {}
_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)


@dataclass(frozen=True)
class EntityList:
    """One list that a form reads: `filename` as the form names it, and the properties it carries, in order.

    `dataset` is as the form knows it: `known` steps of its vocabulary.
    """

    dataset: Dataset
    properties: tuple[str, ...]
    known: int = 0

    @property
    def filename(self) -> str:
        return f"{self.dataset.name}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        return ("name", "label", "__version", *self.properties)


def lists_of(
    xform: str, model: FormModel, datasets: Mapping[str, Dataset], known: Known = _TODAY
) -> tuple[EntityList, ...]:
    """The entity lists among the external files of a form, in the order of the form and in its words."""
    root = parse_xml(xform)
    sources = [str(element.get("src") or "") for element in root.iter("{*}instance")]
    names = [source.removeprefix(_SOURCE).removesuffix(".csv") for source in sources if source.startswith(_SOURCE)]
    listed = [datasets[name] for name in dict.fromkeys(names) if name in datasets]
    return tuple(
        EntityList(dataset, _properties(root, model, dataset), known.get(dataset.name, 0)) for dataset in listed
    )


def _properties(root: etree._Element, model: FormModel, dataset: Dataset) -> tuple[str, ...]:
    targets = [question.save_to for question in model.questions if question.save_to]
    written = {name for owner, name in targets if owner == dataset.name}
    read = _read_names(root, dataset.name)
    return tuple(
        prop.name
        for prop in dataset.properties.values()
        if prop.sensitivity in OPEN or (prop.name in written and prop.name in read)
    )


def _read_names(root: etree._Element, dataset: str) -> set[str]:
    """Every word of the expressions that look into this list: a superset of the columns that the form reads."""
    looks = re.compile(rf"instance\(\s*['\"]{re.escape(dataset)}['\"]\s*\)")
    values = (str(value) for element in root.iter() for value in element.attrib.values())
    return {word for value in values if looks.search(value) for word in re.findall(r"[\w.-]+", value)}


def list_tag(session: Session, actor: Actor, wanted: EntityList) -> str:
    """Changes whenever the list does, for the price of reading ids and versions."""
    digest = hashlib.sha256("\n".join((_LAYOUT, str(wanted.known), *wanted.columns)).encode())
    rows = session.execute(
        select(Entity.id, Entity.version, Entity.vocabulary)
        .where(*_listed(actor, wanted.dataset))
        .order_by(Entity.id)
    )
    for entity_id, version, words in rows:
        digest.update(f"\n{entity_id}:{version}:{words}".encode())
    return digest.hexdigest()[:32]


def list_csv(session: Session, actor: Actor, wanted: EntityList) -> bytes:
    """The list: header, then one row for each record in sight, by id. UTF-8, lines end with LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(wanted.columns)
    above = wanted.dataset.parent.property if wanted.dataset.parent else None
    # Columns, not records: a list may be long, and of a record only these are needed.
    words = vocabulary(wanted.dataset.name)
    rows = select(Entity.id, Entity.label, Entity.version, Entity.parent_id, Entity.values, Entity.vocabulary)
    rows = rows.where(*_listed(actor, wanted.dataset)).order_by(Entity.id).execution_options(yield_per=_BATCH)
    for entity_id, label, version, parent, values, spoken in session.execute(rows):
        if words.steps:
            values = words.back(words.forward(values, spoken), wanted.known)
        known = {**values, above: parent} if above else values
        writer.writerow((entity_id, label, version, *(known.get(name) or "" for name in wanted.properties)))
    return text.getvalue().encode()


_hashes: OrderedDict[str, str] = OrderedDict()


def list_hash(session: Session, actor: Actor, wanted: EntityList) -> str:
    """`md5:…` of the list's bytes, as a manifest names it; made once for each tag."""
    tag = list_tag(session, actor, wanted)
    known = _hashes.get(tag)
    if known is None:
        known = _hashes[tag] = md5(list_csv(session, actor, wanted))
        while len(_hashes) > _KEPT_HASHES:
            _hashes.popitem(last=False)
    return known


def md5(content: bytes) -> str:
    """The hash that OpenRosa prescribes; it names content and protects nothing."""
    return f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"


def forgotten(session: Session, actor: Actor, dataset: Dataset, ids: Iterable[str]) -> dict[str, bool]:
    """For each id whether a client must forget it: unknown, foreign, archived and erased records alike."""
    plain = {entity_id: entity_id.removeprefix("uuid:").lower() for entity_id in ids}
    wanted = {found for found in plain.values() if _ID.fullmatch(found)}
    there = set(session.scalars(select(Entity.id).where(Entity.id.in_(wanted), *_listed(actor, dataset))))
    return {entity_id: found not in there for entity_id, found in plain.items()}


def _listed(actor: Actor, dataset: Dataset) -> tuple[ColumnElement[bool], ...]:
    # Only where the reader works: what an auditor sees masked would come back as a changed value.
    return (Entity.dataset == dataset.name, Entity.state == "active", visible_entities(actor, CLEAR_ROLES))
