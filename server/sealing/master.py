"""Master keys: they wrap the keys in the database and lie outside it.

A file (or a setting) with one key a line, `id secret`, both hexadecimal; the first wraps, all unwrap. Lines that begin
with # are remarks.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from server.errors import Problem
from server.sealing.tokens import ID, SECRET, Key, new_key

_REMARK = "# Ruhu's master keys. Whoever has them and the database reads everything: keep them apart, keep a copy.\n"


def read_masters(text: str, where: str) -> list[Key]:
    """The keys of a file or setting, in order. Problem keys.unreadable with the line, never with its content."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            id_, secret = (bytes.fromhex(part) for part in line.split())
        except ValueError as error:
            raise Problem("keys.unreadable", detail=f"{where}: {number}") from error
        if len(id_) != ID or len(secret) != SECRET:
            raise Problem("keys.unreadable", detail=f"{where}: {number}")
        found.append(Key(id_, secret))
    return found


def line_of(key: Key) -> str:
    return f"{key.id.hex()} {key.secret.hex()}"


def load_masters(path: Path) -> list[Key]:
    """The keys of the file; none when there is no file. Problem keys.unreadable."""
    try:
        return read_masters(path.read_text("utf-8"), str(path))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise Problem("keys.unreadable", detail=f"{path}: {type(error).__name__}") from error


def make_master(path: Path) -> list[Key]:
    """A file with one new key, mode 600; when another was first, its keys."""
    name = _written(path, [new_key()])
    try:
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        name.unlink()
    _sync(path.parent)
    return load_masters(path)


def replace_masters(path: Path, keys: Sequence[Key]) -> None:
    """Writes the file anew in one step: whoever reads it sees the old or the new."""
    _written(path, keys).replace(path)
    _sync(path.parent)


def _written(path: Path, keys: Sequence[Key]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".master-")  # mode 600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_REMARK + "".join(f"{line_of(key)}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
