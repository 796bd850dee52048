"""YAML within bounds: refused before it can grow, and told with line, column, cause and cure. PURE.

An alias repeats what its anchor names, so nine nested ones make gigabytes of a few hundred bytes, and one inside its
own anchor never ends. Definitions need neither: both are refused where they stand, and so is what is nested deeper
than the interpreter's stack likes. All scalars stay text: no tag is ever looked at.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from server.forms.messages_definitions import YAML_BEGUN, YAML_CAUSES, YAML_OTHER

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 40
MOST_NODES = 10_000  # keys, values and lists; our longest definition has some 2,000

# Escapes can write what no database keeps as text.
_UNFIT = re.compile("[\0\ud800-\udfff]")


@dataclass
class Refused(Exception):
    """Not read: `code` of the catalogue and its values; `line` counts from 1."""

    code: str
    line: int
    values: dict[str, object] = field(default_factory=dict)


class _Loader(yaml.BaseLoader):
    """Composes nodes one by one and stops at the first that may not be."""

    depth = 0
    count = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        _check(event)
        self.depth, self.count = self.depth + 1, self.count + 1
        line = event.start_mark.line + 1
        if self.depth > MOST_DEPTH:
            raise Refused("file.too_deep", line, {"limit": MOST_DEPTH})
        if self.count > MOST_NODES:
            raise Refused("file.too_many", line, {"limit": MOST_NODES})
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _check(event: Any) -> None:
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent):
        raise Refused("file.alias", line, {"name": f"*{str(event.anchor)[:60]}"})
    if event.anchor is not None:
        raise Refused("file.alias", line, {"name": f"&{str(event.anchor)[:60]}"})
    if isinstance(event, yaml.ScalarEvent) and _UNFIT.search(event.value):
        raise Refused("file.character", line)


def compose(content: bytes) -> yaml.Node | None:
    """The one document in these bytes, None when it is empty. Raises Refused."""
    if len(content) > MOST_BYTES:
        raise Refused("file.too_large", 1, {"limit": MOST_BYTES // 1024})
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("file.encoding", content.count(b"\n", 0, error.start) + 1) from error
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        raise Refused("file.character", text.count("\n", 0, error.position) + 1) from error
    return _composed(loader)


def _composed(loader: _Loader) -> yaml.Node | None:
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    except yaml.MarkedYAMLError as error:
        said = f"{error.context or ''} {error.problem}"
        raise _broken(error.problem_mark or loader.get_mark(), said, error.context_mark) from error
    except (ValueError, OverflowError) as error:
        # An escape beyond Unicode, a version of 5,000 digits: the parser converts them without looking.
        raise _broken(loader.get_mark(), "a number out of range") from error
    finally:
        loader.dispose()


def _broken(mark: Any, cause: str, opened: Any = None) -> Refused:
    """`opened`: where the bracket, the quote or the block begins in which the parser broke off."""
    said = " ".join(cause.split())[:200]
    chinese = next((words for pattern, words in YAML_CAUSES if re.search(pattern, said)), YAML_OTHER)
    line = mark.line + 1
    if opened is not None and opened.line != mark.line:
        begun = [words.format(line=opened.line + 1) for words in YAML_BEGUN]
        chinese, said = chinese + begun[0], said + begun[1]
    return Refused("file.yaml", line, {"line": line, "column": mark.column + 1, "zh": chinese, "cause": said})
