"""Reading a YAML definition so that every complaint names file and line.

All scalars stay text: `no` is a code here, never a boolean, and `02` keeps its zero. A key given twice is
refused (YAML would silently keep the second).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from server.forms.issue import DefinitionError, Issue
from server.forms.messages import issue

# The keys that lead to a value, from the top.
Place = tuple[str, ...]


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
        line, name, key = self.lines.get(known, 1), self.path.name, ".".join(at)
        return f"{name} 第{line}行 {key} / {name} line {line} {key}".rstrip()

    def complain(self, code: str, at: Place, **values: object) -> None:
        self.issues.append(issue(code, self.where(at), **values))


def read_definition(path: Path) -> DefinitionFile:
    """Read one YAML file whose top is a mapping. Raises DefinitionError when it is not."""
    found = DefinitionFile(path)
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        found.lines[()] = mark.line + 1 if mark is not None else 1
        found.complain("file.unreadable", (), cause=" ".join(str(error).split()))
        raise DefinitionError(found.issues) from error
    if not isinstance(node, yaml.MappingNode):
        found.complain("value.kind", (), zh="“名称: 内容”的清单", en="a mapping of names to contents")
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
        key = str(key_node.value)
        here = (*at, key)
        if key in content:
            found.lines[here] = key_node.start_mark.line + 1
            found.complain("key.twice", here, key=key)
            continue
        found.lines[here] = key_node.start_mark.line + 1
        content[key] = _plain(value_node, here, found)
    return content
