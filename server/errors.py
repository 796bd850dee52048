"""The catalogue of everything that can go wrong for a user. It imports nothing of ours.

A code is API: it never changes its meaning. Each entry: HTTP status, then what happened and what to do, in Chinese
and English. Code raises `Problem("noun.problem", …)`; one writer in server/api makes JSON of it (RFC 9457), another
makes OpenRosa XML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    status: int
    zh: str
    en: str


CATALOGUE: Mapping[str, Entry] = {
    "request.invalid": Entry(400, "请求里有不对的内容，见各条说明。", "The request has mistakes; each is listed."),
    "request.not_json": Entry(
        400,
        "内容不是可以读的 JSON。没有保存任何东西，请检查后重发。",
        "The body cannot be read as JSON. Nothing was stored; check it and send again.",
    ),
    "request.too_large": Entry(
        413,
        "内容太大，没有保存任何东西。请分开发送。",
        "The body is too large and nothing was stored. Send it in parts.",
    ),
    "request.too_many": Entry(429, "请求太密，请稍后再试。", "Too many requests; try again a little later."),
    "request.encoding_unknown": Entry(
        415,
        "请求的内容是压缩过的（Content-Encoding），服务器不解压。没有保存任何东西，请不压缩重发。",
        "The body is packed (Content-Encoding) and is not unpacked here. Nothing was stored; send it again unpacked.",
    ),
    "request.range": Entry(416, "文件没有这一段。", "The file has no such part."),
    "request.method": Entry(405, "这个地址不支持这种操作。", "This address does not support that method."),
    "keys.missing": Entry(
        503,
        "缺少这个编号的主密钥，没有读写任何内容。主密钥文件不在了，就放回原处（或设置 RUHU_MASTER_KEY_FILE）；"
        "文件还在，就把原主密钥（做备份的那台服务器的）那一行加进去。可以有多行，不要覆盖已有的行。然后再试。",
        "The master key with this id is missing: nothing was read or written. Where the key file is gone, put it back "
        "(or set RUHU_MASTER_KEY_FILE). Where there is one, add the line of the missing key (that of the server that "
        "made the backup) to it: several lines are allowed; never overwrite those that are there. Then try again.",
    ),
    "keys.wrong": Entry(
        503,
        "主密钥不对，打不开数据库里的密钥。请用原来的主密钥，再启动。",
        "The master key is a wrong one: it does not open the keys in the database. Start with the one that made them.",
    ),
    "keys.elsewhere": Entry(
        409,
        "主密钥来自设置，程序不能更换。用 ruhu keys new 做一个，放在设置的最前面，重启后运行 ruhu keys rotate。",
        "The master keys come from a setting, which the program cannot change. Make one with `ruhu keys new`, put it "
        "first in the setting, start again and run `ruhu keys rotate`.",
    ),
    "keys.unreadable": Entry(
        503,
        "主密钥文件读不了：每行应是“编号 密钥”，都是十六进制。",
        "The master keys cannot be read: each line should be `id secret`, both hexadecimal.",
    ),
    "inspection.state": Entry(
        409,
        "抽查现在的阶段不能做这一步，没有改动任何东西。请刷新后看看做到了哪一步。",
        "The inspection is at another stage, so nothing was changed. Read it again to see where it stands.",
    ),
    "inspection.not_over": Entry(
        409,
        "还有入户没有完成，结果要等全部完成或抽查结束后才能看，免得影响还没去的户。",
        "Some visits are still open. Results can be seen when all are done or the inspection is closed, so that they "
        "do not sway the visits to come.",
    ),
    "inspection.other_content": Entry(
        409,
        "这个编号的抽查已经有了，内容不一样。",
        "There is an inspection with this id and other content.",
    ),
    "inspection.seed": Entry(
        422,
        "种子不能用，没有抽取。见说明。",
        "The seed cannot be used and nothing was drawn; see the reason.",
    ),
    "inspection.drawn": Entry(
        409,
        "样本已经抽定，不能再抽。这次尝试已记入日志。",
        "The sample is drawn and cannot be drawn again. The attempt was noted.",
    ),
    "inspection.no_inspector": Entry(
        422,
        "只能派核查人员去。请换一位。",
        "Only inspectors are sent. Choose somebody else.",
    ),
    "inspection.task_over": Entry(
        409,
        "这户的任务已经结束，没有改动任何东西。",
        "The task of this household is over; nothing was changed.",
    ),
    "inspection.not_tried": Entry(
        422,
        "还没有按规定联系够次数（两次要隔开），不能放弃这户。",
        "The household was not tried often enough, with the time between tries that is asked for. Try again first.",
    ),
    "inspection.reached": Entry(
        422,
        "这户已经访问到了，不能替换。",
        "This household was reached, so nobody stands in for it.",
    ),
    "inspection.out_of_order": Entry(
        422,
        "替补只能按抽签的先后。这次尝试已记入日志，请用排在最前的那一户。",
        "Reserves stand in by the order of their tickets alone. The attempt was noted; take the first one.",
    ),
    "inspection.no_reserve": Entry(
        409,
        "这里的替补已经用完，不再替换，请如实记为没有访问到。",
        "No reserve is left here: leave the household as not reached, with its reason.",
    ),
    "loan.own_area": Entry(
        422,
        "这个人在这户所在的地方有职责，或者是帮扶人，不能借给他核查。请换一位。",
        "This person works where the household is, or helps it, and so cannot check it. Choose somebody else.",
    ),
    "question.answered": Entry(
        409,
        "这个问题已经有了回答，不用再关闭。",
        "This question has an answer by now; there is nothing to close.",
    ),
    "quarantine.not_applied": Entry(
        422,
        "仍然不能录入，原因见说明；内容照样保存着。先解决原因再试，或注明不予录入。",
        "It still cannot be applied, for the reason given; it is kept. Mend the cause and try again, or dismiss it.",
    ),
    "reserve.none": Entry(404, "这里没有能读的备份。", "There is no readable backup here."),
    "reserve.not_empty": Entry(
        409,
        "数据库里已有人员。请恢复到一个空的数据库。",
        "The database has people in it. Restore into an empty one.",
    ),
    "reserve.revision": Entry(
        409,
        "备份是另一个版本的程序做的。请先用那个版本恢复，再升级。",
        "The backup was made by another version of the program. Restore with that version, then update.",
    ),
    "reserve.damaged": Entry(
        422,
        "备份文件不完整或被改动，什么都没有恢复。请换一份备份。",
        "A file of the backup is incomplete or changed; nothing was restored. Take another backup.",
    ),
    "sealed.unreadable": Entry(
        500,
        "加密的内容打不开：文件已损坏。请重新做一份，并告诉管理员。",
        "What was sealed does not open: it is damaged. Make it anew, and tell your administrator.",
    ),
    "frame.invalid": Entry(
        422,
        "抽样框不能用，没有抽样。每处错误都列在下面。",
        "The sampling frame cannot be used, and nothing was drawn. Every mistake is listed.",
    ),
    "plan.invalid": Entry(
        422,
        "抽样方案不能用，没有抽样。每处错误都列在下面。",
        "The sampling plan cannot be used, and nothing was drawn. Every mistake is listed.",
    ),
    "draw.refused": Entry(
        422,
        "不能这样抽样，原因见说明。没有抽样。",
        "It cannot be drawn like that, for the reason given. Nothing was drawn.",
    ),
    "review.own": Entry(
        403,
        "自己做的走访、自己拍的照片，要由别人来看。",
        "A visit or photo of your own is for somebody else to judge.",
    ),
    "finding.blind": Entry(
        409,
        "这个人还要独立走访这户，先不能看到整改的情况。请派别人去复核，或等他走访完。",
        "This person is still to visit the household independently and must not see what was done there. Send "
        "somebody else, or wait for that visit.",
    ),
    "finding.moved": Entry(
        409,
        "这个问题已经走到别的一步，这一步没有办。请刷新，看现在的状态。",
        "The finding has moved on meanwhile, and this step was not taken. Reload and see where it stands.",
    ),
    "finding.own": Entry(
        403,
        "自己提出的、自己村的或自己报的，要由核查一方的别人来办。",
        "What one opened, reported or answers for oneself is for somebody else of the inspection side to decide.",
    ),
    "finding.not_yours": Entry(
        403,
        "这一步不归您办。",
        "This step is not yours to take.",
    ),
    "server.failed": Entry(
        500,
        "服务器出了问题，没有确认任何东西。您的内容还在手机上，请稍后再发。",
        "The server failed and confirmed nothing. What you sent is still with you; send it again later.",
    ),
    "server.busy": Entry(503, "服务器正忙，请稍后再试。", "The server is busy; try again shortly."),
    "auth.required": Entry(401, "请先登录。", "Sign in first."),
    "auth.bad_credentials": Entry(401, "用户名或密码不对。", "The user name or password is wrong."),
    "auth.expired": Entry(
        401,
        "登录已过期，请重新登录。没发送的内容还在。",
        "Your sign-in has expired. Sign in again; unsent work is kept.",
    ),
    "auth.too_many_attempts": Entry(429, "试的次数太多，请等一会儿再试。", "Too many attempts; wait and try again."),
    "auth.https_only": Entry(403, "用户名密码方式只能走 HTTPS。", "Basic sign-in is for HTTPS only."),
    "auth.csrf": Entry(403, "页面已过期，请刷新后再试。", "This page is out of date; reload it and try again."),
    "auth.wrong_kind": Entry(403, "这个口令只能用于 ODK Collect。", "This token is good for ODK Collect only."),
    "auth.install_taken": Entry(
        409,
        "这台手机上的这个编号属于另一个人，请为新的人建立新的登录。",
        "This install belongs to another person; make a new one for a new person.",
    ),
    "auth.forbidden": Entry(403, "您的身份不能做这件事。", "Your role may not do this."),
    "auth.weak_password": Entry(
        422,
        "新密码至少要 8 位，且不能和旧密码一样。",
        "The new password needs at least 8 characters and must differ from the old one.",
    ),
    "auth.bad_code": Entry(
        401,
        "这个登记码用不了：可能输错了、过期了或已经用过。请向管理员要一个新的。",
        "This code is of no use: mistyped, too old, or used before. Ask the administrator for a new one.",
    ),
    "conflict.not_decided": Entry(
        422,
        "没有按这个选择作出决定：所选的值不在这个冲突里，填的值不合要求，村组不在您的范围里，或内容不全。决定已保留，可重新选择。",
        "Nothing was decided: the chosen value is not part of this conflict, is none of its property, "
        "lies in a village outside your area, or something is missing. The decision is kept; choose again.",
    ),
    "conflict.not_undone": Entry(
        409,
        "撤不回了：只能撤回自己定的，合并两户的决定不能撤回，后来又有人改过的也不能。需要改的话，请重新走访核实。",
        "It cannot be taken back: only one's own decision, not that two records are the same, and not what later work "
        "has replaced. To change it, have it visited again.",
    ),
    "conflict.on_phones": Entry(
        409,
        "撤不回了：已经有手机收到这个决定。要改，请重新定：这一项重新放出来等您定，收到过的手机也会知道。",
        "It cannot be taken back any more: a phone has received this decision. To change it, decide anew: it opens "
        "again for you, and the phones that had the decision are told.",
    ),
    "place.not_set": Entry(
        422,
        "位置没有改：手机看到的版本不对，或者这类记录没有位置。这次填的已保留，请刷新后再试。",
        "The place was not changed: the version that was on screen is not known, or records of this kind have no "
        "place. What was sent is kept; read the record again and retry.",
    ),
    "place.not_suggested": Entry(
        409,
        "推荐的位置已经变了，或者没有推荐位置。请刷新后再看。",
        "The suggested place has changed, or none is suggested. Read it again.",
    ),
    "courier.damaged": Entry(
        422,
        "这份代送文件损坏或不完整，读不出来。原文件已留存，请从原手机重新导出一份再送。",
        "This courier file is damaged or incomplete. Its bytes are kept; export it anew on the phone it came from.",
    ),
    "courier.other_server": Entry(
        422,
        "这份代送文件不是给这台服务器的，请送到它所属的服务器。",
        "This courier file was sealed for another server. Carry it to the server that it belongs to.",
    ),
    "device.revoked": Entry(
        403,
        "这台手机已被停用，只能交出没发送的内容。",
        "This phone was revoked; it can only hand over unsent work.",
    ),
    "key.unreadable": Entry(422, "这把钥匙不是给这台服务器的。", "This key was not sealed for this server."),
    "record.not_found": Entry(404, "没有找到，或者不在您的范围内。", "Not found, or outside your area."),
    "export.not_ready": Entry(409, "导出还没有做好，请稍后再取。", "The export is not ready; fetch it a little later."),
    "export.too_large": Entry(
        413,
        "照片太多，一个包装不下。请缩小区域或时间，分几次导出。",
        "Too many photos for one bundle. Narrow the area or the time, and export several.",
    ),
    "form.not_found": Entry(404, "没有这个表单或版本。", "No such form or version."),
    "form.invalid": Entry(
        422,
        "表单里有错误，没有保存。请按各条说明修改。",
        "The form has mistakes and was not stored. Each one says where it is and what to do.",
    ),
    "form.policy_conflict": Entry(422, "表单和数据集的定义不一致。", "The form contradicts a dataset."),
    "form.version_frozen": Entry(
        409,
        "这个版本已经发布，内容不能再改。请用新的版本号。",
        "This version is published and frozen. Use a new version number.",
    ),
    "form.outdated": Entry(
        409,
        "上传这份草稿以后，数据集的字段改过名。请重新上传一次再发布。",
        "Properties of a dataset were renamed after this draft was uploaded. Upload it again, then publish.",
    ),
    "form.state": Entry(409, "这个版本现在的状态不能做这一步。", "This version's state does not allow that step."),
    "policy.invalid": Entry(
        422,
        "政策文件里有错误，什么也没有载入。请按各条说明修改。",
        "The policy files have mistakes and nothing was loaded. Each one says where it is and what to do.",
    ),
    "policy.state": Entry(
        409,
        "这项改动已经生效、已经撤回，或者被别人改过。请刷新后再看；已经生效的，再做一项新的改动。",
        "This change is in force, withdrawn, or was changed by somebody else. Look again; what is in force is changed "
        "by a new change.",
    ),
    "map.file_unreadable": Entry(
        503,
        "底图文件打不开，或者不是 PMTiles 文件。请管理员检查 RUHU_MAP_FILE；地图照样能用，只是没有底图。",
        "The basemap file cannot be read or is no PMTiles file. An administrator should look at RUHU_MAP_FILE; maps "
        "work without it.",
    ),
    "map.source_away": Entry(
        503, "底图服务暂时连不上，稍后再看。", "The source of the map's ground cannot be reached; look again later."
    ),
    "map.source_refused": Entry(
        502,
        "底图服务拒绝了请求。请管理员检查密钥（RUHU_MAP_KEY）和它允许的服务器地址。",
        "The source of the map's ground refused. An administrator should look at the key (RUHU_MAP_KEY) and at the "
        "servers that it is good for.",
    ),
    "qualification.other_content": Entry(
        409,
        "这个编号已有另一份资格，没有改动。请用新的编号登记。",
        "This id stands for another qualification; nothing was changed. Enter it under a new id.",
    ),
    "upload.not_found": Entry(404, "没有这个上传。请重新开始上传。", "No such upload. Start it again."),
    "upload.expired": Entry(410, "这个上传已过期。请重新开始上传。", "This upload has expired. Start it again."),
    "upload.wrong_offset": Entry(
        409,
        "接续的位置不对。请先询问位置再接着传。",
        "The offset does not match. Ask for the offset, then go on from there.",
    ),
    "upload.wrong_checksum": Entry(
        460,
        "传输中出了错，这一段没有保存。请重传。",
        "The bytes were damaged on the way and were not kept. Send them again.",
    ),
    "upload.too_large": Entry(413, "文件太大。", "The file is too large."),
    "upload.too_many": Entry(
        429,
        "未传完的上传太多。请先传完或取消已开始的上传，再开始新的。",
        "Too many unfinished uploads. Finish or end those that were begun, then start new ones.",
    ),
    "upload.too_much": Entry(
        413,
        "未传完的上传加起来太大。请先传完或取消已开始的上传，再开始新的。",
        "The unfinished uploads are too large together. Finish or end those that were begun, then start new ones.",
    ),
    "server.full": Entry(
        507,
        "服务器的磁盘满了，这一次没有保存。手机上的内容都还在，请告诉管理员，稍后会自动接着传。",
        "The server's disk is full and this was not stored. It is safe on the phone; tell the administrator, "
        "it goes on by itself later.",
    ),
    "server.store_away": Entry(
        503,
        "照片的存储暂时连不上。手机上的内容都还在，稍后会自动接着传。",
        "The store of photos cannot be reached for the moment. All is safe on the phone and goes on by itself later.",
    ),
    "upload.invalid": Entry(400, "上传的说明不完整。", "The upload's description is incomplete."),
    "upload.version": Entry(412, "上传协议的版本必须是 1.0.0。", "The tus version must be 1.0.0."),
    "upload.media_type": Entry(
        415,
        "上传的内容类型必须是 application/offset+octet-stream。",
        "The content type must be application/offset+octet-stream.",
    ),
    "photo.unreadable": Entry(
        415,
        "这个文件不能当照片显示，原件已保存。可以下载原件。",
        "This file cannot be shown as a photo; the original is kept and can be downloaded.",
    ),
    "photo.missing": Entry(404, "照片还在手机上，没有传到。", "The photo is still on the phone; it has not arrived."),
    "photo.not_ready": Entry(503, "照片正在处理，请稍后再看。", "The photo is being prepared; look again shortly."),
    "openrosa.version_missing": Entry(400, "缺少 X-OpenRosa-Version。", "The X-OpenRosa-Version header is missing."),
    "openrosa.no_submission": Entry(400, "缺少 xml_submission_file。", "The part xml_submission_file is missing."),
    "openrosa.https_only": Entry(403, "用户名密码方式只能走 HTTPS。", "Basic sign-in is for HTTPS only."),
    "openrosa.wrong_token": Entry(
        403,
        "这里要用 ODK Collect 的口令，请扫管理员给的二维码。",
        "This address needs a token for ODK Collect: scan the QR code of your administrator.",
    ),
    "import.not_readable": Entry(
        422,
        "登记册或对照表读不了，什么也没有导入。请按各条说明修改。",
        "The register or its mapping cannot be read and nothing was imported. Each line says what to do.",
    ),
    "import.state": Entry(
        409,
        "这次导入现在的状态不能做这一步。",
        "The state of this import does not allow that step.",
    ),
    "import.busy": Entry(
        409,
        "同一来源的另一次导入正在进行，请等它完成。",
        "Another import of the same source is under way; wait for its end.",
    ),
    "instance.unreadable": Entry(
        400,
        "提交的 XML 读不了，原样已保存，请联系管理员。",
        "The submission's XML cannot be read; its bytes are kept. Tell your administrator.",
    ),
    "instance.other_content": Entry(
        409,
        "同一个编号已有不同内容，两份都已保存，等人查看。",
        "This id already holds other content; both are kept for a person to look at.",
    ),
    "user.reserved_name": Entry(
        422,
        "这个用户名留给系统用（登记册导入等以它署名），不能给人用。请换一个。",
        "This name is the system's own (imports are signed with it); no person can have it. Choose another one.",
    ),
    "user.has_households": Entry(
        409,
        "这个人还帮扶着农户，没有停用。请先把农户交给别人。",
        "This person still helps households, so nothing was changed. Hand the households to somebody else first.",
    ),
    "user.invalid": Entry(
        422,
        "有不对的地方，一个人也没有加。请看各条说明。",
        "Something is wrong, and nobody was added. See what is said of each.",
    ),
    "user.not_oneself": Entry(
        403,
        "不能改自己的身份、停用自己或重置自己的密码。请另一位管理员来做。",
        "Nobody changes the own roles, leaves by the own hand, or resets the own password here. Ask another admin.",
    ),
    "user.same_person": Entry(
        422, "交出和接手的是同一个人。", "The one who hands on and the one who takes over are the same."
    ),
    "user.taken": Entry(409, "这个用户名已有人用。请换一个。", "This user name is taken. Choose another."),
    "user.unreadable": Entry(
        422,
        "名单读不出来，一个人也没有加。",
        "The table cannot be read, and nobody was added.",
    ),
    "user.inspects_only": Entry(
        422,
        "核查员不能有别的身份，也不能帮扶农户：谁也不核查自己的工作。什么也没有改；请先收回另一项，或换一位。",
        "An inspector has no other role and helps no household: nobody checks the own work. Nothing was changed; "
        "take the other right first, or choose somebody else.",
    ),
    "region.applied": Entry(
        409,
        "这个变更已经生效，不能撤回。请再做一个变更改回来。",
        "This change holds already and cannot be withdrawn. Make another one that turns it back.",
    ),
    "region.no_change": Entry(
        422, "和现在一样，没有什么要改。", "It is so already; there is nothing to change."
    ),
    "region.wrong_level": Entry(
        422,
        "只能挪到上一级的区域下面（村挪到乡镇下）；村民小组的代码跟着村走，不能挪。",
        "A region hangs on one that is one level above (a village on a township); a group goes with its village.",
    ),
    "region.invalid": Entry(
        422, "区划文件里有错误，一行也没有导入。", "The region file has mistakes; nothing was imported."
    ),
}


@dataclass(frozen=True)
class Fault:
    """One placed mistake: where it is, why it is one, what to do."""

    where: str
    why: str
    fix: str


class Problem(Exception):
    """Something a user must be told. `retry_after` in seconds."""

    def __init__(
        self, code: str, *, faults: Sequence[Fault] = (), detail: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.entry = CATALOGUE[code]
        self.faults = tuple(faults)
        self.detail = detail
        self.retry_after = retry_after
