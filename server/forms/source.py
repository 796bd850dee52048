"""What an author hands in: a workbook and the files that go with it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WORKBOOKS = (".md", ".xlsx", ".xls")


@dataclass(frozen=True)
class FormSource:
    """The bytes of a workbook, its name, and the media by name."""

    content: bytes
    filename: str
    media: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def checksum(self) -> str:
        """SHA-256 of all of it: what a published version is frozen by.

        Of the source and not of the compiled form: a newer compiler may write the same form in other words.
        """
        digest = hashlib.sha256(hashlib.sha256(self.content).digest())
        for name in sorted(self.media):
            digest.update(hashlib.sha256(name.encode("utf-8")).digest())
            digest.update(hashlib.sha256(self.media[name]).digest())
        return digest.hexdigest()


def read_source(path: Path) -> FormSource:
    """A workbook, or a folder that holds one (form.md, form.xlsx …) and its media. Raises FileNotFoundError."""
    if path.is_file():
        return FormSource(path.read_bytes(), path.name)
    files = [file for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]
    workbooks = [file for file in files if file.suffix in WORKBOOKS]
    if len(workbooks) != 1:
        raise FileNotFoundError(f"{path}: one workbook ({', '.join(WORKBOOKS)})")
    media = {file.name: file.read_bytes() for file in files if file not in workbooks}
    return FormSource(workbooks[0].read_bytes(), workbooks[0].name, media)
