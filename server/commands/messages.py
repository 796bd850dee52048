"""Every text that the commands of this folder print: Chinese first, English second."""

from __future__ import annotations

from server.commands.phone_page_text import PHONE_PAGE

TEXTS = {
    # every command
    "database.address": (
        "RUHU_DATABASE_URL 不是数据库地址，应像 postgresql://用户@主机/库名 / "
        "RUHU_DATABASE_URL is no database address; it should be like postgresql://user@host/name"
    ),
    "database.empty": (
        "数据库里还没有表，或版本太旧。先运行：ruhu migrate / "
        "The database has no tables yet, or old ones. Run first: ruhu migrate"
    ),
    "database.away": "连不上数据库：{cause} / The database cannot be reached: {cause}",
    # ruhu keys
    "keys.masters": "主密钥在 {where}，请另外存一份副本 / The master key is in {where}; keep a copy elsewhere",
    "keys.seals": "正在使用 / seals",
    "keys.opens": "只用来读旧内容 / opens older values only",
    "keys.new_master": (
        "新的主密钥 {id} 已写入 {where}，请马上另存一份 / The new master key {id} is in {where}; copy it now"
    ),
    "keys.tables": "重新加密 / Sealing anew",
    "keys.later": "新密钥已启用，旧内容由后台程序逐步重新加密 / New keys seal now; the worker reseals the rest",
    "keys.resealed": (
        "检查了 {looked_at} 行，重新加密了 {resealed} 行 / Looked at {looked_at} rows, sealed {resealed} of them anew"
    ),
    "keys.compacted": "数据库文件已重写，不留旧内容 / The database file was written anew; nothing old is left in it",
    "keys.in_use": (
        "数据库正在使用，文件里还留着旧内容：停机后运行 ruhu keys compact / "
        "The database is in use, and old text is still in its file: stop the server, then run `ruhu keys compact`"
    ),
    "keys.dropped": "删除了 {count} 把不再使用的旧密钥 / Removed {count} old keys that nothing uses",
    "keys.settling": (
        "后台程序会删除旧密钥，最早在新密钥启用 {minutes} 分钟之后 / "
        "The worker removes the old keys, not before {minutes} minutes after the new ones came"
    ),
    "keys.damaged": "{count} 处内容打不开，见上 / {count} values do not open; see above",
    "keys.sound": "全部内容都能打开 / Everything opens",
    # ruhu audit
    "audit.whole": (
        "审计记录完整：{entries} 条，末尾校验值 {hash} / "
        "The audit is whole: {entries} entries, the last with hash {hash}"
    ),
    "audit.changed": (
        "第 {number} 条被改过；它前面的 {entries} 条是完整的 / "
        "Entry {number} was changed; the {entries} before it are whole"
    ),
    "audit.missing": (
        "第 {number} 条不见了；它前面的 {entries} 条是完整的 / "
        "Entry {number} is missing; the {entries} before it are whole"
    ),
    "audit.cut_off": (
        "末尾被删掉了：从第 {number} 条起都不见了 / The end was cut off: entries from {number} on are missing"
    ),
    "audit.head_changed": (
        "{entries} 条互相吻合，但末尾（第 {number} 条）和密钥担保的不一样：可能整段重写过，或换了密钥文件 audit.key / "
        "{entries} entries fit each other, but the end ({number}) is not what the key vouches for: they may have been "
        "written anew, or the key file audit.key is another one"
    ),
    "audit.held": "里面有校验值 {hash} / It holds the hash {hash}",
    "audit.not_held": (
        "里面没有校验值 {hash}：记下它以后，审计记录被重写过 / "
        "It does not hold the hash {hash}: it was written anew after that was noted"
    ),
    "audit.exported": "写了 {count} 条到 {file} / Wrote {count} entries to {file}",
    "audit.unreadable": "{file} 读不出来，不是审计记录的导出 / {file} cannot be read as an export of the audit",
    # ruhu form
    "form.no_workbook": (
        "{path} 里应当正好有一个表单文件（{kinds}） / {path} should hold exactly one workbook ({kinds})"
    ),
    "form.published": "已发布 {form} {version}（{name}） / Published {form} {version} ({name})",
    # ruhu form check
    "check.other_form": (
        "这份记录属于表单 {given}，不是 {form} / The instance is of the form {given}, not of {form}"
    ),
    "check.list": "附件读不出来：{cause} / A list cannot be read: {cause}",
    # ruhu policies load
    "policies.ended": "■ {version} 已有结束日期 / {version} has an end now",
    "policies.loaded": (
        "政策：{policies} 个文件，{versions} 个版本；{forms} 个表单版本要更新 / "
        "Policies: {policies} files, {versions} versions; {forms} form versions have news"
    ),
    "form.compared": (
        "变化 {count} 处，其中 {breaking} 处影响已有数据或未完成的工作 / "
        "{count} changes, of which {breaking} break stored data or unfinished work"
    ),
    # ruhu datasets migrate
    "datasets.migrated": "已把 {count} 份档案换成现在的字段 / Carried {count} records into today's words",
    # ruhu feeds
    "feeds.compacted": (
        "{feeds} 个数据范围清掉了 {entries} 条旧记录 / {feeds} feeds lost {entries} entries that are over"
    ),
    "feeds.handovers": ("等待交还的：{count} 项 / To be handed over: {count}"),
    "feeds.revoked": (
        "已停用手机 {install}：它只能交还资料，然后自行清空 / "
        "Revoked {install}: it may hand over what it holds, then it wipes itself"
    ),
    "feeds.no_install": ("没有编号为 {install} 的手机 / There is no install {install}"),
    # ruhu user role, ruhu user household
    "user.role_given": ("已给 {username} 身份 {role} / {username} has the role {role} now"),
    "user.role_taken": (
        "已收回 {username} 的身份 {role}，相关手机会交还资料并清空 / "
        "{username} has the role {role} no longer; the phones hand over and wipe what it showed"
    ),
    "user.no_role": ("{username} 没有身份 {role} / {username} does not have the role {role}"),
    "user.household_given": ("已请 {username} 帮扶这户 / {username} helps the household now"),
    "user.household_taken": ("{username} 不再帮扶这户 / {username} no longer helps the household"),
    "user.no_household": ("没有编号为 {household} 的农户 / There is no household {household}"),
    # ruhu rules run, ruhu definitions check
    "rules.households": "核对农户 / Households",
    "rules.resumed": (
        "接着上次停下的地方，之前已核对 {households} 户 / "
        "Went on where an earlier run had stopped, after {households} households"
    ),
    "rules.counted": (
        "只统计，没有保存。{households} 户，疑点 {findings} 个 / "
        "Counted only, nothing kept. {households} households, {findings} findings"
    ),
    "rules.done": (
        "{households} 户，疑点 {findings} 个：新增 {new}，已消除 {closed} / "
        "{households} households, {findings} findings: {new} new, {closed} ended"
    ),
    "definitions.wrong": "共 {count} 处要改 / {count} to correct",
    # ruhu register import
    "register.reading": "读登记册 / Reading the register",
    "register.looking": "和现有档案比对 / Comparing with what is known",
    "register.applying": "并入 / Merging",
    "register.previewed": (
        "{dataset}：将新增 {new}，更改 {changed}，不变 {unchanged}，有分歧 {conflicting}，不收 {refused} / "
        "{dataset}: would be {new} new, {changed} changed, {unchanged} unchanged, {conflicting} in conflict, "
        "{refused} refused. Nothing was written; add --apply"
    ),
    "register.applied": (
        "{dataset}：新增 {new}，更改 {changed}，不变 {unchanged}，有分歧 {conflicting}，不收 {refused} / "
        "{dataset}: {new} new, {changed} changed, {unchanged} unchanged, {conflicting} in conflict, {refused} refused"
    ),
    "register.lists": (
        "不收的行 {refused}（--refused 文件.csv），登记册里不再有的 {vanished}（--vanished 文件.csv） / "
        "Refused rows: {refused} (--refused FILE.csv); no longer in the register: {vanished} (--vanished FILE.csv)"
    ),
    "register.failed": "没有读完：{cause} / It could not be read: {cause}",
    # ruhu courier
    "courier.taken": "操作：{ops}；照片 {files} 张 / Ops: {ops}; photos: {files}",
    "courier.unverified": (
        "手机的签名对不上，所有内容都放进了待处理，一条也没有录入 / "
        "The phone's key does not vouch for it: everything is kept in quarantine, nothing was applied"
    ),
    "courier.cut": (
        "文件从“{where}”起损坏，之前的已收下；请再送一份完整的 / "
        "The file is damaged from “{where}” on; what came before was taken. Bring a whole copy"
    ),
    # ruhu backup, ruhu restore
    "reserve.tables": "数据表 / Tables",
    "reserve.blobs": "照片和文件 / Photos and files",
    "reserve.made": (
        "备份完成：{path}（{rows} 行，{blobs} 个文件，新复制 {copied} 个） / "
        "Backup made: {path} ({rows} rows, {blobs} files, {copied} of them new)"
    ),
    "reserve.master": (
        "备份里没有主密钥（{ids}）。恢复时必须有它：请把 {where} 另外存放 / "
        "The master key ({ids}) is not in the backup, and no restore works without it: keep a copy of {where} elsewhere"
    ),
    "reserve.restored": (
        "恢复完成：{rows} 行，{blobs} 个文件。手机下次同步会重新下载 / "
        "Restored: {rows} rows, {blobs} files. Phones fetch everything anew with their next sync"
    ),
    "reserve.missing": "缺 {count} 个文件：{hashes} / {count} files are missing: {hashes}",
    "reserve.spoilt": "{count} 个文件已损坏，没有恢复：{hashes} / {count} files are damaged, left out: {hashes}",
    # ruhu photo compare
    "photo.no_picture": (
        "至少有一个文件不是能读的照片，没法比较；用 ruhu photo inspect 查看原因 / "
        "At least one of the files is no readable photo; ruhu photo inspect says why"
    ),
    "photo.unknown": "没有这张照片，或文件还没有传到：{id} / No photo with this id has arrived: {id}",
    "photo.intake": (
        "等待 {waiting}，正在重试 {trying}，多次失败 {failed}，不是能看的照片 {unreadable}，还没核查 {unchecked} / "
        "{waiting} waiting, {trying} being tried, {failed} given up, {unreadable} show no picture, "
        "{unchecked} not checked"
    ),
    "photo.rebuild.photos": "重新处理照片 / Deriving photos again",
    "photo.rebuilt": (
        "重新处理了 {done} 张照片，{failed} 张没有成功（原有结果保留） / "
        "Derived {done} photos again; {failed} failed and keep what was known"
    ),
    "photo.same": "同一张照片（差 {distance} 位，{variant}） / The same photo ({distance} bits apart, {variant})",
    "photo.near": (
        "很像，请人看一看（差 {distance} 位，{variant}） / "
        "Much alike: look at both ({distance} bits apart, {variant})"
    ),
    "photo.different": "不同的照片（差 {distance} 位） / Different photos ({distance} bits apart)",
    # ruhu blobs sweep, ruhu uploads list
    "blobs.swept": (
        "删除 {freed} 个没有用的文件（{bytes} 字节）和 {orphans} 个没有登记的（{orphan_bytes} 字节）；"
        "新标记 {marked} 个，标记着 {waiting} 个，正在使用而留下 {busy} 个 / "
        "Removed {freed} unneeded files ({bytes} bytes) and {orphans} that no row knew ({orphan_bytes} bytes); "
        "{marked} newly marked, {waiting} marked in all, {busy} left because they were in use"
    ),
    "blobs.would": (
        "只查看：会删除 {freed} 个没有用的文件（{bytes} 字节）和 {orphans} 个没有登记的（{orphan_bytes} 字节）；"
        "会新标记 {marked} 个，已标记 {waiting} 个 / "
        "Only looked: {freed} unneeded files ({bytes} bytes) and {orphans} that no row knows ({orphan_bytes} bytes) "
        "would go; {marked} would be marked, {waiting} are marked"
    ),
    "uploads.counted": "未传完 {count} 个，已到 {bytes} 字节 / {count} unfinished, {bytes} bytes of them here",
    "uploads.awaited": "有记录在等 / awaited",
    # ruhu export
    "export.no_form": "没有发布过表单 {form} / The form {form} was never published",
    "export.no_region": (
        "没有区划 {region}，或者不在这个人的范围内 / There is no region {region}, or it is outside this person's area"
    ),
    "export.written": "写好 {count} 条记录：{path} / Wrote {count} submissions: {path}",
    "export.map": "写好 {count} 个地点：{path} / Wrote {count} features: {path}",
    "export.photos": (
        "写好 {visits} 次走访的 {count} 张照片（{missing} 张还没有收到）：{path}\n编号 {manifest_sha256} / "
        "Wrote {count} photos of {visits} visits ({missing} not yet received): {path}\nNumber {manifest_sha256}"
    ),
    "export.codebook": "写好编码本：{path} / Wrote the codebook: {path}",
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
    # ruhu demo
    "demo.regions": "区划和边界 / Regions and boundaries",
    "demo.forms": "表单 / Forms",
    "demo.households": "农户和成员 / Households and members",
    "demo.works": "填好的表和照片 / Filled forms and photos",
    "demo.rules": "核对农户 / Households checked by the rules",
    "demo.loaded": (
        "虚县已建好：{households} 户，{members} 人（全是编造的） / "
        "The demo county is ready: {households} households, {members} people, all invented"
    ),
    "demo.there": "演示数据已在 / The demo county is there already",
    "demo.skipped": "数据库里已有人员，没有装演示数据 / People are in the database: no demo was loaded",
    "demo.not_empty": (
        "数据库里已有人员，演示数据只装进空库。换一个库：RUHU_VAR=另一个文件夹 / "
        "People are in the database, and the demo goes only into an empty one. "
        "Use another: RUHU_VAR=another-folder"
    ),
    "demo.none": "这里没有演示数据 / There is no demo here",
    "demo.sign_ins": "演示帐号，密码都是 {password} / Demo sign-ins, password {password} for all:",
    # ruhu run
    "run.phone": "手机端 / Phone app      {address}/",
    "run.console": "管理台 / Console        {address}/console/",
    "run.docs": "接口说明 / API docs     {address}/api/v1/docs",
    "run.logs": "日志 / Log             {path}",
    "run.stop": "按 Ctrl-C 停止 / Ctrl-C stops it",
    "run.stopping": "正在停止 / Stopping",
    "run.port_taken": (
        "{host}:{port} 已被别的程序占用。换一个端口：make run PORT=8001 / "
        "{host}:{port} is in use by another program. Choose another port: make run PORT=8001"
    ),
    "run.bad_address": (
        "不能在 {host}:{port} 上开服务：{cause} / Cannot serve on {host}:{port}: {cause}"
    ),
    "run.not_migrated": (
        "数据库还没有建好，先运行 ruhu migrate / The database is not up to date: run ruhu migrate first"
    ),
    "run.no_certificate": (
        "没有证书 {path}，先运行 make lan / There is no certificate {path}: run make lan first"
    ),
    "run.not_up": "服务没有起来，看日志 / The server did not come up; see its log",
    "run.ended": "“{name}”停了（{code}），全部停止 / “{name}” ended ({code}): stopping everything",
    "run.again": "“{name}”停了（{code}），重新启动 / “{name}” ended ({code}): starting it again",
    # ruhu lan
    "lan.help": "先用手机打开 / First open on the phone     {address}",
    "lan.app": "装好证书后打开 / Then, with the certificate {address}",
    "lan.collect": (
        "ODK Collect 可能不认手机上自己装的证书，这里只保证浏览器能用 / "
        "ODK Collect may not trust a certificate that was added by hand; this is for browsers"
    ),
    "lan.no_address": (
        "这台机器没有局域网地址。先连上和手机同一个 Wi-Fi / "
        "This machine has no address in a local network. Join the phone's Wi-Fi first"
    ),
    "lan.page": PHONE_PAGE,
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
    "user.bad_kind": (
        "资格种类“{kind}”不合规定，用小写字母、数字、下划线，如 house_appraiser / "
        "The kind “{kind}” is not allowed: lower-case letters, digits, underscores, such as house_appraiser"
    ),
    "user.bad_days": "最后一天早于第一天 / The last day is before the first",
    "user.qualified": "{username}：{kind}，{start} 至 {until} / {username}: {kind}, {start} to {until}",
    "user.disqualified": "已更新 {username} 的资格 / The qualification of {username} was changed",
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
