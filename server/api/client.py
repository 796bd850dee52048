"""Hands out the built client: the phone app at /, the console at /console/."""

from __future__ import annotations

import gzip

from flask import Blueprint, Response, current_app, redirect, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from server.api.compression import LEVEL, wants_gzip

blueprint = Blueprint("client", __name__)

YEAR = 31_536_000
_PACKED = ("text/javascript", "text/css", "image/svg+xml", "application/json")


def _page(name: str) -> Response:
    """A page is asked for anew each time; what it names (hashed) may be kept for ever."""
    folder = current_app.config["RUHU"].client
    if not (folder / name).is_file():
        return Response(
            "The client is not built: run `make client`.\n客户端还没有构建:请运行 make client。\n",
            503,
            mimetype="text/plain",
        )
    answer = send_from_directory(folder, name)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/")
def phone() -> Response:
    return _page("index.html")


@blueprint.get("/console")
def console_without_slash() -> BaseResponse:
    return redirect("/console/", 308)


@blueprint.get("/console/")
def console() -> Response:
    return _page("console/index.html")


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    answer = send_from_directory(current_app.config["RUHU"].client / "assets", name)
    answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return _packed(answer)


def _packed(answer: Response) -> Response:
    """A whole script or style, packed: a phone on a village's line waits a third of the time. Its tag gets weak."""
    answer.vary.add("Accept-Encoding")
    if answer.status_code == 200 and answer.mimetype in _PACKED and wants_gzip():
        answer.direct_passthrough = False
        answer.set_data(gzip.compress(answer.get_data(), LEVEL))
        answer.headers["Content-Encoding"] = "gzip"
        answer.set_etag(answer.get_etag()[0] or "", weak=True)
    return answer


@blueprint.get("/<name>")
def root_file(name: str) -> Response:
    """sw.js, manifest.webmanifest, icons."""
    if name.endswith(".html"):
        raise NotFound
    answer = send_from_directory(current_app.config["RUHU"].client, name)
    answer.headers["Cache-Control"] = "no-cache"
    return answer
