"""Forms with files in them: how they are described, and how the one part is taken that each of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage

from server.errors import Fault, Problem


def described(required: Sequence[str], parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The body as the API's description has it."""
    schema = {"type": "object", "required": list(required), "properties": parts}
    return {"content": {"multipart/form-data": {"schema": schema}}}


def sent_file(what: str) -> FileStorage:
    """The part `file`. Problem request.invalid asks for `what`."""
    file = request.files.get("file")
    if file is None:
        raise Problem("request.invalid", faults=[Fault("file", "It is missing.", f"Send the {what} as part file.")])
    return file
