"""The multipart reader takes anything and answers in one of two ways: parts, or a clear problem."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.api.multipart import plain_name, read_parts
from server.errors import Problem
from tests.collect_wire import multipart

LIMIT = 100_000


def environ(body: bytes, content_type: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST", "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }  # fmt: skip


def read(body: bytes, content_type: str) -> tuple[bytes, dict[str, bytes]] | str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            parts = read_parts(environ(body, content_type), Path(folder), LIMIT)
        except Problem as problem:
            return problem.code
        return parts.xml, {part.name: part.stream.read() for part in parts.files}


@given(st.binary(max_size=2000), st.lists(st.binary(max_size=5000), max_size=5))
def test_any_bytes_come_through_unchanged(xml: bytes, contents: list[bytes]) -> None:
    files = {f"{number}.jpg": content for number, content in enumerate(contents)}
    assert read(*multipart(xml, files)) == (xml, files)


@given(st.binary(max_size=500), st.integers(0, 2000))
def test_a_body_cut_anywhere_before_its_end_is_refused_whole(xml: bytes, length: int) -> None:
    """Its last bytes are the closing border; without that nothing of it is believed."""
    body, content_type = multipart(xml, {"a.jpg": b"photo"})
    cut = body[: min(length, len(body) - 5)]
    assert read(cut, content_type) == "openrosa.no_submission"


@given(st.binary(max_size=3000), st.text(max_size=60))
def test_noise_is_refused_and_never_crashes(body: bytes, content_type: str) -> None:
    assert read(body, content_type) == "openrosa.no_submission"


@given(st.binary(max_size=300))
def test_noise_between_good_borders_never_crashes(noise: bytes) -> None:
    body, content_type = multipart(b"<data/>", {"a.jpg": b"photo"})
    border = content_type.partition("boundary=")[2].encode()
    spoiled = body.replace(b"--" + border, b"--" + border + noise, 1)
    outcome = read(spoiled, content_type)
    assert outcome in ("openrosa.no_submission", "request.too_large") or isinstance(outcome, tuple)


@given(st.text(max_size=600))
def test_a_plain_name_is_short_and_names_no_folder(name: str) -> None:
    found = plain_name(name)
    assert len(found) <= 255
    assert not {"/", "\\", "\x00", "\n"} & set(found)
    assert plain_name(found) == found


@pytest.mark.parametrize("length", ["-1", str(2**63), "many", "1e3"])
def test_a_false_length_is_no_way_in(length: str) -> None:
    body, content_type = multipart(b"<data/>", {})
    asked = environ(body, content_type) | {"CONTENT_LENGTH": length}
    with tempfile.TemporaryDirectory() as folder, pytest.raises(Problem):
        read_parts(asked, Path(folder), LIMIT)


def test_a_name_in_no_known_letters_is_no_reason_to_refuse() -> None:
    body, content_type = multipart(b"<data/>", {"a.jpg": b"photo"})
    assert read(body.replace(b'"a.jpg"', b'"\xc4\xe3.jpg"'), content_type) == (b"<data/>", {".jpg": b"photo"})


@pytest.mark.parametrize("sent", ["户主.jpg", "C:\\photos\\户主.jpg", "/a/b/户主.jpg"])
def test_a_name_comes_through_without_its_folders(sent: str) -> None:
    assert read(*multipart(b"<data/>", {sent: b"photo"})) == (b"<data/>", {"户主.jpg": b"photo"})


@pytest.mark.parametrize(("number", "size"), [(1, 70_000), (150, 1)])
def test_fields_beside_the_files_are_bounded_in_size_and_number(number: int, size: int) -> None:
    body, content_type = multipart(b"<data/>", {"a.jpg": b"photo"})
    border = content_type.partition("boundary=")[2]
    field = f'--{border}\r\nContent-Disposition: form-data; name="note"\r\n\r\n{"x" * size}\r\n'.encode()
    assert read(field * number + body, content_type) == "request.too_large"


def test_a_field_within_the_bounds_is_passed_over() -> None:
    body, content_type = multipart(b"<data/>", {"a.jpg": b"photo"}, incomplete=True)
    assert read(body, content_type) == (b"<data/>", {"a.jpg": b"photo"})


def test_a_body_above_the_limit_is_told_so() -> None:
    assert read(*multipart(b"<data/>", {"a.jpg": b"x" * LIMIT})) == "request.too_large"


@pytest.mark.parametrize(
    "told",
    [
        "filename*=utf-8''{}",
        "filename=\"=?utf-8?B?5oi35Li7LmpwZw==?=\"; filename*=UTF-8''{}",
        "filename*=\"UTF-8'zh'{}\"",
    ],
)
def test_a_name_that_is_spelled_in_its_bytes_is_understood(told: str) -> None:
    """So .NET, Spring and older Python clients send names in Chinese; without a name the photo would be lost."""
    body, content_type = multipart(b"<data/>", {"a.jpg": b"photo"})
    spelled = told.format("%E6%88%B7%E4%B8%BB.jpg").encode()
    assert read(body.replace(b'filename="a.jpg"', spelled), content_type) == (b"<data/>", {"户主.jpg": b"photo"})


def test_what_needs_a_file_finds_its_folder() -> None:
    """A server that was just set up has none yet; a small body needs none."""
    with tempfile.TemporaryDirectory() as folder:
        staging, sizes = Path(folder) / "not" / "yet", (10, 400_000)
        for size, is_there in zip(sizes, (False, True), strict=True):
            content = b"x" * size
            parts = read_parts(environ(*multipart(b"<a/>", {"photo.jpg": content})), staging, 500_000)
            assert (parts.files[0].stream.read(), staging.is_dir()) == (content, is_there)
