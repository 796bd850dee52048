"""Hard rules that a merged record breaks though every author had kept them: a conflict on the properties they name.

The conflict's key names the rule. Only a record in which somebody's work met work that he had not seen is looked at.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.forms.dataset import Dataset
from server.forms.rule import Rule
from server.forms.rules import check_record
from server.registry.tables import Conflict, Entity, EntityVersion
from server.sync.conflicts import close
from server.sync.desk import carry_off
from server.sync.heads import keys_of
from server.sync.merge import Key
from server.sync.mixture import Mixed, Texts, mixture, view_of
from server.sync.record import Origin, RecordWrite, key_of
from server.sync.record_rows import RecordRow, change

RULE = "@rule"


def rule_key(rule: Rule) -> str:
    return f"{RULE}:{rule.id}"


def rule_of(dataset: Dataset, key: str) -> Rule | None:
    """The rule that a conflict is about; None of any other conflict, or where the rule is no longer defined."""
    kind, _, name = key.partition(":")
    return next((rule for rule in dataset.rules if rule.id == name), None) if kind == RULE else None


def properties_of(rule: Rule) -> list[str]:
    return [name.rpartition(".")[2] for name in rule.properties]


def keys_named(dataset: Dataset, rule: Rule) -> list[str]:
    """The keys (properties or groups) that the rule looks at."""
    return list(dict.fromkeys(key_of(dataset, name) for name in properties_of(rule)))


def settle_rules(
    session: Session, dataset: Dataset, origin: Origin, entity: RecordRow, write: RecordWrite
) -> list[Conflict]:
    """Opens and closes the record's conflicts about rules; answers those that changed."""
    had = any(name.startswith(RULE) for name in entity.contested)
    if not had and not _met_others(origin, entity, write):
        return []
    hard = [rule for rule in dataset.rules if rule.severity == "hard"]
    if not hard:
        return []
    keys = keys_of(session, dataset, entity)
    wanted = _broken(session, dataset, entity, keys, hard)
    rows = {row.key: row for row in _open(session, entity)} if had else {}
    changed = [_open_anew(session, entity, rule, mixed) for key, (rule, mixed) in wanted.items() if key not in rows]
    for key, row in rows.items():
        if key in wanted:
            row.op_ids = sorted({*row.op_ids, *wanted[key][1].ops})
        else:
            close(row, origin)
            changed.append(row)
    others = {name for name in entity.contested if not name.startswith(RULE)}
    change(session, entity, contested=sorted({*others, *wanted}))
    session.flush()
    return changed


def _met_others(origin: Origin, entity: RecordRow, write: RecordWrite) -> bool:
    """Whether the author may not have seen all of the record: then it can be a mixture. The new version is counted."""
    return bool(origin.resolves) or (entity.version > 1 and write.base_version != entity.version - 1)


def _open(session: Session, entity: RecordRow) -> Sequence[Conflict]:
    mine = (Conflict.entity_id == entity.id, Conflict.state == "open", Conflict.key.startswith(RULE, autoescape=True))
    return session.scalars(select(Conflict).where(*mine)).all()


def _broken(
    session: Session, dataset: Dataset, entity: RecordRow, keys: Mapping[str, Key], hard: Sequence[Rule]
) -> dict[str, tuple[Rule, Mixed]]:
    """The hard rules that only the mixture breaks, by the key of their conflict."""
    found = {}
    for rule in hard:
        day = _day(keys, keys_named(dataset, rule))
        if not _breaks(dataset, rule, day, entity.values):
            continue
        breaks = partial(_breaks, dataset, rule, day)
        mixed = mixture(keys, keys_named(dataset, rule), bases_of(session, entity, keys), breaks)
        if mixed is not None:
            found[rule_key(rule)] = (rule, mixed)
    return found


def _breaks(dataset: Dataset, rule: Rule, day: date, values: Texts) -> bool:
    return bool(check_record(dataset, values, day, [rule]))


def _day(keys: Mapping[str, Key], names: Sequence[str]) -> date:
    """The last believable visit behind the values: the same day in whatever order they came."""
    heads = (head for name in names if name in keys for head in keys[name].heads())
    last = max((head.observed for head in heads if head.observed), default=None)
    return date.fromisoformat(last[:10]) if last else db.today()


def bases_of(session: Session, entity: Entity | RecordRow, keys: Mapping[str, Key]) -> dict[int, dict[str, str | None]]:
    """The record at each version that an author had before him."""
    carry_off(session)
    versions = {write.base_version for key in keys.values() for write in key.writes if write.base_version}
    rows = session.execute(
        select(EntityVersion.version, EntityVersion.values).where(
            EntityVersion.entity_id == entity.id, EntityVersion.version.in_(versions)
        )
    )
    return {version: dict(values) for version, values in rows}


def _open_anew(session: Session, entity: RecordRow, rule: Rule, mixed: Mixed) -> Conflict:
    row = Conflict(
        id=str(uuid.uuid4()),
        entity_id=entity.id,
        key=rule_key(rule),
        properties=properties_of(rule),
        state="open",
        op_ids=list(mixed.ops),
    )
    session.add(row)
    return row


def author_views(
    session: Session, dataset: Dataset, entity: Entity | RecordRow, keys: Mapping[str, Key], rule: Rule
) -> dict[str, dict[str, str | None]]:
    """What the record of each author said of the rule's properties, by op."""
    bases = bases_of(session, entity, keys)
    named = [keys[name] for name in keys_named(dataset, rule) if name in keys]
    heads = {write.op_id: write for key in named for write in key.writes}
    views = {op_id: view_of(write, keys, bases.get(write.base_version, {})) for op_id, write in heads.items()}
    return {op_id: {name: view.get(name) for name in properties_of(rule)} for op_id, view in views.items()}
