"""What goes back and forth between village and office: questions, contact attempts, drafts, hand-overs."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass
