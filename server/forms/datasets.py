"""Reading form_definitions/datasets/*.yaml: one file is one dataset; the code lists are in form_definitions/codes.

Everything is checked at load: a definition that is wrong anywhere stops the start, with file, line, cause and
cure.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from server.forms import definition_checks as check
from server.forms.code_lists import CodeLists, load_code_lists, yaml_lists
from server.forms.dataset import Alike, Choice, Dataset, Parent, Property
from server.forms.definition_file import DefinitionFile, Place, read_definition
from server.forms.issue import DefinitionError, Issue
from server.forms.messages import issue
from server.forms.rule_files import Ground, read_rules
from server.forms.rule_tree import record_paths

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
# Optional: the property that says how the place was found, and how sharp a fix must be to replace a pinned place.
LOCATION_KEYS = (*LOCATION_PARTS, "source", "sharp_m")
_DATASET_KEYS = (
    "name", "labels", "label_property", "region_source", "resolvers", "parent", "location", "card",
    "properties", "rules", "alike",
)  # fmt: skip
_PROPERTY_KEYS = (
    "type", "labels", "sensitivity", "merge", "group", "backcheck", "choices", "unit", "order", "count",
)  # fmt: skip


def load_datasets(folder: Path) -> dict[str, Dataset]:
    """All datasets of `folder` by name. Raises DefinitionError with all issues of all files."""
    issues: list[Issue] = []
    codes = _code_lists(folder, issues)
    files = [read_definition(path) for path in sorted(folder.glob("*.yaml")) if path.name != "codes.yaml"]
    pairs = [(file, _dataset(file, codes)) for file in files]
    datasets = {dataset.name: dataset for _, dataset in pairs}
    for file, dataset in pairs:
        if dataset.parent and dataset.parent.dataset not in datasets:
            file.complain("reference.unknown", ("parent", "dataset"), name=dataset.parent.dataset)
        _check_counts(file, dataset, datasets)
        issues += file.issues
    if issues:
        raise DefinitionError(issues)
    return datasets


def _code_lists(folder: Path, issues: list[Issue]) -> CodeLists:
    """The lists of ../codes; datasets in a folder of their own may bring a codes.yaml."""
    own, shared = yaml_lists(folder / "codes.yaml", issues), load_code_lists(folder.parent / "codes", issues)
    issues += [issue("codes.list_twice", f"codes.yaml / {name}.csv", name=name) for name in own if name in shared]
    return {**shared, **own}


def _dataset(file: DefinitionFile, codes: CodeLists) -> Dataset:
    content = file.content
    check.check_keys(file, (), content, _DATASET_KEYS, ("name", "labels", "label_property", "properties"))
    properties = _properties(file, codes)
    _check_groups(file, properties)
    dataset = Dataset(
        name=check.name(file, ("name",), content.get("name", file.path.stem)),
        labels=check.labels(file, ("labels",), content.get("labels")),
        properties=properties,
        parent=_parent(file, properties),
        region_source=check.known_name(file, ("region_source",), content.get("region_source"), properties),
        resolvers=check.words(file, ("resolvers",), content.get("resolvers"), ROLES),
        label_property=check.known_name(file, ("label_property",), content.get("label_property"), properties) or "",
        location=_location(file, properties),
        card=check.words(file, ("card",), content.get("card"), tuple(properties)),
        alike=_alike(file, properties),
        found_by=check.known_name(file, ("location", "source"), _place(file).get("source"), properties),
        sharp_m=_sharp(file),
    )
    ground = Ground({dataset.name: dataset}, record_paths(dataset), {dataset.name: f"/{dataset.name}"})
    return replace(dataset, rules=tuple(read_rules(file, ground, dataset.name, dataset.name)))


def _properties(file: DefinitionFile, codes: CodeLists) -> dict[str, Property]:
    given = file.content.get("properties")
    if not isinstance(given, dict) or not given:
        file.complain("value.kind", ("properties",), zh="“字段名: {…}”的清单", en="a mapping of names to {…}")
        return {}
    return {name: _property(file, name, content, codes) for name, content in given.items()}


def _property(file: DefinitionFile, name: str, given: Any, codes: CodeLists) -> Property:
    at = ("properties", name)
    content = given if isinstance(given, dict) else {}
    check.check_keys(file, at, content, _PROPERTY_KEYS, ("type", "labels", "sensitivity", "merge"))

    def word(key: str, known: tuple[str, ...]) -> str | None:
        return check.word(file, (*at, key), content.get(key), known)

    choices = _choices(file, at, content, codes)
    order = check.words(file, (*at, "order"), content.get("order"), tuple(c.value for c in choices or ()))
    return Property(
        name=check.name(file, at, name),
        type=word("type", TYPES) or "text",
        labels=check.labels(file, (*at, "labels"), content.get("labels")),
        sensitivity=word("sensitivity", SENSITIVITIES) or "sensitive",
        merge=word("merge", POLICIES) or "review",
        group=content.get("group"),
        backcheck=word("backcheck", BACKCHECKS),
        choices=choices,
        unit=content.get("unit"),
        order=order,
        count=content.get("count"),
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
    check.check_keys(file, ("parent",), content, ("dataset", "property"), ("dataset", "property"))
    name = check.known_name(file, ("parent", "property"), content.get("property"), properties)
    return Parent(str(content.get("dataset")), name or "")


def _location(file: DefinitionFile, properties: Mapping[str, Property]) -> dict[str, str] | None:
    given = file.content.get("location")
    if given is None:
        return None
    content = _place(file)
    check.check_keys(file, ("location",), content, LOCATION_KEYS, LOCATION_PARTS)
    named = {part: content[part] for part in LOCATION_PARTS if part in content}
    found = {part: check.known_name(file, ("location", part), name, properties) for part, name in named.items()}
    return {part: name for part, name in found.items() if name}


def _place(file: DefinitionFile) -> dict[str, Any]:
    given = file.content.get("location")
    return given if isinstance(given, dict) else {}


def _sharp(file: DefinitionFile) -> Decimal:
    """Metres; 0 where nothing is said: then no fix replaces a pinned place."""
    given = _place(file).get("sharp_m", 0)
    return check.number(file, ("location", "sharp_m"), given) or Decimal()


def _check_counts(file: DefinitionFile, dataset: Dataset, datasets: Mapping[str, Dataset]) -> None:
    """What is derived says from what, and only that: records of a dataset right below."""
    for prop in dataset.properties.values():
        at = ("properties", prop.name)
        if prop.merge == "derived" and prop.count is None:
            file.complain("key.missing", at, key="count")
        below = datasets.get(prop.count or "")
        if prop.count and (below is None or below.parent is None or below.parent.dataset != dataset.name):
            file.complain("reference.unknown", (*at, "count"), name=prop.count)


def _alike(file: DefinitionFile, properties: Mapping[str, Property]) -> Alike | None:
    given = file.content.get("alike")
    if given is None:
        return None
    content = given if isinstance(given, dict) else {}
    check.check_keys(file, ("alike",), content, ("same", "where_known"), ("same",))
    same, known = (
        check.words(file, ("alike", part), content.get(part), tuple(properties)) for part in ("same", "where_known")
    )
    return Alike(same, known)


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
