"""The merge: by causality and values, never by clocks. Pure: values in, values out.

A record is a set of keys; a key is a property or a merge group, and its value is an object {property: text}. Each key
keeps the values that ops wrote. A written value is a *head* while no other write has seen it. Several heads with one
value are one head with several witnesses. Heads are a function of the set of writes, so the order in which ops arrive
decides neither the heads nor what is contested; it may decide which of them is shown meanwhile
(docs/decisions/2026-11-21-heads-by-what-was-seen.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from server.sync.merge_policy import ASKING, COMPOSING, REVIEW, Decision, Policy, Value, decide


@dataclass(frozen=True)
class Write:
    """A value that an op gave to a key.

    `version`: the record version that the op made; `base_version` and `saw`: the version its author had before him and
    the key's value there. `lineage` and `seq`: the install (or ODK branch) and the op's place in it. `corrects`: the op
    of the submission that this one replaces. `resolves`: the ops that a resolution had on screen. `rank` and `observed`
    are for the policies (merge_policy.Candidate). `closed_by`: an op that saw this write. `implied`: not written as
    such, but said by changing the record (merge_state.py).
    """

    op_id: str
    value: Value
    version: int
    base_version: int
    saw: Value | None
    lineage: str
    seq: int | None
    corrects: str | None = None
    resolves: frozenset[str] = frozenset()
    rank: int = 0
    observed: str | None = None
    closed_by: str | None = None
    implied: bool = False

    def closed(self, by: str | None) -> Write:
        """The same write, seen by this op."""
        return self if by == self.closed_by else Write(**{**self.__dict__, "closed_by": by})


@dataclass(frozen=True)
class Sent:
    """What an op says of a record or of one key: the values in its instance, and the base values its sender named."""

    values: Value
    base: Value

    def part(self, names: Sequence[str]) -> Sent:
        """What it says of these properties."""
        values, base = ({name: given[name] for name in names if name in given} for given in (self.values, self.base))
        return Sent(values, base)


@dataclass(frozen=True)
class Key:
    """All writes of one key, the op whose value was shown last (None: nothing was ever written), and its policy.

    `gone`: writes that were taken back; a decision that had one on screen still stands for its value. `several`:
    whether the heads differ.
    """

    writes: tuple[Write, ...]
    shown: str | None
    policy: Policy = REVIEW
    gone: tuple[Write, ...] = ()
    several: bool = field(init=False, repr=False, compare=False)
    _heads: tuple[Write, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        heads = tuple([write for write in self.writes if write.closed_by is None])
        object.__setattr__(self, "_heads", heads)
        object.__setattr__(self, "several", len(heads) > 1 and any(one.value != heads[0].value for one in heads))

    def heads(self) -> tuple[Write, ...]:
        return self._heads

    def values(self) -> tuple[Value, ...]:
        """The distinct values of the heads, oldest first."""
        distinct: list[Value] = []
        for head in sorted(self._heads, key=lambda head: head.version):
            if head.value not in distinct:
                distinct.append(head.value)
        return tuple(distinct)

    def decision(self) -> Decision:
        """What is shown, and whether a rule decided it. Without a head: nothing."""
        return decide(self.policy, self._heads, self.shown) if self._heads else Decision({}, None)

    def contested(self) -> bool:
        """Several values, and a person is to decide."""
        return self.several and not self.decision().by_rule

    def settled(self) -> bool:
        """Several values, and the policy decided. What is derived is nobody's decision."""
        return self.several and self.decision().by_rule and self.policy.name != "derived"

    def shown_value(self) -> Value:
        return self.decision().value

    def of(self, op_id: str) -> Write | None:
        """What this op wrote."""
        return next((write for write in reversed(self.writes) if write.op_id == op_id), None)


def seen_value(at_base: Value, base_version: int, lineage: str, seq: int | None, writes: Iterable[Write]) -> Value:
    """What the author saw of a key: the server's value at the base, overlaid by the author's own later writes."""
    if seq is None:
        return at_base
    own = [
        write
        for write in writes
        if write.lineage == lineage and write.seq is not None and write.seq < seq and write.version > base_version
    ]
    return max(own, key=lambda write: write.seq or 0).value if own else at_base


def odd(sent: Sent, seen: Value) -> list[str]:
    """The properties of which anything else was said than their author saw. Of all others there is nothing to find out:
    a form sends all that it shows.
    """
    return [
        name
        for name, value in sent.values.items()
        if value != seen.get(name) or (name in sent.base and value != sent.base[name])
    ]


def touched(sent: Sent, seen: Value) -> bool:
    """Whether the author changed the key: some value differs from what was on screen."""
    return any(
        value != seen.get(name) and not (name in sent.base and value == sent.base[name])
        for name, value in sent.values.items()
    )


def changed_back(sent: Sent) -> bool:
    """Whether the author changed the key from something that we do not know of to what we take for what he saw.

    That is so when an earlier op of his has not come: without it his change looks like none.
    """
    return any(name in sent.base and value != sent.base[name] for name, value in sent.values.items())


def base_differs(sent: Sent, seen: Value) -> bool:
    """Whether the sender's base and our history disagree about what the author saw."""
    return any(name in sent.values and value != seen.get(name) for name, value in sent.base.items())


def written_value(sent: Sent, seen: Value, properties: Sequence[str]) -> Value:
    """The whole object that the op leaves: what it sent, and of a group's other members what was on screen."""
    return {name: sent.values.get(name, seen.get(name)) for name in properties}


def sees(later: Write, earlier: Write, policy: Policy = REVIEW) -> bool:
    """Whether `later`'s author had `earlier` before him when he wrote, so that it replaces it.

    Under `immutable` the first value stands: only a resolution or a correction replaces it. A pinned place stands
    against a coarse fix.
    """
    if later.corrects == earlier.op_id or earlier.op_id in later.resolves:
        return True
    at_base = earlier.version <= later.base_version and later.saw is not None
    shown = at_base and (earlier.value == later.saw or policy.name in COMPOSING)
    own = (
        later.lineage == earlier.lineage
        and later.seq is not None
        and earlier.seq is not None
        and earlier.seq < later.seq
    )
    if not (shown or own):
        return False
    if policy.name == "immutable" and any(earlier.value.values()):
        return False
    return not policy.stands(earlier.value, later.value)


def add(key: Key, write: Write) -> Key:
    """The key after one more write."""
    if not key.writes:
        return _with(key, (write.closed(None),))
    if write.op_id in [known.op_id for known in key.writes]:
        return key
    overtaken = next((known.op_id for known in key.writes if _answers(key, known, write)), None)
    lost = _lost_before(key, write)
    known = [
        old.closed(write.op_id)
        if old.closed_by is None and (_answers(key, write, old) or old.op_id in lost)
        else old
        for old in key.writes
    ]
    return _with(key, (*known, write.closed(overtaken)))


def _with(key: Key, writes: tuple[Write, ...]) -> Key:
    """The key with these writes. Mostly one stands, and is shown."""
    standing = [write.op_id for write in writes if write.closed_by is None]
    return shown_anew(Key(writes, standing[0] if len(standing) == 1 else key.shown, key.policy, key.gone))


def withdraw(key: Key, op_ids: Set[str]) -> Key:
    """The key as if these ops had never written: what only they had replaced is a head again."""
    left = [write for write in key.writes if write.op_id not in op_ids]
    if len(left) == len(key.writes):
        return key
    gone = (*key.gone, *(write for write in key.writes if write.op_id in op_ids))
    rest = replace(key, writes=tuple(left), gone=gone)
    return shown_anew(replace(rest, writes=tuple(_freed(write, rest, op_ids) for write in left)))


def _freed(write: Write, key: Key, op_ids: Set[str]) -> Write:
    if write.closed_by not in op_ids:
        return write
    closer = next((other.op_id for other in key.writes if other is not write and _answers(key, other, write)), None)
    return replace(write, closed_by=closer)


def _answers(key: Key, later: Write, earlier: Write) -> bool:
    """Whether `later` saw `earlier`, or decided about its value without the author of `earlier` knowing of it.

    What was on screen stands for its witnesses, also for one that arrives after the decision; another decision stands
    only for itself. Who had the decision before him knew of it, whatever has become of it since.
    """
    if sees(later, earlier, key.policy):
        return True
    if not later.resolves or earlier.resolves or later.version <= earlier.base_version:
        return False
    on_screen = (known.value for known in (*key.writes, *key.gone) if known.op_id in later.resolves)
    return earlier.value in on_screen


def _lost_before(key: Key, write: Write) -> Set[str]:
    """The values that a rule had decided against at the write's base: who saw its decision answers all of them."""
    if len(key.writes) < 2 or write.saw is None or not write.base_version or key.policy.name in ASKING:
        return frozenset()
    versions = {old.op_id: old.version for old in key.writes}
    at_base = [old for old in key.writes if old.version <= write.base_version and _open_at(versions, old, write)]
    if len(at_base) < 2 or not decide(key.policy, at_base, None).by_rule:
        return frozenset()
    return {old.op_id for old in at_base if not key.policy.stands(old.value, write.value)}


def _open_at(versions: Mapping[str, int], old: Write, write: Write) -> bool:
    """Whether `old` was a head at the write's base version. `versions`: of the key's writes, by op."""
    closer = versions.get(old.closed_by or "")
    return closer is None or closer > write.base_version


def shown_anew(key: Key) -> Key:
    """What was shown stays shown while its value is a head's and no rule speaks for another."""
    heads = key.heads()
    if len(heads) == 1 and heads[0].op_id == key.shown:
        return key
    if len(heads) == 1:
        return Key(key.writes, heads[0].op_id, key.policy, key.gone)
    before = next((write.value for write in key.writes if write.op_id == key.shown), None)
    same = [head.op_id for head in heads if head.value == before]
    kept = key.shown if key.shown in same else next(iter(sorted(same)), None)
    oldest = min(heads, key=lambda head: head.version, default=None)
    found = replace(key, shown=kept or (oldest.op_id if oldest else key.shown))
    return replace(found, shown=found.decision().op_id or found.shown)
