"""Reading a YAML definition so that every complaint names file and line.

All scalars stay text: `no` is a code here, never a boolean, and `02` keeps its zero. A key given twice is
refused (YAML would silently keep the second), and so are anchors and aliases (definition_yaml.py).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from server.forms.definition_yaml import MOST_BYTES, Refused, compose
from server.forms.issue import DefinitionError, Issue
from server.forms.messages import issue

# The keys that lead to a value, from the top.
Place = tuple[str, ...]

_SHOWN = 60  # characters of a key


@dataclass
class DefinitionFile:
    """A parsed file: nested dicts, lists and texts, the line of each key, and the issues found so far."""

    path: Path
    content: dict[str, Any] = field(default_factory=dict)
    lines: dict[Place, int] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    def where(self, at: Place) -> str:
        known = at
        while known and known not in self.lines:
            known = known[:-1]
        line, name, key = self.lines.get(known, 1), self.path.name, ".".join(part[:_SHOWN] for part in at)
        return f"{name} 第{line}行 {key} / {name} line {line} {key}".rstrip()

    def complain(self, code: str, at: Place, **values: object) -> None:
        self.issues.append(issue(code, self.where(at), **values))


def read_definition(path: Path) -> DefinitionFile:
    """Read one YAML file whose top is a mapping. Raises DefinitionError when it is not."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        found = DefinitionFile(path)
        found.complain("file.unreadable", (), cause=error.strerror or type(error).__name__)
        raise DefinitionError(found.issues) from error
    return parse_definition(path, content)


def parse_definition(path: Path, content: bytes) -> DefinitionFile:
    """As read_definition, of a file that was sent; `path` is how complaints name it."""
    found = DefinitionFile(path)
    try:
        node = compose(content)
    except Refused as error:
        found.lines[()] = error.line
        found.complain(error.code, (), **error.values)
        raise DefinitionError(found.issues) from error
    if not isinstance(node, yaml.MappingNode):
        found.complain("file.no_mapping", ())
        raise DefinitionError(found.issues)
    found.content = _plain(node, (), found)
    return found


def _plain(node: yaml.Node, at: Place, found: DefinitionFile) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, at, found)
    if isinstance(node, yaml.SequenceNode):
        return [_item(item, (*at, str(n)), found) for n, item in enumerate(node.value)]
    return node.value


def _item(node: yaml.Node, at: Place, found: DefinitionFile) -> Any:
    found.lines[at] = node.start_mark.line + 1
    return _plain(node, at, found)


def _mapping(node: yaml.MappingNode, at: Place, found: DefinitionFile) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            found.lines[at] = key_node.start_mark.line + 1
            found.complain("key.kind", at)
            continue
        key = str(key_node.value)
        here = (*at, key)
        if key in content:
            found.lines[here] = key_node.start_mark.line + 1
            found.complain("key.twice", here, key=key)
            continue
        found.lines[here] = key_node.start_mark.line + 1
        content[key] = _plain(value_node, here, found)
    return content
