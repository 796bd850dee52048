"""What the author of an op had on the lists that its form reads, as far as the server knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.evaluation import FormPlan, ListUnreadable, Seen, read_list
from server.forms.evaluation.doubt import lists_read
from server.forms.evaluation.lists import List, Row
from server.forms.policy_store import policy_loaded_at, policy_rows
from server.forms.tables import FormMedia, FormVersion
from server.forms.xpath import Node, Table
from server.registry.masking import CLEAR_ROLES
from server.registry.tables import Entity
from server.sync.case import Case
from server.sync.definitions import datasets
from server.sync.desk import versions_at
from server.sync.envelope import parse_time
from server.sync.record_rows import RecordRow, find_records
from server.sync.scope import visible_entities
from server.sync.vocabulary import vocabulary

_POLICY = "policy_"


def seen_lists(session: Session, case: Case, plan: FormPlan) -> dict[str, List]:
    """The lists by instance id. One that is absent is unknown: what reads it is not judged."""
    found: dict[str, List] = dict(_own_files(session, case, plan))
    heard = parse_time(case.submission.clock.get("server_time_seen")) if case.submission else None
    wanted, known = [], datasets()
    for name in lists_read(plan):
        stem = plan.files[name].rpartition("/")[2].removesuffix(".csv")
        if name in found:
            continue
        if stem.startswith(_POLICY):
            found[name] = _policy(session, stem.removeprefix(_POLICY), heard)
        elif stem in known:
            wanted.append((name, known[stem]))
    if wanted:
        found |= _records(session, case, plan, wanted, heard)
    return found


def _own_files(session: Session, case: Case, plan: FormPlan) -> Mapping[str, Node | Table]:
    """Lists that came with the form; read once, because a published version never changes."""
    kept: dict[str, Node | Table] | None = plan.kept.get("own_files")
    if kept is None and case.submission is not None and plan.files:
        version = (FormMedia.form_id == case.submission.form_id, FormMedia.version == case.submission.form_version)
        names = {address.rpartition("/")[2]: name for name, address in plan.files.items()}
        rows = session.execute(select(FormMedia.name, FormMedia.content).where(*version, FormMedia.name.in_(names)))
        kept = plan.kept["own_files"] = {
            names[file]: table for file, content in rows if (table := _read(file, content)) is not None
        }
    return kept or {}


def _read(name: str, content: bytes) -> Node | Table | None:
    try:
        return read_list(name, content)
    except ListUnreadable:
        return None


def _policy(session: Session, name: str, heard: datetime | None) -> Seen:
    """A policy as it stands; the author had the same when his phone heard from the server after it was loaded."""
    loaded = policy_loaded_at(session, name)
    return Seen(policy_rows(session, name), exact=bool(loaded and heard and heard >= loaded))


def _records(
    session: Session, case: Case, plan: FormPlan, wanted: Sequence[tuple[str, Dataset]], heard: datetime | None
) -> dict[str, List]:
    """The records of the household (or of those that the form names), as of the versions that the author had."""
    roots = _roots(case, plan)
    names = {dataset.name for _, dataset in wanted}
    entities = _entities(session, case, roots, names)
    if not any(entity.id in roots for entity in entities):
        return {}
    bases = _bases(case)
    older = _older(session, entities, bases)
    by_dataset: dict[str, list[RecordRow]] = {dataset: [] for dataset in names}
    for entity in entities:
        by_dataset[entity.dataset].append(entity)
    about_one = len(roots) == 1 and case.model is not None and case.model.settings.get("about") == "household"
    whole = about_one and _is_phone(case)
    return {
        name: Seen(
            [_row(case, dataset, entity, older.get(entity.id)) for entity in by_dataset[dataset.name]],
            unknown=_undelivered(session, case, plan, dataset),
            exact=all(_is_exact(case, entity, bases, older, heard) for entity in by_dataset[dataset.name]),
            whole=whole,
        )
        for name, dataset in wanted
    }


def _roots(case: Case, plan: FormPlan) -> set[str]:
    """The households that the op is about: those it writes to, and those chosen from the list."""
    roots = {entity.root_id for entity, may in case.known.values() if may}
    if case.instance is not None:
        for path in _choosing(plan):
            roots |= {(found.text or "").strip() for found in case.instance.root.iterfind(path)}
    return {root for root in roots if root}


def _choosing(plan: FormPlan) -> list[str]:
    """Paths below the root of the questions that choose a household; found once per plan."""
    known: list[str] | None = plan.kept.get("choosing")
    if known is None:
        chosen = [one for one in plan.parts.values() if one.choices is not None and one.choices.source == "household"]
        known = plan.kept["choosing"] = ["/".join(one.path.split("/")[2:]) for one in chosen]
    return known


def _entities(session: Session, case: Case, roots: set[str], names: set[str]) -> Sequence[RecordRow]:
    """The active records below the households, if their author may see them."""
    if names == {"household"} and roots and all(root in case.known and case.known[root][1] for root in roots):
        return [case.known[root][0] for root in roots]
    return find_records(
        session,
        Entity.root_id.in_(roots),
        Entity.dataset.in_(names),
        Entity.state == "active",
        visible_entities(case.actor, CLEAR_ROLES),
        by=Entity.created_at,
    )


def _bases(case: Case) -> dict[str, int]:
    """The version of each record that the author had, as the envelope or the instance says."""
    if case.submission is not None and case.submission.entities is not None:
        return {named.id: named.base_version for named in case.submission.entities}
    return {write.id: write.trunk_version or write.base_version or 0 for write in case.writes}


def _older(session: Session, entities: Sequence[RecordRow], bases: Mapping[str, int]) -> dict[str, Any]:
    """The history entries of the records that have changed since the author saw them."""
    wanted = [(one.id, bases[one.id]) for one in entities if 0 < bases.get(one.id, 0) < one.version]
    return {entity_id: entry for (entity_id, _), entry in versions_at(session, wanted).items()}


def _is_exact(
    case: Case, entity: RecordRow, bases: Mapping[str, int], older: Mapping[str, Any], heard: datetime | None
) -> bool:
    base = bases.get(entity.id, 0)
    if base:
        return base == entity.version or entity.id in older
    return heard is not None and entity.updated_at <= heard


def _row(case: Case, dataset: Dataset, entity: RecordRow, older: Any) -> Row:
    """The record as a row of the list, in the words of the form."""
    shown = older or entity
    values = shown.values
    words = vocabulary(dataset.name)
    if words.steps:
        values = words.back(words.forward(values, entity.vocabulary), case.known_words.get(dataset.name, 0))
    above = dataset.parent
    fixed = {"name": entity.id, "label": shown.label, "__version": str(shown.version), "region": entity.region_code}
    parent = {above.property: entity.parent_id or ""} if above else {}
    return {**fixed, **parent, **{name: value or "" for name, value in values.items()}}


def _is_phone(case: Case) -> bool:
    """Our own app names what it had; ODK clients do not, and have all their lists at hand."""
    return case.submission is not None and case.submission.entities is not None


def _undelivered(session: Session, case: Case, plan: FormPlan, dataset: Dataset) -> frozenset[str]:
    """Columns that the author's client did not get, or not as they are stored."""
    declared = dataset.properties
    if _is_phone(case):
        if case.actor.has(*CLEAR_ROLES):
            return frozenset()
        return frozenset(name for name, one in declared.items() if one.sensitivity == "sensitive")
    delivered: dict[str, frozenset[str]] = plan.kept.setdefault("delivered", {})
    if dataset.name not in delivered:
        delivered[dataset.name] = frozenset(_delivered(session, case, dataset.name))
    return frozenset(declared) - delivered[dataset.name]


def _delivered(session: Session, case: Case, dataset: str) -> Iterator[str]:
    """The columns of the CSV that ODK clients get."""
    # Imported late: the offer of forms stands above the judging of ops.
    from server.sync.entity_lists import lists_of

    if case.submission is None or case.model is None:
        return
    form = session.get_one(FormVersion, (case.submission.form_id, case.submission.form_version))
    for one in lists_of(form.xform, case.model, datasets()):
        if one.dataset.name == dataset:
            yield from one.properties
