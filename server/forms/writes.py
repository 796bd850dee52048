"""Which records an instance writes, read by its own form version (ODK entities 2022.1 to 2025.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.forms.canonical import canonical
from server.forms.dataset import Dataset, Property
from server.forms.issue import ExtractionError
from server.forms.messages import issue
from server.forms.model import EntityDeclaration, FormModel, WriteTree
from server.forms.parsed import Instance

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class EntityWrite:
    """What one meta/entity of an instance does to one record.

    `values` maps property to canonical text, None where the node is empty (cleared); a property whose node is
    absent (not asked) is no key. `base_version`, `trunk_version` and `branch_id` are what the client claims to
    have seen; None on a create.
    """

    dataset: str
    id: str
    create: bool
    update: bool
    label: str | None
    values: dict[str, str | None]
    base_version: int | None
    trunk_version: int | None
    branch_id: str | None
    parent: str | None


def extract_writes(model: FormModel, instance: Instance, datasets: Mapping[str, Dataset]) -> tuple[EntityWrite, ...]:
    """Every record that the instance writes, by its own form version, in document order per declaration.

    Raises ExtractionError: an id that is no UUID v4, one record written twice, an action or dataset that the
    form version does not declare.
    """
    writes: list[EntityWrite] = []
    seen: set[tuple[str, str]] = set()
    for declaration in model.entities:
        steps = declaration.container.split("/")[2:]
        for container in _containers(instance.root, steps):
            write = _write(declaration, container, datasets)
            if write is None:
                continue
            if (write.dataset, write.id) in seen:
                raise _refused("entity.twice", declaration, id=write.id)
            seen.add((write.dataset, write.id))
            writes.append(write)
    return tuple(writes)


def _containers(node: Any, steps: list[str]) -> Iterator[Any]:
    """The elements at `steps` below `node`; several where a step is a repeat."""
    if not steps:
        yield node
        return
    for child in node.iterchildren(steps[0]):
        yield from _containers(child, steps[1:])


def _write(declaration: EntityDeclaration, container: Any, datasets: Mapping[str, Dataset]) -> EntityWrite | None:
    entity = next((found for meta in container.iterchildren("meta") for found in meta.iterchildren("entity")), None)
    if entity is None:
        return None
    create, update = (entity.get(action) in ("1", "true") for action in ("create", "update"))
    if not create and not update:
        return None
    dataset = datasets.get(declaration.dataset)
    if dataset is None or entity.get("dataset") != declaration.dataset:
        raise _refused("entity.unknown_dataset", declaration, name=entity.get("dataset"))
    if (create and not declaration.creates) or (update and not declaration.updates):
        raise _refused("entity.undeclared_action", declaration)
    values = _values(declaration, container, dataset)
    return EntityWrite(
        dataset=dataset.name,
        id=_entity_id(declaration, entity),
        create=create,
        update=update,
        label=canonical(entity.findtext("label"), "text"),
        values=values,
        base_version=_version(declaration, entity, "baseVersion"),
        trunk_version=_version(declaration, entity, "trunkVersion"),
        branch_id=canonical(entity.get("branchId"), "text"),
        parent=values.get(dataset.parent.property) if dataset.parent else None,
    )


def _values(declaration: EntityDeclaration, container: Any, dataset: Dataset) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    _collect(container, declaration.tree, dataset.properties, values)
    return values


def _collect(node: Any, level: WriteTree, properties: Mapping[str, Property], values: dict[str, str | None]) -> None:
    # Named, so that lxml makes none of the others.
    for child in node.iterchildren(*level) if level else ():
        write, below = level[child.tag]
        if write is not None:
            name, bind_type = write
            declared = properties.get(name)
            values[name] = canonical(child.text, declared.type if declared else bind_type)
        elif below:
            _collect(child, below, properties, values)


def _entity_id(declaration: EntityDeclaration, entity: Any) -> str:
    given = (entity.get("id") or "").strip()
    plain: str = given.removeprefix("uuid:").lower()
    if not _UUID4.fullmatch(plain):
        raise _refused("entity.bad_id", declaration, id=given[:80])
    return plain


def _version(declaration: EntityDeclaration, entity: Any, attribute: str) -> int | None:
    given = (entity.get(attribute) or "").strip()
    if not given:
        return None
    if not _COUNT.fullmatch(given):
        raise _refused("entity.bad_version", declaration, attribute=attribute, value=given[:80])
    return int(given)


def _refused(code: str, declaration: EntityDeclaration, **values: object) -> ExtractionError:
    return ExtractionError([issue(code, f"{declaration.container}/meta/entity", **values)])
