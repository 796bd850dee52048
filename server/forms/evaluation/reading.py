"""XForm XML → FormPlan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from server.forms.evaluation.body import read_body
from server.forms.evaluation.order import steps_in_order
from server.forms.evaluation.plan import Action, Condition, FormPlan, Part
from server.forms.evaluation.source import JR, Place, Source, instances_of, part_of, plain_path
from server.forms.evaluation.texts import XF, Texts
from server.forms.issue import FormInvalid, InstanceUnreadable
from server.forms.messages import issue
from server.forms.xml import parse_xml

HTML = "{http://www.w3.org/1999/xhtml}"
_CONSTANTS = {"true()": True, "1": True, "false()": False, "0": False}


def read_plan(xml: str, place: Place = str) -> FormPlan:
    """Read a compiled XForm. Raises FormInvalid with every issue; `place` tells where a question of a name stands."""
    try:
        root = parse_xml(xml)
    except InstanceUnreadable as error:
        raise FormInvalid(error.issues) from error
    model = root.find(f"{HTML}head/{XF}model")
    primary = model.find(f"{XF}instance") if model is not None else None
    if primary is None or len(primary) == 0:
        raise FormInvalid([issue("xform.none", "XForm")])
    return _plan(root, model, primary[0], place)


def _plan(root: Any, model: Any, primary: Any, place: Place) -> FormPlan:
    top = part_of(primary)
    source = Source({part.path: part for part in top.walk()}, Texts(model), *instances_of(model), place)
    binds = list(model.iterfind(f"{XF}bind"))
    for bind in binds:
        _bind(source, bind)
    # Numbered after the binds: those of attributes make parts.
    for index, part in enumerate(top.walk()):
        part.index = index
    actions = [*_actions(source, model), *read_body(root.find(f"{HTML}body"), source, binds)]
    for part in top.walk():
        part.complete()
    if source.issues:
        raise FormInvalid(source.issues)
    return FormPlan(
        form_id=primary.get("id") or "",
        version=primary.get("version") or "",
        root=top,
        parts=source.parts,
        steps=steps_in_order(source.parts, place),
        actions=tuple(actions),
        instances=source.instances,
        files=source.files,
        texts=source.texts.by_language,
    )


def _bind(source: Source, bind: Any) -> None:
    path = plain_path(bind.get("nodeset") or bind.get("ref") or "")
    part = source.parts.get(path) or _computed(source, path)
    if part is None:
        return
    part.type = str(bind.get("type") or "string").rpartition(":")[2]
    part.relevant = _condition(source, part, bind, "relevant", True)
    part.required = _condition(source, part, bind, "required", False)
    part.readonly = _condition(source, part, bind, "readonly", False)
    part.constraint = _condition(source, part, bind, "constraint", True)
    part.calculate = source.expression(part, "calculate", bind.get("calculate"))
    part.constraint_text = source.texts.named(bind.get(f"{JR}constraintMsg"))
    part.required_text = source.texts.named(bind.get(f"{JR}requiredMsg"))
    if preload := bind.get(f"{JR}preload"):
        part.preload = preload, bind.get(f"{JR}preloadParams") or ""


def _computed(source: Source, path: str) -> Part | None:
    """The part of an attribute that has a bind (meta/entity/@id)."""
    owner, _, name = path.rpartition("/")
    above = source.parts.get(owner)
    if above is None or not name.startswith("@"):
        return None
    part = Part(path, name, above, default=above.attributes.get(name[1:], ""))
    above.computed[name[1:]] = source.parts[path] = part
    return part


def _condition(source: Source, part: Part, bind: Any, attribute: str, absent: bool) -> Condition:
    text = (bind.get(attribute) or "").replace(" ", "")
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return source.expression(part, attribute, bind.get(attribute)) or absent


def _actions(source: Source, model: Any) -> Iterator[Action]:
    """The setvalue actions of the model; those of controls are read with the body."""
    for element in model.iterfind(f"{XF}setvalue"):
        action = source.action(element, None)
        if action is not None:
            yield action
