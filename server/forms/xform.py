"""XForm XML → FormModel."""

from collections.abc import Iterable
from typing import Any

from server.forms.issue import FormInvalid, InstanceUnreadable
from server.forms.messages import issue
from server.forms.model import EntityDeclaration, FormModel, Question
from server.forms.xform_texts import Texts
from server.forms.xml import local, parse_xml

XF = "{http://www.w3.org/2002/xforms}"
HTML = "{http://www.w3.org/1999/xhtml}"
ENTITIES = "{http://www.opendatakit.org/xforms/entities}"
RUHU = "{https://ruhu.example/xforms}"
_SELECTS = {"select1": "select_one", "select": "select_multiple", "rank": "rank"}
_MEDIA = {"image": "image", "audio": "audio", "video": "video"}


def read_xform(xml: str) -> FormModel:
    """Read a compiled XForm. Raises FormInvalid when it is none."""
    try:
        root = parse_xml(xml)
    except InstanceUnreadable as error:
        raise FormInvalid(error.issues) from error
    model = root.find(f"{HTML}head/{XF}model")
    instance = model.find(f"{XF}instance") if model is not None else None
    if instance is None or len(instance) == 0:
        raise FormInvalid([issue("xform.none", "XForm")])
    return _Reader(root, model, instance[0]).read()


class _Reader:
    """What one reading needs at hand: binds and controls by path, texts, the primary instance."""

    def __init__(self, root: Any, model: Any, primary: Any) -> None:
        self.root, self.primary = root, primary
        self.texts = Texts(model)
        self.binds = {bind.get("nodeset"): bind for bind in model.iterfind(f"{XF}bind")}
        self.controls = {
            control.get("ref"): control
            for control in root.find(f"{HTML}body").iter()
            if control.get("ref") and local(control) in (*_SELECTS, "input", "upload", "trigger", "range")
        }
        self.sources = [item.get("src") for item in model.iterfind(f"{XF}instance") if item.get("src")]
        self.paths = list(_leaf_paths(primary, f"/{local(primary)}"))

    def read(self) -> FormModel:
        entities, owners = self._entities()
        repeats = self.root.iterfind(f".//{XF}repeat")
        return FormModel(
            form_id=self.primary.get("id") or self.primary.get("xmlns") or "",
            version=self.primary.get("version") or "",
            title=self.root.findtext(f"{HTML}head/{HTML}title") or "",
            questions=tuple(self._question(path, owners.get(path)) for path in self.paths),
            entities=entities,
            repeats=frozenset(repeat.get("nodeset") for repeat in repeats),
            files=tuple(dict.fromkeys([*self.sources, *self.texts.files])),
            settings=_settings(self.primary),
        )

    def _question(self, path: str, save_to: tuple[str, str] | None) -> Question:
        bind, control = self.binds.get(path), self.controls.get(path)
        read = {} if bind is None else bind.attrib
        choices, choice_file = self.texts.choices(control)
        return Question(
            path=path,
            name=path.rpartition("/")[2],
            type=_type(read, control),
            labels=self.texts.of(control, "label"),
            hints=self.texts.of(control, "hint"),
            choices=choices,
            choice_file=choice_file,
            slot=read.get(f"{RUHU}slot"),
            sensitivity=read.get(f"{RUHU}sensitivity"),
            visit=read.get(f"{RUHU}visit"),
            relevant=read.get("relevant"),
            required=read.get("required"),
            constraint=read.get("constraint"),
            calculate=read.get("calculate"),
            save_to=save_to,
            backcheck=_named(read.get(f"{RUHU}backcheck")),
        )

    def _entities(self) -> tuple[tuple[EntityDeclaration, ...], dict[str, tuple[str, str]]]:
        """The declarations, and for each path with save_to the (dataset, property) it writes."""
        containers = dict(_containers(self.primary, f"/{local(self.primary)}"))
        writes: dict[str, dict[tuple[str, ...], tuple[str, str]]] = {path: {} for path in containers}
        owners: dict[str, tuple[str, str]] = {}
        for path, bind in self.binds.items():
            property = bind.get(f"{ENTITIES}saveto")
            # save_to belongs to the nearest declaration above it.
            above = [container for container in containers if path.startswith(f"{container}/")]
            if not property or not above:
                continue
            owner = max(above, key=len)
            below = tuple(path[len(owner) + 1 :].split("/"))
            writes[owner][below] = (property, _type(bind.attrib, self.controls.get(path)))
            owners[path] = (containers[owner].get("dataset"), property)
        # Outer ones first: a household exists before its members.
        outer_first = sorted(containers.items(), key=lambda item: item[0].count("/"))
        return tuple(_declaration(path, entity, writes[path]) for path, entity in outer_first), owners


def _named(text: str | None) -> tuple[str, str] | None:
    """`dataset#property`; anything else names nothing."""
    dataset, _, name = (text or "").partition("#")
    return (dataset, name) if dataset and name else None


def _settings(primary: Any) -> dict[str, str]:
    """The attributes of our namespace on the root: what the form says about itself (purpose, roles …)."""
    return {name.removeprefix(RUHU): value for name, value in primary.attrib.items() if name.startswith(RUHU)}


def _declaration(path: str, entity: Any, writes: dict[tuple[str, ...], tuple[str, str]]) -> EntityDeclaration:
    return EntityDeclaration(
        dataset=entity.get("dataset") or "",
        container=path,
        creates=entity.get("create") is not None,
        updates=entity.get("update") is not None,
        writes=writes,
    )


def _type(bind: Any, control: Any) -> str:
    kind = str(bind.get("type") or "string").rpartition(":")[2]
    if control is None:
        return "calculate"
    tag = local(control)
    if tag in _SELECTS:
        return _SELECTS[tag]
    if tag == "upload":
        return _MEDIA.get(str(control.get("mediatype") or "").partition("/")[0], "file")
    if tag == "trigger":
        return "acknowledge"
    is_note = bind.get("readonly") == "true()" and not bind.get("calculate") and kind == "string"
    return "note" if is_note else kind


def _leaf_paths(node: Any, path: str) -> Iterable[str]:
    """The path of every value node in form order; a repeat's template and its first instance are one."""
    seen = set()
    for child in node:
        name = local(child)
        if name in seen or name == "meta":
            continue
        seen.add(name)
        here = f"{path}/{name}"
        if len(child):
            yield from _leaf_paths(child, here)
        else:
            yield here


def _containers(node: Any, path: str) -> Iterable[tuple[str, Any]]:
    """Every (path, meta/entity element); templates and first instances are one."""
    seen = set()
    for child in node:
        name = local(child)
        if name in seen:
            continue
        seen.add(name)
        if name == "meta":
            for entity in child:
                if local(entity) == "entity":
                    yield path, entity
        elif len(child):
            yield from _containers(child, f"{path}/{name}")
