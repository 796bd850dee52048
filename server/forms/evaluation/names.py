"""What expressions may call texts: jr:itext and jr:choice-name, in the language that the form is shown in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.forms.evaluation.choices import Choices
from server.forms.evaluation.plan import path_from
from server.forms.evaluation.sheet import Sheet
from server.forms.evaluation.texts import Pieces
from server.forms.xpath import Expression, Node, text_of


def name_things(sheet: Sheet, language: str | None = None) -> None:
    """Gives the sheet's expressions the texts of a language; None is the form's own."""
    known = sheet.plan.texts
    texts = known.get(language or "") or next(iter(known.values()), {})
    names = _Names(sheet, texts)
    sheet.context.texts = names
    sheet.context.choice_name = names.choice


class _Names(Mapping[str, str]):
    """Text id → text with its outputs filled in."""

    def __init__(self, sheet: Sheet, texts: Mapping[str, Pieces]) -> None:
        self.sheet, self.pieces = sheet, texts

    def __getitem__(self, text_id: str) -> str:
        return "".join(self._piece(piece) for piece in self.pieces[text_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)

    def _piece(self, piece: str | Expression) -> str:
        return piece if isinstance(piece, str) else piece.text_of(self.sheet.context)

    def choice(self, value: str, path: str) -> str | None:
        """The label of a choice of the question at `path`; None when it is no choice."""
        part = self.sheet.plan.parts.get(path_from(self.sheet.context.node.path, path.strip()))
        if part is None or part.choices is None:
            return None
        return self._label(part.choices, value)

    def _label(self, choices: Choices, value: str) -> str | None:
        if choices.labels is not None:
            text = choices.labels.get(value)
            pieces = next(iter(text.by_language.values())) if text is not None else None
            return "".join(map(self._piece, pieces)) if pieces is not None else None
        row = choices.row(self.sheet.context, value)
        if row is None:
            return None
        label = _child(row, choices.label)
        return self.get(label, label) if choices.label_is_itext else label


def _child(row: Node, name: str) -> str:
    return text_of(row.named.get(name, []))
