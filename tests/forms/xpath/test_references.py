"""What an expression reads and calls is known before it runs: the order of computing rests on it."""

from __future__ import annotations

import pytest
from lxml import etree

from server.forms.xpath import Context, Node, compile_expression, tree_of


@pytest.mark.parametrize(
    ("text", "written", "read"),
    [
        ("/data/a + ../b", {"/data/a", "../b"}, {"/data/a", "/data/row/b"}),
        (". > 3", {"."}, {"/data/row/x"}),
        ("../../a", {"../../a"}, {"/data/a"}),
        ("sum(/data/row/y)", {"/data/row/y"}, {"/data/row/y"}),
        ("/data/row[z = ../a]/y", {"/data/row/z", "/data/a", "/data/row/y"}, {"/data/row/z", "/data/a", "/data/row/y"}),
        ("instance('l')/root/item[name = current()/../y]/label", {"../y"}, {"/data/row/y"}),
        ("instance('l')/root/item[name = /data/a]/label", {"/data/a"}, {"/data/a"}),
        ("//y", {"/*"}, {"/*"}),
        ("../*", {"../*"}, {"/data/row/*"}),
        ("/data/@version", {"/data"}, {"/data"}),
        ("position(..)", {".."}, {"/data/row"}),
        ("if(/data/a, 1, indexed-repeat(/data/row/y, /data/row, 1))", {"/data/a", "/data/row/y", "/data/row"},
         {"/data/a", "/data/row/y", "/data/row"}),
        ("today()", set(), set()),
    ],
)  # fmt: skip
def test_references_are_found(text: str, written: set[str], read: set[str]) -> None:
    expression = compile_expression(text)
    assert expression.references == written
    assert expression.reads("/data/row/x") == read


def test_functions_lists_columns_and_stability_are_known() -> None:
    expression = compile_expression("concat(pulldata('p', 'a', 'b', 'c'), instance('l')/root/item[n > today()]/label)")
    assert expression.functions == {"concat", "pulldata", "instance", "today"}
    assert expression.lists == {"p", "l"}
    assert expression.columns == {("p", "a"), ("p", "b"), ("l", "n"), ("l", "label")}
    assert not expression.is_stable
    assert compile_expression("randomize(/data/a, 3)").is_stable
    assert not compile_expression("randomize(/data/a)").is_stable
    assert compile_expression("1 + 2").constant == 3.0
    assert compile_expression("/data/a").constant is None


def test_hidden_nodes_are_left_out_but_compare_like_empty_ones() -> None:
    """Not counted, not summed, "" as text; `= ''` holds as for an unanswered question."""
    root = tree_of(etree.fromstring("<data><a>5</a><row><x>1</x></row><row><x>2</x></row></data>"))
    context = Context(root, root)
    root.named["a"][0].relevant = False
    root.named["row"][0].named["x"][0].relevant = False

    def worth(text: str) -> object:
        return compile_expression(text)(context)

    assert worth("count(/data/a)") == 0.0
    assert worth("string(/data/a)") == ""
    assert worth("/data/a = ''") is True
    assert worth("/data/a != 'x'") is True
    assert worth("/data/a > 1") is False
    assert worth("sum(/data/row/x)") == 2.0
    assert worth("join(',', /data/row/x)") == "2"


def test_rows_are_added_after_their_like_and_removed() -> None:
    root = tree_of(etree.fromstring("<data><row/><end/></data>"))
    added = root.append(Node("row"))
    assert [child.name for child in root.children] == ["row", "row", "end"]
    assert (added.position, added.path) == (2, "/data/row")
    root.remove(root.children[0])
    assert added.position == 1
    root.remove(added)
    assert "row" not in root.named


def test_a_template_row_is_no_row() -> None:
    xml = '<data xmlns:jr="http://openrosa.org/javarosa"><row jr:template=""><x/></row><row><x/></row></data>'
    assert len(tree_of(etree.fromstring(xml)).named["row"]) == 1
