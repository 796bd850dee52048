"""OpenRosa for ODK Collect and friends: form list, form, manifest, media, entity lists, submission.

Every address exists twice: `/key/{token}/…`, and without the key for Basic over HTTPS (openrosa_door.py).
"""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from server import db
from server.api import openrosa_xml
from server.api.multipart import read_parts
from server.api.openrosa_door import address, at, blueprint, body_limit, current_collector, language, xml_answer
from server.api.openrosa_messages import ASIDE, RECEIVED
from server.api.openrosa_xml import ListedForm, MediaFile
from server.config import Settings
from server.errors import Problem
from server.evidence.tasks import enqueue
from server.forms import versions
from server.forms.model import REGION_LIST
from server.forms.tables import FormVersion
from server.sync import entity_lists, odk, offered_forms, region_list
from server.sync.blobs import store_of
from server.sync.entity_lists import EntityList

__all__ = ["blueprint"]

_EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@at("/formList", "GET")
def form_list() -> Response:
    """Published forms that this person may fill in; `formID` narrows to one, `listAllVersions` adds older versions."""
    wanted = request.args.get("formID", "").replace("\0", "")
    every = request.args.get("listAllVersions", "").lower() in ("1", "true")
    actor = current_collector()
    with db.read() as session:
        forms = offered_forms.offered_forms(session, actor, wanted or None, all_versions=every)
        return xml_answer(openrosa_xml.form_list([_listed(form) for form in forms]))


def _listed(form: offered_forms.OfferedForm) -> ListedForm:
    return ListedForm(
        form_id=form.form_id,
        version=form.version,
        name=form.names.get(language()) or next(iter(form.names.values()), form.form_id),
        hash=form.hash,
        download_url=address(f"{_path(form)}.xml"),
        manifest_url=address(f"{_path(form)}/manifest"),
    )


def _path(form: offered_forms.OfferedForm | FormVersion) -> str:
    return f"/forms/{quote(form.form_id, safe='')}/{quote(form.version, safe='')}"


@at("/forms/<form_id>/<version>.xml", "GET")
def form(form_id: str, version: str) -> Response:
    """The XForm as it was compiled."""
    with db.read() as session:
        found = _form(session, form_id, version)
        return _with_tag(xml_answer(found.xform.encode()), found.hash)


@at("/forms/<form_id>/<version>/manifest", "GET")
def manifest(form_id: str, version: str) -> Response:
    """The files beside a form: its media, and the lists of records that it reads."""
    actor = current_collector()
    with db.read() as session:
        found = _form(session, form_id, version)
        hashes = versions.media_hashes(session, [found])[form_id, version]
        media = [_media_file(found, name, hash) for name, hash in sorted(hashes.items())]
        lists = [
            _list_file(found, wanted, entity_lists.list_hash(session, actor, wanted))
            for wanted in offered_forms.entity_lists(session, found)
        ]
        regions = [_region_file(found, session)] if offered_forms.reads_regions(session, found) else []
    return xml_answer(openrosa_xml.manifest([*media, *lists, *regions]))


def _media_file(form: FormVersion, name: str, hash: str) -> MediaFile:
    return MediaFile(name, hash, address(f"{_path(form)}/media/{quote(name, safe='')}"))


def _list_file(form: FormVersion, wanted: EntityList, hash: str) -> MediaFile:
    path = f"{_path(form)}/entities/{wanted.dataset.name}"
    return MediaFile(wanted.filename, hash, address(f"{path}.csv"), address(f"{path}/integrity"))


def _region_file(form: FormVersion, session: Session) -> MediaFile:
    content = region_list.region_csv(session, current_collector())
    return MediaFile(REGION_LIST, entity_lists.md5(content), address(f"{_path(form)}/regions.csv"))


@at("/forms/<form_id>/<version>/regions.csv", "GET")
def regions_csv(form_id: str, version: str) -> Response:
    """The villages and groups where the worker may write."""
    actor = current_collector()
    with db.read() as session:
        _form(session, form_id, version)
        content = region_list.region_csv(session, actor)
    return _with_tag(Response(content, content_type="text/csv; charset=utf-8"), entity_lists.md5(content))


@at("/forms/<form_id>/<version>/media/<name>", "GET")
def media(form_id: str, version: str, name: str) -> Response:
    with db.read() as session:
        _form(session, form_id, version)
        found = versions.get_media(session, form_id, version, _plain(name))
        answer = Response(found.content, content_type=found.media_type)
        answer.headers["Content-Disposition"] = "attachment"
        answer.headers["Content-Security-Policy"] = "sandbox"
        return _with_tag(answer, found.hash)


@at("/forms/<form_id>/<version>/entities/<dataset>.csv", "GET")
def entity_csv(form_id: str, version: str, dataset: str) -> Response:
    """The records in sight, as the form's list; 304 while nothing changed."""
    actor = current_collector()
    with db.read() as session:
        wanted = _list(session, form_id, version, dataset)
        tag = entity_lists.list_tag(session, actor, wanted)
        known = tag in request.if_none_match
        content = b"" if known else entity_lists.list_csv(session, actor, wanted)
    return _with_tag(Response(content, content_type="text/csv; charset=utf-8"), tag)


@at("/forms/<form_id>/<version>/entities/<dataset>/integrity", "GET")
def integrity(form_id: str, version: str, dataset: str) -> Response:
    """Of the records in `id` (by comma): which ones the phone must forget."""
    actor = current_collector()
    asked = [part.strip() for part in request.args.get("id", "").split(",") if part.strip()]
    with db.read() as session:
        wanted = _list(session, form_id, version, dataset)
        deleted = entity_lists.forgotten(session, actor, wanted.dataset, asked)
    return xml_answer(openrosa_xml.integrity(deleted))


@at("/submission", "HEAD")
def submission_limits() -> Response:
    """Collect asks before it sends: 204, and nothing else, means go on."""
    return xml_answer(b"", 204)


@at("/submission", "POST")
def submission() -> Response:
    """One instance with any of its files; sent again it stays one."""
    settings: Settings = current_app.config["RUHU"]
    parts = read_parts(request.environ, settings.staging, body_limit())
    received = odk.receive(current_collector(), store_of(settings), parts.xml, parts.files)
    enqueue(received.bound)
    if received.code == "instance.other_content":
        raise Problem("instance.other_content")
    if received.status == "unreadable":
        raise Problem("instance.unreadable")
    words = ASIDE if received.status == "quarantined" else RECEIVED
    return xml_answer(openrosa_xml.message(words[language()], nature="submit_success", code=received.code), 201)


def _form(session: Session, form_id: str, version: str) -> FormVersion:
    return versions.get_version(session, _plain(form_id), _plain(version))


def _list(session: Session, form_id: str, version: str, dataset: str) -> EntityList:
    return offered_forms.entity_list(session, _form(session, form_id, version), dataset)


def _plain(text: str) -> str:
    """No database takes a NUL."""
    return text.replace("\0", "")


def _with_tag(answer: Response, tag: str) -> Response:
    answer.set_etag(tag)
    answer.make_conditional(request)
    return answer


def nothing_here(rest: str = "") -> Response:
    """Whatever else is asked below these addresses is answered in their own language too."""
    raise Problem("record.not_found" if request.method in ("GET", "HEAD") else "request.method")


for _rule in ("/key/<token>", "/key/<token>/<path:rest>", "/formList", "/submission", "/forms/<path:rest>"):
    # Added last: of two rules for one address the first wins.
    blueprint.add_url_rule(
        _rule, "nothing_here", nothing_here, methods=_EVERY_METHOD, provide_automatic_options=False
    )
