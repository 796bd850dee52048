"""What can be wrong with a definition, a form or an instance: where, why and what to do about it.

Every text is bilingual (Chinese first) and comes from messages.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Issue:
    """One problem as its author reads it: `where` it stands, `why` it is wrong, how to `fix` it."""

    where: str
    why: str
    fix: str


class IssueError(Exception):
    """Refused, with every issue found and not only the first."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("; ".join(f"{issue.where}: {issue.why}" for issue in issues))
        self.issues = tuple(issues)

    @property
    def issue(self) -> Issue:
        """The first issue; the only one where an instance is concerned."""
        return self.issues[0]


class DefinitionError(IssueError):
    """A file under form_definitions/ says something that cannot hold."""


class FormInvalid(IssueError):
    """A form's source does not compile."""


class PolicyConflict(FormInvalid):
    """A form compiles, but contradicts a dataset that it writes to."""


class InstanceUnreadable(IssueError):
    """The bytes are no instance that may be read: broken, hostile or out of bounds."""


class ExtractionError(IssueError):
    """A readable instance names a record in a way that cannot be applied."""
