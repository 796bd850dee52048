"""Pinning what a draft has seen.

pyxform writes @baseVersion, @trunkVersion and @branchId of an entity as live look-ups into the record list. A draft
that is filled at version 5 and reopened after the list reached 6 would then claim to have seen 6, and the server
would let it overwrite what its author never saw. once() keeps the first answer (docs/decisions).
"""

from typing import Any

from lxml import etree

from server.forms.xml import parse_xml

XF = "{http://www.w3.org/2002/xforms}"
PINNED = ("/meta/entity/@baseVersion", "/meta/entity/@trunkVersion", "/meta/entity/@branchId")


def pin_versions(xform: str) -> str:
    """The XForm with every version look-up inside once(). Pinning twice changes nothing."""
    root = parse_xml(xform)
    for bind in root.iter(f"{XF}bind"):
        if str(bind.get("nodeset")).endswith(PINNED):
            _pin(bind)
    text: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text.decode("utf-8")


def _pin(bind: Any) -> None:
    look_up = (bind.get("calculate") or "").strip()
    if look_up and not look_up.startswith("once("):
        bind.set("calculate", f"once({look_up})")
