"""Every text about a wrong definition, form or instance: Chinese first, English second.

Each entry is (why, how to fix it); `{names}` are filled in by issue().
"""

from server.forms.issue import Issue
from server.forms.messages_expressions import EXPRESSIONS

_BOTH = {
    **EXPRESSIONS,
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
    "labels.comma": (
        "“{key}”不是语言代码：前面的文字里大概有没加引号的逗号 / "
        "“{key}” is no language: a comma in the text before it is probably not quoted",
        "把整段文字加上双引号 / Put the whole text in double quotes",
    ),
    "group.mixed": (
        "同组“{group}”的字段合并规则不一样 / The properties of group “{group}” have different merge policies",
        "同组的 merge 改成一样：整组一起保留，不能各按各的规则 / "
        "Give all of the group the same policy: they win or lose together",
    ),
    "order.missing": (
        "“worst”要知道哪个更危险 / “worst” must know which value is the more dangerous",
        "给组里一个字段写 order: [轻, …, 重] / Give one property of the group an order: [safest, …, most dangerous]",
    ),
    "reference.unknown": (
        "“{name}”没有定义 / “{name}” is not defined",
        "改正名称，或先定义它 / Correct the name, or define it first",
    ),
    "migration.still_there": (
        "数据集里还有“{name}” / The dataset still declares “{name}”",
        "从数据集的文件里去掉旧字段，迁移步骤会照顾旧手机 / "
        "Take the old property out of the dataset's file; the step looks after old phones",
    ),
    "migration.split_group": (
        "拆成的几个字段（{parts}）要单独成一组 / "
        "The parts ({parts}) must be a merge group of their own, with a separator",
        "给它们写同一个 group（不要有别的字段），并写 at: 分隔符 / "
        "Give them one group that holds nothing else, and write at: the separator",
    ),
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
    # Code lists
    "codes.bad": (
        "代码“{given}”不合规定 / The code “{given}” is not allowed",
        "用字母、数字、横线、下划线、点，40 个以内，不要空格；Excel 去掉了前面的 0 时，把这一列设成文本 / "
        "Letters, digits, hyphen, underscore, dot; at most 40. If Excel dropped a leading 0, make the column text",
    ),
    "codes.twice": (
        "代码“{given}”写了两次 / The code “{given}” is given twice",
        "删掉其中一行 / Remove one of the rows",
    ),
    "codes.empty": (
        "一个代码也没有 / It holds no code",
        "从第 2 行起每行写一个代码 / From line 2 on write one code a line",
    ),
    "codes.list_twice": (
        "代码表“{name}”有两份 / The code list “{name}” is there twice",
        "只留 form_definitions/codes 里的一份 / Keep the one in form_definitions/codes",
    ),
    # Policies
    "policy.file_name": (
        "文件里的名称是“{name}” / The name in the file is “{name}”",
        "文件改名为 {file}，或改 name / Rename the file to {file}, or change name",
    ),
    "policy.reserved": (
        "“{name}”是固定的列名，不能作为取值的名称 / “{name}” is a fixed column and cannot name a value",
        "换一个名称 / Choose another name",
    ),
    "policy.bad_id": (
        "版本编号“{id}”不合规定 / The version id “{id}” is not allowed",
        "用小写字母、数字、下划线，如 national_2021 / Use lower-case letters, digits, underscores: national_2021",
    ),
    "policy.bad_area": (
        "“{area}”不是区划代码的前几位 / “{area}” is no beginning of a division code",
        "全国写 \"\"，省 2 位，市 4 位，县 6 位，乡镇 9 位，村 12 位，加引号 / "
        "\"\" for the nation; 2 digits for a province, 4, 6 for a county, 9, 12 for a village; in quotes",
    ),
    "policy.empty_period": (
        "until 不晚于 from，这个版本一天也不生效 / until is not after from: this version never holds",
        "改正日期；until 当天已不生效 / Correct the dates; on the day until it no longer holds",
    ),
    "policy.out_of_bounds": (
        "{value} 超出允许的范围 {least} 至 {most} / {value} is outside the bounds {least} to {most}",
        "核对数字和单位，或改 values 里的 min、max / Check the number and its unit, or change min and max",
    ),
    "policy.id_twice": (
        "版本编号“{id}”用了两次 / The version id “{id}” is used twice",
        "每个版本用自己的编号 / Give each version its own id",
    ),
    "policy.start_twice": (
        "{area} 有两个版本从同一天开始 / Two versions for {area} begin on the same day",
        "合并成一个，或改其中一个的 from / Make them one, or change the from of one",
    ),
    "policy.incomplete": (
        "从 {day} 起，“{id}”缺少“{value}”，上级区划也没有 / "
        "From {day} on “{id}” lacks “{value}”, and so do the wider areas",
        "在这个版本或上级的版本里补上 / Add it to this version or to one of a wider area",
    ),
    "policy.frozen": (
        "版本“{id}”已经载入，{what} 不能再改（原为 {before}） / "
        "The version “{id}” was loaded before; its {what} can no longer change (it was {before})",
        "另写一个新版本，编号和 from 都用新的；要结束旧的，给它加上 until / "
        "Write a new version with its own id and from; to end the old one, give it an until",
    ),
    "policy.not_loaded": (
        "表单要用的政策“{name}”还没有载入，里面的限值都会是空的 / "
        "The form reads the policy “{name}”, which was not loaded: its limits would be empty",
        "先运行 ruhu policies load，再发布表单 / Run ruhu policies load before the form is published",
    ),
    # Rules
    "rule.twice": (
        "规则“{id}”写了两次 / The rule “{id}” is there twice",
        "改掉其中一个的 id，各组之间也不能重 / Give one of them another id; ids are shared by all groups",
    ),
    "rule.expression": (
        "公式第 {position} 个字符起读不懂：{why} / The expression cannot be read from character {position} on: {why}",
        "{fix}",
    ),
    "rule.function": (
        "规则里不能用函数“{name}” / The function “{name}” cannot be used in rules",
        "手机和服务器都懂的有：{known} / Phone and server share: {known}",
    ),
    "rule.path": (
        "农户资料里没有“{path}” / A household's tree has no “{path}”",
        "是不是“{near}”？见 docs/FORMS.md“Rules” / Did you mean “{near}”? See docs/FORMS.md, “Rules”",
    ),
    "rule.no_properties": (
        "没有写要看哪些字段 / It names no property to look at",
        "写成 properties: [字段, 数据集.字段] / Write properties: [property, dataset.property]",
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
