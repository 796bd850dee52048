"""Texts about expressions: what their author wrote, and what they met when they were evaluated.

Each entry is (why, how to fix it); `{names}` are filled in by messages.issue().
"""

EXPRESSIONS = {
    # When it is written
    "expression.empty": (
        "公式是空的 / The expression is empty",
        "写上公式，或清空这一格 / Write an expression, or clear the cell",
    ),
    "expression.too_long": (
        "公式超过 {limit} 个字符 / The expression is longer than {limit} characters",
        "拆成几个 calculate 题 / Split it into several calculate rows",
    ),
    "expression.too_deep": (
        "括号或 if 套了超过 {limit} 层 / Nested more than {limit} levels deep",
        "拆成几个 calculate 题 / Split it into several calculate rows",
    ),
    "expression.character": (
        "第{place}个字符“{character}”不能用在这里 / “{character}” (character {place}) cannot stand here",
        "删去它，或改成英文半角符号 / Remove it, or write plain (half-width) signs",
    ),
    "expression.full_width": (
        "第{place}个字符“{character}”是全角符号 / “{character}” (character {place}) is a full-width sign",
        "改成半角的“{plain}” / Write {plain}",
    ),
    "expression.quote": (
        "第{place}个字符开始的引号没有配对 / The quote that opens at character {place} is not closed",
        "补上另一半引号 / Add the closing quote",
    ),
    "expression.expected": (
        "第{place}个字符处应是{wanted_zh}，却是“{found}” / At character {place}: {wanted_en} expected, not “{found}”",
        "核对括号、逗号和运算符 / Check parentheses, commas and operators",
    ),
    "expression.unfinished": (
        "公式没有写完，还缺{wanted_zh} / The expression breaks off: {wanted_en} is missing",
        "核对括号、逗号和运算符 / Check parentheses, commas and operators",
    ),
    "expression.axis": (
        "不认识的轴“{name}” / “{name}” is no axis",
        "改用 child、parent、self、descendant、attribute 等 / Use child, parent, self, descendant, attribute …",
    ),
    "expression.variable": (
        "这里没有变量“${name}” / There are no variables here (${name})",
        "引用问题要写成 ${{问题名}} / Refer to a question as ${{question_name}}",
    ),
    "expression.unknown_function": (
        "没有函数“{name}” / There is no function “{name}”",
        "核对拼写{hint_zh} / Check the spelling{hint_en}",
    ),
    "expression.arity": (
        "函数 {name} 要 {wanted} 个参数，写了 {given} 个 / {name} takes {wanted} arguments, {given} given",
        "核对逗号和括号 / Check commas and parentheses",
    ),
    "expression.nodes": (
        "函数 {name} 的参数必须是问题（路径） / {name} works on questions (a path), not on a value",
        "写成 ${{问题名}} 或路径 / Write ${{question_name}} or a path",
    ),
    "expression.literal": (
        "函数 {name} 的名称要用引号写明 / {name} needs a name written in quotes",
        "例如 instance('household') / For example instance('household')",
    ),
    # Names that lead nowhere
    "author.unknown_path": (
        "“{column}”列引用的 {path} 不是问卷里的题 / {path} in column “{column}” is no question of this form",
        "核对路径，或写成 ${{问题名}} / Check the path, or write ${{question_name}}",
    ),
    "author.bare_name": (
        "“{column}”列的 {name} 没有引号，被当作题名，而问卷里没有这道题 / "
        "{name} in column “{column}” has no quotes and is read as a question, which the form does not have",
        "如果是文字，写成 '{name}' / If it is a text, write '{name}'",
    ),
    "author.unknown_list": (
        "“{column}”列引用的名单“{name}”没有声明 / The list “{name}” in column “{column}” is not declared",
        "加一行 csv-external，或用 select_one_from_file；可以用的有：{known} / "
        "Add a csv-external row, or use select_one_from_file; known: {known}",
    ),
    "author.unknown_column": (
        "“{column}”列引用了选项表“{list}”没有的列“{name}” / "
        "Column “{column}” names “{name}”, which the choice list “{list}” does not have",
        "核对 choices 表的列名；有的列：{known} / Check the columns of the choices sheet; it has: {known}",
    ),
    "author.no_such_column": (
        "“{list}.csv”没有列“{name}”，读到的总是空的 / “{list}.csv” has no column “{name}”: it is always read as empty",
        "核对列名；有的列：{known} / Check the name; the columns are: {known}",
    ),
    # When it is evaluated
    "evaluation.no_instance": (
        "没有名单“{name}” / There is no list “{name}”",
        "和表单一起上传它，或改正名称 / Upload it with the form, or correct the name",
    ),
    "evaluation.no_date": (
        "“{text}”不是日期 / “{text}” is no date",
        "日期写成 2026-11-22 / Write dates as 2026-11-22",
    ),
    "evaluation.date_range": (
        "“{text}”超出日期范围 / “{text}” is out of the range of dates",
        "核对数字 / Check the number",
    ),
    "evaluation.date_format": (
        "日期格式“{text}”写得不对 / The date format “{text}” is not right",
        "可用 %Y %y %m %n %b %d %e %H %h %M %S %3 %a %W / Use %Y %y %m %n %b %d %e %H %h %M %S %3 %a %W",
    ),
    "evaluation.no_nodes": (
        "函数 {name} 的参数必须是问题（路径） / {name} works on questions (a path), not on a value",
        "写成 ${{问题名}} 或路径 / Write ${{question_name}} or a path",
    ),
    "evaluation.place": (
        "函数 {name} 收到的“{text}”不是位置 / {name} was given “{text}”, which is no place",
        "位置写成“纬度 经度 海拔 精度”，多点用分号隔开 / "
        "Write a place as “latitude longitude altitude accuracy”, several with semicolons",
    ),
    "evaluation.regex": (
        "正则表达式“{text}”写得不对：{cause} / The regular expression “{text}” is not right: {cause}",
        "改正 regex() 的第二个参数 / Correct the second argument of regex()",
    ),
    "evaluation.regex_slow": (
        "正则表达式“{text}”算得太慢，已停止 / The regular expression “{text}” takes too long and was stopped",
        "不要写 (a+)+ 这样层层重复的式子 / Avoid repeats inside repeats such as (a+)+",
    ),
    "evaluation.digest": (
        "digest() 不认识“{name}” / digest() does not know “{name}”",
        "用 MD5、SHA-1、SHA-256、SHA-384、SHA-512；编码用 base64 或 hex / "
        "Use MD5, SHA-1, SHA-256, SHA-384 or SHA-512; base64 or hex",
    ),
    "evaluation.indexed_repeat": (
        "indexed-repeat() 的第 {argument} 个参数不包含要取的问题 / "
        "Argument {argument} of indexed-repeat() is no repeat around the question",
        "写成 indexed-repeat(${{问题}}, ${{循环}}, 序号) / Write indexed-repeat(${{question}}, ${{repeat}}, number)",
    ),
    "evaluation.lengths": (
        "weighted-checklist() 的两组长度不同 / The two sets of weighted-checklist() differ in length",
        "每个条件配一个权重 / Give each condition one weight",
    ),
    "evaluation.too_long": (
        "算了 {seconds} 秒还没有结果，已停止 / Stopped after {seconds} seconds without a result",
        "少用 // 和一层套一层的条件 / Use fewer // and conditions within conditions",
    ),
    "evaluation.too_much": (
        "要看的节点太多，已停止 / Stopped: too many nodes to look at",
        "少用 //，写出完整的路径 / Write the whole path instead of //",
    ),
    "evaluation.too_deep": (
        "公式嵌套太深，没有算 / The expression is nested too deeply and was not evaluated",
        "拆成几个 calculate 题 / Split it into several calculate rows",
    ),
    # A line of ruhu form eval
    "case.no_json": (
        "这一行不是 JSON 对象：{cause} / This line is no JSON object: {cause}",
        '每行写 {{"expr": …, "instance": …, "context": …, "secondary": …}} / '
        'Write {{"expr": …, "instance": …, "context": …, "secondary": …}} on each line',
    ),
    "case.no_text": (
        "“{key}”应是文字 / “{key}” must be text",
        "按 docs/EXPRESSIONS.md 的写法改 / Write it as docs/EXPRESSIONS.md shows",
    ),
    "case.no_context": (
        "实例里没有“{path}” / The instance has no “{path}”",
        "写成 /data/row[2]/x 这样的路径 / Write a path such as /data/row[2]/x",
    ),
}
