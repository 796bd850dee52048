"""Every text about frames, plans, draws and their records: Chinese first, English second.

A fault is (why, how to fix it); a note is one sentence. `{names}` are filled in by fault() and note().
"""

from __future__ import annotations

from server.errors import Fault

FAULTS = {
    # The frame as a file
    "file.unreadable": ("文件打不开：{cause} / The file cannot be opened: {cause}", "检查路径 / Check the path"),
    "file.zipped": (
        "这是 Excel 工作簿，不是 CSV / This is an Excel workbook, not CSV",
        "在 Excel 里另存为“CSV UTF-8（逗号分隔）” / In Excel, save as “CSV UTF-8 (comma delimited)”",
    ),
    "file.encoding": (
        "编码不是 UTF-8，也不是 GB18030 / The encoding is neither UTF-8 nor GB18030",
        "在 Excel 里另存为“CSV UTF-8（逗号分隔）” / In Excel, save as “CSV UTF-8 (comma delimited)”",
    ),
    "file.csv": (
        "CSV 读不下去：{cause} / The CSV cannot be read on: {cause}",
        "检查这一行的英文双引号是否成对 / Check that the double quotes of this line match",
    ),
    "frame.empty": (
        "抽样框里没有一户 / The frame holds no household",
        "检查文件，或少排除一些 / Check the file, or leave out fewer",
    ),
    "frame.too_long": ("超过 {limit} 户 / More than {limit} households", "分县抽样 / Draw county by county"),
    "column.missing": (
        "缺少“{name}”列；找到的列：{known} / The column “{name}” is missing; found: {known}",
        "第一行应有 household_id,village,township / The first line should have household_id,village,township",
    ),
    "column.twice": ("“{name}”列有两个 / The column “{name}” is given twice", "删掉一列 / Remove one of them"),
    "column.name": (
        "第 {number} 列的列名不能用：“{name}” / The name of column {number} cannot be used: “{name}”",
        "用 1–60 个字，不含控制字符 / Use 1–60 characters and no control character",
    ),
    "column.personal": (
        "“{name}”列是个人信息，抽样框要公布 / The column “{name}” is personal, and a frame is published",
        "删掉这一列；抽样只要编号 / Remove the column; a draw needs the ids alone",
    ),
    "row.width": (
        "有 {found} 格，应有 {wanted} 格 / {found} cells instead of {wanted}",
        "内容里有逗号时，用英文双引号括起来 / Put double quotes around a cell that holds a comma",
    ),
    "row.empty": (
        "“{name}”是空的 / “{name}” is empty",
        "补上，或删掉这一行 / Fill it in, or remove the line",
    ),
    "row.character": (
        "“{name}”里有控制字符或过长 / “{name}” holds a control character or is too long",
        "重新输入，不超过 {limit} 个字，不换行 / Type it anew, at most {limit} characters, without line breaks",
    ),
    "row.number": (
        "Excel 把编号变成了“{value}”，后面几位已丢失 / Excel turned the id into “{value}”; digits are lost",
        "把这一列设成“文本”再重新填 / Format the column as text and fill it in again",
    ),
    "row.twice": (
        "编号“{value}”在第 {line} 行已有 / The id “{value}” stands in line {line} already",
        "每户只能有一行：删掉重复的 / One line a household: remove the other",
    ),
    "row.more": ("还有更多错误没有列出 / There are more mistakes than are listed", "先改正上面的 / Mend these first"),
    # The plan
    "plan.column": (
        "抽样框里没有“{name}”列；有：{known} / The frame has no column “{name}”; it has: {known}",
        "改方案里的列名，或给抽样框加上这一列 / Change the name in the plan, or add the column to the frame",
    ),
    "plan.count": (
        "要写大于 0 的整数，不超过 {limit} / It must be a whole number from 1 to {limit}",
        "例如 count: 10 / Such as count: 10",
    ),
    "plan.whole": (
        "要写 0 到 {limit} 的整数 / It must be a whole number from 0 to {limit}",
        "例如 reserves: 5 / Such as reserves: 5",
    ),
    "plan.share": (
        "比例要大于 0，不超过 1 / A share is more than 0 and at most 1",
        "例如 share: 20%、0.2 或 1/5 / Such as share: 20%, 0.2 or 1/5",
    ),
    "plan.one_size": (
        "户数只能用一种写法：count（户数，fixed）、share（比例，proportional）或 all（全部） / "
        "Give one of count (fixed), share (proportional) and all for the households",
        "例如 households: {{count: 10}} / Such as households: {{count: 10}}",
    ),
    "plan.needs": (
        "{design} 要写明 {key} / {design} needs {key}",
        "例如 {example} / Such as {example}",
    ),
    "plan.spread": (
        "neyman 分配要写 spread：每层的标准差，或一个数字列 / "
        "The allocation neyman needs spread: each stratum's standard deviation, or a column of numbers",
        "例如 spread: {{甲镇: 0.3, 乙镇: 0.2}} / Such as spread: {{North: 0.3, South: 0.2}}",
    ),
    "plan.number": (
        "“{value}”不是不小于 0 的数字 / “{value}” is not a number of 0 or more",
        "例如 0.35 / Such as 0.35",
    ),
    "plan.too_few_households": (
        "总共 {count} 户，却有 {strata} 层：有的层会抽不到 / "
        "{count} households for {strata} strata: some would have no chance",
        "至少要 {strata} 户，或减少层数 / Ask for at least {strata}, or use fewer strata",
    ),
    "plan.no_stratum": (
        "有 {count} 户的“{name}”是空的，例如 {example} / {count} households have no “{name}”, such as {example}",
        "先补上 / Fill it in first",
    ),
    "plan.two_townships": (
        "村“{village}”出现在两个乡镇：{first}、{second} / "
        "The village “{village}” stands in two townships: {first}, {second}",
        "用村代码，或按 township 分层 / Use village codes, or stratify by township",
    ),
    # The seed and the record
    "seed.shape": (
        "种子只能是 1–401 个数字（或英文字符） / A seed is 1 to 401 digits (or ASCII characters)",
        "把掷出的点数连着写，例如 46125… / Write the dice one after another, such as 46125…",
    ),
    "seed.digits": (
        "掷骰子得的种子只能是数字 / A seed of dice is digits alone",
        "把掷出的点数连着写，例如 46125… / Write the dice one after another, such as 46125…",
    ),
    "seed.short": (
        "公布的抽样要 {least} 个以上数字，只有 {found} 个 / "
        "A published draw needs {least} digits or more; there are {found}",
        "双方在场再掷几次 / Roll on, with both parties present",
    ),
    "secret.shape": (
        "“{party}”的秘密要 16–200 个英文字符，不含空格 / "
        "The secret of “{party}” must be 16 to 200 ASCII characters without blanks",
        "用随机字符，别人猜不出来 / Take random characters that nobody can guess",
    ),
    "secret.wrong": (
        "“{party}”公开的秘密和先前的承诺对不上 / What “{party}” reveals does not fit the earlier commitment",
        "核对每一个字符；对不上就不能用来抽样 / Compare every character; one that does not fit cannot be used",
    ),
    "secret.missing": (
        "“{party}”还没有公开秘密 / “{party}” has not revealed its secret",
        "等双方都公开；有一方拒绝，重新冻结、改掷骰子 / Wait for both; if one refuses, freeze anew and roll dice",
    ),
    "secret.parties": (
        "要正好两方，名字和承诺都不同 / Exactly two parties with different names and commitments are needed",
        "例如检查方和被查方各一 / Such as one of the inspection and one of the inspected",
    ),
    "commitment.shape": (
        "“{party}”的承诺不是 64 位十六进制数 / The commitment of “{party}” is not 64 hexadecimal digits",
        "用 ruhu sample commit 得出 / Make it with ruhu sample commit",
    ),
    "freeze.way": (
        "冻结时定的是{way}，不能换 / The freeze promised {way}; it cannot be changed",
        "按公布的办法来 / Do as was published",
    ),
    "freeze.changed": (
        "抽样框或方案和冻结时公布的不一样 / The frame or the plan is not the one that was frozen",
        "用当时的文件 / Use the files of that time",
    ),
    "freeze.overlap": (
        "排除的户还在抽样框里：{example} / An excluded household still stands in the frame: {example}",
        "排除和抽样框不能有同一户 / A household is in the frame or excluded, never both",
    ),
}

NOTES = {
    "file.gb18030": ("文件按 GB18030 读取；公布的抽样框是 UTF-8 / Read as GB18030; the published frame is UTF-8"),
    "column.personal": (
        "“{name}”列像是个人信息，公布前要删掉 / “{name}” looks personal; remove it before the frame is published"
    ),
    "plan.unused": ("{design} 用不到“{key}”，没有理会 / {design} has no use for “{key}”; it was left aside"),
    "seed.no_dice": (
        "种子里的“{found}”骰子掷不出来：只能试抽，不能公布。"
        "骰子得的种子只有数字；两方秘密合成的，每方 16 个字符以上，用 - 连接 / "
        "No dice give the “{found}” in this seed: it is good for a trial, not to be published. "
        "A seed of dice is digits alone; one of two secrets has 16 characters or more of each, joined by -"
    ),
    "seed.short": (
        "种子只有 {found} 个数字，试抽可以，公布要 20 个以上 / "
        "The seed has {found} digits: enough to try, but a published draw needs 20"
    ),
    "draw.fewer_villages": (
        "{stratum}：要 {wanted} 个村，只有 {found} 个，全部抽中 / "
        "{stratum}: {wanted} villages asked, {found} there; all are taken"
    ),
    "draw.fewer_households": (
        "{place}：要 {wanted} 户，只有 {found} 户，全部抽中 / "
        "{place}: {wanted} households asked, {found} there; all are taken"
    ),
    "draw.certain": (
        "{stratum}：村“{village}”太大，必定抽中 / {stratum}: the village “{village}” is so large that it is certain"
    ),
    "draw.all_certain": ("除必查户外没有别的户 / There is no household beside those that are always in"),
    "draw.fewer_reserves": (
        "{place}：备用户要 {wanted}，只有 {found} / {place}: {wanted} reserves asked, {found} there"
    ),
}


def fault(name: str, where: str, /, **values: object) -> Fault:
    """The fault of the catalogue at `where`, with its placeholders filled in."""
    why, fix = FAULTS[name]
    return Fault(where, why.format(**values), fix.format(**values))


def note(name: str, /, **values: object) -> str:
    return NOTES[name].format(**values)


def at_line(number: int) -> str:
    return f"第{number}行 / line {number}"
