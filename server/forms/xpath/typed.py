"""Answers as values: what the text of a node is worth by the type of its bind."""

from __future__ import annotations

from datetime import tzinfo

from server.forms.xpath.values import Atom


def typed_value(text: str, type: str, zone: tzinfo) -> Atom:
    """The value of an answer of a bind type, as JavaRosa holds it: set it as Node.value.

    int, integer, decimal → float; date → Day; dateTime → Moment in `zone`; time → Moment on 1970-01-01;
    boolean → bool; everything else stays text. What does not look like its type stays text: it is a finding of
    the type check, not of every expression that reads it.
    """
    raise NotImplementedError
