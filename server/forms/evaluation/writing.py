"""A filled form as the XML that a client sends."""

from __future__ import annotations

from lxml import etree

from server.forms.evaluation.blank import BlankSheet
from server.forms.evaluation.cells import Cell


def instance_xml(sheet: BlankSheet) -> str:
    """The instance; what is not relevant is left out."""
    element = _element(sheet, sheet.root)
    text: bytes = etree.tostring(element, encoding="utf-8")
    return text.decode("utf-8")


def _element(sheet: BlankSheet, cell: Cell) -> etree._Element:
    element = etree.Element(cell.name, {name: value for name, value in cell.part.attributes.items() if value})
    for name in cell.part.computed:
        found = sheet.attribute(cell, name)
        element.set(name, found.text if found is not None else "")
    if cell.part.below:
        element.extend([_element(sheet, child) for child in cell.inner() if child.relevant])
    else:
        element.text = cell.text or None
    return element
