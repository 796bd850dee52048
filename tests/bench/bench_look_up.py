"""Look-ups in a list of 20,000 rows, typical expressions, compiling, memory. Prints figures, judges nothing.

    make bench    (or: .venv/bin/python -m tests.bench.bench_look_up)

Beside each look-up stands what a plain dict look-up takes in the same run: machines are noisy, ratios less so.
"""

from __future__ import annotations

import timeit
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from lxml import etree

from server.forms.compile import compile_form
from server.forms.evaluation import FormPlan
from server.forms.xpath import Context, Table, compile_expression, tree_of
from server.forms.xpath.expression import Expression

ROWS = 20_000
LIST = [
    {
        "name": f"{n:08x}-0000-4000-8000-000000000000",
        "label": f"户 {n}",
        "region": f"9901010010{n % 90 + 10}",
        "n": str(n),
    }
    for n in range(ROWS)
]
XML = "<data><key>00001f40-0000-4000-8000-000000000000</key><n>8000</n><region>990101001010</region>" + "".join(
    f"<row><x>{n}</x><kinds>a b c</kinds><day>2026-11-2{n}</day></row>" for n in range(5)
)
LOOK_UPS = [
    "instance('l')/root/item[name = /data/key]/label",
    "instance('l')/root/item[n = /data/n]/label",
    "instance('l')/root/item[name = current()/../../key and region = '990101001090']/label",
    "count(instance('l')/root/item[region = /data/region])",
    "pulldata('l', 'label', 'name', /data/key)",
]
TYPICAL = [
    "../x >= 2",
    "/data/key != ''",
    "selected(../kinds, 'b')",
    "if(../x > 3 and ../kinds != '', ../x * 12, 0)",
    "date(../day) <= today()",
    "sum(/data/row/x)",
    "concat(../x, ' / ', /data/key)",
    "regex(../kinds, '[a-z ]+')",
]


def microseconds(call: Callable[[], object], number: int = 2000) -> float:
    """The best of five: what the machine can do when nobody disturbs it."""
    return min(timeit.repeat(call, number=number, repeat=5)) / number * 1e6


def context() -> Context:
    root = tree_of(etree.fromstring(f"{XML}</data>"))
    return Context(root.named["row"][2].named["x"][0], root, {"l": Table(LIST)}, now=datetime.now(UTC))


def look_ups() -> None:
    known = {row["name"]: row for row in LIST}
    key = LIST[8000]["name"]
    print(f"a dict look-up in Python{microseconds(lambda: known[key]):29.2f} µs")
    here = context()
    for text in LOOK_UPS:
        call = partial(compile_expression(text).text_of, here)
        first = timeit.timeit(call, number=1) * 1e3
        print(f"{microseconds(call):8.2f} µs  (the first, which may make an index: {first:6.1f} ms)  {text}")


def typical() -> None:
    here = context()
    for text in TYPICAL:
        compiling = microseconds(partial(Expression, text), 100)
        evaluating = microseconds(partial(compile_expression(text).truth, here))
        print(f"{evaluating:8.2f} µs, compiled in {compiling:5.0f} µs  {text}")


def largest_form() -> None:
    sources = [path.read_bytes() for path in Path("form_definitions/forms").glob("*/form.md")]
    compiled = [compile_form(source, "form.md") for source in sources]
    largest = max(compiled, key=lambda form: len(form.xform))
    compile_expression.cache_clear()
    tracemalloc.start()
    plan = FormPlan.from_xform(largest.xform)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    def cold() -> None:
        compile_expression.cache_clear()
        FormPlan.from_xform(largest.xform)

    print(
        f"{largest.form_id}: {len(plan.parts)} nodes, {len(largest.xform) // 1024} kB; plan compiled in "
        f"{microseconds(cold, 3) / 1e3:.0f} ms, {size / 1e6:.1f} MB"
    )


def memory() -> None:
    tracemalloc.start()
    table = Table(LIST)
    table.where("name", "x")
    index, _ = tracemalloc.get_traced_memory()
    table.item(0)
    items, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{ROWS:,} rows: an index {index / 1e6:.1f} MB, all rows as nodes {(items - index) / 1e6:.1f} MB more")


def main() -> None:
    print(f"— look-ups in {ROWS:,} rows")
    look_ups()
    print("— expressions")
    typical()
    print("— largest form and memory")
    largest_form()
    memory()


if __name__ == "__main__":
    main()
