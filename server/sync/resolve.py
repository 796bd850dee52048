"""A person's decision on a conflict: an op like any other, which can come late, twice, or against another decision.

It answers the heads that its author had on screen; a head that came meanwhile stays open. What it decided, who and why
are kept with the conflict for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.forms.canonical import canonical
from server.forms.dataset import Dataset
from server.forms.fitting import fits
from server.registry.tables import Conflict, Entity, Head
from server.sync import merge, scope
from server.sync.authority import rank_of
from server.sync.broken_rules import author_views, keys_named, properties_of, rule_of
from server.sync.definitions import datasets
from server.sync.desk import carry_off
from server.sync.envelope import as_uuid
from server.sync.heads import empty_key, keys_of
from server.sync.lookalikes import makers_of, pair_of
from server.sync.merge_policy import Value
from server.sync.merge_state import ACTIVE, ARCHIVED, SAME_AS, STATE, STATES, state_value
from server.sync.place import in_area
from server.sync.record import Edit, Origin, Outcome, RecordWrite, members
from server.sync.record_rows import RecordRow, change, records_by_id
from server.sync.state import with_state
from server.sync.store import outcome_of, store
from server.sync.write import WRITING

ALWAYS = ("supervisor", "admin")
LONGEST_REASON = 2000
MOST_SEEN = 200
UNKNOWN = "resolution.value_unknown"
INVALID = "resolution.value_invalid"
DIFFERENT = "different"  # the value that says two records are not the same


@dataclass(frozen=True)
class Resolution:
    """`choose`: the op of a head, or "value" with `value`; `seen`: the op of every head that was on screen.

    Of a possible duplicate: the op that made the record which stays, or the value "different". Of a broken rule: the op
    whose author's values hold for all properties of the rule, or an object of all of them.
    """

    conflict_id: str
    choose: str
    value: object
    reason: str
    seen: tuple[str, ...]


def read_resolution(body: Mapping[str, Any]) -> Resolution | None:
    """The decision in an op's body; None when a part of it is missing."""
    conflict_id, seen, reason = as_uuid(body.get("conflict_id")), body.get("seen"), body.get("reason")
    choose = "value" if body.get("choose") == "value" else as_uuid(body.get("choose"))
    if conflict_id is None or choose is None or not isinstance(seen, list) or not isinstance(reason, str):
        return None
    ops = tuple(op_id for item in seen[:MOST_SEEN] if (op_id := as_uuid(item)))
    if not ops or not reason.strip() or len(reason) > LONGEST_REASON:
        return None
    return Resolution(conflict_id, choose, body.get("value"), reason.strip(), ops)


def records_of(session: Session, resolution: Resolution) -> set[str]:
    """The records that the conflict is about."""
    row = session.get(Conflict, resolution.conflict_id)
    return set(pair_of(row) or (row.entity_id,)) if row else set()


def may_resolve(actor: Actor, dataset: Dataset) -> tuple[str, ...]:
    """The roles in which people may settle conflicts of this dataset."""
    return tuple(dict.fromkeys((*ALWAYS, *dataset.resolvers)))


def resolve(session: Session, actor: Actor, origin: Origin, resolution: Resolution) -> tuple[Outcome, ...] | str:
    """The records after the decision, or the code of why nothing was decided."""
    row = session.get(Conflict, resolution.conflict_id)
    ids = sorted(pair_of(row) or (row.entity_id,)) if row else []
    records = list(records_by_id(session, ids).values())
    known = [entity for entity in records if _in_sight(session, actor, entity)]
    if row is None or len(known) < len(ids):
        return "scope.lost"
    rank = rank_of(session, actor, known[0].region_code)
    if len(known) > 1:
        return _resolve_pair(session, _decided(origin, resolution, rank, resolution.value), known, resolution)
    dataset = datasets()[known[0].dataset]
    keys = keys_of(session, dataset, known[0])
    values = _values(session, dataset, row, known[0], keys, resolution)
    if isinstance(values, str):
        return values
    if _leaves_the_area(session, actor, dataset, known[0], values):
        return "region.unknown"
    if _goes_out_of_sight(session, actor, dataset, known[0], values):
        return "scope.lost"
    decided = _decided(origin, resolution, rank, _said(row, values))
    return (_settle(session, decided, known[0], keys, values),)


def _leaves_the_area(
    session: Session, actor: Actor, dataset: Dataset, entity: RecordRow, values: Mapping[str, Value]
) -> bool:
    """Whether the decision would put the record nowhere, or where the person may not write, as with a submission."""
    codes = [value[name] for value in values.values() for name in value if name == dataset.region_source]
    return any(code != entity.region_code and not in_area(session, actor, code, WRITING) for code in codes)


def _goes_out_of_sight(
    session: Session, actor: Actor, dataset: Dataset, entity: RecordRow, values: Mapping[str, Value]
) -> bool:
    """Whether the decision would put the record below one that the person may not write, or below none."""
    if dataset.parent is None:
        return False
    above = {value[name] for value in values.values() for name in value if name == dataset.parent.property}
    strange = above - {entity.parent_id}
    mine = (Entity.dataset == dataset.parent.dataset, scope.visible_entities(actor, WRITING))
    found = set(session.scalars(select(Entity.id).where(Entity.id.in_(strange - {None}), *mine)))
    return bool(strange - found)


def _in_sight(session: Session, actor: Actor, entity: RecordRow) -> bool:
    roles = may_resolve(actor, datasets()[entity.dataset])
    clause = scope.visible_entities(actor, roles) if "cadre" in roles else scope.in_regions(actor, roles)
    return session.scalar(select(Entity.id).where(Entity.id == entity.id, clause)) is not None


def _resolve_pair(
    session: Session, origin: Origin, records: Sequence[RecordRow], resolution: Resolution
) -> tuple[Outcome, ...] | str:
    """Whether two records are the same: then the other one is archived and points to the one that stays.

    Either way the decision says of both records what they are. So two decisions that differ are a conflict on their
    state, and nobody vanishes because two people kept a different one.
    """
    makers = makers_of(session, [one.id for one in records])
    kept = next((one for one in records if makers.get(one.id) == resolution.choose), None)
    if kept is None and (resolution.choose, resolution.value) != ("value", DIFFERENT):
        return UNKNOWN
    outcomes = []
    for one in records:
        gone = kept is not None and one is not kept
        if gone or SAME_AS in one.values:
            change(session, one, values={**one.values, SAME_AS: kept.id if kept and gone else None})
        keys = keys_of(session, datasets()[one.dataset], one)
        # Who decides about a record decides about all that was said of it so far, but not over another decision.
        said = {write.op_id for key in keys.values() for write in key.writes if not write.resolves}
        whole = replace(origin, resolves=origin.resolves | said)
        outcomes.append(_settle(session, whole, one, keys, {STATE: state_value(ARCHIVED if gone else ACTIVE)}))
    return tuple(outcomes)


def _values(
    session: Session,
    dataset: Dataset,
    row: Conflict,
    entity: RecordRow,
    keys: Mapping[str, merge.Key],
    resolution: Resolution,
) -> dict[str, Value] | str:
    """What the decision writes, by key; or the code of why nothing."""
    rule = rule_of(dataset, row.key)
    if rule is None:
        value = _value(session, dataset, row, resolution)
        return value if isinstance(value, str) else {row.key: value}
    names = properties_of(rule)
    if resolution.choose == "value":
        given = _given(dataset, names, resolution.value)
    else:
        given = author_views(session, dataset, entity, keys, rule).get(resolution.choose) or UNKNOWN
    if isinstance(given, str):
        return given
    return {
        name: {prop: given[prop] if prop in names else entity.values.get(prop) for prop in members(dataset, name)}
        for name in keys_named(dataset, rule)
    }


def _value(session: Session, dataset: Dataset, row: Conflict, resolution: Resolution) -> Value | str:
    """The chosen head's value, or the value given: of a group all its properties. Else the code of why none.

    A head that was taken back since it was on screen is still what the person chose; what was decided or replaced
    before the conflict began never was one.
    """
    if resolution.choose == "value":
        return _given(dataset, members(dataset, row.key), resolution.value)
    if resolution.choose not in row.op_ids:
        return UNKNOWN
    carry_off(session)
    chosen = session.get(Head, (row.entity_id, row.key, resolution.choose), populate_existing=True)
    return chosen.value if chosen else UNKNOWN


def _given(dataset: Dataset, names: Sequence[str], value: object) -> Value | str:
    """The value that a person gave by hand, in its one spelling; a code when it is not about these properties, or is
    none of theirs."""
    given = value if isinstance(value, dict) else {names[0]: value}
    if set(given) != set(names):
        return UNKNOWN
    if tuple(names) == (STATE,):
        return state_value(str(given[STATE])) if given[STATE] in STATES else INVALID
    if not all(name in dataset.properties and fits(dataset.properties[name], given[name]) for name in names):
        return INVALID
    return {name: canonical(given[name], dataset.properties[name].type) for name in names}


def _settle(
    session: Session, origin: Origin, entity: RecordRow, keys: Mapping[str, merge.Key], values: Mapping[str, Value]
) -> Outcome:
    """Writes the decision: for each key its value."""
    dataset = datasets()[entity.dataset]
    edits = []
    for name, value in values.items():
        key = keys.get(name) or empty_key(dataset, name)
        made = _write(entity, key, value, origin)
        edits.append(Edit(name, key, merge.add(key, made), made))
    if STATE in values:
        edits = with_state(session, entity, keys, edits)
    write = RecordWrite(entity.dataset, entity.id, {}, base_version=entity.version)
    return outcome_of(session, entity, edits, store(session, dataset, origin, write, entity, edits))


def _write(entity: RecordRow, key: merge.Key, value: Value, origin: Origin) -> merge.Write:
    """The decision as a write. What was on screen stands for its witnesses too; another decision only for itself."""
    on_screen = [write.value for write in (*key.writes, *key.gone) if write.op_id in origin.resolves]
    witnesses = (write.op_id for write in key.writes if write.value in on_screen and not write.resolves)
    return merge.Write(
        op_id=origin.op_id,
        value=value,
        version=entity.version + 1,
        base_version=0,  # it answers what it lists, and nothing by being shown
        saw=None,
        lineage=f"op:{origin.op_id}",
        seq=None,
        resolves=frozenset([*witnesses, *origin.resolves]),
        rank=origin.rank,
    )


def _said(row: Conflict, values: Mapping[str, Value]) -> object:
    """What is written of the conflict's properties: one text, or of several an object."""
    written = {name: text for value in values.values() for name, text in value.items()}
    said = {name: written.get(name) for name in row.properties}
    return said if len(said) > 1 else next(iter(said.values()))


def _decided(origin: Origin, resolution: Resolution, rank: int, said: object) -> Origin:
    """The op as a decision, and what the conflict keeps of it. `said`: as it is written, for its readers mask it; what
    was sent beside a chosen head is nobody's value.
    """
    value = said if resolution.choose == "value" else None
    decision = {"choose": resolution.choose, "value": value, "reason": resolution.reason}
    return Origin(
        op_id=origin.op_id,
        person_id=origin.person_id,
        lineage=origin.lineage,
        seq=origin.seq,
        resolves=frozenset(resolution.seen),
        rank=rank,
        decides=resolution.conflict_id,
        decision={name: part for name, part in decision.items() if part is not None},
    )
