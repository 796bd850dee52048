"""The door to filled forms: read one, then ask what it writes, attaches and answers."""

from server.forms.answers import Answer, AttachmentRef, answers, attachment_names, visit_facts
from server.forms.parsed import Instance, parse_instance
from server.forms.writes import EntityWrite, extract_writes

__all__ = [
    "Answer",
    "AttachmentRef",
    "EntityWrite",
    "Instance",
    "answers",
    "attachment_names",
    "extract_writes",
    "parse_instance",
    "visit_facts",
]
