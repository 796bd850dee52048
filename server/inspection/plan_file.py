"""Reading a plan: YAML within bounds, or the same as a mapping. PURE. Every mistake is told with its line.

A plan may be partial: what the design does not need may be missing, and what it has no use for is left aside with a
note. `villages: 3` and `households: 10` are short for a count, `households: all` and `20%` are understood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from server.errors import Fault, Problem
from server.forms import definition_checks as check
from server.forms.definition_file import DefinitionFile, Place, read_definition
from server.forms.issue import DefinitionError, Issue
from server.inspection.plan import (
    ALLOCATIONS,
    DESIGNS,
    METHODS,
    MOST_HOUSEHOLDS,
    MOST_RESERVES,
    MOST_VILLAGES,
    Always,
    Households,
    Plan,
    Villages,
)
from server.inspection.sampling_messages import fault, note

KEYS = ("design", "stratum", "allocation", "spread", "villages", "households", "reserves", "always")
# What each design uses beside design and always.
_USED = {
    "census": (),
    "simple": ("households", "reserves"),
    "systematic": ("households", "reserves"),
    "stratified": ("stratum", "allocation", "spread", "households", "reserves"),
    "two_stage": ("stratum", "villages", "households", "reserves"),
}
# What may be said aloud of a size.
_FITTING = {"fixed": ("count", "all"), "proportional": ("share", "all")}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_SHARE = re.compile(r"(\d{1,9})/(\d{1,9})|(\d{1,9}(?:\.\d{1,9})?)\s*(%?)", re.ASCII)
NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)


def read_plan(path: Path) -> Plan:
    """The plan in a YAML file. Raises Problem plan.invalid with every fault."""
    try:
        file = read_definition(path)
    except DefinitionError as error:
        raise _invalid(error.issues) from error
    return _plan(file)


def plan_of(content: Mapping[str, Any], name: str = "plan") -> Plan:
    """The plan in a mapping, such as JSON of the console. Raises Problem plan.invalid."""
    return _plan(DefinitionFile(Path(name), content=_texts(content)))


def _texts(value: Any) -> Any:
    """As YAML is read here: every scalar is text; what is None is not there."""
    if isinstance(value, Mapping):
        return {str(key): _texts(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_texts(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plan(file: DefinitionFile) -> Plan:
    check.check_keys(file, (), file.content, KEYS, ("design",))
    design = check.word(file, ("design",), file.content.get("design"), DESIGNS) or "census"
    if file.issues:
        raise _invalid(file.issues)
    plan = _Reader(file, design).plan()
    if file.issues:
        raise _invalid(file.issues)
    return plan


@dataclass(frozen=True)
class _Reader:
    """One plan of a known design; complains to its file."""

    file: DefinitionFile
    design: str

    def plan(self) -> Plan:
        content = self.file.content
        used = {key: content[key] for key in _USED[self.design] if key in content}
        unused = [key for key in content if key not in (*_USED[self.design], "design", "always")]
        allocation, spread = self._allocation(used)
        return Plan(
            design=self.design,
            stratum=self._stratum(used.get("stratum")),
            allocation=allocation,
            spread=spread,
            villages=self._villages(used.get("villages")),
            households=self._households(used.get("households")),
            reserves=self._whole(("reserves",), used.get("reserves", "0"), 0, MOST_RESERVES),
            always=tuple(self._always(content.get("always"))),
            notes=tuple(note("plan.unused", design=self.design, key=key) for key in unused),
        )

    def complain(self, name: str, at: Place, **values: object) -> None:
        told = fault(name, self.file.where(at), **values)
        self.file.issues.append(Issue(told.where, told.why, told.fix))

    def _stratum(self, given: Any) -> str | None:
        if given is None and self.design == "stratified":
            self.complain("plan.needs", (), design=self.design, key="stratum", example="stratum: township")
        return None if given is None else self._text(("stratum",), given)

    def _text(self, at: Place, given: Any) -> str:
        if not isinstance(given, str) or not given.strip() or len(given) > 300 or _CONTROL.search(given):
            self.file.complain("value.kind", at, zh="一个名称", en="a name")
        return unicodedata.normalize("NFC", str(given)).strip()

    def _allocation(self, used: dict[str, Any]) -> tuple[str | None, str | Mapping[str, Fraction] | None]:
        if self.design != "stratified":
            return None, None
        given = used.get("allocation", "proportional")
        allocation = check.word(self.file, ("allocation",), given, ALLOCATIONS) or "proportional"
        return allocation, self._spread(used.get("spread")) if allocation == "neyman" else None

    def _spread(self, given: Any) -> str | Mapping[str, Fraction] | None:
        if isinstance(given, str) and given:
            return self._text(("spread",), given)
        if not isinstance(given, dict) or not given:
            self.complain("plan.spread", ("spread",))
            return None
        at = ("spread",)
        return {self._text((*at, name), name): self._number((*at, name), value) for name, value in given.items()}

    def _number(self, at: Place, given: Any) -> Fraction:
        if not isinstance(given, str) or not NUMBER.fullmatch(given):
            self.complain("plan.number", at, value=str(given)[:40])
            return Fraction(0)
        return Fraction(given)

    def _villages(self, given: Any) -> Villages | None:
        if self.design != "two_stage":
            return None
        at: Place = ("villages",)
        if given is None:
            self.complain("plan.needs", (), design=self.design, key="villages", example="villages: {count: 3}")
            return None
        content = {"count": given} if isinstance(given, str) else check.mapping(self.file, at, given)
        check.check_keys(self.file, at, content, ("count", "method"), ("count",))
        method = check.word(self.file, (*at, "method"), content.get("method", "pps"), METHODS) or "pps"
        return Villages(self._whole((*at, "count"), content.get("count", "1"), 1, MOST_VILLAGES), method)

    def _households(self, given: Any) -> Households:
        at: Place = ("households",)
        if self.design == "census":
            return Households()
        if given is None:
            self.complain("plan.needs", (), design=self.design, key="households", example="households: {count: 10}")
            return Households()
        content = _spelled_out(given) if isinstance(given, str) else check.mapping(self.file, at, given)
        check.check_keys(self.file, at, content, ("count", "share", "all", "method"), ())
        method = check.word(self.file, (*at, "method"), content.get("method"), tuple(_FITTING))
        sizes = [key for key in content if key != "method"]
        if len(sizes) != 1 or (method and sizes[0] not in _FITTING[method]):
            self.complain("plan.one_size", at)
            return Households()
        if "count" in content:
            return Households(count=self._whole((*at, "count"), content["count"], 1, MOST_HOUSEHOLDS))
        return Households(share=self._share((*at, "share"), content["share"])) if "share" in content else Households()

    def _share(self, at: Place, given: Any) -> Fraction:
        found = _SHARE.fullmatch(given) if isinstance(given, str) else None
        share = Fraction(0)
        if found and found[1]:
            share = Fraction(int(found[1]), int(found[2])) if int(found[2]) else share
        elif found:
            share = Fraction(found[3]) / (100 if found[4] else 1)
        if not 0 < share <= 1:
            self.complain("plan.share", at)
            return Fraction(1)
        return share

    def _whole(self, at: Place, given: Any, least: int, most: int) -> int:
        if isinstance(given, str) and re.fullmatch(r"\d{1,9}", given, re.ASCII) and least <= int(given) <= most:
            return int(given)
        self.complain("plan.count" if least else "plan.whole", at, limit=most)
        return least

    def _always(self, given: Any) -> list[Always]:
        listed = [given] if isinstance(given, dict) else check.sequence(self.file, ("always",), given)
        return [one for n, item in enumerate(listed) if (one := self._one_always(("always", str(n)), item))]

    def _one_always(self, at: Place, given: Any) -> Always | None:
        content = check.mapping(self.file, at, given)
        check.check_keys(self.file, at, content, ("column", "values"), ("column", "values"))
        if set(content) != {"column", "values"}:
            return None
        values = content["values"]
        listed = [values] if isinstance(values, str) else check.sequence(self.file, (*at, "values"), values)
        texts = tuple(sorted({self._text((*at, "values"), value) for value in listed}))
        return Always(self._text((*at, "column"), content["column"]), texts)


def _spelled_out(given: str) -> dict[str, str]:
    """The short ways to write a size."""
    if given == "all":
        return {"all": "true"}
    return {"share": given} if "%" in given or "/" in given or "." in given else {"count": given}


def _invalid(issues: Any) -> Problem:
    return Problem("plan.invalid", faults=[Fault(one.where, one.why, one.fix) for one in issues])
