"""What a version changes against another one of the same form, as stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.forms import versions
from server.forms.diff import form_changes
from server.forms.tables import FormVersion
from server.sync.definitions import model_of


def changes_of(session: Session, row: FormVersion, against: str | None = None) -> dict[str, Any]:
    """Every change, against the version that it follows unless said otherwise. Problem form.not_found."""
    if against is None:
        old = versions.before(session, row)
    else:
        old = versions.get_version(session, row.form_id, against, drafts=True)
    answer = {"form_id": row.form_id, "version": row.version, "against": old.version if old else None}
    if old is None:
        return answer | {"breaking": 0, "items": []}
    media = versions.media_hashes(session, [old, row])
    changes = form_changes(model_of(old), model_of(row), *(media[form.form_id, form.version] for form in (old, row)))
    breaking = sum(change.breaks != "none" for change in changes)
    return answer | {"breaking": breaking, "items": [change.on_wire() for change in changes]}
