"""One op of a push that is no JSON is set aside with its bytes; its neighbours are applied.

The bodies are made as bytes: what stands here no JSON writer would give out.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.sync import batch
from server.sync.batch import NotJson, parse, read_body
from server.sync.envelope import Unread
from server.sync.tables import OpLog, Quarantine
from tests.sync.test_push import count, value
from tests.world import Phone, World

DEEP = b"[" * 5000 + b"]" * 5000
# What stands for "HERE" within an op that is whole otherwise.
POISON = {
    "invalid UTF-8": b'"\xff\xfe\xe5"',
    "another encoding": '"张三"'.encode("gb18030"),
    "half a character": '"张'.encode()[:-1] + b'"',
    "NUL itself": b'"a\x00b"',
    "line break itself": b'"a\nb"',
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "an endless number": b"9" * 5000,
    "too deep": DEEP,
    "a name twice": b'{"a": 1, "a": 2}',
    "no value": b"",
    "no word of JSON": b"undefined",
    "a wrong escape": rb'"\q"',
    "brackets that do not fit": b'{"a": [}}',
}


def poisoned(op: dict[str, Any], kind: str) -> bytes:
    return json.dumps({**op, "note": "HERE"}, ensure_ascii=False).encode().replace(b'"HERE"', POISON[kind])


def whole(op: dict[str, Any]) -> bytes:
    return json.dumps(op, ensure_ascii=False).encode()


def send(phone: Phone, *ops: bytes) -> Any:
    body = b'{"ops": [' + b", ".join(ops) + b"]}"
    return phone.client.post("/api/v1/sync/push", data=body, headers=phone.headers)


def kept_bytes(world: World) -> list[bytes]:
    return world.look(lambda session: [row.raw for row in session.query(Quarantine)])


@pytest.mark.parametrize("kind", POISON)
def test_a_poisoned_op_is_kept_byte_by_byte_and_its_neighbours_are_applied(world: World, kind: str) -> None:
    """With its number, so that the phone's acknowledgement goes on; a resend keeps it once."""
    phone = world.phone("li")
    first, bad, last = phone.visit(grade="B"), phone.visit(water_days="1"), phone.visit(water_days="35")
    ops = (whole(first), poisoned(bad, kind), whole(last))
    answer = send(phone, *ops)
    assert answer.status_code == 200, answer.text
    assert [one["status"] for one in answer.json["results"]] == ["applied", "unreadable", "applied"]
    assert answer.json["acked_seq"] == 3
    assert kept_bytes(world) == [poisoned(bad, kind)]
    assert value(world, "water_shortage_days") == "35"
    again = send(phone, *ops).json["results"]
    assert [one["status"] for one in again] == ["duplicate", "unreadable", "duplicate"]
    assert (count(world, Quarantine), count(world, OpLog)) == (1, 2)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(["whole", *POISON]), min_size=1, max_size=8))
def test_of_any_mixture_all_whole_ops_are_applied_and_all_poisoned_ones_are_kept(world: World, mix: list[str]) -> None:
    phone = world.phone("li")
    before = len(kept_bytes(world))
    ops = [(kind, phone.visit(front=f"{place}.jpg")) for place, kind in enumerate(mix)]
    sent = [whole(op) if kind == "whole" else poisoned(op, kind) for kind, op in ops]
    answer = send(phone, *sent).json
    wanted = ["applied" if kind == "whole" else "unreadable" for kind in mix]
    assert [one["status"] for one in answer["results"]] == wanted
    assert answer["acked_seq"] == len(mix)
    bad = [raw for kind, raw in zip(mix, sent, strict=True) if kind != "whole"]
    kept = kept_bytes(world)
    assert set(bad) <= set(kept)
    assert len(kept) == before + len(bad)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(JSON, max_size=6), st.lists(st.sampled_from(sorted(POISON)), min_size=1, max_size=3), st.randoms())
def test_the_cut_finds_every_element_whatever_stands_around_it(ops: list[Any], kinds: list[str], dice: Any) -> None:
    """Brackets, quotes, commas and backslashes in texts are no borders."""
    texts = [json.dumps(op, ensure_ascii=dice.random() < 0.5) for op in ops]
    parts = [(text.encode("utf-8", "surrogatepass"), True) for text in texts]
    for kind in kinds:
        parts.insert(dice.randint(0, len(parts)), (b'{"seq": 7, "x": ' + POISON[kind] + b"}", False))
    body = b'\xef\xbb\xbf {"v": "]}", "ops" : [' + b",\n".join(raw for raw, _ in parts) + b'], "more": NaN} '
    found = read_body(body)
    assert isinstance(found, dict)
    assert len(found["ops"]) == len(parts)
    for element, (raw, is_whole) in zip(found["ops"], parts, strict=True):
        if is_whole:
            assert element == parse(raw)
        else:
            assert isinstance(element, Unread) and (element.raw, element.seq) == (raw, 7)


CUT_OFF = [b'{"ops": [{"a": 1}', b'{"ops": [1]} x', b'{"ops": ["a]}', b'{"ops": 1, "x": NaN}']


@pytest.mark.parametrize("body", [b"", b"{", b"[[[[", b"\xff\xfe", *CUT_OFF])
def test_what_has_no_list_of_ops_is_refused_with_its_place(world: World, body: bytes) -> None:
    """Nothing of it is stored, nothing is taken from the phone: it sends again, in smaller parts."""
    phone = world.phone("li")
    answer = phone.client.post("/api/v1/sync/push", data=body, headers=phone.headers)
    assert (answer.status_code, answer.json["code"]) == (400, "request.not_json")
    assert answer.json["errors"][0]["where"]
    assert (count(world, Quarantine), count(world, OpLog)) == (0, 0)


def test_two_lists_of_ops_are_none() -> None:
    """Nobody could say which one was meant."""
    for text in (b'{"ops": [], "ops": [{"a": NaN}]}', b'{"ops": [], "ops": []}'):
        with pytest.raises(NotJson):
            read_body(text)


def test_a_supervisor_reads_the_reason_and_exactly_the_bytes(world: World) -> None:
    phone, zhang = world.phone("li"), world.phone("zhang")
    raw = poisoned(phone.visit(), "invalid UTF-8")
    [result] = send(phone, raw).json["results"]
    row = zhang.get(f"/quarantine/{result['detail']}").json
    assert row["code"] == "op.unreadable"
    assert "no UTF-8" in row["detail"]
    assert base64.b64decode(row["raw_base64"]) == raw
    assert row["author"]["username"] == "li"


def test_a_body_made_to_take_minutes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """16 MiB of brackets: more marks than any push has are not looked at."""
    monkeypatch.setattr(batch, "MOST_MARKS", 1000)
    assert read_body(b'{"ops": [' + b"[]," * 300 + b"NaN]}")
    with pytest.raises(NotJson):
        read_body(b'{"ops": [' + b"[]," * 400 + b"NaN]}")


def test_an_op_that_says_its_names_over_and_over_is_looked_at_once() -> None:
    """A MiB of one name: to look at each name once for each other one would take minutes, and 16 MiB a day."""
    body = b'{"ops": [{' + b'"a": 1, ' * 130_000 + b'"seq": 7}]}'
    before = time.process_time()
    [found] = read_body(body)["ops"]  # type: ignore[index]
    assert isinstance(found, Unread) and found.seq == 7
    assert time.process_time() - before < 3


def test_a_list_that_is_too_long_anyway_is_not_read_element_by_element(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million commas are a million elements that are no JSON; the push is refused before any of them is looked at."""
    monkeypatch.setattr(batch, "read_element", lambda _raw: pytest.fail("an element was read"))
    phone = world.phone("li")
    answer = send(phone, *([b""] * 300))
    assert (answer.status_code, answer.json["code"]) == (413, "request.too_large")


@pytest.mark.parametrize("heap", [b"[],", b'{"a":0},', b'"",'])
def test_a_heap_of_small_values_is_refused_before_it_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch, heap: bytes
) -> None:
    """16 MiB of it would take 800 MB, for each thread that reads one. A long form in one text is no heap."""
    monkeypatch.setattr("server.api.sync.read_body", lambda *_: pytest.fail("it was read"))
    phone = world.phone("li")
    answer = send(phone, b'{"x": [' + heap * (2 * 1024 * 1024 // len(heap)) + b"1]}")
    assert (answer.status_code, answer.json["code"]) == (413, "request.too_large")
    assert not batch.is_crowded(json.dumps({"ops": [{"instance_xml": '<a>"[]",\\</a>' * 200_000}]}).encode())
    assert not batch.is_crowded(b'"' + rb"\"" * 2_000_000)


def test_a_whole_body_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The good path costs what it did: one reading, no look at the bytes."""

    def never(*_given: object) -> Callable[[], object]:
        raise AssertionError

    monkeypatch.setattr(batch, "_parts", never)
    assert read_body(b'{"ops": [{"a": 1}]}') == {"ops": [{"a": 1}]}
