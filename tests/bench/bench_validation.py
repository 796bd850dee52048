"""What it costs to judge a submission: milliseconds for one core. Prints figures, judges nothing.

    .venv/bin/python -m tests.bench.bench_validation [--rounds 300] [--profile]

The form has 100 questions of the usual kinds (a third with relevance, a third with constraints, selects with filters,
calculations, prefill from the household's record) and a repeat filled for five members; the instance is complete and
right. Beside it our own household visit, filled by its complete case. The bar is 1 ms, the aim 0.3 ms.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from server.forms.compile import compile_form
from server.forms.evaluation import Filling, FormPlan, check
from server.forms.instance import parse_instance

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=8)))
HOUSEHOLD = "5f0c2a9e-3b1d-4c57-9a86-0d1e2f3a4b5c"
MEMBERS = 5
ROWS = [{"name": HOUSEHOLD, "label": "王大山", "region": "990101100201", **{f"q{n}": "1" for n in range(100)}}]


def form_text() -> str:
    """100 questions in ten groups, and ten in each member's row."""
    columns = ("type", "name", "label", "required", "relevant", "constraint", "calculation", "choice_filter",
               "repeat_count")  # fmt: skip
    rows = [("select_one_from_file household.csv", "household", "户", "true()", "", "", "", "", "")]
    for group in range(10):
        rows.append(("begin_group", f"g{group}", "组", "", "", "", "", "", ""))
        rows += [_question(group * 10 + n) for n in range(10)]
        rows.append(("calculate", f"c{group}", "", "", "", "", f"${{q{group * 10}}} + ${{q{group * 10 + 1}}}", "", ""))
        rows.append(("end_group", "", "", "", "", "", "", "", ""))
    rows.append(("integer", "n_members", "人数", "true()", "", ". > 0 and . < 30", "", "", ""))
    rows.append(("begin_repeat", "member", "成员", "", "", "", "", "", "${n_members}"))
    rows += [(kind, f"m{n}", "成员问题", required, relevant, constraint, calculation, "", "")
             for n, (kind, required, relevant, constraint, calculation) in enumerate(_MEMBER)]  # fmt: skip
    rows.append(("end_repeat", "", "", "", "", "", "", "", ""))
    rows.append(("calculate", "total", "", "", "", "", "sum(${m2})", "", ""))
    lines = ["| survey |", f"| | {' | '.join(columns)} |", *(f"| | {' | '.join(row)} |" for row in rows)]
    lines += ["| choices |", "| | list_name | name | label | kind |"]
    lines += [f"| | kinds | k{n} | 选项 | {'a' if n < 4 else 'b'} |" for n in range(8)]
    return "\n".join([*lines, "| settings |", "| | form_id | version |", "| | bench | 1 |", ""])


_MEMBER = (
    ("text", "true()", "", "", ""),
    ("select_one kinds", "true()", "", "", ""),
    ("integer", "true()", "", ". >= 0 and . <= 120", ""),
    ("date", "", "", ". <= today()", ""),
    ("select_multiple kinds", "", "", "not(selected(., 'k0') and count-selected(.) > 1)", ""),
    ("text", "", "${m2} > 60", "", ""),
    ("select_one kinds", "", "${m1} = 'k2'", "", ""),
    ("calculate", "", "", "", "if(${m2} >= 16, 'adult', 'child')"),
    ("text", "", "${m7} = 'child'", "", ""),
    ("calculate", "", "", "", "concat(${m0}, ' ', ${m2})"),
)


def _question(n: int) -> tuple[str, ...]:
    relevant = f"${{q{n - 1}}} = '1' or ${{q{n - 1}}} = 'k1' or ${{q{n - 1}}} != ''" if n % 3 == 2 else ""
    kinds = {
        0: ("integer", ". >= 0 and . <= 1000", ""),
        1: ("decimal", f". >= 0 and . <= ${{q{n - 1}}} + 100", ""),
        2: ("select_one kinds", "", "kind = 'a'"),
        3: ("select_one kinds", "", ""),
        4: ("text", "string-length(.) < 100", ""),
        5: ("date", "", ""),
        6: ("select_multiple kinds", "", ""),
        7: ("text", "", ""),
        8: ("integer", "", ""),
        9: ("select_one kinds", "", f"kind = 'a' and ${{q{n - 9}}} != ''"),
    }
    kind, constraint, choice_filter = kinds[n % 10]
    calculation = f"once(instance('household')/root/item[name = ${{household}}]/q{n})" if n % 10 == 7 else ""
    return (kind, f"q{n}", "问题", "true()" if n % 2 else "", relevant, constraint, calculation, choice_filter, "")


def filled(plan: FormPlan) -> str:
    """A complete right instance."""
    fill = Filling(plan, {"household": ROWS}, now=NOW)
    fill.answer("/data/household", HOUSEHOLD)
    fill.answer("/data/n_members", str(MEMBERS))
    told = {"int": "7", "decimal": "7.5", "date": "2001-02-03", "string": "文字"}
    done: set[str] = set()
    while left := [path for path in fill.questions() if path not in done]:
        for path in left:
            done.add(path)
            offered = fill.choices(path)
            part = plan.parts["".join(step.partition("[")[0] for step in path.replace("/", "\0/").split("\0"))]
            if not fill.value(path):
                fill.answer(path, offered[-1] if offered else told[part.type])
    assert fill.violations() == []
    return fill.xml()


def milliseconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """(least, median): the least is what the code costs, the rest is what else runs on the machine."""
    times: list[float] = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1000)
    return min(times), statistics.median(times)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rounds", type=int, default=300)
    asked.add_argument("--profile", action="store_true")
    options = asked.parse_args()
    compiled = compile_form(form_text().encode(), "form.md")
    began = time.process_time()
    plan = FormPlan.from_xform(compiled.xform)
    print(f"plan of {len(plan.parts)} nodes: {(time.process_time() - began) * 1000:.0f} ms, once per form version")
    xml = filled(plan)
    instance = parse_instance(xml)
    found = check(plan, instance, {"household": ROWS}, now=NOW)
    print(f"instance of {sum(1 for _ in instance.root.iter())} nodes, {len(found)} findings")
    for one in found[:5]:
        print("  ", one.path, one.kind, one.message["en"])
    for name, work in (("read the XML", lambda: parse_instance(xml)),
                       ("judge", lambda: check(plan, instance, {"household": ROWS}, now=NOW))):  # fmt: skip
        work()
        least, median = milliseconds(work, options.rounds)
        print(f"{name}: {median:.2f} ms (least {least:.2f})")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(lambda: [check(plan, instance, {"household": ROWS}, now=NOW) for _ in range(options.rounds)])
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
