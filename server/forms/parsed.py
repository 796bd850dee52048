"""One filled form, read safely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.forms.issue import InstanceUnreadable
from server.forms.messages import issue
from server.forms.xml import local, parse_xml

MAX_ID = 100


@dataclass(frozen=True)
class Instance:
    """A parsed instance. `instance_id` is the exact text, "uuid:" included; tags carry no namespace."""

    form_id: str
    version: str
    instance_id: str
    deprecated_id: str | None
    root: Any


def parse_instance(xml: str | bytes) -> Instance:
    """Read an instance. Raises InstanceUnreadable (DTD, entities, depth, size, no form id, no instanceID)."""
    root = instance_root(xml)
    form_id = root.get("id") or ""
    if not form_id or len(form_id) > MAX_ID:
        raise InstanceUnreadable([issue("instance.no_form_id", f"/{root.tag}/@id")])
    instance_id = _in_meta(root, "instanceID")
    if not instance_id.strip() or len(instance_id) > MAX_ID:
        raise InstanceUnreadable([issue("instance.no_id", f"/{root.tag}/meta/instanceID", limit=MAX_ID)])
    deprecated = _in_meta(root, "deprecatedID").strip()
    if len(deprecated) > MAX_ID:
        raise InstanceUnreadable([issue("instance.no_id", f"/{root.tag}/meta/deprecatedID", limit=MAX_ID)])
    return Instance(form_id, root.get("version") or "", instance_id, deprecated or None, root)


def instance_root(xml: str | bytes) -> Any:
    """The root element with tags without namespaces. Raises InstanceUnreadable; asks for no ids."""
    root = parse_xml(xml)
    for element in root.iter("{*}*"):
        if element.tag[0] == "{":
            element.tag = local(element)
    return root


def _in_meta(root: Any, name: str) -> str:
    """What meta says; "" where it says nothing. Without the paths of lxml, which are looked up for each."""
    for meta in root.iterchildren("meta"):
        for found in meta.iterchildren(name):
            return found.text or ""
    return ""
