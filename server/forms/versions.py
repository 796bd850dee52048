"""Form versions in the database: draft → published (frozen) → retired.

A draft may be replaced; a published version never changes and is interpreted by its own definition for ever, so a
retired one can still be read. Functions take a session and never commit; whoever publishes or retires tells the feed
"forms" in the same transaction.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, defer

from server.confined import Limits
from server.db import CHINA, now, upsert
from server.errors import Fault, Problem
from server.forms.compile import CompiledForm
from server.forms.compile_apart import PATIENT, compile_apart
from server.forms.dataset import Dataset
from server.forms.issue import FormInvalid, PolicyConflict
from server.forms.list_columns import unknown_columns
from server.forms.messages import issue
from server.forms.policies import FIXED, PREFIX, file_name, policy_of_file
from server.forms.policy_store import policy_hashes
from server.forms.source import FormSource
from server.forms.tables import FormMedia, FormVersion, PolicyFile

_NO_STEPS: Mapping[str, int] = {}


def compile_source(
    source: FormSource, datasets: Mapping[str, Dataset], limits: Limits = PATIENT
) -> CompiledForm:
    """Compile what an author handed in. Problem form.invalid or form.policy_conflict with every mistake."""
    try:
        return compile_apart(source, datasets, limits)
    except FormInvalid as refused:
        code = "form.policy_conflict" if isinstance(refused, PolicyConflict) else "form.invalid"
        faults = [Fault(issue.where, issue.why, issue.fix) for issue in refused.issues]
        raise Problem(code, faults=faults) from refused


def add_draft(
    session: Session,
    form: CompiledForm,
    source: FormSource,
    author: str | None,
    purpose: str = "",
    vocabulary: Mapping[str, int] = _NO_STEPS,
) -> FormVersion:
    """Store a compiled form as a draft, or replace the draft of that version.

    `vocabulary`: of the datasets that it was checked against. A published version sent again with the same content is
    simply answered; with other content it is Problem form.version_frozen.
    """
    values = _values(form, source, author, purpose) | {"vocabulary": dict(vocabulary)}
    values["warnings"] += _unknown_policies(session, form)
    statement = upsert(session, FormVersion).values(form_id=form.form_id, version=form.version, **values)
    is_new = session.execute(statement.on_conflict_do_nothing().returning(FormVersion.form_id)).first()
    row = _locked(session, form.form_id, form.version)
    if not is_new:
        if row.state != "draft":
            return _unchanged(row, source)
        for name, value in values.items():
            setattr(row, name, value)
        session.execute(delete(FormMedia).where(_of(FormMedia, form.form_id, form.version)))
    session.add_all(_media_row(form, name, content) for name, content in form.media.items())
    session.flush()
    return row


def publish(
    session: Session,
    form_id: str,
    version: str,
    starts_on: date | None = None,
    vocabulary: Mapping[str, int] = _NO_STEPS,
) -> FormVersion:
    """Freeze a draft; it is offered from the day `starts_on`, or at once. Publishing twice is harmless.

    A version that waits for its day may be given another one. A retired version, or another day for one that has
    begun, is Problem form.state. `vocabulary`: today's; a draft that was checked against an older one is Problem
    form.outdated.
    """
    row = _locked(session, form_id, version)
    if row.state == "retired":
        raise Problem("form.state", detail=f"{form_id} {version}: {row.state}")
    if row.state == "draft":
        if any(row.vocabulary.get(name, 0) != steps for name, steps in vocabulary.items()):
            raise Problem("form.outdated", detail=f"{form_id} {version}")
        row.state, row.published_at, row.starts_on = "published", now(), starts_on
    elif starts_on is not None and starts_on != row.starts_on:
        begins = offered_from(row)
        if begins is not None and begins <= now():
            raise Problem("form.state", detail=f"{form_id} {version}: {begins.isoformat()}")
        row.starts_on = starts_on
    return row


def offered_from(row: FormVersion) -> datetime | None:
    """When a published version is first offered for new work; None while it is a draft."""
    if row.published_at is None or row.starts_on is None:
        return row.published_at
    return max(row.published_at, datetime.combine(row.starts_on, time(), CHINA))


def before(session: Session, row: FormVersion) -> FormVersion | None:
    """The version that this one follows: of a draft the published one that is offered last, else the one before it."""
    others = (FormVersion.form_id == row.form_id, FormVersion.version != row.version)
    rows = session.scalars(select(FormVersion).where(*others, FormVersion.published_at.is_not(None))).all()
    if row.state == "draft":
        found = [other for other in rows if other.state == "published"]
    else:
        found = [other for other in rows if _start(other) < _start(row)]
    return max(found, key=_start, default=None)


def _start(row: FormVersion) -> tuple[datetime, str]:
    begins = offered_from(row)
    if begins is None:
        raise ValueError("a draft has no start")
    return begins, row.version


def retire(session: Session, form_id: str, version: str) -> FormVersion:
    """Take a published version out of use. Retiring twice is harmless; a draft is Problem form.state."""
    row = _locked(session, form_id, version)
    if row.state == "draft":
        raise Problem("form.state", detail=f"{form_id} {version}: {row.state}")
    if row.state == "published":
        row.state, row.retired_at = "retired", now()
    return row


def list_versions(session: Session, states: Sequence[str] = ("published",)) -> Sequence[FormVersion]:
    """Versions in these states, by form and version; without their source and XForm."""
    light = (defer(FormVersion.source, raiseload=True), defer(FormVersion.xform, raiseload=True))
    wanted = select(FormVersion).where(FormVersion.state.in_(states)).options(*light)
    return session.scalars(wanted.order_by(FormVersion.form_id, FormVersion.version)).all()


def get_version(
    session: Session, form_id: str, version: str, *, drafts: bool = False, reader: str | None = None
) -> FormVersion:
    """One version, retired ones too: unfinished work still needs them. Problem form.not_found.

    A draft is there for `drafts`, and for the person `reader` who wrote it or was named to look at it.
    """
    row = session.get(FormVersion, (form_id, version))
    if row is None or (row.state == "draft" and not drafts and not may_preview(row, reader)):
        raise Problem("form.not_found")
    return row


def may_preview(row: FormVersion, person_id: str | None) -> bool:
    """Whether this person wrote the draft or was named to look at it."""
    return person_id is not None and person_id in (row.created_by, *row.previewers)


def name_previewers(session: Session, form_id: str, version: str, person_ids: Sequence[str]) -> FormVersion:
    """Who may open the draft on a phone, besides its author and the administrators. Problem form.state."""
    row = _locked(session, form_id, version)
    if row.state != "draft":
        raise Problem("form.state", detail=f"{form_id} {version}: {row.state}")
    row.previewers = sorted(set(person_ids))
    return row


def settings_of(row: FormVersion) -> dict[str, str]:
    """What the form's settings say about itself (`attribute::ruhu:…`): about, purpose, roles, qualification."""
    return dict((row.extra or {}).get("settings", {}))


def policies_of(row: FormVersion) -> list[str]:
    """Names of the policies whose list (policy_<name>.csv) the form reads."""
    return list((row.extra or {}).get("policies", []))


def get_media(session: Session, form_id: str, version: str, name: str) -> FormMedia:
    """One file of a version; a policy's list as it stands now. Problem form.not_found."""
    if policy := policy_of_file(name):
        found = session.get(PolicyFile, policy)
        if found is not None:
            return FormMedia(name=name, media_type="text/csv", content=found.content, hash=found.hash)
    row = session.get(FormMedia, (form_id, version, name))
    if row is None:
        raise Problem("form.not_found")
    return row


def media_hashes(session: Session, forms: Sequence[FormVersion]) -> Mapping[tuple[str, str], dict[str, str]]:
    """{(form_id, version): {file name: "md5:…"}} without reading the files; a policy's list as it is now."""
    ids = {form.form_id for form in forms}
    found: dict[tuple[str, str], dict[str, str]] = {(form.form_id, form.version): {} for form in forms}
    rows = select(FormMedia.form_id, FormMedia.version, FormMedia.name, FormMedia.hash)
    for form_id, version, name, hash in session.execute(rows.where(FormMedia.form_id.in_(ids))):
        if (form_id, version) in found:
            found[form_id, version][name] = hash
    current = policy_hashes(session, {name for form in forms for name in policies_of(form)})
    for form in forms:
        names = [file_name(policy) for policy in policies_of(form)]
        found[form.form_id, form.version] |= {name: current[name] for name in names if name in current}
    return found


def _values(form: CompiledForm, source: FormSource, author: str | None, purpose: str) -> dict[str, Any]:
    return {
        "state": "draft",
        "names": form.names,
        "purpose": purpose,
        "datasets": list(form.datasets),
        "source_name": source.filename[:200],
        "source": source.content,
        "xform": form.xform,
        "hash": form.hash,
        "checksum": source.checksum,
        "warnings": list(form.warnings),
        "created_by": author,
        "extra": {"settings": dict(form.settings), "policies": list(form.policies)},
    }


def _unknown_policies(session: Session, form: CompiledForm) -> list[str]:
    """A warning for each policy, or value of one, that the form reads and nobody has loaded: it would be empty."""
    rows = session.execute(select(PolicyFile.name, PolicyFile.columns).where(PolicyFile.name.in_(form.policies)))
    loaded = {row.name: [*FIXED, *(column["name"] for column in row.columns)] for row in rows}
    missing = [file_name(name) for name in form.policies if name not in loaded]
    found = [issue("policy.not_loaded", "survey", name=name) for name in missing]
    found += unknown_columns(form.reads, {f"{PREFIX}{name}": columns for name, columns in loaded.items()})
    return [f"{one.where}: {one.why} {one.fix}" for one in found]


def _unchanged(row: FormVersion, source: FormSource) -> FormVersion:
    if row.checksum != source.checksum:
        raise Problem("form.version_frozen", detail=f"{row.form_id} {row.version}")
    return row


def _locked(session: Session, form_id: str, version: str) -> FormVersion:
    row = session.get(FormVersion, (form_id, version), with_for_update=True, populate_existing=True)
    if row is None:
        raise Problem("form.not_found")
    return row


def _of(table: type[FormMedia], form_id: str, version: str) -> Any:
    return (table.form_id == form_id) & (table.version == version)


def _media_row(form: CompiledForm, name: str, content: bytes) -> FormMedia:
    return FormMedia(
        form_id=form.form_id,
        version=form.version,
        name=name,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        content=content,
        # OpenRosa prescribes MD5 for manifests; it names content and protects nothing.
        hash="md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest(),
    )
