"""An instance is read safely, or refused with one declared error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forms.instance import parse_instance
from server.forms.issue import InstanceUnreadable
from server.forms.xml import MAX_BYTES, MAX_DEPTH, MAX_TAGS
from tests.forms.samples import FILLED

BOMB = """<!DOCTYPE data [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


def test_an_instance_says_what_it_is() -> None:
    instance = parse_instance(FILLED)
    assert (instance.form_id, instance.version, instance.deprecated_id) == ("small", "1", None)
    assert instance.instance_id == "uuid:3c3a1f52-44cf-4a3e-9a38-6f5a1c6b0a11"


def test_text_and_bytes_read_alike_with_and_without_declaration() -> None:
    declared = f'<?xml version="1.0" encoding="ISO-8859-1"?>{FILLED}'
    for given_xml in (FILLED.encode(), declared, "\ufeff" + FILLED, FILLED.encode("utf-16")):
        assert parse_instance(given_xml).root.findtext("head_name").strip() == "王大山"


def test_namespaced_meta_is_found() -> None:
    """Some clients put meta into OpenRosa's namespace."""
    meta = (
        FILLED.replace('<meta><entity dataset="household"', '<x:meta><x:entity dataset="household"')
        .replace("</entity><instanceID>", "</x:entity><x:instanceID>")
        .replace("</instanceID></meta>", "</x:instanceID></x:meta>")
    )
    meta = meta.replace("<data ", '<data xmlns:x="http://openrosa.org/xforms" xmlns="urn:form" ', 1)
    assert parse_instance(meta).instance_id.startswith("uuid:3c3a")


def test_a_correction_names_what_it_replaces() -> None:
    corrected = FILLED.replace("<instanceID>", "<deprecatedID> uuid:old </deprecatedID><instanceID>")
    assert parse_instance(corrected).deprecated_id == "uuid:old"


@pytest.mark.parametrize(
    "hostile",
    [
        BOMB + FILLED.replace("王大山", "&b;"),
        "<!DOCTYPE data SYSTEM 'http://127.0.0.1/x.dtd'>" + FILLED,
        '<!DOCTYPE data [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + FILLED.replace("王大山", "&x;"),
        ('<?xml version="1.0" encoding="utf-16"?>' + BOMB + FILLED).encode("utf-16"),
        "<!DOCTYPE data>" + FILLED,
        "<data>" + "<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1) + "</data>",
        "<data>" + "<a>" * 100_000,
        "<data>" + "<a/>" * MAX_TAGS + "</data>",
        b"<data>" + b" " * MAX_BYTES + b"</data>",
        FILLED.replace("王大山", "王\x00山"),
        FILLED.replace("王大山", "王&#0;山"),
        FILLED.replace("王大山", "&unknown;"),
        FILLED[:-20],
        FILLED.encode("gbk"),
        b"\xff\xd8\xff\xe0 a photo",
        "",
        b"",
        "no xml",
        FILLED.replace('id="small"', "", 1),
        FILLED.replace("uuid:3c3a1f52-44cf-4a3e-9a38-6f5a1c6b0a11", " "),
        FILLED.replace("uuid:3c3a1f52", "u" * 300),
        "\ud800" + FILLED,
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(hostile: str | bytes) -> None:
    """DTDs, entities, depth, size, NUL, truncation, other bytes: always InstanceUnreadable, bilingual."""
    with pytest.raises(InstanceUnreadable) as refused:
        parse_instance(hostile)
    assert "/ " in refused.value.issue.why and refused.value.issue.fix


@given(st.one_of(st.binary(), st.text()))
def test_any_bytes_are_read_or_refused(content: str | bytes) -> None:
    try:
        parse_instance(content)
    except InstanceUnreadable as refused:
        assert refused.issue.where


@given(st.integers(0, len(FILLED)), st.text(max_size=8), st.integers(0, 40))
def test_a_damaged_instance_is_read_or_refused(at: int, inserted: str, cut: int) -> None:
    try:
        parse_instance(FILLED[:at] + inserted + FILLED[at + cut :])
    except InstanceUnreadable as refused:
        assert refused.issue.where
