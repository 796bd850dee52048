"""A compiled form as values: its questions, and which records its instances write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from server.forms.dataset import Choice

# The list of villages and groups that a form may ask for; phones and the server make it.
REGION_LIST = "region.csv"
# Types of questions whose answer is the name of a file.
ATTACHED = ("image", "audio", "video", "file")

# tag -> what the node of this tag writes, and what stands below it
WriteTree = dict[str, tuple["tuple[str, str] | None", "WriteTree"]]
Trie = dict[str, tuple["Question | None", "Trie"]]


@dataclass(frozen=True)
class Question:
    """One node of the form that holds a value.

    `type` is the bind type (string, int, decimal, date, time, dateTime, geopoint, barcode …), or what the control
    makes of it: select_one, select_multiple, rank, image, audio, video, file, note, acknowledge; `calculate` has
    no control. `labels` and `hints` are by language and always hold zh and en where the form has any text;
    `choices` is None where there are none or they come from a file, named in `choice_file`.
    `backcheck`: the (dataset, property) that an answer of a blind form is compared with.
    """

    path: str
    name: str
    type: str
    labels: dict[str, str]
    hints: dict[str, str]
    choices: tuple[Choice, ...] | None
    choice_file: str | None
    slot: str | None
    sensitivity: str | None
    visit: str | None
    relevant: str | None
    required: str | None
    constraint: str | None
    calculate: str | None
    save_to: tuple[str, str] | None
    backcheck: tuple[str, str] | None = None

    @property
    def is_asked(self) -> bool:
        return self.type not in ("calculate", "note")


@dataclass(frozen=True)
class EntityDeclaration:
    """Where instances of the form may write records of `dataset`: the node that holds meta/entity."""

    dataset: str
    container: str
    creates: bool
    updates: bool
    # path below the container -> (property, bind type)
    writes: dict[tuple[str, ...], tuple[str, str]]

    @cached_property
    def tree(self) -> WriteTree:
        """The writes as nested dicts by tag: one walk of a container finds all."""
        top: WriteTree = {}
        for path, write in self.writes.items():
            level = top
            for group in path[:-1]:
                level = level.setdefault(group, (None, {}))[1]
            level[path[-1]] = (write, {})
        return top


@dataclass(frozen=True)
class FormModel:
    """Immutable; build once per form version with from_xform and keep it."""

    form_id: str
    version: str
    title: str
    questions: tuple[Question, ...]
    entities: tuple[EntityDeclaration, ...]
    repeats: frozenset[str]
    files: tuple[str, ...] = field(default=())
    # `attribute::ruhu:…` of the settings sheet by local name: about, purpose, roles, qualification …
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_xform(cls, xml: str) -> FormModel:
        """Read a compiled XForm. Raises FormInvalid when it is none."""
        # Imported late: the reader builds the classes of this module.
        from server.forms.xform import read_xform

        return read_xform(xml)

    @cached_property
    def by_path(self) -> dict[str, Question]:
        return {question.path: question for question in self.questions}

    @cached_property
    def tree(self) -> Trie:
        """The questions as nested dicts by tag, below the root node: one walk of an instance finds all."""
        return _tree(self.questions)

    @cached_property
    def asked_once(self) -> Trie:
        """As `tree`, of what people are asked outside of repeats."""
        inside = tuple(f"{repeat}/" for repeat in self.repeats)
        return _tree(one for one in self.questions if one.is_asked and not f"{one.path}/".startswith(inside))

    @cached_property
    def naming_files(self) -> Trie:
        """As `tree`, of questions whose answer names a file."""
        return _tree(one for one in self.questions if one.type in ATTACHED)

    @cached_property
    def about_visit(self) -> Trie:
        """As `tree`, of questions that say something about the visit itself."""
        return _tree(one for one in self.questions if one.visit)


def _tree(questions: Iterable[Question]) -> Trie:
    top: Trie = {}
    for question in questions:
        level = top
        *groups, leaf = question.path.split("/")[2:]
        for group in groups:
            level = level.setdefault(group, (None, {}))[1]
        level[leaf] = (question, level[leaf][1] if leaf in level else {})
    return top
