"""Ops of kind `submission`: a filled form. It is kept first, whatever comes of what it writes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from server.failpoints import hit
from server.forms.answers import attachment_names
from server.forms.instance import EntityWrite, extract_writes, parse_instance
from server.forms.issue import ExtractionError, InstanceUnreadable
from server.sync import assignments, attachments, contacts, corrections, place
from server.sync.awaited import branch_name, instance_name, record_name
from server.sync.case import Case, Verdict
from server.sync.definitions import form_model, why_unknown
from server.sync.desk import afterwards, amend, lay, together
from server.sync.envelope import RawOp, SubmissionOp, finding, read_submission
from server.sync.form_findings import form_findings, lacks_qualification
from server.sync.grounds import quarantined, region_of, unsettled
from server.sync.record import status_of
from server.sync.record_findings import record_findings
from server.sync.tables import BranchStep, Submission
from server.sync.vocabulary import datasets_as, known_by, todays
from server.sync.write import branch_of, write_records


def read(session: Session, case: Case) -> None:
    """The form as filled, what it writes, and its model; what cannot be read is the case's fault."""
    case.submission = read_submission(case.op.body)
    if case.submission is None:
        case.fault = ("op.incomplete", "instance_id, form_id, form_version, instance_xml or attachments")
        return
    try:
        _read_instance(session, case, case.submission)
    except (InstanceUnreadable, ExtractionError) as error:
        case.fault = (_code_of(error), str(error)[:500])
    case.touches |= {case.submission.instance_id, *(write.id for write in case.writes)}
    case.touches |= {write.parent for write in case.writes if write.parent}
    if case.instance is not None and case.instance.deprecated_id:
        before = corrections.corrected(session, case.row.person_id, case.instance.deprecated_id)
        case.touches |= {case.instance.deprecated_id, *corrections.records_written(session, before)}


def says_all(op: RawOp) -> bool:
    """A correction touches what the submission before it wrote as well."""
    return "deprecatedID" not in str(op.body.get("instance_xml"))


def _code_of(error: InstanceUnreadable | ExtractionError) -> str:
    return "instance.unreadable" if isinstance(error, InstanceUnreadable) else "entities.unreadable"


def _read_instance(session: Session, case: Case, submission: SubmissionOp) -> None:
    case.instance = case.op.instance or parse_instance(submission.instance_xml)
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


def judge(session: Session, case: Case) -> Verdict:
    """The verdict on one op, and its effects in this transaction. What it asks for was read ahead."""
    submission, first = case.submission, case.first
    if submission is None or case.instance is None:
        return quarantined(session, case, *(case.fault or ("op.incomplete", "")))
    xml_hash = hashlib.sha256(submission.instance_xml.encode()).hexdigest()
    if first is None:
        row = lay(session, Submission, _row(session, case, submission, xml_hash))
        verdict = _decide(session, case, submission)
        amend(session, Submission, row, _found_later(case, verdict, row["findings"]))
    else:
        if first.xml_hash != xml_hash or first.person_id != case.row.person_id:
            return quarantined(session, case, "instance.other_content", submission.instance_id)
        verdict = _decide_again(session, case, submission, first)
    _declare_files(session, case, submission)
    return verdict


def _decide_again(session: Session, case: Case, submission: SubmissionOp, first: Submission) -> Verdict:
    """The id is stored already: by this op, which was held or set aside and now goes on, or by another one like it."""
    if first.op_id != case.row.op_id:
        return Verdict("duplicate", detail=first.op_id)
    verdict = _decide(session, case, submission)
    for name, value in _found_later(case, verdict, first.findings).items():
        setattr(first, name, value)
    return verdict


def _decide(session: Session, case: Case, submission: SubmissionOp) -> Verdict:
    hit("push.judging")
    if case.fault is not None:
        return quarantined(session, case, *case.fault)
    if case.sponsor is not None:
        _break_circle(session, case, submission.instance_id)
        return _apply(session, case, submission)
    if case.actor.revoked:
        return quarantined(session, case, "device.revoked")
    lacking = lacks_qualification(session, case)
    if lacking is not None:
        return quarantined(session, case, "author.not_qualified", lacking)
    waits_for = _waits_for(session, case, submission)
    if waits_for is not None:
        return Verdict("held", detail=waits_for, waits_for=waits_for, region=region_of(session, case))
    return _apply(session, case, submission)


def _break_circle(session: Session, case: Case, instance_id: str) -> None:
    """Of submissions that correct each other in a circle, the one that a person lets through stands for itself."""
    if case.instance is None or not corrections.in_a_circle(session, case.row.person_id, instance_id):
        return
    case.instance = replace(case.instance, deprecated_id=None)
    session.get_one(Submission, instance_id).deprecated_id = None


def _root_of(case: Case) -> str | None:
    """The household at the top of the first record that is the author's to work on."""
    return next((entity.root_id for entity in case.in_sight()), None)


def _waits_for(session: Session, case: Case, submission: SubmissionOp) -> str | None:
    """The first thing that must come before: a named op, or the step before on an ODK branch."""
    named = unsettled(session, case, submission.depends_on)
    if named is not None:
        return named
    before = case.instance.deprecated_id if case.instance else None
    if before and corrections.corrected(session, case.row.person_id, before) is None:
        return instance_name(before)
    if submission.entities is not None:
        return None
    return next((missing for write in case.writes if (missing := _missing_step(session, case, write))), None)


def _missing_step(session: Session, case: Case, write: EntityWrite) -> str | None:
    """What an update on an ODK branch follows and is not there yet: the step before, or the record's creation."""
    branch = branch_of(write)
    if branch is None or not write.base_version or write.base_version == write.trunk_version:
        return None
    if write.base_version == 1 and write.trunk_version is None:
        # Born on the phone: its creation names no branch, and unknown and foreign records wait alike.
        found = case.known.get(write.id)
        return None if found and found[1] else record_name(write.id)
    step = branch[0], branch[1] - 1
    return branch_name(*step) if session.get(BranchStep, step) is None else None


def _declare_files(session: Session, case: Case, submission: SubmissionOp) -> None:
    specs = _specs(case, submission)
    if specs:
        named = attachments.Files(submission.instance_id, case.row.person_id, tuple(specs))
        together(session, attachments.add_files, named)


def _found_later(case: Case, verdict: Verdict, before: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the writing of its records says of a submission."""
    written = verdict.outcomes
    elsewhere = bool(written) and _root_of(case) != written[0].root_id
    if not case.findings and not elsewhere:
        return {}
    place = {"root_id": written[0].root_id, "region_code": written[0].region} if written else {}
    return {"findings": [*before, *case.findings], **place}


def _row(session: Session, case: Case, submission: SubmissionOp, xml_hash: str) -> dict[str, Any]:
    visit = submission.visit
    location = dict(visit.location) if visit.location else None
    return {
        "instance_id": submission.instance_id,
        "op_id": case.row.op_id,
        "form_id": submission.form_id,
        "form_version": submission.form_version,
        "instance_xml": submission.instance_xml,
        "xml_hash": xml_hash,
        "person_id": case.row.person_id,
        "install_id": case.row.install_id,
        "region_code": region_of(session, case),
        "root_id": _root_of(case),
        "received_at": case.row.received_at,
        "started_at": visit.started_at,
        "ended_at": visit.ended_at,
        "contact_mode": visit.contact_mode,
        "location": location,
        "geom": place.declared_point(location),
        "clock": dict(submission.clock),
        "deprecated_id": case.instance.deprecated_id if case.instance else None,
        "findings": [*visit.findings, *_reused(case), *form_findings(session, case)],
        "review": "received",
        "independent": case.independent,
    }


def _reused(case: Case) -> list[dict[str, Any]]:
    """A finding when the install gave the op's number to another one too: both are judged."""
    return [finding("seq", "install.seq_reused", str(case.row.seq))] if case.is_reused else []


def _specs(case: Case, submission: SubmissionOp) -> list[attachments.AttachmentSpec]:
    """The files of the envelope, and those that only the instance names."""
    refs = attachment_names(case.model, case.instance) if case.model and case.instance else ()
    slots = {ref.name: ref.slot for ref in refs}
    named = [
        attachments.AttachmentSpec(
            file.name,
            file.sha256,
            file.size,
            file.media_type,
            file.slot or slots.get(file.name),
            dict(file.capture) if file.capture is not None else None,
        )
        for file in submission.files
    ]
    known = {file.name for file in submission.files}
    return named + [attachments.AttachmentSpec(ref.name, slot=ref.slot) for ref in refs if ref.name not in known]


def _apply(session: Session, case: Case, submission: SubmissionOp) -> Verdict:
    """Writes the records; a refusal of one record sets the whole op aside, because it is one statement."""
    written = write_records(session, case, submission)
    if isinstance(written, Verdict):
        return written
    case.findings += record_findings(session, case, written)
    afterwards(session, partial(contacts.of_submission, session, case, written))
    done = assignments.fulfilled(session, case, submission.instance_id)
    return Verdict(status_of(written), outcomes=tuple(written), news=done)
