"""Every text about a wrong definition, form or instance: Chinese first, English second.

Each entry is (why, how to fix it); `{names}` are filled in by issue().
"""

from server.forms.issue import Issue
from server.forms.messages_definitions import DEFINITIONS
from server.forms.messages_expressions import EXPRESSIONS

_BOTH = {
    **DEFINITIONS,
    **EXPRESSIONS,
    # Workbooks
    "workbook.too_large": (
        "文件超过 {limit} MB / The file is larger than {limit} MB",
        "图片不要放在表格里，作为附件一起上传 / Keep pictures out of the workbook and upload them as media",
    ),
    "workbook.bomb": (
        "文件解压后超过 {limit} MB，不予打开 / Unpacked, the file exceeds {limit} MB and is not opened",
        "另存为新的 .xlsx，只留表单需要的工作表 / Save the sheets of the form alone as a new .xlsx",
    ),
    "workbook.macros": (
        "文件里有宏，不予打开 / The file holds macros and is not opened",
        "另存为不带宏的 .xlsx / Save it as .xlsx without macros",
    ),
    "workbook.doctype": (
        "文件里有 DTD 声明，不予打开 / The file holds a DTD and is not opened",
        "用表格软件重新另存一份 / Save it anew with a spreadsheet program",
    ),
    "workbook.unreadable": (
        "读不出这个表格：{cause} / The workbook cannot be read: {cause}",
        "请用 .xlsx、.xls 或 Markdown 表格，并确认文件没有损坏 / "
        "Use .xlsx, .xls or Markdown tables, and check that the file opens on your computer",
    ),
    "workbook.no_workbook": (
        "这不是表格文件 / This is no workbook",
        "请选 Excel 另存的 .xlsx（或 .xls，或 UTF-8 的 Markdown 表格） / "
        "Choose an .xlsx saved by Excel (or .xls, or Markdown tables in UTF-8)",
    ),
    "workbook.no_survey": (
        "没有 survey 工作表，或者它是空的 / There is no sheet “survey”, or it is empty",
        "加一张名为 survey 的工作表，首行有 type、name、label / "
        "Add a sheet “survey” whose first row has type, name and label",
    ),
    "workbook.too_many_cells": (
        "单元格超过 {limit} 个 / More than {limit} cells",
        "把长的选项表做成 CSV 附件，用 select_one_from_file / "
        "Move long choice lists to a CSV file and use select_one_from_file",
    ),
    "workbook.too_many_choices": (
        "选项超过 {limit} 个 / More than {limit} choices",
        "把长的选项表做成 CSV 附件，用 select_one_from_file / "
        "Move long choice lists to a CSV file and use select_one_from_file",
    ),
    "workbook.too_many_rows": (
        "问题超过 {limit} 行 / More than {limit} rows of questions",
        "拆成几张表单 / Split it into several forms",
    ),
    "workbook.time": (
        "编译超过 {seconds} 秒，已停止，没有保存 / Compiling took longer than {seconds} seconds and was stopped",
        "把表单拆小，长的选项表做成 CSV 附件；简单的表单也这样时，请稍后再试 / "
        "Split the form, move long lists to CSV files; if the form is simple, try again later",
    ),
    "workbook.memory": (
        "编译要用的内存太多，已停止，没有保存 / Compiling needs too much memory and was stopped",
        "把表单拆小，长的选项表做成 CSV 附件 / Split the form and move long lists to CSV files",
    ),
    "workbook.output": (
        "编译出来的表单太大，已停止，没有保存 / The compiled form is too large; it was not stored",
        "把表单拆小，长的选项表做成 CSV 附件 / Split the form and move long lists to CSV files",
    ),
    "workbook.crash": (
        "编译器打不开这个文件，没有保存 / The compiler broke on this file; nothing was stored",
        "用表格软件另存一份新的 .xlsx 再试；还不行就先删去最近改的几行 / "
        "Save it anew as .xlsx and try again; else take out the rows changed last",
    ),
    "workbook.more_issues": (
        "还有 {more} 处问题没有列出 / {more} more mistakes are not listed",
        "先改好上面的，再上传一次 / Correct those above, then upload again",
    ),
    "settings.form_id": (
        "表单编号（form_id）“{given}”不能用 / The form_id “{given}” cannot be used",
        "在 settings 表写 form_id：字母、数字、点、横线、下划线，100 个以内，不要空格 / "
        "Give a form_id on the settings sheet: letters, digits, dot, hyphen, underscore; at most 100, no blanks",
    ),
    "settings.version": (
        "版本号（version）“{given}”不能用 / The version “{given}” cannot be used",
        "用年月日加序号，如 2026112101；不要空格和斜杠 / Use date and number, such as 2026112101; no blanks or slashes",
    ),
    "settings.no_version": (
        "没有写版本号，按文件内容取为 {version} / No version was given; {version} was made from the content",
        "以后请在 settings 表的 version 列写明，如 2026112101 / "
        "Write one in the column “version” of the settings sheet, such as 2026112101",
    ),
    # What pyxform finds wrong in a form. {cause} and {cure} are its own English words.
    "author.unknown_reference": (
        "引用了问卷里没有的问题 / {cause}",
        "核对 ${{}} 里的名字与 name 列是否一致 / Check that the name in ${{}} stands in the name column. {cure}",
    ),
    "author.reference_twice": (
        "引用的问题名出现不止一次 / {cause}",
        "给其中一个问题改名 / Rename one of the questions. {cure}",
    ),
    "author.reference_broken": (
        "引用的写法不对 / {cause}",
        "写成 ${{问题名}} / Write ${{question_name}}. {cure}",
    ),
    "author.expression": (
        "“{column}”列的公式写得不对：{text} / The expression in column “{column}” cannot be read: {text} ({cause})",
        "核对括号、引号和运算符 / Check parentheses, quotes and operators",
    ),
    "author.circular": (
        "公式互相等待，算不出来：{names} / These expressions wait for each other: {names}",
        "去掉其中一处引用；约束（constraint）里才可以用自己的值 / "
        "Take one of the references out; only a constraint may use its own value",
    ),
    "author.unknown_type": (
        "不认识这种题型 / {cause}",
        "核对 type 列的拼写，例如 text、integer、select_one 选项表名 / "
        "Check the spelling in the type column: text, integer, select_one list_name … {cure}",
    ),
    "author.no_list": (
        "选项表不存在 / {cause}",
        "在 choices 表加上这个 list_name，或改正 type 列里的名字 / "
        "Add this list_name on the choices sheet, or correct the name in the type column. {cure}",
    ),
    "author.name_twice": (
        "名字重复 / {cause}",
        "改成不同的名字 / Give each its own name. {cure}",
    ),
    "author.name_bad": (
        "名字里有不允许的字符 / {cause}",
        "用英文字母或下划线开头，只含字母、数字、下划线、横线、点 / "
        "Start with a letter or underscore; letters, digits, underscores, hyphens, periods. {cure}",
    ),
    "author.name_missing": (
        "缺少名字 / {cause}",
        "在 name 列填上 / Fill in the name column. {cure}",
    ),
    "author.unmatched": (
        "分组或循环没有配成对 / {cause}",
        "每个 begin_group 要有 end_group，每个 begin_repeat 要有 end_repeat / "
        "Give each begin_group an end_group and each begin_repeat an end_repeat. {cure}",
    ),
    "author.columns": (
        "表头的列名不对 / {cause}",
        "核对首行的列名 / Check the column names of the first row. {cure}",
    ),
    "author.save_to": (
        "save_to 的写法不对 / {cause}",
        "多个名单时写成 名单#字段；分组和循环不能存 / "
        "With several lists write list#property; groups and repeats cannot be saved. {cure}",
    ),
    "author.entities": (
        "entities 表的声明不对 / {cause}",
        "核对 label、entity_id、create_if、update_if、repeat / "
        "Check label, entity_id, create_if, update_if and repeat. {cure}",
    ),
    "author.parameters": (
        "parameters 列的参数不对 / {cause}",
        "按 XLSForm 说明改参数 / Correct the parameters as XLSForm describes. {cure}",
    ),
    "author.language": (
        "有的语言缺少文字 / {cause}",
        "补上缺的列，手机上缺的文字会用默认语言代替 / "
        "Fill in the missing columns; phones show the default language instead. {cure}",
    ),
    "author.other": ("表单的写法有误 / {cause}", "按提示修改后再上传 / Correct it and upload again. {cure}"),
    "author.too_deep": (
        "分组套得太深 / Groups are nested too deeply",
        "减少分组的层数 / Use fewer levels of groups",
    ),
    "author.crash": (
        "编译表单时出错：{cause} / The form could not be compiled: {cause}",
        "多半是某个单元格写法不对；先删去最近改的几行再试 / "
        "A cell is probably malformed: take out the rows changed last and try again",
    ),
    "media.missing": (
        "表单用到附件“{name}”，但没有上传 / The form uses “{name}”, which was not uploaded",
        "和表单一起上传；缺了它，相应的图片或选项不显示 / "
        "Upload it with the form; without it the picture or the choices do not appear",
    ),
    # Forms in their folder
    "form.no_workbook": (
        "文件夹里应当正好有一个表单文件 / The folder should hold exactly one workbook",
        "放一个 {kinds} / Put one of {kinds} there",
    ),
    "form.unknown_policy": (
        "表单要用的“{name}”没有定义 / The form reads “{name}”, which no policy defines",
        "改正名称，已有的政策：{known} / Correct the name; policies: {known}",
    ),
    # A form against the datasets
    "policy.unknown_dataset": (
        "名单“{name}”没有定义 / The entity list “{name}” is no dataset",
        "可以用的有：{known} / Known: {known}",
    ),
    "policy.unknown_property": (
        "“{dataset}”没有字段“{name}” / “{dataset}” has no property “{name}”",
        "改正 save_to，可以用的有：{known} / Correct save_to; known: {known}",
    ),
    "policy.type": (
        "“{name}”是 {type}，这道题是 {given}，存不进去 / “{name}” is {type}; a {given} question cannot be saved to it",
        "改题型，或存到别的字段 / Change the type of the question, or save to another property",
    ),
    "policy.codes": (
        "“{name}”不认识这些选项代码：{codes} / “{name}” does not know these codes: {codes}",
        "改用数据集的代码（form_definitions/codes）/ Use the codes of the dataset (form_definitions/codes)",
    ),
    # XML and instances
    "xml.too_large": (
        "内容太大（上限 {limit} MB）/ Too large (the limit is {limit} MB)",
        "照片要作为附件发送，不要放进记录里 / Send photos as attachments, not inside the record",
    ),
    "xml.doctype": (
        "含有 DTD，不予读取 / It holds a DTD and is not read",
        "去掉 <!DOCTYPE …> / Remove <!DOCTYPE …>",
    ),
    "xml.broken": (
        "不是完整的 XML：{cause} / Not well-formed XML: {cause}",
        "可能没有传完，请重新发送 / It may have been cut short: send it again",
    ),
    "xml.too_deep": (
        "嵌套超过 {limit} 层 / Nested more than {limit} levels deep",
        "请用本系统发布的表单 / Use a form published here",
    ),
    "xform.none": (
        "不是 XForm / Not an XForm",
        "请用 XLSForm 编译 / Compile it from an XLSForm",
    ),
    "instance.no_form_id": (
        "没有写是哪张表单（id）/ It does not name its form (id)",
        "请用本系统发布的表单填写 / Fill in a form published here",
    ),
    "instance.no_id": (
        "没有记录编号（instanceID），或超过 {limit} 个字 / No instanceID, or longer than {limit} characters",
        "请用本系统发布的表单填写 / Fill in a form published here",
    ),
    "entity.bad_id": (
        "档案编号“{id}”不是 UUID v4 / The record id “{id}” is no UUID v4",
        "由主管核对后处理，原始记录已保留 / A supervisor decides; the submission is kept",
    ),
    "entity.twice": (
        "同一份档案 {id} 在一条记录里写了两次 / One submission writes the record {id} twice",
        "由主管核对后处理，原始记录已保留 / A supervisor decides; the submission is kept",
    ),
    "entity.bad_version": (
        "{attribute} “{value}”不是版本号 / {attribute} “{value}” is no version",
        "由主管核对后处理，原始记录已保留 / A supervisor decides; the submission is kept",
    ),
    "entity.unknown_dataset": (
        "名单“{name}”不是这张表单声明的 / The entity list “{name}” is not the one that the form declares",
        "由主管核对后处理，原始记录已保留 / A supervisor decides; the submission is kept",
    ),
    "entity.undeclared_action": (
        "这张表单没有声明新建或更新 / The form does not declare this action (create or update)",
        "由主管核对后处理，原始记录已保留 / A supervisor decides; the submission is kept",
    ),
}


def issue(code: str, where: str, **values: object) -> Issue:
    """The issue of the catalogue at `where`, with its placeholders filled in."""
    why, fix = _BOTH[code]
    return Issue(where, why.format(**values), fix.format(**values))


# The first pattern found in a pyxform message decides how it is told in Chinese.
AUTHOR_CAUSES = (
    (r"[Uu]nmatched '?(begin|end)", "author.unmatched"),
    (r"Language '.*' is missing", "author.language"),
    (r"Could not find the name|no survey element named", "author.unknown_reference"),
    (r"Reference variables? names must be unique", "author.reference_twice"),
    (r"Reference variable", "author.reference_broken"),
    (r"Unknown question type|not a recognised|Question types? .* not", "author.unknown_type"),
    (r"[Ll]ist name not in choices|choices? sheet.*(missing|required|should be)", "author.no_list"),
    (r"'save_to' value", "author.save_to"),
    (r"must be unique|must unique|duplicate|already", "author.name_twice"),
    (r"Names must begin|[Ii]nvalid character|invalid name|XML identifier", "author.name_bad"),
    (r"no name|must have a name|missing name", "author.name_missing"),
    (r"[Hh]eaders?|column name", "author.columns"),
    (r"'entities' sheet", "author.entities"),
    (r"'parameters' value|[Pp]arameter", "author.parameters"),
)
