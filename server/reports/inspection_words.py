"""What the report of an inspection says. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

Text = tuple[str, str]

TITLES: Mapping[str, Text] = {
    "design": ("一、方案和样本", "Design and sample"),
    "response": ("二、走访完成情况", "How the visits ended"),
    "results": ("三、三率一度和差错率", "Three rates, one degree, and the error rate"),
    "types": ("四、两次不一致：按种类", "Where record and check differ: by type"),
    "questions": ("五、两次不一致：按题目", "Where record and check differ: by question"),
    "areas": ("六、两次不一致：按区域", "Where record and check differ: by area"),
    "findings": ("七、问题和进展", "Findings and where they stand"),
    "exclusions": ("八、没有列入的农户", "Households that were left out"),
    "redraw": ("九、怎样重新抽一遍", "How to draw it again"),
    "plan": ("附：方案原文", "Appendix: the plan as it was published"),
}
VERDICT_RULE: tuple[Text, ...] = (
    (
        "结论按整个区间下：区间全在限值一边才说达标或不达标，跨过限值就是“样本不足，下不了结论”。申诉结束以前是初步结果。",
        "The verdict goes by the whole interval: met or failed only when all of it lies on one side of the limit, "
        "otherwise the sample is too small to tell. Preliminary until appeals are over.",
    ),
    (
        "差错指登记和核查两次不一致且超出允许误差，不等于哪一方填错；会变的项目按规定另计。"
        "区间为 Clopper–Pearson（按有效样本量），图上画的是 Wilson 区间，竖线是限值。",
        "An error is a difference beyond the tolerance; it does not say which side is wrong, and what changes by "
        "itself is kept apart by the rule. Intervals: Clopper–Pearson on the effective size; the bars show Wilson's, "
        "the line is the limit.",
    ),
)  # fmt: skip
RESPONSE_HEAD: tuple[Text, ...] = (
    ("表", "Form"), ("应访", "Due"), ("完成", "Done"), ("应答率", "Response"), ("结果", "How they ended"),
    ("已换备用户", "Reserve stands in"),
)  # fmt: skip
RATE_HEAD: tuple[Text, ...] = (
    ("指标", "Indicator"), ("估计", "Estimate"), ("区间", "Interval"), ("限值", "Limit"), ("结论", "Verdict"),
    ("未加权", "Unweighted"), ("户数", "Households"), ("依据", "Rule"),
)  # fmt: skip
COUNTED: tuple[Text, ...] = (
    ("", ""), ("核对", "Checked"), ("一致", "Agree"), ("允许误差内", "Within tolerance"), ("不一致", "Differ"),
    ("差错率", "Error rate"), ("没问到", "Not asked"), ("比不了", "Not comparable"),
)  # fmt: skip
FINDING_HEAD: tuple[Text, ...] = (
    ("编号", "Number"), ("地方", "Place"), ("类别", "Kind"), ("进展", "State"), ("期限", "Due"),
    ("超期天数", "Days over"),
)  # fmt: skip
EXCLUSION_HEAD: tuple[Text, ...] = (
    ("农户编号", "Household"), ("村", "Village"), ("原因", "Reason"), ("处理", "Treatment"),
    ("上次检查", "Earlier check"),
)  # fmt: skip
EXCLUSIONS: Mapping[str, Text] = {
    "household_recent": ("这户近期查过", "Household checked lately"),
    "village_recent": ("本村近期查过", "Village checked lately"),
    "left_out": ("没有列入抽样框", "Left out of the frame"),
    "shared": ("共用上次结果", "Earlier result shared"),
}
NOTHING: tuple[Text, ...] = (("没有可以核对的回答。", "No answer could be compared."),)
KINDS: Mapping[str, Text] = {
    "fixed": ("一类：不会变的事实", "Type 1: facts that stay"),
    "stable": ("二类：看问得准不准", "Type 2: what takes skill to ask"),
    "changing": ("三类：会变的", "Type 3: what changes"),
}
AGAIN: tuple[Text, ...] = (
    (
        "1. 从抽查页面的“下载”取全部文件（bundle.zip），解压到一个文件夹：抽样框、抽前公布的文件、抽签记录"
        "（方案写在里面）、没有列入的户和核对程序都有。",
        "1. Fetch all files (bundle.zip) under “Downloads” of the inspection and unpack them into a folder: frame, "
        "what was published before, record of the draw (the plan is in it), who was left out, and the verifier.",
    ),
    (
        "2. 核对抽签记录 draw.json 的 SHA-256：{sha256}",
        "2. Compare the SHA-256 of draw.json: {sha256}",
    ),
    (
        "3. 在这个文件夹里运行 python3 redraw.py（任何电脑都行，不用安装本系统），或运行 "
        "ruhu sample verify bundle.zip。程序用同一个种子重新抽一遍，逐户比对。",
        "3. In this folder run python3 redraw.py (any computer will do, nothing of ours is needed), or run ruhu sample "
        "verify bundle.zip. It draws again from the same seed and compares household by household.",
    ),
    (
        "4. 种子是封存以后当众掷出（或由双方承诺后公布）的；抽样框的指纹在此之前已经公布，所以谁也挑不了户。",
        "4. The seed was thrown in public (or revealed by two parties) after the frame's hash had been published: "
        "nobody could pick households.",
    ),
)  # fmt: skip
PLAN_FILE: tuple[Text, ...] = (
    (
        "方案按这个写法公布（plan.yaml），抽签程序也按它抽；第一节是同样的内容。",
        "The plan is published in this form (plan.yaml), and the draw goes by it; section 1 says the same in words.",
    ),
)  # fmt: skip
_KINDS: Mapping[str, Text] = {
    "housing": ("住房安全", "Housing"), "water": ("饮水安全", "Water"), "schooling": ("义务教育", "Schooling"),
    "care": ("医疗保障", "Care"), "income": ("收入核算", "Income"), "members": ("人口信息", "Members"),
    "measures": ("帮扶措施", "Measures"), "identification": ("识别和退出", "Identification"),
    "procedure": ("评议公示程序", "Procedure"), "other": ("其他", "Other"),
}  # fmt: skip
_ENDED: Mapping[str, Text] = {
    "complete": ("完成", "complete"), "partial": ("部分完成", "partly"), "refused": ("拒访", "refused"),
    "nobody": ("无人在家", "nobody at home"), "all_away": ("整户外出", "all away"), "lost": ("失去联系", "lost"),
    "empty": ("空户", "empty"), "cancelled": ("死亡销户", "closed"), "no_address": ("地址不存在", "no such address"),
    "unable": ("无应答能力", "unable"), "open": ("没有做完", "not finished"), "shared": ("共用上次结果", "shared"),
    "none": ("没有写", "not said"),
}  # fmt: skip


def said(kind: str) -> str:
    """The kind of a finding."""
    return " / ".join(_KINDS.get(kind, (kind,)))


def ended(counts: Mapping[str, int]) -> str:
    """How visits ended, with their numbers."""
    return "；".join(f"{' / '.join(_ENDED.get(code, (code,)))} {count}" for code, count in counts.items()) or "–"
