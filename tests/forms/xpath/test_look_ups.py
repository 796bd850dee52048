"""Look-ups in lists: by index the same rows as row by row, for every kind of value; counted, not timed."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.forms.xpath import Context, Node, Table, Value, compile_expression, instance_of, tree_of
from server.forms.xpath.table import Row

ROWS = [{"name": f"k{n}", "label": f"L{n}", "place": f"p{n % 7}", "n": str(n)} for n in range(500)]
XML = "<data><key>k77</key><n>77</n><row><key>k3</key><x/></row><row><key>k5</key><x/></row><none/></data>"


class _Counted(dict[str, str]):
    """A row that tells when somebody looks at it."""

    looks = 0

    def __getitem__(self, column: str) -> str:
        _Counted.looks += 1
        return super().__getitem__(column)


def _tree(rows: list[Row]) -> Node:
    items = "".join(
        f"<item>{''.join(f'<{column}>{escape(text)}</{column}>' for column, text in row.items())}</item>"
        for row in rows
    )
    return tree_of(etree.fromstring(f"<root>{items}</root>"))


def _context(instance: Node | Table, at: str = "/data") -> Context:
    root = tree_of(etree.fromstring(XML))
    context = Context(root, root, {"l": instance})
    found = compile_expression(at)(context)
    assert isinstance(found, list)
    context.node = found[0]
    return context


def _texts(value: Value) -> list[object]:
    return [node.value for node in value] if isinstance(value, list) else [value]


PREDICATES = [
    "[name = 'k77']", "['k77' = name]", "[name = /data/key]", "[n = 77]", "[n = /data/n]", "[n = /data/n + 1]",
    "[place = 'p3' and n > 480]", "[n > 480 and place = 'p3']", "[place = 'p3'][n > 480]", "[place = 'p3'][2]",
    "[place = 'p3'][last()]", "[place = 'p3'][position() < 3]", "[name = '']", "[name = 'none']", "[none = 'x']",
    "[place = 'p3' or n = 1]", "[not(place = 'p3') and n < 4]", "[name = concat('k', /data/n)]", "[n = true()]",
    "[name = /data/row/key]", "[name = current()/key]", "[name = instance('l')/root/item[n = 3]/name]",
    "[place = 'p3' and name = 'k3']", "[name = 'k3' and place = 'p4']", "[selected('k3 k4', name)]", "[5]",
    "[n = 0 div 0]", "[name != 'k1' and n < 3]", "[string-length(name) = 2 and place = 'p1']",
]  # fmt: skip


@pytest.mark.parametrize("tail", ["/label", "/name", "", "/none", "/label[. != 'L3']"])
@pytest.mark.parametrize("predicate", PREDICATES)
def test_an_index_finds_what_a_walk_finds(predicate: str, tail: str) -> None:
    """A Table against the same rows as a tree, with the values and the number of nodes."""
    expression = compile_expression(f"instance('l')/root/item{predicate}{tail}")
    count = compile_expression(f"count(instance('l')/root/item{predicate}{tail})")
    quick, slow = _context(Table(ROWS)), _context(_tree(list(ROWS)))
    assert _texts(expression(quick)) == _texts(expression(slow))
    assert count(quick) == count(slow)
    assert expression.text_of(quick) == expression.text_of(slow)


_CELLS = st.sampled_from(["", "a", "b", "1", "01", "1.0", " 1", "x y"])


@given(
    rows=st.lists(st.fixed_dictionaries({"a": _CELLS}, optional={"b": _CELLS}), min_size=1, max_size=8),
    value=st.one_of(_CELLS.map(lambda text: f"'{text}'"), st.sampled_from(["1", "0 div 0", "true()", "false()", "''"])),
    column=st.sampled_from(["a", "b"]),
)
def test_random_rows_are_found_alike(rows: list[Row], value: str, column: str) -> None:
    """Values of every type, columns that some rows lack, empty cells."""
    expression = compile_expression(f"instance('l')/root/item[{column} = {value}]/a")
    # Blanks around values are cut off where XML is read.
    stripped = [{name: text.strip() for name, text in row.items()} for row in rows]
    assert _texts(expression(_context(Table(stripped)))) == _texts(expression(_context(_tree(stripped))))


def test_a_look_up_looks_at_the_rows_found_and_no_others() -> None:
    """The first makes the index; a thousand later ones look at two cells each."""
    table = Table([_Counted(row) for row in ROWS])
    context = _context(table)
    expression = compile_expression("instance('l')/root/item[name = /data/key and place = 'p0']/label")
    assert expression.text_of(context) == "L77"
    _Counted.looks = 0
    for _ in range(1000):
        expression.text_of(context)
    assert _Counted.looks <= 2000


def test_a_flat_list_in_xml_becomes_a_table_and_any_other_stays_a_tree() -> None:
    flat = "<root><item><name>a</name></item><item><name>b</name></item></root>"
    assert isinstance(instance_of(etree.fromstring(flat)), Table)
    for other in (
        "<root/>",
        "<root><item/></root>",
        "<root><item><a><b/></a></item></root>",
        "<root><x><a/></x></root>",
    ):
        assert isinstance(instance_of(etree.fromstring(other)), Node)


def test_a_path_in_a_predicate_means_the_row_where_the_question_stands() -> None:
    """As the index of ODK Collect sees it; current() says it without doubt."""
    for text in ("/data/row/key", "current()/../key"):
        expression = compile_expression(f"instance('l')/root/item[name = {text}]/label")
        assert expression.text_of(_context(Table(ROWS), "/data/row[2]/x")) == "L5"


def test_pulldata_finds_the_first_row() -> None:
    expression = compile_expression("pulldata('l', 'label', 'place', 'p3')")
    assert expression(_context(Table(ROWS))) == expression(_context(_tree(list(ROWS)))) == "L3"
    assert compile_expression("pulldata('l', 'none', 'place', 'p3')")(_context(Table(ROWS))) == ""


def _answers(table: Table) -> Iterator[str]:
    expression = compile_expression("instance('l')/root/item[place = 'p3'][1]/label")
    while True:
        yield expression.text_of(_context(table))


def test_threads_may_share_a_table_and_an_expression() -> None:
    """Each thread has its own context; the index is made once or twice and is the same."""
    from concurrent.futures import ThreadPoolExecutor

    table = Table(ROWS)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: next(_answers(table)), range(200))) == {"L3"}
