"""A version that was ever published never changes."""

from pathlib import Path

import pytest

from server.forms.compile import compile_form
from server.forms.source import read_source
from tests.forms.samples import DEFINITIONS, datasets

FOLDERS = sorted(path for path in (DEFINITIONS / "forms").iterdir() if path.is_dir())


def _frozen() -> dict[str, str]:
    lines = (DEFINITIONS / "CHECKSUMS").read_text("utf-8").splitlines()
    pairs = [line.split() for line in lines if line and not line.startswith("#")]
    return {version: checksum for checksum, version in pairs}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_published_version_is_as_it_was_published(folder: Path) -> None:
    """Submissions are read by the version that they were filled in with, for ever."""
    source = read_source(folder)
    form = compile_form(source.content, source.filename, source.media, datasets=datasets())
    version = f"{form.form_id}/{form.version}"
    assert form.form_id == folder.name
    line = f"{source.checksum}  {version}"
    assert version in _frozen(), f"A new version: add this line to form_definitions/CHECKSUMS\n{line}"
    assert _frozen()[version] == source.checksum, (
        f"{version} is published and must not change. Undo the change, or raise `version` on its settings sheet "
        f"and add a line for the new version to form_definitions/CHECKSUMS."
    )
