"""Every text that `ruhu sample` prints, beside those of frames and plans: Chinese first, English second."""

from __future__ import annotations

TEXTS = {
    "frame": "抽样框 / frame    {sha256}  {households} 户 / households",
    "plan": "方案 / plan       {sha256}",
    "seed": "种子 / seed       {seed}",
    "villages": "抽中的村 / villages",
    "households": "抽中的户（{count}） / households",
    "reserves": "备用户，按次序递补（{count}） / reserves, to be used in this order",
    "head.village": "  {village}  {pi}",
    "head": "次序/no.  编号/household  村/village  乡镇/township  概率/pi  权数/weight  号签/ticket",
    "row": "{order:>5}  {household_id}  {village}  {township}  {pi}  {weight}  {ticket}…",
    "frozen": (
        "已冻结在 {folder}。现在公布 freeze.json 和上面两个编号，然后才能定种子 / "
        "Frozen in {folder}. Publish freeze.json and both numbers above now; only then may the seed be made"
    ),
    "frozen.before": (
        "{folder} 里已有冻结的抽样，没有改动 / There is a frozen draw in {folder} already; nothing was changed"
    ),
    "not_frozen": "{folder} 里没有冻结的抽样 / There is no frozen draw in {folder}",
    "drawn.before": ("{folder} 已经抽过，不能再抽 / It was drawn in {folder} already and cannot be drawn again"),
    "drawn": (
        "记录和核对程序在 {folder}，打包在 {bundle} / The record and its verifier are in {folder}, packed in {bundle}"
    ),
    "key": "公钥 / public key {key}",
    "secret": "秘密，公布前谁也不能看 / secret, for nobody's eyes until then   {secret}",
    "commitment": "承诺，马上公布 / commitment, to be published now          {sha256}",
    "secret.ask": (
        "秘密（16 个以上英文字符；空着就随机产生） / Secret (16 ASCII characters or more; empty: made at random)"
    ),
    "pair": "“{given}”要写成 名字:内容 / Write “{given}” as name:content",
    "one_way": ("--seed 和 --secret 只用一种 / Give either --seed or --secret"),
    "share": "“{given}”不是百分数，如 2% 或 0.02 / “{given}” is no share such as 2% or 0.02",
    "needs": "{kind} 要有 {options} / {kind} needs {options}",
    "sizes": "数字不合理：{cause} / These numbers do not go together: {cause}",
    "estimate": (
        "{rate}（{low} 至 {high}，{sure} 的把握）；抽 {drawn} 户，有结果 {answered} 户 / "
        "{rate} ({low} to {high}, confidence {sure}); {drawn} households drawn, {answered} with results"
    ),
    "estimate.strange": (
        "有 {count} 户不在抽中的户和备用户里，例如 {example} / "
        "{count} households are neither drawn nor reserves, such as {example}"
    ),
    "estimate.none": "没有一户有可算的结果 / No household has anything to reckon with",
    "estimate.column": "没有“{name}”列；有：{known} / There is no column “{name}”; there are: {known}",
    "estimate.twice": "“{household}”有两行 / “{household}” is given twice",
    "estimate.number": "第{line}行：“{value}”不是不小于 0 的数字 / line {line}: “{value}” is no number of 0 or more",
    "again": "本程序重抽：一致 / Drawn again by this program: the same",
    "not_again": "本程序重抽：不一致 / Drawn again by this program: not the same",
}


def say(name: str, /, **values: object) -> str:
    return TEXTS[name].format(**values)
