"""Texts about definition files: datasets, code lists, policies, rules, migrations.

Each entry is (why, how to fix it); `{names}` are filled in by messages.issue().
"""

DEFINITIONS = {
    # Dataset files
    "file.unreadable": (
        "文件打不开 / The file cannot be read: {cause}",
        "检查文件在不在、有没有读取权限 / Check that the file is there and may be read",
    ),
    "file.yaml": (
        "文件读不出来：第{line}行第{column}列{zh} / The file cannot be read at line {line}, column {column}: {cause}",
        "改正这一处（或它前面一行）的写法后再试 / Correct the spelling there, or in the line above, and try again",
    ),
    "file.encoding": (
        "编码不是 UTF-8 / The encoding is not UTF-8",
        "用编辑器另存为 UTF-8 / Save it as UTF-8",
    ),
    "file.character": (
        "含有不能用的控制字符 / It holds a control character that is not allowed",
        "删去这一行里看不见的字符或转义（\\0、\\u…） / "
        "Remove the invisible characters or escapes (\\0, \\u…) of this line",
    ),
    "file.alias": (
        "“{name}”是锚点或别名，这里不能用 / “{name}” is an anchor or alias; they are not allowed here",
        "把要重复的内容原样再写一遍；文字以 & 或 * 开头时加引号 / "
        "Write the repeated content out again; quote a text that begins with & or *",
    ),
    "file.too_deep": (
        "嵌套超过 {limit} 层 / Nested more than {limit} levels deep",
        "减少层数，检查括号是否成对 / Use fewer levels, and check that brackets match",
    ),
    "file.too_many": (
        "内容超过 {limit} 项 / More than {limit} keys and values",
        "拆成几个文件，或删去用不到的 / Split the file, or remove what is not used",
    ),
    "file.too_large": (
        "文件太大（上限 {limit} KiB） / The file is too large (limit {limit} KiB)",
        "拆成几个文件，或删去用不到的 / Split the file, or remove what is not used",
    ),
    "file.no_mapping": (
        "最外层应是“名称: 内容”的清单 / This must be a mapping of names to contents",
        "每行写成“名称: 内容” / Write each line as “name: content”",
    ),
    "key.kind": (
        "冒号前的名称只能是文字 / A name before the colon must be a text",
        "用文字作名称 / Use a text as the name",
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
    "policy.past": (
        "从 {day} 起，这一天已经过去；已经作出的结论不能再变 / {day} is over, and verdicts that were given stand",
        "选 {today} 或以后的一天 / Choose {today} or a later day",
    ),
    "policy.no_end": (
        "这个版本那天不在用（从 {start} 起，到 {until} 为止）/ "
        "The version does not hold on that day (from {start}, until {until})",
        "选一个它在用的日子 / Choose a day on which it holds",
    ),
    "policy.no_values": (
        "一个数值也没有改 / No value is changed",
        "至少改一个数值 / Change one value at least",
    ),
    "policy.file_kind": (
        "“{name}”不是 YAML 或 CSV 文件 / “{name}” is no YAML or CSV file",
        "上传 .yaml 或 .csv；CSV 可以先在这里下载，改好数值再传上来 / "
        "Send .yaml or .csv; download the CSV here, change the values, send it back",
    ),
    "policy.file_columns": (
        "第一行没有列名 name 和 value / The first line lacks the columns name and value",
        "下载这项标准的 CSV，只改 value 一列 / Download the CSV of this policy and change the column value only",
    ),
    "policy.other": (
        "文件是“{given}”的，不是“{name}”的 / The file is of “{given}”, not of “{name}”",
        "在“{given}”那里上传，或换一个文件 / Upload it there, or choose another file",
    ),
    "policy.one_version": (
        "文件里有 {count} 个没有载入过的版本，一次只能上传一个 / "
        "The file holds {count} versions that were never loaded; one is wanted at a time",
        "只留要上传的那一个版本 / Leave only the version to be uploaded",
    ),
    "workflow.dead_end": (
        "状态“{state}”没有出路，或没有期限 / The state “{state}” has no way out, or no clock",
        "加一个从它出发的步骤和 clock，或写 final: yes / Add a step that leads out of it and a clock, or final: yes",
    ),
    "workflow.idle_clock": (
        "状态“{state}”的期限没有意义：终了的不计时，then 要有 clock / "
        "The clock of “{state}” makes no sense: a final state has none, and then needs one",
        "去掉多余的，或补上 clock / Take away what is too much, or add the clock",
    ),
    "workflow.unreached": (
        "没有步骤通到状态“{state}” / No step leads to the state “{state}”",
        "加一个通到它的步骤，或删去它 / Add a step that leads to it, or delete it",
    ),
    "workflow.no_due": (
        "步骤“{step}”通到“{state}”，那里的期限由步骤写明，needs 里却没有 due / "
        "“{step}” leads to “{state}”, whose clock the step sets, but its needs lack due",
        "在 needs 里加 due / Add due to needs",
    ),
    "policy.contradiction": (
        "从 {day} 起，“{low}”是 {is_low}，比“{high}”的 {is_high} 还大 / "
        "From {day} on “{low}” is {is_low}, more than “{high}”, which is {is_high}",
        "核对两个数是不是写反了；没写的值取自上级区划 / "
        "See whether the two are mixed up; what a version leaves out comes from the wider areas",
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
}

# What the YAML parser finds, by its own English words; the first pattern that is found decides.
YAML_CAUSES = (
    (r"'\\t'", "用了 Tab，缩进只能用空格"),
    (r"quoted scalar", "附近引号没有成对，或引号里的转义写错"),
    (r"parsing a flow", "附近括号没有成对，或中间少了逗号"),
    (r"mapping values|expected ':'", "附近冒号不对：冒号后要有空格，内容里有冒号时要加引号"),
    (r"parsing a block|indentation", "附近缩进没有对齐"),
    (r"single document", "又开始了一份内容（---），一个文件只能有一份"),
    (r"cannot start any token", "有不能放在开头的符号，要加引号"),
    (r"out of range", "附近的转义或数字超出范围"),
)
YAML_OTHER = "附近写法不对"
# Where the bracket, quote or block begins, Chinese and English.
YAML_BEGUN = ("（从第{line}行开始）", " (begun at line {line})")
