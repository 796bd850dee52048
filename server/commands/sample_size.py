"""ruhu sample size: how many households a question needs, and what they can and cannot prove."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import click

from server.commands.refusal import stop
from server.commands.sample_words import say
from server.inspection import size_words as words
from server.inspection import sizes
from server.inspection.sizes import effect_of

KINDS = ("proportion", "zero", "lots", "check")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,9})?|\.\d{1,9})\s*(%?)", re.ASCII)


class Share(click.ParamType[float]):
    """2% or 0.02."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _SHARE.fullmatch(str(value).strip())
        share = float(found[1]) / (100 if found[2] else 1) if found else -1.0
        if not 0 <= share <= 1:
            self.fail(say("share", given=value), param, ctx)
        return share


SHARE = Share()


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--rate", type=SHARE, help="proportion: the share that is expected.")
@click.option("--margin", type=SHARE, help="proportion: how far off it may be.")
@click.option("--limit", type=SHARE, help="zero, check: the share that is allowed.")
@click.option("--good", type=SHARE, help="lots: a share that should pass.")
@click.option("--bad", type=SHARE, help="lots: a share that should not.")
@click.option("--risk", type=SHARE, default="5%", show_default=True, help="lots: how often either may go wrong.")
@click.option("--households", type=click.IntRange(1, sizes.MOST), help="check: the size to be looked at.")
@click.option("--confidence", type=SHARE, default="95%", show_default=True)
@click.option("--population", type=click.IntRange(1, sizes.MOST), help="Households in the frame.")
@click.option("--per-village", type=click.FloatRange(1), default=1.0, help="Households drawn in each village.")
@click.option("--likeness", type=SHARE, default="0.05", show_default=True, help="How alike neighbours are (ρ).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object in place of sentences.")
def size(kind: str, as_json: bool, **given: Any) -> None:
    """How many households it takes, and what they can and cannot prove.

    proportion: to tell a share to within a margin; zero: to show a limit is kept when none fails; lots: to pass or
    refuse; check: what a given number can show about a limit.
    """
    given["effect"] = effect_of(given.pop("per_village"), given.pop("likeness"))
    try:
        numbers, told = _KINDS[kind](given)
    except ValueError as error:
        stop(say("sizes", cause=error))
    if as_json:
        numbers["sentences"] = [{"zh": zh, "en": en} for zh, en in told]
        click.echo(json.dumps(numbers, ensure_ascii=False, indent=1))
        return
    for zh, en in told:
        click.echo(f"{zh}\n  {en}")


def _proportion(given: dict[str, Any]) -> tuple[dict[str, Any], list[words.Sentence]]:
    rate, margin = _needed("proportion", given, "rate", "margin")
    found = sizes.for_margin(rate, margin, given["confidence"], given["population"], given["effect"])
    return _told(found, words.of_margin(found, rate, margin, given["confidence"]))


def _zero(given: dict[str, Any]) -> tuple[dict[str, Any], list[words.Sentence]]:
    (limit,) = _needed("zero", given, "limit")
    sure, rest = given["confidence"], (given["population"], given["effect"])
    found = sizes.for_no_failure(limit, sure, *rest)
    strict = sizes.for_no_failure(limit, (1 + sure) / 2, *rest)
    return _told(found, words.of_no_failure(found, limit, sure, strict))


def _lots(given: dict[str, Any]) -> tuple[dict[str, Any], list[words.Sentence]]:
    good, bad = _needed("lots", given, "good", "bad")
    found = sizes.for_lots(good, bad, given["risk"], given["risk"], given["effect"])
    return _told(found, words.of_lots(found, good, bad, given["risk"]))


def _check(given: dict[str, Any]) -> tuple[dict[str, Any], list[words.Sentence]]:
    households, limit = _needed("check", given, "households", "limit")
    found = sizes.power(int(households), limit, given["confidence"], given["effect"])
    numbers = {"effective": found.effective, "meets_to": found.meets_to, "fails_from": found.fails_from}
    return {"households": int(households), **numbers}, list(words.of_power(int(households), found, limit))


def _told(found: sizes.Size, told: Iterable[words.Sentence]) -> tuple[dict[str, Any], list[words.Sentence]]:
    numbers = {"households": found.households, "accept": found.accept, "census": found.whole}
    return {name: value for name, value in numbers.items() if value is not None}, list(told)


def _needed(kind: str, given: dict[str, Any], *names: str) -> list[float]:
    if any(given[name] is None for name in names):
        stop(say("needs", kind=kind, options=" ".join(f"--{name}" for name in names)))
    return [given[name] for name in names]


_KINDS = {"proportion": _proportion, "zero": _zero, "lots": _lots, "check": _check}
