"""What is known of a submission beside its answers: the first columns of an export."""

from __future__ import annotations

from typing import Any

from server.db import CHINA

# column → what it says in both languages
FACTS = {
    "instance_id": {"zh": "记录编号", "en": "Submission"},
    "form_version": {"zh": "表单版本", "en": "Form version"},
    "received_at": {"zh": "收到时间", "en": "Received"},
    "started_at": {"zh": "开始时间", "en": "Started"},
    "ended_at": {"zh": "结束时间", "en": "Ended"},
    "contact_mode": {"zh": "联系方式", "en": "Contact"},
    "author": {"zh": "填写人", "en": "Author"},
    "region": {"zh": "区划代码", "en": "Region code"},
    "region_name": {"zh": "区划", "en": "Region"},
    "household": {"zh": "农户编号", "en": "Household"},
    "status": {"zh": "处理结果", "en": "Outcome"},
    "review": {"zh": "审核", "en": "Review"},
    "findings": {"zh": "提示条数", "en": "Findings"},
    "supersedes": {"zh": "更正的记录", "en": "Corrects"},
}
# Of a row of a child table.
KEYS = {"row_key": {"zh": "本行编号", "en": "Row"}, "parent_key": {"zh": "上级编号", "en": "Parent"}}


def facts_of(row: Any) -> dict[str, str]:
    """The facts of a row of selection.selected(); times as in China."""
    submission = row.Submission
    moments = {name: getattr(submission, name) for name in ("received_at", "started_at", "ended_at")}
    texts = {
        "instance_id": submission.instance_id,
        "form_version": submission.form_version,
        **{name: at.astimezone(CHINA).isoformat(timespec="seconds") if at else None for name, at in moments.items()},
        "contact_mode": submission.contact_mode,
        "author": row.display_name,
        "region": submission.region_code,
        "region_name": row.name_zh,
        "household": submission.root_id,
        "status": row.status,
        "review": submission.review,
        "findings": str(len(submission.findings)),
        "supersedes": submission.deprecated_id,
    }
    return {name: texts[name] or "" for name in FACTS}
