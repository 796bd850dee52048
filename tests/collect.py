"""A small ODK Collect: what it asks, what it insists on, what it keeps on the phone and what it sends.

Written from the behaviour of the real app (open-rosa client, entity use cases, instance submitter), as an oracle for
our server. It is as strict as the app where the app gives up, and raises CollectError there.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lxml import etree

from tests.collect_draft import Draft, Filled, LocalEntity
from tests.collect_wire import multipart

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
RESPONSE = "{http://openrosa.org/http/response}"
DEFAULT_LIMIT = 10_485_760
MOST_FILES = 100
COLUMNS = ("name", "label", "__version")


class CollectError(Exception):
    """The app would show an error and not go on."""


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# (method, address, headers, body) -> Reply
Send = Callable[[str, str, Mapping[str, str], bytes], Reply]


@dataclass(frozen=True)
class ListedForm:
    form_id: str
    name: str
    version: str
    hash: str | None
    download_url: str
    manifest_url: str | None


@dataclass
class BlankForm:
    """A downloaded form with the files beside it."""

    listed: ListedForm
    xml: bytes
    media: dict[str, bytes] = field(default_factory=dict)
    list_names: set[str] = field(default_factory=set)


class Collect:
    """One phone with one project."""

    def __init__(self, send: Send, server_url: str, *, basic: str | None = None) -> None:
        self.send = send
        self.server_url = server_url.rstrip("/")
        self.basic = basic
        self.forms: dict[str, BlankForm] = {}
        self.lists: dict[str, dict[str, LocalEntity]] = {}
        self.list_hashes: dict[str, str] = {}
        self.downloads: list[str] = []

    # Getting blank forms

    def form_list(self) -> list[ListedForm]:
        root = self._xml(self._get(f"{self.server_url}/formList"))
        if root.tag != f"{LIST}xforms":
            raise CollectError(f"not a form list: {root.tag}")
        return [_listed(item) for item in root.iterfind(f"{LIST}xform")]

    def refresh(self) -> list[str]:
        """Exactly as the server has it: downloads what is new or changed, forgets what is gone; ids of these."""
        listed = self.form_list()
        self.forms = {key: form for key, form in self.forms.items() if key in {item.form_id for item in listed}}
        updated = []
        for item in listed:
            known = self.forms.get(item.form_id)
            if known is None or known.listed.hash != item.hash:
                self.forms[item.form_id] = BlankForm(item, self._get(item.download_url).body)
                updated.append(item.form_id)
            if self._fetch_media(self.forms[item.form_id], item):
                updated.append(item.form_id)
        return list(dict.fromkeys(updated))

    def _fetch_media(self, form: BlankForm, item: ListedForm) -> bool:
        if item.manifest_url is None:
            return False
        root = self._xml(self._get(item.manifest_url))
        if root.tag != f"{MANIFEST}manifest":
            raise CollectError(f"not a manifest: {root.tag}")
        changed = [self._fetch_file(form, file) for file in root.iterfind(f"{MANIFEST}mediaFile")]
        return any(changed)

    def _fetch_file(self, form: BlankForm, file: etree._Element) -> bool:
        name, hash, url = (_need(file, f"{MANIFEST}{tag}") for tag in ("filename", "hash", "downloadUrl"))
        if file.get("type") in ("entityList", "approvalEntityList"):
            form.list_names.add(name.removesuffix(".csv"))
            return self._fetch_list(name.removesuffix(".csv"), hash, url, file.findtext(f"{MANIFEST}integrityUrl"))
        if name in form.media and _md5(form.media[name]) == hash:
            return False
        form.media[name] = self._get(url).body
        return True

    # Entity lists

    def _fetch_list(self, name: str, hash: str, url: str, integrity_url: str | None) -> bool:
        if self.list_hashes.get(name) == hash:
            return False
        self.downloads.append(name)
        rows = list(csv.DictReader(io.StringIO(self._get(url).body.decode())))
        self._merge_list(name, rows, integrity_url)
        self.list_hashes[name] = hash
        return True

    def _merge_list(self, name: str, rows: Sequence[Mapping[str, str]], integrity_url: str | None) -> None:
        local = self.lists.setdefault(name, {})
        for row in rows:
            self._merge_row(local, row)
        listed = {row["name"] for row in rows}
        missing = [entity for entity in local.values() if entity.id not in listed]
        for entity in missing:
            if entity.online:
                del local[entity.id]
        offline = [entity.id for entity in missing if not entity.online]
        if offline and integrity_url:
            for entity_id in self._deleted(integrity_url, offline):
                local.pop(entity_id, None)

    def _merge_row(self, local: dict[str, LocalEntity], row: Mapping[str, str]) -> None:
        version = int(row["__version"])
        values = {key: value for key, value in row.items() if key not in COLUMNS}
        known = local.get(row["name"])
        newer = known is None or version > known.version
        if newer or (known and version == known.version and known.dirty):
            local[row["name"]] = LocalEntity(row["name"], row["label"], version, values, True, version)
        elif known:
            known.online = True

    def _deleted(self, integrity_url: str, ids: Sequence[str]) -> list[str]:
        root = self._xml(self._get(f"{integrity_url}?id={','.join(ids)}"))
        answers = {item.get("id"): item.findtext("deleted") for item in root.iterfind("entities/entity")}
        if not set(answers.values()) <= {"true", "false"}:
            raise CollectError("deleted is neither true nor false")
        return [str(entity_id) for entity_id, gone in answers.items() if gone == "true"]

    # Filling

    def start(self, form_id: str) -> Draft:
        return Draft(self.forms[form_id].xml, self.lists)

    def finalise(self, draft: Draft) -> Filled:
        """Writes the branch attributes, updates the phone's own lists, and drops what was not relevant."""
        for container, dataset in draft.entities:
            self._keep_locally(draft, container, dataset)
        draft.drop_unasked()
        xml = etree.tostring(draft.root, encoding="UTF-8", xml_declaration=True)
        return Filled(draft.instance_id, xml, draft.files)

    def _keep_locally(self, draft: Draft, container: etree._Element, dataset: str) -> None:
        entity = container.find("meta/entity")
        assert entity is not None
        local = self.lists.setdefault(dataset, {})
        known = local.get(entity.get("id", ""))
        label, values = entity.findtext("label") or "", draft.saved_values(container, dataset)
        if entity.get("update") == "1" and known:
            entity.set("baseVersion", str(known.version))
            entity.set("trunkVersion", "" if known.trunk_version is None else str(known.trunk_version))
            entity.set("branchId", known.branch_id)
            known.version += 1
            known.label = label or known.label
            known.properties |= values
        elif entity.get("create") == "1" and label:
            # The form looks its branch up in the list, where a record of its own making is not yet.
            entity_id = entity.get("id", "")
            local[entity_id] = LocalEntity(entity_id, label, 1, values, False, None)

    # Sending

    def submit(self, filled: Filled) -> list[Reply]:
        """HEAD, then as many POSTs as the limits ask for. Raises CollectError unless each is 201 or 202."""
        replies = [self.post(*parts) for parts in self._posts(filled)]
        for reply in replies:
            if reply.status not in (201, 202):
                raise CollectError(f"{reply.status}: {reply.body.decode(errors='replace')}")
        return replies

    def _posts(self, filled: Filled) -> Iterable[tuple[bytes, dict[str, bytes], bool]]:
        limit = self.ask_limit()
        batches: list[dict[str, bytes]] = [{}]
        for name, content in filled.files.items():
            size = len(filled.xml) + sum(map(len, batches[-1].values())) + len(content)
            if batches[-1] and (size > limit or len(batches[-1]) >= MOST_FILES):
                batches.append({})
            batches[-1][name] = content
        for number, batch in enumerate(batches, 1):
            yield filled.xml, batch, number < len(batches)

    def ask_limit(self) -> int:
        reply = self._request("HEAD", self._with_device(f"{self.server_url}/submission"))
        if reply.status != 204:
            raise CollectError(f"HEAD answered {reply.status}")
        _check_version(reply)
        return int(reply.headers.get("x-openrosa-accept-content-length", DEFAULT_LIMIT))

    def post(self, xml: bytes, files: Mapping[str, bytes], incomplete: bool = False) -> Reply:
        body, content_type = multipart(xml, files, incomplete)
        return self.post_raw(body, content_type)

    def post_raw(self, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> Reply:
        url = self._with_device(f"{self.server_url}/submission")
        return self._request("POST", url, {"Content-Type": content_type, **(headers or {})}, body)

    # HTTP

    def _get(self, url: str) -> Reply:
        reply = self._request("GET", self._with_device(url))
        if reply.status != 200:
            raise CollectError(f"{reply.status} for {urlsplit(url).path.rpartition('/')[2]}")
        _check_version(reply)
        return reply

    def _xml(self, reply: Reply) -> etree._Element:
        if "text/xml" not in reply.headers.get("content-type", ""):
            raise CollectError(f"the answer is no text/xml: {reply.headers.get('content-type')}")
        return etree.fromstring(reply.body)

    def _with_device(self, url: str) -> str:
        return f"{url}{'&' if '?' in url else '?'}deviceID=collect%3AaBcDeFgHiJkLmNoP"

    def _request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        own = {
            "X-OpenRosa-Version": "1.0",
            "User-Agent": "org.odk.collect.android/v2026.3.1 Dalvik/2.1.0",
            # Collect writes its date with a 12-hour clock: servers must not mind.
            "Date": datetime.now(UTC).strftime("%a, %d %b %Y %I:%M:%S %Z"),
        }
        if self.basic and url.startswith("https:"):
            own["Authorization"] = self.basic
        return self.send(method, url, own | dict(headers or {}), body)


def _listed(item: etree._Element) -> ListedForm:
    hash = item.findtext(f"{LIST}hash") or ""
    return ListedForm(
        form_id=_need(item, f"{LIST}formID"),
        name=_need(item, f"{LIST}name"),
        version=item.findtext(f"{LIST}version") or "",
        hash=hash if hash.startswith("md5:") else None,
        download_url=_need(item, f"{LIST}downloadUrl"),
        manifest_url=item.findtext(f"{LIST}manifestUrl"),
    )


def _need(item: etree._Element, tag: str) -> str:
    text = item.findtext(tag)
    if not text:
        raise CollectError(f"{tag} is missing: the whole document is refused")
    return text


def _check_version(reply: Reply) -> None:
    if reply.headers.get("x-openrosa-version") != "1.0":
        raise CollectError("this is not an OpenRosa server")


def _md5(content: bytes) -> str:
    return f"md5:{hashlib.md5(content).hexdigest()}"
