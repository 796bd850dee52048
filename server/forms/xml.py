"""The one way XML from outside is parsed: no DTD, no entities, no network, bounded size and depth."""

import re
from typing import Any

from lxml import etree

from server.forms.issue import InstanceUnreadable
from server.forms.messages import issue

MAX_BYTES = 16 * 1024 * 1024
MAX_TAGS = 400_000
MAX_DEPTH = 40
_PARSER_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")
_too_deep = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")


def parse_xml(xml: str | bytes) -> Any:
    """The root element (lxml). Raises InstanceUnreadable; nothing else escapes.

    A text is encoded as UTF-8 whatever its declaration says. Any DOCTYPE is refused, used or not: no client
    writes one, and every attack by XML needs one.
    """
    content = _DECLARATION.sub("", xml).encode("utf-8", "surrogatepass") if isinstance(xml, str) else xml
    if len(content) > MAX_BYTES or content.count(b"<") > MAX_TAGS:
        raise InstanceUnreadable([issue("xml.too_large", "XML", limit=MAX_BYTES // 1024 // 1024)])
    if b"<!DOCTYPE" in content:
        raise InstanceUnreadable([issue("xml.doctype", "XML")])
    # A parser object is not shared: lxml parsers keep state and threads run at once.
    try:
        root = etree.fromstring(content, etree.XMLParser(**_PARSER_OPTIONS))
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise InstanceUnreadable([issue("xml.broken", "XML", cause=str(error)[:300])]) from error
    # The look for the bytes above misses other encodings (UTF-16).
    if root.getroottree().docinfo.internalDTD is not None:
        raise InstanceUnreadable([issue("xml.doctype", "XML")])
    if _too_deep(root):
        raise InstanceUnreadable([issue("xml.too_deep", "XML", limit=MAX_DEPTH)])
    return root


def local(element: Any) -> str:
    """The tag without its namespace."""
    tag: str = element.tag
    return tag.rpartition("}")[2]
