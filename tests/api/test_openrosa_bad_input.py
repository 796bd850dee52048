"""What is wrong, hostile or absurd at the OpenRosa door: answered clearly, nothing lost, nothing changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from flask import Flask
from lxml import etree
from structlog.testing import capture_logs

from server.sync.blobs import store_of
from server.sync.tables import Attachment, Blob, OpLog, Quarantine, Submission
from tests.api.collecting import FOREIGN, FORM, HOUSEHOLD, JPEG, count, entity, rows, visit
from tests.collect import RESPONSE, Collect, Reply
from tests.collect_draft import Filled
from tests.collect_wire import multipart

Change = Callable[[bytes], bytes]


@pytest.fixture
def filled(collect: Collect) -> Filled:
    """A good visit; each test spoils one thing."""
    return collect.finalise(visit(collect, water_shortage_days="35"))


def code(reply: Reply) -> str | None:
    """The code of an answer, which must be an OpenRosa answer."""
    assert reply.headers["x-openrosa-version"] == "1.0"
    assert reply.headers["x-openrosa-accept-content-length"].isdigit()
    assert "text/xml" in reply.headers["content-type"]
    message = etree.fromstring(reply.body).find(f"{RESPONSE}message")
    assert message is not None and message.text
    return message.get("code")


def unchanged(app: Flask) -> bool:
    household = entity(app, HOUSEHOLD)
    return (household.version, household.values["water_shortage_days"], household.contested) == (1, "20", [])


BOMB = b"""<?xml version="1.0"?><!DOCTYPE data [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>
<data id="household_visit" version="1"><a>&d;</a><meta><instanceID>uuid:1</instanceID></meta></data>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE data [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<data id="household_visit" version="1"><a>&x;</a><meta><instanceID>uuid:1</instanceID></meta></data>"""
UNUSED_DTD = b"""<!DOCTYPE data>
<data id="household_visit" version="1"><meta><instanceID>uuid:1</instanceID></meta></data>"""
GBK = """<?xml version="1.0" encoding="gbk"?>
<data id="household_visit" version="1"><a>户主</a><meta><instanceID>uuid:1</instanceID></meta></data>"""
DEEP = b"<data id='household_visit' version='1'>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</data>"


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param(b"<data><unclosed>", id="broken"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xd8\xff no xml at all", id="no xml"),
        pytest.param(BOMB, id="entity expansion"),
        pytest.param(OUTSIDE, id="external entity"),
        pytest.param(UNUSED_DTD, id="a DTD that does nothing"),
        pytest.param(UNUSED_DTD.decode().encode("utf-16"), id="a DTD in UTF-16"),
        pytest.param(DEEP, id="deep"),
        pytest.param(b"<data id='household_visit' version='1'><a>\x00</a></data>", id="NUL"),
        pytest.param(b"<data id='household_visit' version='1'><a>&#0;</a></data>", id="NUL by number"),
        pytest.param(b"<data id='household_visit' version='1'><meta/></data>", id="no instanceID"),
        pytest.param(b"<data><meta><instanceID>uuid:1</instanceID></meta></data>", id="no form id"),
        pytest.param(GBK.encode("gbk"), id="not UTF-8"),
    ],
)
def test_an_unreadable_instance_is_400_and_its_bytes_are_kept_once(county: Flask, collect: Collect, xml: bytes) -> None:
    """Sent twice, kept once, byte by byte, in the author's area; no op, no submission."""
    replies = [collect.post(xml, {}) for _ in range(2)]
    assert [reply.status for reply in replies] == [400, 400]
    assert {code(reply) for reply in replies} == {"instance.unreadable"}
    assert b"root:" not in replies[0].body
    (kept,) = rows(county, Quarantine)
    assert (kept.code, kept.raw, kept.region_code) == ("instance.unreadable", xml, "990101001000")
    assert count(county, OpLog) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b'id="household_visit"', b'id="some_other_form"', id="form"),
        pytest.param(b'id="household_visit" version="', b'id="household_visit" version="9', id="version"),
    ],
)
def test_an_unknown_form_or_version_is_received_and_set_aside(
    county: Flask, collect: Collect, filled: Filled, old: bytes, new: bytes
) -> None:
    """Its photo too: the form may be published tomorrow."""
    assert old in filled.xml
    reply = collect.post(filled.xml.replace(old, new), {"a.jpg": JPEG})
    assert (reply.status, code(reply)) == (201, "form.unknown_version")
    assert count(county, Submission) == 1
    assert count(county, Attachment, Attachment.blob.is_not(None)) == 1
    assert unchanged(county)


def spoiled(filled: Filled, **attributes: str) -> bytes:
    """The visit with other attributes on the household's meta/entity."""
    root = etree.fromstring(filled.xml)
    found = root.find("meta/entity")
    assert found is not None
    found.attrib.update(attributes)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param({"id": FOREIGN}, "scope.lost", id="another area"),
        pytest.param({"id": "3f2b8c1e-0000-4000-8000-000000000000"}, "scope.lost", id="nobody"),
        pytest.param({"id": "12345"}, "entities.unreadable", id="no UUID"),
        pytest.param({"id": "3f2b8c1e-0000-1000-8000-000000000000"}, "entities.unreadable", id="UUID v1"),
        pytest.param({"baseVersion": "7", "trunkVersion": "7"}, "entity.base_unknown", id="newer than the server"),
        pytest.param({"baseVersion": "one"}, "entities.unreadable", id="version in words"),
    ],
)
def test_a_record_that_cannot_be_written_is_received_and_set_aside(
    county: Flask, collect: Collect, filled: Filled, attributes: dict[str, str], expected: str
) -> None:
    """201, stored, in quarantine with its reason, no record touched; foreign and unknown answer alike."""
    reply = collect.post(spoiled(filled, **attributes), {})
    assert (reply.status, code(reply)) == (201, expected)
    assert count(county, Submission) == 1
    assert unchanged(county)
    assert entity(county, FOREIGN).version == 1


def test_a_photo_that_is_none_is_kept_as_it_is(county: Flask, collect: Collect, filled: Filled) -> None:
    """Judging a picture is derived work: it never holds up the submission."""
    noise = b"<script>alert(1)</script>"
    assert collect.post(filled.xml, {"photo.jpg": noise}).status == 201
    (photo,) = rows(county, Attachment)
    assert store_of(county.config["RUHU"]).open(photo.blob).read() == noise


def test_two_files_of_one_name_are_both_kept(county: Flask, collect: Collect, filled: Filled) -> None:
    body, content_type = multipart(filled.xml, {"a.jpg": JPEG, "b.jpg": b"other"})
    assert collect.post_raw(body.replace(b'"b.jpg"', b'"a.jpg"'), content_type).status == 201
    stored = {row.blob for row in rows(county, Attachment)}
    assert stored == {hashlib.sha256(JPEG).hexdigest(), hashlib.sha256(b"other").hexdigest()}


def test_other_bytes_under_a_name_that_came_before_are_kept_beside_it(
    county: Flask, collect: Collect, filled: Filled
) -> None:
    """The first stand under their name; sent again, each stays where it is."""
    for content in (JPEG, b"other", b"other", JPEG):
        assert collect.post(filled.xml, {"a.jpg": content}).status == 201
    first, other = (hashlib.sha256(content).hexdigest() for content in (JPEG, b"other"))
    assert {row.name: row.blob for row in rows(county, Attachment)} == {"a.jpg": first, f"{other[:8]}-a.jpg": other}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\photos\\a.jpg", "户主.jpg", "x" * 400 + ".jpg", "a\x01b.jpg", "%00.jpg"]
)
def test_a_strange_file_name_becomes_a_plain_one(county: Flask, collect: Collect, filled: Filled, name: str) -> None:
    assert collect.post(filled.xml, {name: JPEG}).status == 201
    (row,) = rows(county, Attachment)
    assert not {"/", "\\", "\x00", "\x01"} & set(row.name)
    assert 0 < len(row.name) <= 255
    assert row.name.rpartition(".")[2] == name.rpartition(".")[2].rpartition("/")[2]


def test_a_request_without_the_version_header_is_400(county: Flask, collect: Collect, filled: Filled) -> None:
    """On every address, and the answer still says that this is an OpenRosa server."""
    body, content_type = multipart(filled.xml, {})
    without = {"X-OpenRosa-Version": ""}
    assert code(collect.post_raw(body, content_type, without)) == "openrosa.version_missing"
    listed = county.test_client().get(f"{collect.server_url.removeprefix('http://localhost')}/formList")
    assert (listed.status_code, listed.headers["X-OpenRosa-Version"]) == (400, "1.0")
    assert count(county, OpLog) == 0


def test_a_body_without_the_instance_is_400(county: Flask, collect: Collect, filled: Filled) -> None:
    bodies = [
        multipart(None, {"a.jpg": JPEG}),
        (filled.xml, "text/xml"),
        (b"xml_submission_file=%3Cdata%3E", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
    ]
    for body, content_type in bodies:
        reply = collect.post_raw(body, content_type)
        assert (reply.status, code(reply)) == (400, "openrosa.no_submission"), content_type
    assert (count(county, OpLog), count(county, Blob)) == (0, 0)


def test_a_body_that_is_cut_short_leaves_nothing(county: Flask, collect: Collect, filled: Filled) -> None:
    """The tunnel: whatever came is dropped, and the resend is the first one that counts."""
    body, content_type = multipart(filled.xml, {"a.jpg": JPEG})
    for length in (10, len(filled.xml), len(body) - 200, len(body) - 5):
        assert collect.post_raw(body[:length], content_type).status == 400
    assert (count(county, OpLog), count(county, Blob)) == (0, 0)
    assert collect.post_raw(body, content_type).status == 201


def test_a_body_over_the_limit_is_413_and_leaves_nothing(county: Flask, collect: Collect, filled: Filled) -> None:
    reply = collect.post(filled.xml, {"big.jpg": b"\x00" * 30_000_000})
    assert (reply.status, code(reply)) == (413, "request.too_large")
    assert (count(county, OpLog), count(county, Blob)) == (0, 0)
    assert not list(county.config["RUHU"].staging.glob("*"))


def test_more_than_a_hundred_files_are_413(county: Flask, collect: Collect, filled: Filled) -> None:
    """Collect sends at most a hundred; 100 pass, 101 do not, and 5,000 are not even read into files."""
    files = {f"{number}.jpg": b"%d" % number for number in range(101)}
    for many in (files, {f"{number}.jpg": b"" for number in range(5000)}):
        reply = collect.post(filled.xml, many)
        assert (reply.status, code(reply)) == (413, "request.too_large")
    assert count(county, OpLog) == 0
    files.popitem()
    assert collect.post(filled.xml, files).status == 201
    assert count(county, Attachment, Attachment.blob.is_not(None)) == 100


def test_what_is_not_there_answers_in_the_language_of_openrosa(county: Flask, collect: Collect) -> None:
    """Unknown forms, versions, files, lists and addresses, wrong methods, and NUL in every place that takes text."""
    version = collect.forms[FORM].listed.version
    here = f"/forms/{FORM}/{version}"
    wrong = [
        ("GET", "/forms/nothing/1.xml"), ("GET", f"/forms/{FORM}/0.xml"), ("GET", f"{here}/media/a.png"),
        ("GET", f"{here}/entities/secret.csv"), ("GET", "/nowhere"), ("GET", ""), ("GET", "/submission"),
        ("GET", "/forms/%00/1.xml"), ("GET", f"{here}/media/%00.png"),
        ("POST", "/formList"), ("DELETE", "/submission"), ("OPTIONS", "/submission"),
    ]  # fmt: skip
    for method, path in wrong:
        reply = collect._request(method, collect.server_url + path)
        assert reply.status in (404, 405), (method, path, reply.status)
        assert code(reply) in ("form.not_found", "record.not_found", "request.method")
    nul = collect._request("GET", f"{collect.server_url}/formList?formID=%00&deviceID=%00")
    assert nul.status == 200
    strange = f"{here}/entities/household/integrity?id=%00,,%01x,{HOUSEHOLD}"
    answers = etree.fromstring(collect._request("GET", collect.server_url + strange).body)
    assert [item.findtext("deleted") for item in answers.iter("entity")] == ["true", "true", "false"]


def test_a_failure_of_ours_is_500_in_xml_and_tells_nothing(
    county: Flask, collect: Collect, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Collect keeps the visit and sends it again; neither answers nor tokens reach the log."""

    def broken(*_: object) -> None:
        raise RuntimeError("王大山")

    monkeypatch.setattr("server.api.openrosa.odk.receive", broken)
    with capture_logs() as entries:
        reply = collect.post(filled.xml, {})
    log = str(entries)
    assert (reply.status, code(reply)) == (500, "server.failed")
    assert "unforeseen" in log and "王大山" not in log + reply.body.decode()
    assert collect.server_url.rpartition("/")[2] not in log
