"""Policies are loaded, and phones hear of it: the forms that read a changed policy are news in the feed "forms"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from server.accounts.audit import note
from server.forms import versions
from server.forms.issue import DefinitionError
from server.forms.policies import Policy, load_policies
from server.forms.policy_store import invalid, store_policies
from server.forms.tables import FormVersion
from server.sync.feeds import touch
from server.sync.news import of_forms


@dataclass(frozen=True)
class LoadedPolicies:
    """How many policies and versions were read, what is new or ended, and how many forms got news."""

    policies: int
    versions: int
    new: tuple[str, ...]
    ended: tuple[str, ...]
    forms: int


def read_policies(folder: Path) -> dict[str, Policy]:
    """The files of a folder. Problem policy.invalid with file and line of each mistake."""
    try:
        return load_policies(folder)
    except DefinitionError as error:
        raise invalid(error) from error


def load(session: Session, policies: Mapping[str, Policy], actor_id: str | None = None) -> LoadedPolicies:
    """Stores policies and tells the phones. Again is harmless and tells nobody. Problem policy.invalid."""
    stored = store_policies(session, policies)
    changed = {one.name for one in stored if one.changed}
    new = tuple(f"{one.name}/{version}" for one in stored for version in one.new)
    ended = tuple(f"{one.name}/{version}" for one in stored for version in one.ended)
    for one in stored:
        if one.changed:
            note(session, actor_id, "policy.loaded", one.name, new=list(one.new), ended=list(one.ended))
    forms = tell_phones(session, changed)
    count = sum(len(policy.versions) for policy in policies.values())
    return LoadedPolicies(len(policies), count, new, ended, forms)


def tell_phones(session: Session, policies: set[str]) -> int:
    """The forms that read one of these policies are news; how many there are."""
    forms = _reading(session, policies) if policies else []
    if forms:
        touch(session, of_forms(session, forms))
    return len(forms)


def _reading(session: Session, policies: set[str]) -> Sequence[FormVersion]:
    """All published versions of the forms of which one reads such a policy, oldest first.

    All of a form's versions: phones before this one take the version that came last in the feed for the newest.
    """
    rows = versions.list_versions(session)
    touched = {row.form_id for row in rows if policies & set(versions.policies_of(row))}
    found = [row for row in rows if row.form_id in touched]
    return sorted(found, key=lambda row: (row.published_at or row.created_at, row.version))
