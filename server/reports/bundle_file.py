"""The zip of an audit bundle, written from front to back, and its manifest."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from server.db import CHINA, now
from server.evidence.formats import media_type_of
from server.reports.bundle_words import README
from server.sync.blob_store import PIECE, BlobStore

FORMAT = "ruhu-photo-bundle/1"
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/heic": ".heic"}
_VERIFIER = Path(__file__).with_name("verify.py")


class BundleFile:
    """Takes photos and visits; `finish` writes the manifest and answers its SHA-256, the number of the bundle."""

    def __init__(self, target: Path, store: BlobStore, name: str) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._store, self._name, self._made_at = store, name, now()
        self._files: dict[str, tuple[str, int]] = {}
        self._add("README.txt", README.encode())
        self._add("verify.py", _VERIFIER.read_bytes())

    def __enter__(self) -> BundleFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()

    def add_photo(self, photo: dict[str, Any]) -> None:
        """Copies the original; its name ends as its bytes begin. What the store lost has no `file` any more."""
        if photo["file"] is None:
            return
        try:
            source = self._store.open(photo["sha256"])
        except FileNotFoundError:
            photo["file"] = None
            return
        photo["file"] += _ENDINGS.get(media_type_of(source.read(32)) or "", ".bin")
        source.seek(0)
        digest, size = hashlib.sha256(), 0
        # Pictures are packed already.
        with source, self._zip.open(self._entry(photo["file"], zipfile.ZIP_STORED), "w", force_zip64=True) as target:
            while piece := source.read(PIECE):
                digest.update(piece)
                size += len(piece)
                target.write(piece)
        self._files[photo["file"]] = (digest.hexdigest(), size)

    def add_visit(self, number: int, visit: Mapping[str, Any]) -> None:
        self._add(f"visits/{number:06}.json", _json(visit))

    def finish(self, counts: Mapping[str, int]) -> str:
        files = [{"path": path, "sha256": hash, "size": size} for path, (hash, size) in self._files.items()]
        made_at = self._made_at.isoformat(timespec="seconds")
        manifest = _json({"format": FORMAT, "export": self._name, "made_at": made_at, **counts, "files": files})
        self._zip.writestr(self._entry("manifest.json", zipfile.ZIP_DEFLATED), manifest)
        return hashlib.sha256(manifest).hexdigest()

    def _add(self, path: str, content: bytes) -> None:
        self._zip.writestr(self._entry(path, zipfile.ZIP_DEFLATED), content)
        self._files[path] = (hashlib.sha256(content).hexdigest(), len(content))

    def _entry(self, path: str, packed: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(path, self._made_at.astimezone(CHINA).timetuple()[:6])
        entry.compress_type = packed
        entry.external_attr = 0o644 << 16
        return entry


def _json(value: Mapping[str, Any]) -> bytes:
    """A half of a surrogate pair, which no encoding can say, stands as its escape."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
