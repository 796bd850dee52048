"""Every text about registers and their mappings: Chinese first, English second.

A fault is (why, how to fix it); a note is one sentence. `{names}` are filled in by fault() and note().
"""

from __future__ import annotations

from server.errors import Fault

FAULTS = {
    # The file as a whole
    "file.kind": (
        "不是 CSV，也不是 .xlsx / Neither CSV nor .xlsx",
        "在 Excel 里另存为 .xlsx 或“CSV UTF-8” / In Excel, save it as .xlsx or “CSV UTF-8”",
    ),
    "file.encoding": (
        "编码不是 UTF-8，也不是 GB18030 / The encoding is neither UTF-8 nor GB18030",
        "在 Excel 里另存为“CSV UTF-8（逗号分隔）” / In Excel, save as “CSV UTF-8 (comma delimited)”",
    ),
    "file.quotes": (
        "引号不成对 / Quotation marks do not match: {cause}",
        "补上缺的英文双引号，或把它删掉 / Add the missing double quote, or remove it",
    ),
    "file.broken": (
        "工作簿打不开：{cause} / The workbook does not open: {cause}",
        "用 Excel 打开后另存一份 / Open it in Excel and save a copy",
    ),
    "file.bomb": (
        "解开后太大（上限 {limit} MiB） / Too large when unpacked (limit {limit} MiB)",
        "删去用不到的表和格式，或分乡镇导入 / Remove unused sheets and formats, or import township by township",
    ),
    "file.hostile": (
        "工作簿里有宏或外部定义 / The workbook holds macros or a DTD",
        "另存为不带宏的 .xlsx / Save it as .xlsx without macros",
    ),
    "file.too_large": (
        "文件太大（上限 {limit} MiB） / The file is too large (limit {limit} MiB)",
        "分乡镇导入 / Import township by township",
    ),
    "sheet.missing": (
        "没有工作表“{name}”，有：{known} / There is no sheet “{name}”; there are: {known}",
        "改对照表里的 sheet，或改工作表名 / Correct `sheet` in the mapping, or rename the sheet",
    ),
    "sheet.empty": ("没有一行内容 / It holds no row", "检查文件 / Check the file"),
    "column.missing": (
        "缺少“{name}”列；有：{known} / The column “{name}” is missing; there are: {known}",
        "改对照表里的列名，或 header_row / Correct the column's name in the mapping, or header_row",
    ),
    "column.twice": ("“{name}”列有两个 / The column “{name}” is given twice", "改其中一个的名字 / Rename one of them"),
    # The mapping
    "mapping.missing": ("缺少 {name} / {name} is missing", "补上 / Add it"),
    "mapping.unknown_key": (
        "不认识“{name}”；可用：{known} / “{name}” is not known; there are: {known}",
        "改正或删去 / Correct or remove it",
    ),
    "mapping.kind": ("应是{zh} / It should be {en}", "改写法 / Write it so"),
    "mapping.unknown_property": (
        "{dataset} 没有字段“{name}”；相近：{known} / {dataset} has no property “{name}”; close: {known}",
        "用 docs/FORMS.zh-CN.md 里的字段名 / Use a property of the dataset (form_definitions/datasets)",
    ),
    "mapping.fixed_property": (
        "“{name}”不能由登记册给出 / “{name}” cannot be given by a register",
        "区划用 region，所属农户用 household / Use `region`, or `household` of member",
    ),
    "mapping.unknown_code": (
        "“{name}”不在代码表里；可用：{known} / “{name}” is not in the code list; there are: {known}",
        "改成代码表里的代码 / Use a code of the list",
    ),
    "mapping.property_twice": (
        "字段“{name}”有两列 / Two columns go to “{name}”",
        "只留一列 / Leave one of them",
    ),
    "mapping.match": (
        "match 要和编号的列一一对应：{columns} / `match` needs one property for each column of the key: {columns}",
        "按编号各列的顺序写出字段，或删去 match / Name their properties in this order, or remove `match`",
    ),
    "mapping.no_region": (
        "没有说农户在哪个村 / It does not say in which village a household is",
        "加上 region: {{code: 列}} 或 {{names: [列, 列]}} / "
        "Add region: {{code: column}} or {{names: [column, column]}}",
    ),
    # One cell, one row
    "cell.formula": (
        "这是公式，公式不会计算 / It is a formula, and formulas are never computed",
        "复制后“选择性粘贴—数值” / Copy it and paste as values",
    ),
    "cell.error": ("单元格里是错误值 / The cell holds an error value", "改正后再导入 / Correct it"),
    "cell.digits_lost": (
        "Excel 把长号码变成了数，后面几位已丢失 / Excel turned a long number into a value; digits are lost",
        "把这一列设成“文本”再重新填 / Format the column as text and fill it in again",
    ),
    "cell.number": ("不是数 / It is no number", "只填数字 / Give digits only"),
    "cell.whole": ("不是整数 / It is no whole number", "填整数 / Give a whole number"),
    "cell.date": (
        "日期读不懂 / The date cannot be read",
        "写成 2026-01-31，或在对照表里加 dates / Write 2026-01-31, or add `dates` to the mapping",
    ),
    "cell.code": (
        "不在代码表里；可用：{known} / It is not in the code list; there are: {known}",
        "改单元格，或在对照表里加 codes / Correct the cell, or add it to `codes` in the mapping",
    ),
    "cell.long": ("内容太长（上限 {limit} 字） / Too long (limit {limit} characters)", "缩短 / Shorten it"),
    "key.empty": (
        "编号是空的，认不出是哪一户或哪个人 / Its key is empty: which household or person is it?",
        "补上编号 / Fill in the key",
    ),
    "key.twice": (
        "和第 {row} 行编号相同 / Its key stands in row {row} already",
        "留下一行 / Leave one of the rows",
    ),
    "key.number": (
        "身份证号不是 18 位或有别的字符 / The ID number has not 18 places, or other characters",
        "核对身份证号 / Check the ID number",
    ),
    "match.several": (
        "库里有几条档案都对得上 / Several records in Ruhu match it",
        "先处理库里重复的档案，再导入 / Settle those duplicates in Ruhu first, then import it",
    ),
    "household.differs": (
        "同一户前面的行写的不一样，取的是前面的 / An earlier row of the household says otherwise; that one was taken",
        "改成一样 / Make them the same",
    ),
    "household.refused": (
        "所在的户有问题，这一行没有导入 / Its household was refused, so this row is too",
        "先改好那一户 / Correct the household first",
    ),
    "household.unknown": (
        "找不到这一户 / There is no such household",
        "补上这一户的行，或核对户编号 / Add the household, or check its key",
    ),
    "region.unknown": (
        "找不到这个村组，或不在您的范围内 / No such village or group, or outside your area",
        "核对名称或代码 / Check the name or the code",
    ),
    "region.several": (
        "有几个同名的村组 / Several have this name",
        "加上乡镇一列，或用代码 / Add the township's column, or use codes",
    ),
    "record.outside": (
        "找不到，或不在您的范围内 / Not found, or outside your area",
        "由管理该地区的人导入 / Let whoever administers that area import it",
    ),
    # Findings: taken, and to be looked at
    "id.length": ("身份证号不是 18 位 / The ID number has not 18 places", "核对 / Check it"),
    "id.characters": ("身份证号有别的字符 / The ID number has other characters", "核对 / Check it"),
    "id.date": ("身份证号里的出生日期不对 / The birth date in the ID number is none", "核对 / Check it"),
    "id.check": ("身份证号的校验码不对 / The ID number's check character is wrong", "核对 / Check it"),
}

NOTES = {
    "csv.encoding": "编码：{encoding} / Encoding: {encoding}",
    "csv.delimiter": "列之间用“{delimiter}”分开 / Columns are parted by “{delimiter}”",
    "columns.ignored": "没有用到的列：{names} / Columns that are not used: {names}",
}

# Taken in all the same: a person should look.
FINDINGS = frozenset({"household.differs", "id.length", "id.characters", "id.date", "id.check"})


def fault(code: str, where: str, **values: object) -> Fault:
    why, fix = texts(code, **values)
    return Fault(where, why, fix)


def texts(code: str, **values: object) -> tuple[str, str]:
    """(why, how to fix it)."""
    why, fix = FAULTS[code]
    return why.format(**values), fix.format(**values)


def note(code: str, **values: object) -> str:
    return NOTES[code].format(**values)


def at(sheet: str, row: int, column: str = "") -> str:
    """Where something stands, as a person counts: the first line is row 1."""
    return f"{sheet} 第{row}行 {column} / {sheet} row {row} {column}".rstrip()
