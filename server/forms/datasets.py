"""Reading form_definitions/datasets/*.yaml: one file is one dataset; codes.yaml holds their code lists.

Everything is checked at load: a definition that is wrong anywhere stops the start, with file, line, cause and
cure.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.forms.dataset import Choice, Dataset, Parent, Property
from server.forms.definition_file import DefinitionFile, Place, read_definition
from server.forms.issue import DefinitionError, Issue

__all__ = ["Choice", "Dataset", "Parent", "Property", "load_datasets"]

TYPES = (
    "text", "integer", "decimal", "date", "datetime", "select_one", "select_multiple", "geopoint",
    "reference", "region",
)  # fmt: skip
SENSITIVITIES = ("public", "internal", "personal", "sensitive")
POLICIES = (
    "review", "authority", "worst", "union", "append", "last_observed", "most_precise", "monotone",
    "immutable", "derived",
)  # fmt: skip
BACKCHECKS = ("fixed", "stable", "changing")
ROLES = ("cadre", "inspector", "supervisor", "admin", "auditor")
LOCATION_PARTS = ("lon", "lat", "accuracy_m", "datum")
_NAME = re.compile(r"(?!__)[a-z][a-z0-9_]{0,62}", re.ASCII)
_DATASET_KEYS = (
    "name", "labels", "label_property", "region_source", "resolvers", "parent", "location", "card",
    "properties",
)  # fmt: skip
_PROPERTY_KEYS = (
    "type", "labels", "sensitivity", "merge", "group", "backcheck", "choices", "unit", "order",
)  # fmt: skip

CodeLists = Mapping[str, tuple[Choice, ...]]


def load_datasets(folder: Path) -> dict[str, Dataset]:
    """All datasets of `folder` by name. Raises DefinitionError with all issues of all files."""
    issues: list[Issue] = []
    codes = _code_lists(folder / "codes.yaml", issues)
    files = [read_definition(path) for path in sorted(folder.glob("*.yaml")) if path.name != "codes.yaml"]
    pairs = [(file, _dataset(file, codes)) for file in files]
    datasets = {dataset.name: dataset for _, dataset in pairs}
    for file, dataset in pairs:
        if dataset.parent and dataset.parent.dataset not in datasets:
            file.complain("reference.unknown", ("parent", "dataset"), name=dataset.parent.dataset)
        issues += file.issues
    if issues:
        raise DefinitionError(issues)
    return datasets


def _code_lists(path: Path, issues: list[Issue]) -> dict[str, tuple[Choice, ...]]:
    if not path.exists():
        return {}
    file = read_definition(path)
    lists = {name: _codes(file, name, codes) for name, codes in file.content.items()}
    issues += file.issues
    return lists


def _codes(file: DefinitionFile, name: str, given: Any) -> tuple[Choice, ...]:
    if not isinstance(given, dict):
        file.complain("value.kind", (name,), zh="“代码: 名称”的清单", en="a mapping of codes to labels")
        return ()
    return tuple(Choice(code, _labels(file, (name, code), labels)) for code, labels in given.items())


def _labels(file: DefinitionFile, at: Place, given: Any) -> dict[str, str]:
    if isinstance(given, dict) and given.get("zh") and given.get("en"):
        return {language: str(text) for language, text in given.items()}
    file.complain("labels.incomplete", at)
    return {"zh": at[-1], "en": at[-1]}


def _dataset(file: DefinitionFile, codes: CodeLists) -> Dataset:
    content = file.content
    _check_keys(file, (), content, _DATASET_KEYS, ("name", "labels", "label_property", "properties"))
    properties = _properties(file, codes)
    _check_groups(file, properties)
    return Dataset(
        name=_name(file, ("name",), content.get("name", file.path.stem)),
        labels=_labels(file, ("labels",), content.get("labels")),
        properties=properties,
        parent=_parent(file, properties),
        region_source=_known(file, ("region_source",), content.get("region_source"), properties),
        resolvers=_words(file, ("resolvers",), content.get("resolvers"), ROLES),
        label_property=_known(file, ("label_property",), content.get("label_property"), properties) or "",
        location=_location(file, properties),
        card=_words(file, ("card",), content.get("card"), tuple(properties)),
    )


def _properties(file: DefinitionFile, codes: CodeLists) -> dict[str, Property]:
    given = file.content.get("properties")
    if not isinstance(given, dict) or not given:
        file.complain("value.kind", ("properties",), zh="“字段名: {…}”的清单", en="a mapping of names to {…}")
        return {}
    return {name: _property(file, name, content, codes) for name, content in given.items()}


def _property(file: DefinitionFile, name: str, given: Any, codes: CodeLists) -> Property:
    at = ("properties", name)
    content = given if isinstance(given, dict) else {}
    _check_keys(file, at, content, _PROPERTY_KEYS, ("type", "labels", "sensitivity", "merge"))

    def word(key: str, known: tuple[str, ...]) -> str | None:
        return _word(file, (*at, key), content.get(key), known)

    choices = _choices(file, at, content, codes)
    order = _words(file, (*at, "order"), content.get("order"), tuple(c.value for c in choices or ()))
    return Property(
        name=_name(file, at, name),
        type=word("type", TYPES) or "text",
        labels=_labels(file, (*at, "labels"), content.get("labels")),
        sensitivity=word("sensitivity", SENSITIVITIES) or "sensitive",
        merge=word("merge", POLICIES) or "review",
        group=content.get("group"),
        backcheck=word("backcheck", BACKCHECKS),
        choices=choices,
        unit=content.get("unit"),
        order=order,
    )


def _choices(
    file: DefinitionFile, at: Place, content: dict[str, Any], codes: CodeLists
) -> tuple[Choice, ...] | None:
    wanted = content.get("choices")
    if wanted is None:
        if content.get("type") in ("select_one", "select_multiple"):
            file.complain("key.missing", at, key="choices")
        return None
    if wanted not in codes:
        file.complain("reference.unknown", (*at, "choices"), name=wanted)
        return None
    return codes[wanted]


def _parent(file: DefinitionFile, properties: Mapping[str, Property]) -> Parent | None:
    given = file.content.get("parent")
    if given is None:
        return None
    content = given if isinstance(given, dict) else {}
    _check_keys(file, ("parent",), content, ("dataset", "property"), ("dataset", "property"))
    name = _known(file, ("parent", "property"), content.get("property"), properties)
    return Parent(str(content.get("dataset")), name or "")


def _location(file: DefinitionFile, properties: Mapping[str, Property]) -> dict[str, str] | None:
    given = file.content.get("location")
    if given is None:
        return None
    content = given if isinstance(given, dict) else {}
    _check_keys(file, ("location",), content, LOCATION_PARTS, LOCATION_PARTS)
    found = {part: _known(file, ("location", part), name, properties) for part, name in content.items()}
    return {part: name for part, name in found.items() if name}


def _check_keys(
    file: DefinitionFile, at: Place, content: dict[str, Any], known: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    for key in content:
        if key not in known:
            file.complain("key.unknown", (*at, key), key=key, known=", ".join(known))
    for key in needed:
        if key not in content:
            file.complain("key.missing", at, key=key)


def _check_groups(file: DefinitionFile, properties: Mapping[str, Property]) -> None:
    """A group wins or loses as one object, so it has one policy; `worst` needs an order of danger."""
    groups: dict[str, list[Property]] = {}
    for property in properties.values():
        groups.setdefault(property.group or f"={property.name}", []).append(property)
    for name, members in groups.items():
        at = ("properties", members[0].name)
        if len({member.merge for member in members}) > 1:
            file.complain("group.mixed", at, group=name)
        if members[0].merge == "worst" and not any(member.order for member in members):
            file.complain("order.missing", at)


def _name(file: DefinitionFile, at: Place, name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        file.complain("name.bad", at, name=name)
    return str(name)


def _word(file: DefinitionFile, at: Place, value: Any, known: tuple[str, ...]) -> str | None:
    if value is None:
        return None
    if value not in known:
        file.complain("value.unknown", at, value=value, known=", ".join(known))
        return None
    return str(value)


def _words(file: DefinitionFile, at: Place, given: Any, known: tuple[str, ...]) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        file.complain("value.kind", at, zh="[…] 清单", en="a list […]")
        return ()
    return tuple(word for n, item in enumerate(given) if (word := _word(file, (*at, str(n)), item, known)))


def _known(file: DefinitionFile, at: Place, name: Any, properties: Mapping[str, Property]) -> str | None:
    if name is None:
        return None
    if name not in properties:
        file.complain("reference.unknown", at, name=name)
        return None
    return str(name)
