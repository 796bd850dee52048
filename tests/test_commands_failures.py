"""A command that cannot work says what to do, in a sentence and not in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main


def ruhu(monkeypatch: pytest.MonkeyPatch, folder: Path, address: str, *words: str) -> Result:
    monkeypatch.setenv("RUHU_VAR", str(folder))
    monkeypatch.setenv("RUHU_DATABASE_URL", address)
    return CliRunner().invoke(main, words)


@pytest.mark.parametrize("words", [("demo", "load"), ("worker", "--once")])
def test_a_database_without_tables_is_to_be_migrated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    answer = ruhu(monkeypatch, tmp_path, f"sqlite:///{tmp_path}/empty.sqlite", *words)
    assert answer.exit_code == 1 and "ruhu migrate" in answer.output


@pytest.mark.parametrize(
    ("address", "sentence"),
    [("nonsense", "is no database address"), ("postgresql://x@127.0.0.1:1/x", "cannot be reached")],
)
def test_an_address_without_a_database_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, sentence: str
) -> None:
    answer = ruhu(monkeypatch, tmp_path, address, "migrate")
    assert answer.exit_code == 1 and sentence in answer.output


def test_a_folder_without_a_workbook_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer = ruhu(monkeypatch, tmp_path, f"sqlite:///{tmp_path}/x.sqlite", "form", "publish", str(tmp_path))
    assert answer.exit_code == 1 and "exactly one workbook" in answer.output
