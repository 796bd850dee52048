"""The page that tells a phone on the same Wi-Fi how to trust this machine: plain HTTP, two addresses."""

from __future__ import annotations

import io
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import segno

from server.commands import local_ca
from server.commands.messages import say

Answer = tuple[str, bytes]


def pages(folder: Path, address: str, help_address: str) -> dict[str, Answer]:
    """(type, content) by path. `address`: the app's; `help_address`: this page's own."""
    page = say(
        "lan.page", address=escape(address), fingerprint=local_ca.fingerprint(folder),
        app_qr=_qr(f"{address}/"), help_qr=_qr(f"{help_address}/"),
    )  # fmt: skip
    certificate = ("application/x-x509-ca-cert", local_ca.ca_der(folder))
    return {"/": ("text/html; charset=utf-8", page.encode()), "/ruhu-ca.crt": certificate}


def _qr(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=5, xmldecl=False, svgns=True, dark="#1D2521")
    return out.getvalue().decode()


def serve(host: str, port: int, answers: dict[str, Answer]) -> None:
    """Serves until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        known: ClassVar[dict[str, Answer]] = answers

        def do_GET(self) -> None:
            kind, content = self.known.get(self.path, ("text/plain; charset=utf-8", b"404"))
            self.send_response(200 if self.path in self.known else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Who asked is nobody's business."""

    with ThreadingHTTPServer((host, port), Handler) as server:
        server.serve_forever()
