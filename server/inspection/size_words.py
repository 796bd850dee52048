"""What a sample size can and cannot prove, in plain words: (Chinese, English). PURE."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from server.inspection.sizes import Power, Size

Sentence = tuple[str, str]


def percent(share: float) -> str:
    """0.025 → 2.5%."""
    return f"{Decimal(repr(round(share * 100, 4))).normalize():f}%"


def of_margin(size: Size, share: float, margin: float, confidence: float) -> Iterator[Sentence]:
    p, e, sure = percent(share), percent(margin), percent(confidence)
    yield from _needed(size)
    yield (
        f"能说明：占比在 {p} 左右时，抽样结果与实际相差大多不超过 {e}（{sure} 的把握）。",
        f"It can tell: a share of about {p} to within {e} in most samples ({sure} of them).",
    )
    yield (
        f"不能说明：相差不到 {e} 的两个数哪个大；单个乡镇、单个村的情况；没访到的户越多，越说不准。",
        f"It cannot tell: which of two shares less than {e} apart is the larger; anything of one township or village; "
        "and every household that is not met makes it less sure.",
    )


def of_no_failure(size: Size, limit: float, confidence: float, two_sided: Size) -> Iterator[Sentence]:
    top, sure = percent(limit), percent(confidence)
    yield from _needed(size)
    yield (
        f"能说明：{size.households} 户全部合格，就有 {sure} 的把握说不合格的不超过 {top}。",
        f"It can tell: when none of the {size.households} fails, with {sure} confidence at most {top} fail.",
    )
    yield (
        f"不能说明：只要有 1 户不合格，就不能再这样说；但也不能证明超过了 {top}。",
        f"It cannot tell: with a single failure it is not proven that {top} is kept, nor that it is broken.",
    )
    yield (
        f"报告里的结论用双侧区间，更严：全部合格也要 {two_sided.households} 户。",
        f"Verdicts of a report use a two-sided interval, which is stricter: there it takes {two_sided.households}.",
    )


def of_lots(size: Size, good: float, bad: float, risk: float) -> Iterator[Sentence]:
    low, high, wrong = percent(good), percent(bad), percent(risk)
    yield from _needed(size)
    yield (
        f"规则：至多 {size.accept} 户不合格，就通过；再多就不通过。",
        f"The rule: pass with at most {size.accept} failures, else do not.",
    )
    yield (
        f"能说明：不合格只有 {low} 的地方，误判为不通过的不到 {wrong}；达到 {high} 的地方，误判为通过的不到 {wrong}。",
        f"It can tell: a place where {low} fail is wrongly refused, and one where {high} fail wrongly passed, "
        f"less than {wrong} of times.",
    )
    yield (
        f"不能说明：在 {low} 和 {high} 之间的地方，过不过都有可能；它也不是占比的估计。",
        f"It cannot tell: between {low} and {high} either may come out; and it is no estimate of a share.",
    )


def of_power(households: int, found: Power, limit: float) -> Iterator[Sentence]:
    top = percent(limit)
    if found.effective != households:
        yield (
            f"同村的户彼此相像，{households} 户只相当于简单抽样的 {found.effective} 户；"
            f"下面的户数都按 {found.effective} 户算。",
            f"Neighbours are alike: {households} households tell as much as {found.effective} drawn simply; "
            f"the counts below are of these {found.effective}.",
        )
    if found.meets_to is None:
        yield (
            f"证明不了没超过 {top}：哪怕没有一户不合格，样本还是太小。",
            f"It can never prove that {top} is kept: even without one failure the sample is too small.",
        )
    else:
        yield (
            f"至多 {found.meets_to} 户不合格，能证明没超过 {top}。",
            f"With at most {found.meets_to} failures it proves that {top} is kept.",
        )
    yield (
        f"从 {found.fails_from} 户不合格起，能证明超过了 {top}；在两者之间是“样本不足”，不等于达标，也不等于不达标。",
        f"From {found.fails_from} failures on it proves that {top} is broken; in between the sample is too small, "
        "which is neither good nor bad.",
    )
    for share, (meets, fails, small) in found.chances.items():
        a, b, c = (f"{chance:.0%}" for chance in (meets, fails, small))
        yield (
            f"如果实际是 {percent(share)}：判达标 {a}，判不达标 {b}，样本不足 {c}。",
            f"If the truth is {percent(share)}: meets {a}, fails {b}, too small {c}.",
        )


def _needed(size: Size) -> Iterator[Sentence]:
    if size.whole:
        yield (
            f"需要全部 {size.households} 户：就是普查。",
            f"All {size.households} households are needed: that is a census.",
        )
    else:
        yield f"需要 {size.households} 户。", f"{size.households} households are needed."
