"""A form version as the wire shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.forms import versions
from server.forms.tables import FormVersion


def form_on_wire(row: FormVersion, media: Mapping[str, str]) -> dict[str, Any]:
    """One entry of GET /forms; `media`: {name: hash}."""
    settings = versions.settings_of(row)
    begins = versions.offered_from(row)
    return {
        "form_id": row.form_id,
        "version": row.version,
        "names": row.names,
        "hash": row.hash,
        "datasets": row.datasets,
        "purpose": settings.get("purpose") or row.purpose,
        "about": settings.get("about"),
        "roles": settings.get("roles", "").split(),
        "qualification": settings.get("qualification"),
        "state": row.state,
        "starts_on": row.starts_on.isoformat() if row.starts_on else None,
        "offered_from": begins.isoformat() if begins else None,
        "vocabulary": row.vocabulary,
        "media": [{"name": name, "hash": hash} for name, hash in sorted(media.items())],
    }


def form_at_desk(row: FormVersion, media: Mapping[str, str]) -> dict[str, Any]:
    """What administrators see besides: where it comes from and when it moved."""
    moments = {"created_at": row.created_at, "published_at": row.published_at, "retired_at": row.retired_at}
    return form_on_wire(row, media) | {
        "source_name": row.source_name,
        "warnings": row.warnings,
        "previewers": row.previewers,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
