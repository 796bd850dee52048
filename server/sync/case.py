"""One op on its way to a verdict: what can be read out of it before any lock is taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.forms.instance import EntityWrite, Instance, extract_writes, parse_instance
from server.forms.issue import ExtractionError, InstanceUnreadable
from server.forms.model import FormModel
from server.registry.tables import Entity
from server.sync.definitions import form_model, why_unknown
from server.sync.envelope import RawOp, SubmissionOp, read_submission
from server.sync.record import Outcome
from server.sync.resolve import Resolution, entity_of, read_resolution
from server.sync.tables import OpLog
from server.sync.vocabulary import Known, datasets_as, known_by, todays

# The question that every form about a household opens with.
SUBJECT = "household"


@dataclass(frozen=True)
class Verdict:
    """What became of an op. `waits_for`: the op or branch step that a held one needs."""

    status: str
    code: str | None = None
    detail: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    waits_for: str | None = None
    region: str | None = None


@dataclass
class Case:
    """One op being judged. `known`: the records it names that exist, each with whether the author may write it.

    `writes` are in today's words; `known_words` are those that its form speaks.
    `disputed`: the record that a resolution is about. `sponsor`: the supervisor who lets a set-aside op through.
    """

    op: RawOp
    row: OpLog
    actor: Actor
    sponsor: Actor | None = None
    submission: SubmissionOp | None = None
    resolution: Resolution | None = None
    disputed: str | None = None
    instance: Instance | None = None
    model: FormModel | None = None
    writes: tuple[EntityWrite, ...] = ()
    known_words: Known = field(default_factory=dict)
    known: dict[str, tuple[Entity, bool]] = field(default_factory=dict)
    fault: tuple[str, str] | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def powers(self) -> Actor:
        """Whose rights count: the author's, or those of the supervisor who answers for the op."""
        return self.sponsor or self.actor

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

    def locks(self) -> set[str]:
        """Names of everything that judging this op touches."""
        names = {write.id for write in self.writes} | {write.parent for write in self.writes if write.parent}
        if self.submission:
            names.add(self.submission.instance_id)
        if self.disputed:
            names.add(self.disputed)
        return names


def open_case(session: Session, row: OpLog, op: RawOp, actor: Actor) -> Case:
    """Reads the op; what cannot be read is the case's `fault` (code, detail)."""
    case = Case(op, row, actor)
    if op.install_id and not row.install_id:
        case.fault = ("op.foreign_install", op.install_id)
        return case
    if op.kind == "resolution":
        _read_resolution(session, case)
        return case
    if op.kind != "submission":
        case.fault = ("op.unknown_kind", op.kind)
        return case
    case.submission = read_submission(op.body)
    if case.submission is None:
        case.fault = ("op.incomplete", "instance_id, form_id, form_version, instance_xml or attachments")
        return case
    try:
        _read_instance(session, case, case.submission)
    except (InstanceUnreadable, ExtractionError) as error:
        case.fault = (_code_of(error), str(error)[:500])
    return case


def _read_resolution(session: Session, case: Case) -> None:
    case.resolution = read_resolution(case.op.body)
    if case.resolution is None:
        case.fault = ("op.incomplete", "conflict_id, choose, reason or seen")
    else:
        case.disputed = entity_of(session, case.resolution)


def _code_of(error: InstanceUnreadable | ExtractionError) -> str:
    return "instance.unreadable" if isinstance(error, InstanceUnreadable) else "entities.unreadable"


def _read_instance(session: Session, case: Case, submission: SubmissionOp) -> None:
    case.instance = parse_instance(submission.instance_xml)
    if case.instance.instance_id != submission.instance_id:
        case.fault = ("instance.mismatch", "instance_id")
    elif (case.instance.form_id, case.instance.version) != (submission.form_id, submission.form_version):
        case.fault = ("instance.mismatch", "form_id, form_version")
    else:
        case.model = form_model(session, submission.form_id, submission.form_version)
        if case.model is None:
            code = why_unknown(session, submission.form_id, submission.form_version)
            case.fault = (code, f"{submission.form_id} {submission.form_version}")
        else:
            case.known_words = known_by(session, submission.form_id, submission.form_version)
            written = extract_writes(case.model, case.instance, datasets_as(case.known_words))
            case.writes = tuple(todays(write, case.known_words) for write in written)
