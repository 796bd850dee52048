"""What ODK Collect shows its user after a submission; errors have their words in server/errors.py."""

from __future__ import annotations

RECEIVED = {"zh": "已收到。", "en": "Received."}
ASIDE = {"zh": "已收到，等人查看。", "en": "Received; a person will look at it."}
