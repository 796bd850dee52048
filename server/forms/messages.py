"""Every text about a wrong definition, form or instance: Chinese first, English second.

Each entry is (why, how to fix it); `{names}` are filled in by issue().
"""

from server.forms.issue import Issue

_BOTH = {
    # Dataset files
    "file.unreadable": (
        "文件读不出来：{cause} / The file cannot be read: {cause}",
        "改正这一处的写法后再试 / Correct the spelling there and try again",
    ),
    "key.twice": (
        "“{key}”写了两次，后一个会盖住前一个 / “{key}” is given twice; the second would hide the first",
        "删掉其中一个 / Remove one of them",
    ),
    "key.unknown": (
        "不认识“{key}” / “{key}” is not known here",
        "可以用的有：{known} / Known: {known}",
    ),
    "key.missing": (
        "缺少“{key}” / “{key}” is missing",
        "补上“{key}” / Add “{key}”",
    ),
    "value.unknown": (
        "“{value}”不在允许的取值里 / “{value}” is not one of the allowed values",
        "请改用：{known} / Use one of: {known}",
    ),
    "value.kind": (
        "这里要的是{zh} / This must be {en}",
        "按 docs/FORMS.md 的写法改 / Write it as docs/FORMS.md shows",
    ),
    "name.bad": (
        "名称“{name}”不合规定 / The name “{name}” is not allowed",
        "用小写英文字母开头，只含小写字母、数字、下划线，不以两个下划线开头 / "
        "Start with a lower-case letter; letters, digits and underscores only",
    ),
    "labels.incomplete": (
        "要有中文和英文两个名称 / Both a Chinese and an English label are needed",
        "写成 {{zh: …, en: …}} / Write {{zh: …, en: …}}",
    ),
    "group.mixed": (
        "同组“{group}”的字段合并规则不一样 / The properties of group “{group}” have different merge policies",
        "同组的 merge 改成一样：整组一起保留，不能各按各的规则 / "
        "Give all of the group the same policy: they win or lose together",
    ),
    "order.missing": (
        "“worst”要知道哪个更危险 / “worst” must know which value is the more dangerous",
        "给组里一个字段写 order: [轻, …, 重] / "
        "Give one property of the group an order: [safest, …, most dangerous]",
    ),
    "reference.unknown": (
        "“{name}”没有定义 / “{name}” is not defined",
        "改正名称，或先定义它 / Correct the name, or define it first",
    ),
}


def issue(code: str, where: str, **values: object) -> Issue:
    """The issue of the catalogue at `where`, with its placeholders filled in."""
    why, fix = _BOTH[code]
    return Issue(where, why.format(**values), fix.format(**values))
