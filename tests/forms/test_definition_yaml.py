"""YAML of strangers: what could grow, never end or break the stack is refused in words, quickly, in little memory."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
import yaml

from server.forms.definition_file import read_definition
from server.forms.definition_yaml import MOST_BYTES, MOST_DEPTH, MOST_NODES
from server.forms.issue import DefinitionError, Issue

SECONDS, MEMORY = 5.0, 60 * 1024 * 1024
LAUGHS = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
                   + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)])  # fmt: skip
FORMS = Path(__file__).parents[2] / "form_definitions"


def refusal(tmp_path: Path, content: str | bytes) -> Issue:
    """The one issue for which this is not read, within the bounds of time and memory."""
    path = tmp_path / "m.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(DefinitionError) as refused:
            read_definition(path)
        assert time.process_time() - begun < SECONDS
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert len(refused.value.issues) == 1
    return refused.value.issue


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (LAUGHS, 1, "“&a0”是锚点或别名"),
        ("b: 1\na: &a {b: *a}", 2, "“&a”"),
        ("b: 1\na: *a", 2, "“*a”"),
        ("&top\na: b", 1, "“&top”"),
        ("? &k a\n: b", 1, "“&k”"),
        ("a: b\nc: " + "[" * 3000, 2, f"{MOST_DEPTH} 层"),
        ("a: " + "[" * 900 + "]" * 900, 1, f"{MOST_DEPTH} 层"),
        ("{a: " * 3000, 1, f"{MOST_DEPTH} 层"),
        ("".join(" " * n + "a:\n" for n in range(700)), MOST_DEPTH, f"{MOST_DEPTH} 层"),
        ("a:\n  " + "- " * 3000 + "b", 2, f"{MOST_DEPTH} 层"),
        ("a:\n" + "- b\n" * (MOST_NODES + 1), MOST_NODES - 1, f"{MOST_NODES} 项"),
        (b"a: '" + b"x" * MOST_BYTES + b"'", 1, "1024 KiB"),
        (b"a: b\nc: \xff", 2, "UTF-8"),
        ("a: b\nc: \x07", 2, "控制字符"),
        ('a: b\nc: "\\0"', 2, "控制字符"),
        ('a: b\nc: "\\ud800"', 2, "控制字符"),
        ('a: b\nc: "\\UFFFFFFFF"', 2, "超出范围"),
        (f"%YAML {'9' * 5000}.1\n--- a", 1, "超出范围"),
        ("- a", 1, "名称: 内容"),
        ("", 1, "名称: 内容"),
    ],
)  # fmt: skip
def test_what_could_harm_is_refused_with_line_cause_and_cure(
    tmp_path: Path, content: str | bytes, line: int, why: str
) -> None:
    found = refusal(tmp_path, content)
    assert (found.where, why in found.why) == (f"m.yaml 第{line}行  / m.yaml line {line}", True), found
    assert " / " in found.fix


@pytest.mark.parametrize(
    ("content", "place", "chinese"),
    [
        ("a: b\nc: [d", "第2行第6列", "括号没有成对"),
        ('a: b\nc: "d', "第2行第6列", "引号没有成对"),
        ("a: b\nc: d: e", "第2行第5列", "冒号不对"),
        ("a:\n\tb: c", "第2行第1列", "Tab"),
        ("a:\n  b: c\n d: e", "第3行第2列", "缩进没有对齐"),
        ("a: b\n---\nc: d", "第2行第1列", "一个文件只能有一份"),
        ("a: @b", "第1行第4列", "要加引号"),
    ],
)
def test_the_chinese_half_of_a_parse_error_is_chinese(tmp_path: Path, content: str, place: str, chinese: str) -> None:
    """The parser's own English words stand in the English half alone."""
    first, _, second = refusal(tmp_path, content).why.partition(" / ")
    assert place in first and chinese in first
    assert not any(word in first for word in ("while", "found", "expected"))
    assert "line" in second and "column" in second


def test_a_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("a: b\n? [c]\n: d", "utf-8")
    issues = read_definition(tmp_path / "m.yaml").issues
    assert ["line 2" in one.where and "名称" in one.why for one in issues] == [True]


def test_just_within_the_bounds_is_read(tmp_path: Path) -> None:
    depth = MOST_DEPTH - 2
    (tmp_path / "m.yaml").write_text("\ufeffa: " + "[" * depth + "'&b *c'" + "]" * depth, "utf-8")
    value = read_definition(tmp_path / "m.yaml").content["a"]
    for _ in range(depth):
        (value,) = value
    assert value == "&b *c"


def test_our_own_definitions_are_far_within_the_bounds() -> None:
    files = sorted(FORMS.rglob("*.yaml"))
    assert files
    for path in files:
        assert read_definition(path).content, path
        events = sum(1 for _ in yaml.parse(path.read_text("utf-8"), Loader=yaml.BaseLoader))
        assert events < MOST_NODES / 4, path
