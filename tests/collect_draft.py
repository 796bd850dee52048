"""What a filled form is to the simulated ODK Collect: its records on the phone, the draft, the finished instance."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

XFORMS = "http://www.w3.org/2002/xforms"
ENTITIES = "http://www.opendatakit.org/xforms/entities"


@dataclass
class LocalEntity:
    """A record on the phone. `trunk_version` None: born offline; `online`: the server's list had it."""

    id: str
    label: str
    version: int
    properties: dict[str, str]
    online: bool
    trunk_version: int | None
    branch_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def dirty(self) -> bool:
        return self.version != self.trunk_version


@dataclass
class Filled:
    """A finalised instance with its files, ready to send."""

    instance_id: str
    xml: bytes
    files: dict[str, bytes] = field(default_factory=dict)


class Draft:
    """A form being filled. Paths are names below the root; what nobody touched is taken as not relevant."""

    def __init__(self, form: bytes, lists: Mapping[str, Mapping[str, LocalEntity]]) -> None:
        self.lists = lists
        self.files: dict[str, bytes] = {}
        self.touched: set[etree._Element] = set()
        self.entities: list[tuple[etree._Element, str]] = []
        model = etree.fromstring(form)
        primary = model.find(f".//{{{XFORMS}}}model/{{{XFORMS}}}instance")
        assert primary is not None
        self.root = _without_namespaces(deepcopy(primary[0]))
        self.saves = _saves(model)
        self._blank_rows = {row.tag: deepcopy(row) for row in self.root.iter() if _is_template(row)}
        for row in [row for row in self.root.iter() if row.tag in self._blank_rows]:
            row.getparent().remove(row)
        self.instance_id = f"uuid:{uuid.uuid4()}"
        self.set("meta/instanceID", self.instance_id)

    def set(self, path: str, value: str, within: etree._Element | None = None) -> Draft:
        node = (self.root if within is None else within).find(path)
        if node is None:
            raise KeyError(path)
        node.text = value
        self.touched.add(node)
        return self

    def attach(self, path: str, name: str, content: bytes) -> Draft:
        self.files[name] = content
        return self.set(path, name)

    def row(self, parent: str, name: str) -> etree._Element:
        """A new row of a repeat."""
        above = self.root if not parent else self.root.find(parent)
        assert above is not None
        made = deepcopy(self._blank_rows[name])
        made.attrib.clear()
        above.append(made)
        return made

    def writes(
        self, dataset: str, entity_id: str, label: str, within: etree._Element | None = None, *, create: bool = False
    ) -> Draft:
        """What the form's meta/entity comes to; known records bring their values, as prefill does."""
        container = self.root if within is None else within
        entity = container.find("meta/entity")
        assert entity is not None and entity.get("dataset") == dataset
        entity.set("id", entity_id)
        for action in ("create", "update"):
            if action in entity.attrib:
                entity.set(action, "1" if (action == "create") == create else "")
        self.set("meta/entity/label", label, container)
        self.touched.add(entity)
        self.entities.append((container, dataset))
        return self

    def prefill(
        self, dataset: str, entity_id: str, within: etree._Element | None = None, leave: Iterable[str] = ()
    ) -> Draft:
        """Shows what the phone's list knows in the questions that save to it."""
        container = self.root if within is None else within
        known = self.lists[dataset][entity_id].properties
        for path, property in self._saves_of(container, dataset):
            if property in known and known[property] and property not in leave:
                self.set(path, known[property], container)
        return self

    def saved_values(self, container: etree._Element, dataset: str) -> dict[str, str]:
        found = {}
        for path, property in self._saves_of(container, dataset):
            node = container.find(path)
            if node is not None and node in self.touched:
                found[property] = node.text or ""
        return found

    def drop_unasked(self) -> None:
        """What is not relevant is not in the instance; a group goes with its last question."""
        for element in reversed(list(self.root.iter())):
            parent = element.getparent()
            if parent is not None and not len(element) and element not in self.touched:
                parent.remove(element)

    def _saves_of(self, container: etree._Element, dataset: str) -> list[tuple[str, str]]:
        """(path below the container, property) of the questions whose nearest meta/entity is the container's."""
        above = "/".join([*(step.tag for step in reversed(list(container.iterancestors()))), container.tag])
        inside = [(path.removeprefix(f"/{above}/"), name) for path, name in self.saves if path.startswith(f"/{above}/")]
        rows = tuple(f"{name}/" for name in self._blank_rows)
        return [(path, name) for path, name in inside if not any(row in f"{path}/" for row in rows)]


def _saves(model: etree._Element) -> list[tuple[str, str]]:
    saveto = f"{{{ENTITIES}}}saveto"
    binds = [bind for bind in model.iter(f"{{{XFORMS}}}bind") if bind.get(saveto)]
    return [(str(bind.get("nodeset")), str(bind.get(saveto))) for bind in binds]


def _is_template(element: etree._Element) -> bool:
    return any(str(name).endswith("}template") for name in element.attrib)


def _without_namespaces(root: etree._Element) -> etree._Element:
    for element in root.iter():
        element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(root)
    return root
