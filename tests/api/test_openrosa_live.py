"""Collect against real server processes: power cuts, impatient phones, bodies that never end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask

from server.failpoints import NAMES
from server.registry.tables import EntityVersion
from server.sync.blobs import store_of
from server.sync.tables import Attachment, OpLog, Quarantine, Submission
from tests.api.collecting import HOUSEHOLD, JPEG, count, new_token, phone, rows, visit
from tests.collect import Collect, Reply, Send
from tests.collect_draft import Filled
from tests.collect_wire import multipart
from tests.serving import forked, serving

PLACES = [name for name in NAMES if name.startswith("push.")]


@pytest.fixture
def filled(county: Flask) -> Filled:
    collect = phone(county, "cadre")
    collect.refresh()
    draft = visit(collect, water_shortage_days="35").attach(".//photo_house_front", "a.jpg", JPEG)
    return collect.finalise(draft)


def over_the_wire(address: str) -> Send:
    """Sends to this server what is addressed to any."""

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        there = f"{address}{parts.path}?{parts.query}"
        answer = requests.request(method, there, headers=dict(headers), data=body, timeout=30)
        return Reply(answer.status_code, {key.lower(): value for key, value in answer.headers.items()}, answer.content)

    return send


def reach(address: str, key: str) -> Collect:
    return Collect(over_the_wire(address), f"{address}/key/{key}")


def stands_once(app: Flask) -> bool:
    """One submission, one new version of the household, one photo with its bytes, nothing set aside or left behind."""
    (photo,) = rows(app, Attachment)
    assert store_of(app.config["RUHU"]).open(photo.blob).read() == JPEG
    assert not list(app.config["RUHU"].staging.glob("*"))
    versions = count(app, EntityVersion, EntityVersion.entity_id == HOUSEHOLD)
    return (count(app, Submission), count(app, OpLog), versions, count(app, Quarantine)) == (1, 1, 2, 0)


@pytest.mark.kill
@pytest.mark.parametrize("place", PLACES)
def test_a_visit_killed_there_and_sent_again_counts_once(county: Flask, filled: Filled, place: str) -> None:
    """SIGKILL in the middle of a POST; Collect keeps the visit and sends it again."""
    key, settings = new_token(county, "cadre")["token"], county.config["RUHU"]
    with forked(settings, f"{place}=kill") as address, pytest.raises(requests.ConnectionError):
        reach(address, key).post(filled.xml, filled.files)
    with forked(settings) as address:
        assert [reply.status for reply in reach(address, key).submit(filled)] == [201]
    assert stands_once(county)


def test_eight_posts_of_one_visit_at_once_count_once(county: Flask, filled: Filled) -> None:
    """An impatient phone and its retries: every answer is 201."""
    key = new_token(county, "cadre")["token"]
    with forked(county.config["RUHU"]) as address, ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: reach(address, key).post(filled.xml, filled.files), range(8)))
    assert [reply.status for reply in replies] == [201] * 8
    assert stands_once(county)


def test_eight_different_contents_under_one_id_leave_one_and_keep_seven(county: Flask, filled: Filled) -> None:
    """The database decides who is first: 201 once, 409 for the others, all bytes kept."""
    key = new_token(county, "cadre")["token"]
    others = [filled.xml.replace(b">35<", b">%d<" % (40 + number)) for number in range(8)]
    with forked(county.config["RUHU"]) as address, ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda xml: reach(address, key).post(xml, {}), others))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 7
    assert (count(county, Submission), count(county, Quarantine)) == (1, 7)


def test_gunicorn_answers_what_is_too_large_and_logs_no_token(county: Flask, filled: Filled, tmp_path: Path) -> None:
    """The refusal reaches the client (not a reset), of known and unknown length; the server's own log has no key."""
    key, settings = new_token(county, "cadre")["token"], county.config["RUHU"]
    body, content_type = multipart(filled.xml, {"big.jpg": b"\x00" * 30_000_000})
    headers = {"X-OpenRosa-Version": "1.0", "Content-Type": content_type}

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    with serving(settings.database_url, settings.var) as address:
        for content in (body, pieces()):
            answer = requests.post(f"{address}/key/{key}/submission", data=content, headers=headers, timeout=60)
            assert (answer.status_code, answer.headers["X-OpenRosa-Version"]) == (413, "1.0")
            assert "Date" in answer.headers
        assert reach(address, key).post(filled.xml, filled.files).status == 201
    log = (settings.var / "server.log").read_text()
    assert "/key/<token>/submission" in log
    assert key not in log
    assert stands_once(county)
