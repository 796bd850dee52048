"""Bodies as ODK Collect's HTTP client writes them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping


def multipart(xml: bytes | None, files: Mapping[str, bytes], incomplete: bool = False) -> tuple[bytes, str]:
    """(body, content type) as OkHttp writes them: each file is a part named by its file name."""
    border = uuid.uuid4().hex
    parts: list[tuple[str, str | None, str, bytes]] = []
    if xml is not None:
        parts.append(("xml_submission_file", "instance.xml", "text/xml", xml))
    if incomplete:
        parts.append(("*isIncomplete*", None, "text/plain", b"yes"))
    parts += [(name, name, _media_type(name), content) for name, content in files.items()]
    body = bytearray()
    for name, filename, media_type, content in parts:
        shown = f'; filename="{filename}"' if filename else ""
        body += f'--{border}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n'.encode()
        body += f"Content-Type: {media_type}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content + b"\r\n"
    body += f"--{border}--\r\n".encode()
    return bytes(body), f"multipart/form-data; boundary={border}"


def _media_type(name: str) -> str:
    known = {"jpg": "image/jpeg", "csv": "text/csv", "png": "image/png"}
    return known.get(name.rpartition(".")[2], "application/octet-stream")
