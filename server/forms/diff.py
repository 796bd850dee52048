"""What changed between two versions of a form, and what that means for work that is stored or under way. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any

from server.forms.diff_words import Breaks, Texts, breaks_of, words_of
from server.forms.model import FormModel, Question

_NO_MEDIA: Mapping[str, str] = {}
# Every value of the first type is one of the second.
_WIDER = {
    ("int", "decimal"), ("int", "string"), ("decimal", "string"), ("date", "string"), ("barcode", "string"),
    ("string", "barcode"), ("select_one", "string"), ("select_one", "select_multiple"), ("select_multiple", "rank"),
}  # fmt: skip
_ALIKE = 0.75  # how much two labels must have in common to be one question's


@dataclass(frozen=True)
class Change:
    """One difference. `path`: in the new form (of a removed question in the old one); `old`, `new`: short texts."""

    kind: str
    path: str
    labels: Texts
    old: str | None
    new: str | None
    breaks: Breaks
    why: Texts
    fix: Texts

    def on_wire(self) -> dict[str, Any]:
        wire = asdict(self)
        return wire | {"from": wire.pop("old"), "to": wire.pop("new")}


def form_changes(
    old: FormModel,
    new: FormModel,
    old_media: Mapping[str, str] = _NO_MEDIA,
    new_media: Mapping[str, str] = _NO_MEDIA,
) -> tuple[Change, ...]:
    """Every change from `old` to `new`, in the order of the new form; media are {name: hash}."""
    return (*_whole(old, new), *_questions(old, new), *_media(old_media, new_media))


def _change(
    word: str, path: str, labels: Texts, old: str | None = None, new: str | None = None, **values: str
) -> Change:
    why, fix = words_of(word, **{"old": old or "—", "new": new or "—", **values})
    return Change(word.partition(".")[0], path, labels, old, new, breaks_of(word), why, fix)


def _whole(old: FormModel, new: FormModel) -> Iterator[Change]:
    if old.title != new.title:
        yield _change("title_changed", "", {}, old.title, new.title)
    for name in sorted({*old.settings, *new.settings}):
        before, after = old.settings.get(name), new.settings.get(name)
        if before != after:
            yield _change("setting_changed", name, {}, before, after)
    written, writes = ({entity.dataset for entity in form.entities} for form in (old, new))
    for name in sorted(written - writes):
        yield _change("dataset_removed", name, {}, old=name)
    for name in sorted(writes - written):
        yield _change("dataset_added", name, {}, new=name)


def _questions(old: FormModel, new: FormModel) -> Iterator[Change]:
    before, after = dict(old.by_path), dict(new.by_path)
    pairs = {path: before[path] for path in after if path in before}
    pairs |= _moved(before, after, pairs)
    renamed = _renamed(before, after, pairs)
    kept = {question.path for question in (*pairs.values(), *renamed.values())}
    for path, question in after.items():
        if path in renamed:
            yield _rename(renamed[path], question)
            yield from _aspects(renamed[path], question)
        elif path in pairs:
            yield from _move(pairs[path], question, old, new)
            yield from _aspects(pairs[path], question)
        elif _matters(question):
            yield _change("question_added", path, question.labels, new=question.type)
    for path, question in before.items():
        if path not in kept and _matters(question):
            yield _removal(question)


def _matters(question: Question) -> bool:
    return question.is_asked or question.save_to is not None


def _moved(
    before: Mapping[str, Question], after: Mapping[str, Question], pairs: Mapping[str, Question]
) -> dict[str, Question]:
    """New path → the old question of the same name elsewhere, where that name stands once in both forms."""
    gone = _by_name(question for path, question in before.items() if path not in after)
    come = _by_name(question for path, question in after.items() if path not in pairs)
    return {
        questions[0].path: gone[name][0]
        for name, questions in come.items()
        if len(questions) == 1 and len(gone.get(name, [])) == 1
    }


def _by_name(questions: Iterator[Question]) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {}
    for question in questions:
        found.setdefault(question.name, []).append(question)
    return found


def _renamed(
    before: Mapping[str, Question], after: Mapping[str, Question], pairs: Mapping[str, Question]
) -> dict[str, Question]:
    """New path → the vanished question that it seems to be: one property, or the same kind with like words."""
    taken = {question.path for question in pairs.values()}
    gone = {path: question for path, question in before.items() if path not in taken and _matters(question)}
    found: dict[str, Question] = {}
    for path, question in after.items():
        if path in pairs or not _matters(question):
            continue
        best = max(gone.values(), key=lambda old: _likeness(old, question), default=None)
        if best is not None and _likeness(best, question) >= _ALIKE:
            found[path] = gone.pop(best.path)
    return found


def _likeness(old: Question, new: Question) -> float:
    if old.save_to is not None and old.save_to == new.save_to:
        return 2
    if old.type != new.type:
        return 0
    pairs = [(old.labels.get(language, ""), new.labels.get(language, "")) for language in ("zh", "en")]
    return max((SequenceMatcher(None, a, b).ratio() for a, b in pairs if a and b), default=0)


def _rename(old: Question, new: Question) -> Change:
    if old.save_to != new.save_to and old.save_to and new.save_to:
        return _change("question_renamed.saved", new.path, new.labels, _saved(old), _saved(new))
    return _change("question_renamed", new.path, new.labels, old.name, new.name)


def _move(old: Question, new: Question, old_form: FormModel, new_form: FormModel) -> Iterator[Change]:
    crossed = _depth(old.path, old_form.repeats) != _depth(new.path, new_form.repeats)
    if old.path == new.path and not crossed:
        return
    yield _change("question_moved.repeat" if crossed else "question_moved", new.path, new.labels, old.path, new.path)


def _depth(path: str, repeats: frozenset[str]) -> int:
    return sum(path.startswith(f"{repeat}/") for repeat in repeats)


def _removal(question: Question) -> Change:
    if question.save_to:
        name = question.save_to[1]
        word = "question_removed.saved"
        return _change(word, question.path, question.labels, old=question.type, property=name)
    return _change("question_removed", question.path, question.labels, old=question.type)


def _aspects(old: Question, new: Question) -> Iterator[Change]:
    """What changed about one question."""
    if old.type != new.type:
        yield _change(_retyping(old, new), new.path, new.labels, old.type, new.type)
    yield from _choices(old, new)
    if (old.required or "false()") != (new.required or "false()"):
        word = "made_optional" if (new.required or "false()") == "false()" else "made_required"
        yield _change(word, new.path, new.labels, old.required, new.required)
    for word, before, after in (
        ("constraint_changed", old.constraint, new.constraint),
        ("relevance_changed", old.relevant, new.relevant),
        ("calculation_changed", old.calculate, new.calculate),
        ("sensitivity_changed", old.sensitivity, new.sensitivity),
        ("slot_changed", old.slot, new.slot),
    ):
        if before != after:
            yield _change(word, new.path, new.labels, before, after)
    if old.labels != new.labels:
        yield _change("label_changed", new.path, new.labels, _text(old.labels), _text(new.labels))
    if old.save_to != new.save_to and old.name == new.name:
        word = "save_to_changed" if old.save_to else "save_to_added"
        yield _change(word, new.path, new.labels, _saved(old), _saved(new))


def _retyping(old: Question, new: Question) -> str:
    if (old.type, new.type) in _WIDER:
        return "type_widened"
    return "type_changed.saved" if new.save_to else "type_changed"


def _choices(old: Question, new: Question) -> Iterator[Change]:
    if old.choice_file != new.choice_file:
        yield _change("choice_list_changed", new.path, new.labels, old.choice_file, new.choice_file)
    if old.choices is None or new.choices is None:
        return
    before = {choice.value: choice.labels for choice in old.choices}
    after = {choice.value: choice.labels for choice in new.choices}
    added, removed = [code for code in after if code not in before], [code for code in before if code not in after]
    other = [code for code in after if code in before and before[code] != after[code]]
    if removed:
        word = "choices_removed.saved" if new.save_to else "choices_removed"
        yield _change(word, new.path, new.labels, old=_listed(removed, before))
    if added:
        yield _change("choices_added", new.path, new.labels, new=_listed(added, after))
    if other:
        yield _change("choices_relabelled", new.path, new.labels, _listed(other, before), _listed(other, after))


def _listed(codes: list[str], labels: Mapping[str, Texts]) -> str:
    named = [f"{code} {_text(labels[code])}".strip() for code in codes[:12]]
    return "; ".join(named) + (f" … ({len(codes)})" if len(codes) > 12 else "")


def _text(labels: Texts) -> str:
    zh, en = labels.get("zh", ""), labels.get("en", "")
    return zh if zh == en or not en else f"{zh} / {en}"


def _saved(question: Question) -> str | None:
    return "#".join(question.save_to) if question.save_to else None


def _media(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield _change("media_removed", name, {}, old=name)
        elif name not in old:
            yield _change("media_added", name, {}, new=name)
        elif old[name] != new[name]:
            yield _change("media_changed", name, {})
