"""Every text about a file of regions or boundaries: Chinese first, English second.

A fault is (why, how to fix it); a note is one sentence. `{names}` are filled in by fault() and note().
"""

from __future__ import annotations

from server.errors import Fault

FAULTS = {
    # The file as a whole
    "file.encoding": (
        "编码不是 UTF-8，也不是 GB18030（{cause}） / The encoding is neither UTF-8 nor GB18030 ({cause})",
        "在 Excel 里另存为“CSV UTF-8（逗号分隔）” / In Excel, save as “CSV UTF-8 (comma delimited)”",
    ),
    "file.zipped": (
        "这是 Excel 工作簿，不是 CSV / This is an Excel workbook, not CSV",
        "在 Excel 里另存为“CSV UTF-8（逗号分隔）” / In Excel, save as “CSV UTF-8 (comma delimited)”",
    ),
    "file.empty": ("文件里没有一行区划 / The file holds no region", "检查文件 / Check the file"),
    "file.delimiter": (
        "列之间用的是“{found}”，要用英文逗号 / Columns are parted by “{found}”; commas are needed",
        "另存为逗号分隔的 CSV / Save it as comma-separated CSV",
    ),
    "file.quotes": (
        "引号不成对 / Quotation marks do not match: {cause}",
        "补上缺的英文双引号，或把它删掉 / Add the missing double quote, or remove it",
    ),
    "column.missing": (
        "缺少“{name}”列 / The column “{name}” is missing",
        "第一行应是：{known} / The first line should be: {known}",
    ),
    "column.twice": (
        "“{name}”列有两个 / The column “{name}” is given twice",
        "删掉一列 / Remove one of them",
    ),
    # One line
    "row.width": (
        "有 {found} 格，应有 {wanted} 格 / {found} cells instead of {wanted}",
        "内容里有逗号时，用英文双引号括起来 / Put double quotes around a cell that holds a comma",
    ),
    "code.number": (
        "Excel 把代码变成了“{code}”，后面几位已丢失 / Excel turned the code into “{code}”; digits are lost",
        "把代码列设成“文本”再重新填 / Format the column as text and fill it in again",
    ),
    "code.shape": (
        "代码“{code}”不是 12 位数字 / The code “{code}” is not 12 digits",
        "填 12 位数字；村民小组用“村代码-序号” / "
        "Give 12 digits; for a group the village's code, “-” and a number",
    ),
    "code.level": (
        "代码“{code}”和级别“{level}”对不上 / The code “{code}” does not fit the level “{level}”",
        "{level} 的代码应像 {example} / A code of level {level} looks like {example}",
    ),
    "code.twice": (
        "代码“{code}”在第 {line} 行已有 / The code “{code}” stands in line {line} already",
        "删掉重复的一行，或改正代码 / Remove one of the lines or correct the code",
    ),
    "level.unknown": (
        "不认识级别“{level}” / The level “{level}” is not known",
        "请用：{known} / Use one of: {known}",
    ),
    "parent.missing": (
        "缺少上级代码 / The parent's code is missing",
        "填上一级的代码；只有省没有上级 / Give the code of the level above; only a province has none",
    ),
    "parent.none": (
        "省没有上级，这里却写了“{parent}” / A province has no parent, but “{parent}” is given",
        "把这一格清空 / Leave the cell empty",
    ),
    "parent.unknown": (
        "上级“{parent}”不在文件里，系统里也没有 / The parent “{parent}” is neither in the file nor known",
        "先加上它，或改正代码 / Add it, or correct the code",
    ),
    "parent.level": (
        "上级“{parent}”是 {found}，应是 {wanted} / The parent “{parent}” is a {found}, not a {wanted}",
        "上级要正好高一级 / The parent is exactly one level above",
    ),
    "parent.group": (
        "村民小组的代码要以它的村“{parent}”开头 / A group's code begins with that of its village “{parent}”",
        "改正代码或上级 / Correct the code or the parent",
    ),
    "name.missing": ("缺少中文名称 / The Chinese name is missing", "填 name_zh / Fill in name_zh"),
    "name.long": (
        "“{column}”太长（{length} 字，最多 {most}） / "
        "“{column}” is too long ({length} characters, {most} at most)",
        "写短一些 / Shorten it",
    ),
    "date.shape": (
        "“{column}”里的“{value}”不是日期 / “{value}” in “{column}” is no date",
        "写成 2024-01-31 / Write it as 2024-01-31",
    ),
    "date.order": (
        "valid_to 早于 valid_from / valid_to is before valid_from",
        "改正其中一个 / Correct one of them",
    ),
    # Boundaries
    "geojson.unreadable": (
        "不是可以读的 GeoJSON：{cause} / This is no readable GeoJSON: {cause}",
        "从地图软件导出为 GeoJSON（RFC 7946） / Export GeoJSON (RFC 7946) from the map program",
    ),
    "geopackage.unreadable": (
        "不是可以读的 GeoPackage：{cause} / This is no readable GeoPackage: {cause}",
        "从地图软件重新导出，图层里要有 code 字段 / Export it again from the map program, with a column code",
    ),
    "boundary.crs": (
        "坐标系“{crs}”换算不到 WGS-84（{cause}） / No way leads from “{crs}” to WGS-84 ({cause})",
        "请测绘部门换成 CGCS2000 或 WGS 84 再导出；坐标系写错了，就用 --crs 或 --datum 说明 / "
        "Have it converted to CGCS2000 or WGS 84, or say the right system with --crs or --datum",
    ),
    "feature.code": (
        "没有属性 code / The property “code” is missing",
        "给每个面加上 code，填区划代码 / Give each area the property code with the region's code",
    ),
    "feature.unknown": (
        "区划“{code}”不存在 / There is no region “{code}”",
        "先导入它，或改正代码 / Import it first, or correct the code",
    ),
    "feature.twice": (
        "区划“{code}”的边界在第 {number} 个已有 / Feature {number} holds the boundary of “{code}” already",
        "删掉一个，或合成一个 MultiPolygon / Remove one, or join them into one MultiPolygon",
    ),
    "feature.kind": (
        "是 {kind}，应是 Polygon 或 MultiPolygon / It is a {kind} and should be a Polygon or MultiPolygon",
        "只导出面 / Export areas only",
    ),
    "feature.broken": (
        "几何读不出来：{cause} / The geometry cannot be read: {cause}",
        "重新导出这一个 / Export this one again",
    ),
    "feature.range": (
        "坐标（{x}, {y}）不在“{crs}”的范围里 / The coordinates ({x}, {y}) are not of “{crs}”",
        "导出时选 WGS 84（EPSG:4326），经度在前；或用 --crs 说明坐标系 / "
        "Choose WGS 84 (EPSG:4326), longitude first, for the export; or say the system with --crs",
    ),
    "feature.swapped": (
        "坐标（{x}, {y}）像是北坐标（纬度）在前 / The coordinates ({x}, {y}) seem to give the northern one first",
        "确认后加上 --swap-axes 再导入 / Make sure, then import it with --swap-axes",
    ),
    "feature.tiny": (
        "换算后不到 1 平方米，坐标系可能写错了 / It is smaller than a square metre: the system may be a wrong one",
        "用 --crs 说明坐标系 / Say the system with --crs",
    ),
    "feature.hopeless": (
        "面不成形（{cause}），修不好 / The shape is invalid ({cause}) and cannot be repaired",
        "在地图软件里重画这一个 / Draw this one again in the map program",
    ),
}

NOTES = {
    "file.gb18030": "按 GB18030 编码读取 / Read as GB18030",
    "column.ignored": "“{name}”列没有用到 / The column “{name}” is not used",
    "boundary.repaired": (
        "{where}：面有错（{cause}），已修好：面积 {before} → {after} 平方米（{difference}），"
        "{parts_before} → {parts_after} 块 / "
        "The shape was invalid ({cause}) and was repaired: area {before} → {after} m² ({difference}), "
        "{parts_before} → {parts_after} parts"
    ),
    "boundary.moved": (
        "坐标从“{crs}”换算成了 WGS-84（精度约 {metres} 米） / "
        "The coordinates were converted from “{crs}” to WGS-84 (to about {metres} m)"
    ),
    "misfit.overlap": "{codes} 重叠 {m2} 平方米 / {codes} overlap by {m2} m²",
    "misfit.gap": (
        "{codes} 的下级之间（或到它的边界）有 {m2} 平方米没有覆盖 / {m2} m² of {codes} are in none of its children"
    ),
    "misfit.outside": "{codes}：前者有 {m2} 平方米在后者之外 / {codes}: {m2} m² of the first lie outside the second",
}


def fault(name: str, where: str, /, **values: object) -> Fault:
    """The fault of the catalogue at `where`, with its placeholders filled in."""
    why, fix = FAULTS[name]
    return Fault(where, why.format(**values), fix.format(**values))


def note(name: str, /, **values: object) -> str:
    return NOTES[name].format(**values)


def at_line(number: int) -> str:
    return f"第{number}行 / line {number}"


def at_feature(number: int, code: str | None) -> str:
    name = f" {code}" if code else ""
    return f"第{number}个面{name} / feature {number}{name}"
