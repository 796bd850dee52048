"""All tables, so that one import fills the metadata."""

from server.accounts import tables as accounts
from server.evidence import tables as evidence
from server.forms import tables as forms
from server.geo import tables as geo
from server.imports import tables as imports
from server.inspection import finding_tables as finding
from server.inspection import tables as inspection
from server.policies import tables as policies
from server.registry import tables as registry
from server.reports import tables as reports
from server.sealing import tables as sealing
from server.sync import office_tables as office
from server.sync import tables as sync
from server.sync import unannounced

__all__ = [
    "accounts",
    "evidence",
    "finding",
    "forms",
    "geo",
    "imports",
    "inspection",
    "office",
    "policies",
    "registry",
    "reports",
    "sealing",
    "sync",
    "unannounced",
]
