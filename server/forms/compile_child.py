"""The process that compiles an author's workbook: an order in, one JSON answer out, within hard limits."""

from __future__ import annotations

import base64
import dataclasses
import json
import pickle
import sys
from typing import Any

from server.confined import OUT_OF_MEMORY, Limits, confine
from server.forms.compile import CompiledForm, compile_form
from server.forms.issue import FormInvalid, PolicyConflict

MOST_ISSUES = 200


def main() -> None:
    # What a library prints must not end up in the answer.
    out, sys.stdout = sys.stdout, sys.stderr
    # The order comes from our own program (compile_apart.py); what is in it is looked at within the limits.
    order: dict[str, Any] = pickle.load(sys.stdin.buffer)  # noqa: S301
    confine(Limits(**order["limits"]))
    try:
        out.write(json.dumps(_answer(order)))
        out.flush()
    except MemoryError:
        raise SystemExit(OUT_OF_MEMORY) from None


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    try:
        form = compile_form(order["source"], order["filename"], order["media"], datasets=order["datasets"])
    except FormInvalid as refused:
        first = refused.issues[:MOST_ISSUES]
        return {
            "refused": "policy" if isinstance(refused, PolicyConflict) else "form",
            "issues": [dataclasses.astuple(issue) for issue in first],
            "more": len(refused.issues) - len(first),
        }
    made = {name: content for name, content in form.media.items() if name not in order["media"]}
    return {"form": _plain(form), "made": {name: base64.b64encode(made[name]).decode() for name in made}}


def _plain(form: CompiledForm) -> dict[str, Any]:
    return {field.name: getattr(form, field.name) for field in dataclasses.fields(form) if field.name != "media"}


if __name__ == "__main__":
    main()
