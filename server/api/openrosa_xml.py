"""The documents of OpenRosa: what ODK Collect reads, as bytes of XML.

Sources: OpenRosa form discovery, form submission and form manifest. Collect gives up the whole list when one item
lacks formID, name or downloadUrl, and reads `deleted` as `true` or `false` in lower case only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

FORM_LIST = "http://openrosa.org/xforms/xformsList"
MANIFEST = "http://openrosa.org/xforms/xformsManifest"
RESPONSE = "http://openrosa.org/http/response"

# XML 1.0, production Char: everything else cannot be written, not even as a reference.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class ListedForm:
    """One form as the list names it. `hash` is `md5:…` of the form file; addresses are absolute."""

    form_id: str
    version: str
    name: str
    hash: str
    download_url: str
    manifest_url: str | None


@dataclass(frozen=True)
class MediaFile:
    """One file that a form needs; `integrity_url` is given for entity lists only."""

    filename: str
    hash: str
    download_url: str
    integrity_url: str | None = None


def form_list(forms: Iterable[ListedForm]) -> bytes:
    root = etree.Element(f"{{{FORM_LIST}}}xforms", nsmap={None: FORM_LIST})
    for form in forms:
        item = _add(root, "xform")
        _add(item, "formID", form.form_id)
        _add(item, "name", form.name or form.form_id)
        _add(item, "version", form.version)
        _add(item, "hash", form.hash)
        _add(item, "downloadUrl", form.download_url)
        if form.manifest_url:
            _add(item, "manifestUrl", form.manifest_url)
    return _bytes(root)


def manifest(files: Iterable[MediaFile]) -> bytes:
    root = etree.Element(f"{{{MANIFEST}}}manifest", nsmap={None: MANIFEST})
    for file in files:
        item = _add(root, "mediaFile")
        _add(item, "filename", file.filename)
        _add(item, "hash", file.hash)
        _add(item, "downloadUrl", file.download_url)
        if file.integrity_url:
            item.set("type", "entityList")
            _add(item, "integrityUrl", file.integrity_url)
    return _bytes(root)


def integrity(deleted: Mapping[str, bool]) -> bytes:
    """For each asked id whether the client must forget it. Without a namespace, as Collect expects."""
    root = etree.Element("data")
    entities = _add(root, "entities")
    for entity_id, gone in deleted.items():
        item = _add(entities, "entity")
        item.set("id", _legal(entity_id))
        _add(item, "deleted", "true" if gone else "false")
    return _bytes(root)


def message(text: str, *, nature: str, code: str | None = None) -> bytes:
    """The answer to a submission, or any error: Collect shows the text to its user. `code` is our stable one."""
    root = etree.Element(f"{{{RESPONSE}}}OpenRosaResponse", nsmap={None: RESPONSE})
    item = _add(root, "message", text)
    item.set("nature", nature)
    if code:
        item.set("code", code)
    return _bytes(root)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    namespace = etree.QName(parent).namespace
    element = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
    if text is not None:
        element.text = _legal(text)
    return element


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)


def _bytes(root: etree._Element) -> bytes:
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written
