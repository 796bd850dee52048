"""A plan as people read it: each part with what it means, Chinese and English. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from server.inspection.plan import Households, Plan, Villages

Text = tuple[str, str]  # Chinese, English

DESIGNS: Mapping[str, Text] = {
    "census": ("全查", "everybody"),
    "simple": ("直接抽户：全部户里号签最小的", "households directly: the smallest tickets of all"),
    "systematic": (
        "等距抽户：排好序，从随机的一户起每隔一段取一户",
        "every k-th household in order, from a random start",
    ),
    "stratified": ("分层抽户：每层各抽号签最小的户", "the smallest tickets of each stratum"),
    "two_stage": ("先抽村，再在抽中的村里抽户", "villages first, then households in each of them"),
}
_METHODS: Mapping[str, Text] = {
    "pps": ("户多的村机会大", "larger villages more often"),
    "equal": ("每村机会相同", "all villages alike"),
}
_ALLOCATIONS: Mapping[str, Text] = {
    "proportional": ("按户数分到各层", "by the number of households"),
    "equal": ("各层一样多", "the same in each stratum"),
    "neyman": ("按户数和差异大小分到各层", "by households and how much they differ"),
}
_COLUMNS: Mapping[str, Text] = {
    "township": ("乡镇", "township"),
    "village": ("村", "village"),
    "category": ("户类型", "category of the household"),
    "cadre_kin": ("财供人员、村干部近亲属", "close relative of a cadre"),
    "persons": ("人口数", "number of people"),
}
_EACH: Mapping[str, Text] = {
    "two_stage": ("每个抽中的村", "of each chosen village"),
    "stratified": ("各层合计", "of all strata"),
}
_ALL: Text = ("一共", "in all")


def rows_of(plan: Plan) -> Iterator[tuple[Text, Text]]:
    """(what, how) line by line, in the order in which the draw goes; what the design does not use is not told."""
    yield ("怎么抽", "Design"), DESIGNS[plan.design]
    if plan.stratum is not None:
        yield ("先按什么分开", "Strata"), _each_of(plan.stratum)
    if plan.allocation is not None:
        yield ("户数怎么分到各层", "How households are shared out"), _ALLOCATIONS[plan.allocation]
    if plan.spread is not None:
        yield ("各层差异大小", "How much strata differ"), _spread(plan.spread)
    if plan.villages is not None:
        yield ("抽几个村", "Villages"), _villages(plan.villages, plan.stratum is not None)
    if plan.design != "census":
        yield ("抽几户", "Households"), _households(plan.households, _EACH.get(plan.design, _ALL))
        yield ("备用户", "Reserves"), _reserves(plan)
    for one in plan.always:
        zh, en = _column(one.column)
        values = ", ".join(one.values)
        yield ("必查的户", "Always in"), (f"{zh}为 {values} 的户全部抽中", f"all households whose {en} is {values}")


def _column(name: str) -> Text:
    return _COLUMNS.get(name, (f"“{name}”列", f"column “{name}”"))


def _each_of(column: str) -> Text:
    zh, en = _column(column)
    return f"{zh}：每个里面各抽一次", f"{en}: one draw in each"


def _spread(spread: str | Mapping[str, Fraction]) -> Text:
    if isinstance(spread, str):
        return _column(spread)
    listed = ", ".join(f"{name} {float(value):g}" for name, value in spread.items())
    return listed, listed


def _villages(villages: Villages, in_strata: bool) -> Text:
    zh, en = _METHODS[villages.method]
    where_zh, where_en = ("每处 ", " of each stratum") if in_strata else ("", "")
    return f"{where_zh}{villages.count} 个村；{zh}", f"{villages.count}{where_en}; {en}"


def _households(households: Households, of: Text) -> Text:
    zh, en = of
    if households.share is not None:
        share = f"{float(households.share) * 100:.4g}%"
        return f"{zh} {share}（不足一户算一户）", f"{share} {en}, rounded up"
    if households.count is None:
        return ("全部户", "all of them") if of == _ALL else (f"{zh}的全部户", f"all {en}")
    return f"{zh} {households.count} 户", f"{households.count} {en}"


def _reserves(plan: Plan) -> Text:
    of = {"two_stage": _EACH["two_stage"], "stratified": ("每层", "of each stratum")}.get(plan.design, _ALL)
    if not plan.reserves:
        return "没有", "none"
    return f"{of[0]} {plan.reserves} 户，按号签先后递补", f"{plan.reserves} {of[1]}, in the order of their tickets"
