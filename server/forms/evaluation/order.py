"""The order of computing: every step after those whose outcome it reads. A circle has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from server.forms.evaluation.plan import Part, Step
from server.forms.issue import FormInvalid, Issue
from server.forms.messages import issue
from server.forms.xpath import Expression

Place = Callable[[str], str]
COMPUTED = ("relevant", "count", "calculate")
_CONDITIONS = ("relevant", "readonly", "required")


def steps_in_order(parts: Mapping[str, Part], place: Place = str) -> tuple[Step, ...]:
    """All computations of the form, sorted. Raises FormInvalid: each circle, placed at its first question."""
    steps = _Steps(parts)
    order: list[Step] = []
    state: dict[Step, int] = {}
    circles: list[list[Step]] = []
    for step in steps.all:
        _visit(step, steps, state, order, circles)
    if circles:
        raise FormInvalid([_circular(circle, place) for circle in circles])
    return tuple(step for step in order if step.kind in COMPUTED)


class _Steps:
    """The steps by what they give: whether a part is relevant, its value, its number of rows."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self.parts = parts
        self.given: dict[tuple[str, Part], Step] = {}
        for part in parts.values():
            for step in steps_of(part):
                self.given[step.kind, part] = step
        self.all = list(self.given.values())

    def before(self, step: Step) -> Iterator[tuple[Step, bool]]:
        """The steps that `step` reads, each with whether it must come first (a count need not)."""
        for part in chain(step.part.above if step.kind == "relevant" else step.part):
            yield from self._of(part, ("relevant",))
        for part in chain(step.part.above if step.kind == "count" else step.part):
            if (step.kind, part) != ("relevant", step.part):
                yield from self._of(part, ("count",))
        for path in step.expression.reads(step.part.path):
            for part in self.read(path):
                yield from self._of(part, ("calculate", "required"))
                for above in chain(part):
                    yield from self._of(above, ("relevant", "readonly", "count"))

    def read(self, path: str) -> Iterator[Part]:
        """The parts that a path stands for."""
        if path.endswith("/*"):
            above = self.parts.get(path[:-2])
            yield from above.walk() if above else ()
        elif path in self.parts:
            yield self.parts[path]

    def _of(self, part: Part, kinds: tuple[str, ...]) -> Iterator[tuple[Step, bool]]:
        for kind in kinds:
            if found := self.given.get((kind, part)):
                yield found, kind != "count"


def steps_of(part: Part) -> Iterator[Step]:
    """The computations of one part. What asks for itself in `required` or `readonly` is no form for ODK Collect."""
    for kind in _CONDITIONS:
        condition = getattr(part, kind)
        if isinstance(condition, Expression):
            yield Step(kind, part, condition)
    if part.count is not None:
        yield Step("count", part, part.count)
    if part.calculate is not None:
        yield Step("calculate", part, part.calculate)


def chain(part: Part | None) -> Iterator[Part]:
    """A part and what it stands in, from the inside out."""
    while part is not None:
        yield part
        part = part.above


_OPEN, _DONE = 1, 2


def _visit(top: Step, steps: _Steps, state: dict[Step, int], order: list[Step], circles: list[list[Step]]) -> None:
    """Depth first without recursion: a form may chain thousands of calculations."""
    if top in state:
        return
    state[top] = _OPEN
    trail = [(top, steps.before(top), True)]
    while trail:
        step, rest, _ = trail[-1]
        following = next(rest, None)
        if following is None:
            state[step] = _DONE
            order.append(step)
            trail.pop()
            continue
        needed, strict = following
        if state.get(needed) == _OPEN and strict:
            start = next(at for at, (one, _, _) in enumerate(trail) if one == needed)
            if all(is_strict for _, _, is_strict in trail[start + 1 :]):
                circles.append([one for one, _, _ in trail[start:]])
        elif needed not in state:
            state[needed] = _OPEN
            trail.append((needed, steps.before(needed), strict))


def _circular(circle: list[Step], place: Place) -> Issue:
    names = list(dict.fromkeys(step.part.name for step in circle))
    return issue("author.circular", place(names[0]), names=" → ".join([*names, names[0]])[:200])
