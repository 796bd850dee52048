"""One op on its way to a verdict: what can be read out of it before any lock is taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from server.accounts.actor import Actor
from server.forms.instance import EntityWrite, Instance
from server.forms.model import FormModel
from server.sync.envelope import RawOp, SubmissionOp
from server.sync.feeds import News
from server.sync.office_tables import Assignment
from server.sync.op_row import OpRow
from server.sync.record import Outcome
from server.sync.record_rows import RecordRow
from server.sync.tables import Submission
from server.sync.vocabulary import Known

# The question that every form about a household opens with.
SUBJECT = "household"


@dataclass(frozen=True)
class Verdict:
    """What became of an op. `waits_for`: the op or branch step that a held one needs.

    `news`: what feeds must hear beside the records of `outcomes`.
    """

    status: str
    code: str | None = None
    detail: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    waits_for: str | None = None
    region: str | None = None
    news: tuple[News, ...] = ()


@dataclass
class Case:
    """One op being judged. `known`: the records it names that exist, each with whether the author may write it.

    `lent`: those of them that are on loan to the author; `errands`: the open assignments that it may fulfil.
    `first`: the submission that is stored under its instance id already; `is_reused`: another op has its number;
    `waiting`: held ops that wait for this one, where that was read ahead.
    `writes` are in today's words; `known_words` are those that its form speaks.
    `submission` is what an op of that kind says, `said` what any other says, in its kind's own words; `touches` names
    everything that judging it touches. `sponsor`: the supervisor who lets a set-aside op through; `placed`: the region
    that this person chose for a household of it whose own cannot be taken.
    """

    op: RawOp
    row: OpRow
    actor: Actor
    sponsor: Actor | None = None
    placed: str | None = None
    submission: SubmissionOp | None = None
    said: object | None = None
    touches: set[str] = field(default_factory=set)
    instance: Instance | None = None
    model: FormModel | None = None
    writes: tuple[EntityWrite, ...] = ()
    known_words: Known = field(default_factory=dict)
    known: dict[str, tuple[RecordRow, bool]] = field(default_factory=dict)
    first: Submission | None = None
    is_reused: bool = False
    waiting: frozenset[str] | None = None
    lent: frozenset[str] = frozenset()
    errands: tuple[Assignment, ...] = ()
    fault: tuple[str, str] | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def lineage(self) -> str:
        """The line of work that the op goes on: its install's; without an install it stands alone."""
        return self.row.install_id or f"op:{self.row.op_id}"

    @property
    def powers(self) -> Actor:
        """Whose rights count: the author's, or those of the supervisor who answers for the op."""
        return self.sponsor or self.actor

    def known_record(self, id: str) -> RecordRow | None:
        """The record as it was read for the op; None of one that it names for the first time."""
        found = self.known.get(id)
        return found[0] if found else None

    def in_sight(self) -> list[RecordRow]:
        """Those of the known records that the author may write or has on loan."""
        return [entity for entity, may in self.known.values() if may or entity.id in self.lent]

    @property
    def subject(self) -> str | None:
        """The household that the form was opened for, also when it writes nothing there."""
        if self.model is None or self.instance is None or self.model.settings.get("about") != "household":
            return None
        named = self.instance.root.findtext(SUBJECT) or ""
        return named.strip().removeprefix("uuid:").lower() or None

    @property
    def independent(self) -> bool:
        """Whether the form checks the work of the village: it is not offered to cadres."""
        roles = self.model.settings.get("roles", "").split() if self.model else []
        return bool(roles) and "cadre" not in roles
