"""Every text that the commands of this folder print: Chinese first, English second."""

from __future__ import annotations

TEXTS = {
    # ruhu form
    "form.published": "已发布 {form} {version}（{name}） / Published {form} {version} ({name})",
    # ruhu region import
    "region.imported": (
        "区划：新增 {new}，更新 {changed}，未变 {unchanged}；边界 {areas} / "
        "Regions: {new} new, {changed} changed, {unchanged} unchanged; {areas} boundaries"
    ),
    "region.checked": (
        "只检查，没有导入。会新增 {new}，更新 {changed}，未变 {unchanged}；边界 {areas} / "
        "Checked, nothing imported. It would be {new} new, {changed} changed, {unchanged} unchanged; "
        "{areas} boundaries"
    ),
    # ruhu user
    "user.added": "已建立 {username}（{name}） / Added {username} ({name})",
    "user.password": (
        "密码（只显示这一次）：{password} / Password (shown only this once): {password}"
    ),
    "user.password_set": (
        "已换密码，{username} 要在所有设备上重新登录 / Password changed; {username} signs in anew everywhere"
    ),
    "user.taken": (
        "用户名 {username} 已有人用，请换一个 / The user name {username} is taken; choose another"
    ),
    "user.unknown": "没有用户 {username} / There is no user {username}",
    "user.name_shape": (
        "用户名只能用小写字母、数字、点、横线，2–64 个，以字母开头 / "
        "A user name has 2–64 lower-case letters, digits, dots or hyphens and starts with a letter"
    ),
    "user.display_name": "姓名要有 1–64 个字 / The name needs 1–64 characters",
    "user.role_shape": (
        "“{role}”要写成 身份:区划代码，如 cadre:990101100201；inspector 不带区划。身份有：{known} / "
        "Write “{role}” as role:region, such as cadre:990101100201; inspector has no region. Roles: {known}"
    ),
    "user.role_region": (
        "没有区划 {region}。先用 ruhu region import 导入 / "
        "There is no region {region}. Import it first with ruhu region import"
    ),
    "user.role_missing": (
        "至少要有一个 --role，如 --role supervisor:990101100000 / "
        "Give at least one --role, such as --role supervisor:990101100000"
    ),
    "user.weak_password": "密码至少 8 位 / The password needs at least 8 characters",
    "user.ask_password": "密码 / Password",
}


def say(name: str, /, **values: object) -> str:
    """The text of the catalogue, with its placeholders filled in."""
    return TEXTS[name].format(**values)
