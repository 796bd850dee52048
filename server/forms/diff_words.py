"""What each kind of change means for stored work, and what to do about it: Chinese first, English second."""

from __future__ import annotations

from typing import Literal

# records: values that are on record no longer fit. series: figures before and after no longer compare by themselves.
# drafts: visits that were begun with the version before come without it.
Breaks = Literal["none", "drafts", "series", "records"]
Texts = dict[str, str]

# kind → (why zh, why en, what to do zh, what to do en); "" where there is nothing to do
_WORDS: dict[str, tuple[str, str, str, str]] = {
    "question_added": ("新增的问题，以前的记录里没有", "A new question; earlier submissions do not have it", "", ""),
    "question_removed": (
        "不再问了，这一列的数据到此为止；已收的保留",
        "No longer asked: its series ends here; what was collected stays",
        "确认真的不再需要", "Make sure that nobody needs it any more"),
    "question_removed.saved": (
        "不再问了，档案里的“{property}”以后不会更新",
        "No longer asked: “{property}” on the records will no longer be updated",
        "字段也不用时，在 form_definitions/migrations 写 retire",
        "If the property is no longer used, declare a retire step in form_definitions/migrations"),
    "question_renamed": (
        "看起来是改了名：“{old}”→“{new}”。导出时会成为两列",
        "It looks renamed: “{old}” → “{new}”. Exports will show two columns",
        "不是必须改名就改回原名", "Keep the old name unless it must change"),
    "question_renamed.saved": (
        "看起来是改了名，存入的字段也变了：{old} → {new}。旧手机还会写旧字段",
        "It looks renamed, and it saves to another property: {old} → {new}. Phones with the old form write the old one",
        "在 form_definitions/migrations 写 rename，新旧手机就写同一个字段",
        "Declare a rename in form_definitions/migrations; then old and new phones write one property"),
    "question_moved": (
        "换了分组，导出的列名跟着变", "It moved to another group; its column has another name in exports",
        "用到这一列的表格要改", "Adjust the tables that use this column"),
    "question_moved.repeat": (
        "移进或移出了循环，一户一个答案和一人一个答案不能直接比",
        "It moved into or out of a repeat: one answer a household and one a person do not compare",
        "用新的问题名", "Give it a new name"),
    "type_changed": (
        "题型变了：{old} → {new}，前后的答案不能直接比", "Its type changed: {old} → {new}; the answers do not compare",
        "用新的问题名，或确认旧答案能按新题型读",
        "Give it a new name, or make sure that old answers read well as the new type"),
    "type_changed.saved": (
        "题型变了：{old} → {new}，档案里已有的值可能填不进新题",
        "Its type changed: {old} → {new}; values on record may not fit the new question",
        "改用新字段，或用 migration 换算旧值", "Save to a new property, or convert old values by a migration"),
    "type_widened": (
        "题型放宽了：{old} → {new}，旧答案都读得进", "Its type is wider: {old} → {new}; old answers fit", "", ""),
    "choices_added": ("新增选项：{new}", "New choices: {new}", "", ""),
    "choices_removed": (
        "去掉了选项：{old}；收过的答案里可能还有", "Choices taken away: {old}; answers collected so far may hold them",
        "统计时把旧代码一起算", "Count the old codes too when you compare"),
    "choices_removed.saved": (
        "去掉了选项：{old}；档案里有这些值的户，打开新表会显示成没有填",
        "Choices taken away: {old}; households that hold them open with nothing chosen",
        "在 form_definitions/migrations 写 codes，把旧代码换成新代码",
        "Declare a codes step in form_definitions/migrations that maps the old codes to new ones"),
    "choices_relabelled": (
        "选项换了说法：{new}", "Choices have other words: {new}",
        "意思也变了的话，请用新代码", "If the meaning changed too, use a new code"),
    "choice_list_changed": (
        "选项来源变了：{old} → {new}", "The choices come from elsewhere: {old} → {new}",
        "核对两个名单的代码一致", "Make sure that both lists use the same codes"),
    "made_required": (
        "改成了必填；已经开始的草稿和还没发出的走访不会有这一题",
        "Now required; drafts already begun and visits not yet sent come without it",
        "统计时，旧版本里空着的不算漏填", "Do not count blanks of the old version as omissions"),
    "made_optional": ("不再必填", "No longer required", "", ""),
    "constraint_changed": (
        "填写限制变了：{old} → {new}；旧版本按旧限制检查",
        "Its constraint changed: {old} → {new}; the old version is judged by the old one", "", ""),
    "relevance_changed": (
        "什么时候问，条件变了：{old} → {new}", "When it is asked changed: {old} → {new}",
        "前后比较时，看看问到的是不是同样的人", "When you compare, see whether the same people were asked"),
    "calculation_changed": (
        "算法变了：{old} → {new}，前后的结果不能直接比",
        "Its calculation changed: {old} → {new}; results do not compare",
        "改动大时用新的问题名", "Give it a new name when the change is large"),
    "label_changed": ("问法变了：“{old}”→“{new}”", "Its words changed: “{old}” → “{new}”",
                      "意思也变了的话，请用新的问题名", "If the meaning changed too, give it a new name"),
    "save_to_changed": (
        "存入的字段变了：{old} → {new}。旧手机还会写旧字段",
        "It saves to another property: {old} → {new}. Phones with the old form write the old one",
        "在 form_definitions/migrations 写 rename 或 split",
        "Declare a rename or split in form_definitions/migrations"),
    "save_to_added": ("答案开始存进档案：{new}", "The answer is now saved to the record: {new}", "", ""),
    "sensitivity_changed": ("敏感级别变了：{old} → {new}", "Its sensitivity changed: {old} → {new}",
                            "确认谁可以看到", "Make sure who may see it"),
    "slot_changed": (
        "照片位置变了：{old} → {new}，不再和以前的照片并排",
        "Its photo slot changed: {old} → {new}; it no longer stands beside earlier photos",
        "拍的是同一处就用原来的 slot", "Keep the slot if it shows the same view"),
    "dataset_added": ("开始写名单“{new}”", "It now writes records of “{new}”", "", ""),
    "dataset_removed": ("不再写名单“{old}”，那里的记录不会更新", "It no longer writes records of “{old}”",
                        "确认有别的表单更新它们", "Make sure that another form updates them"),
    "media_added": ("新增附件", "A file was added", "", ""),
    "media_removed": (
        "去掉了附件", "A file was taken away", "确认表单不再用它", "Make sure that the form does not use it"),
    "media_changed": ("附件内容变了", "A file has other content", "", ""),
    "setting_changed": ("表单设置变了：{old} → {new}", "A setting of the form changed: {old} → {new}",
                        "看看发给谁、在哪里打开是否正确", "Check to whom it is offered and where it opens"),
    "title_changed": ("表单名称变了：“{old}”→“{new}”", "The form's title changed: “{old}” → “{new}”", "", ""),
}  # fmt: skip

_BREAKS: dict[str, Breaks] = {
    "question_removed": "series",
    "question_removed.saved": "series",
    "question_renamed": "series",
    "question_renamed.saved": "records",
    "question_moved": "series",
    "question_moved.repeat": "series",
    "type_changed": "series",
    "type_changed.saved": "records",
    "choices_removed": "series",
    "choices_removed.saved": "records",
    "choice_list_changed": "series",
    "made_required": "drafts",
    "calculation_changed": "series",
    "save_to_changed": "records",
    "slot_changed": "series",
    "dataset_removed": "series",
}


def breaks_of(word: str) -> Breaks:
    return _BREAKS.get(word, "none")


def words_of(word: str, **values: str) -> tuple[Texts, Texts]:
    """(why, what to do) by language, with the placeholders filled in."""
    why_zh, why_en, fix_zh, fix_en = (text.format(**values) for text in _WORDS[word])
    return {"zh": why_zh, "en": why_en}, {"zh": fix_zh, "en": fix_en}
