"""A household visit of 80 questions, and its filled instances. As our own forms are: a third of the questions depend on
others, a third are bounded, twelve are kept in the record, of which a visit changes four."""

from __future__ import annotations

import uuid

from tests.bench.ground import before

FORM_ID = "bench_visit"
# property → type of its question
_KEPT = {
    "head_name": "text", "water_shortage_days": "integer", "house_grade": "select_one grades", "address": "text",
    "contact_phone": "text", "household_category": "text", "farmland_mu": "decimal", "woodland_mu": "decimal",
    "road_hardened": "select_one yes_no", "electricity": "select_one yes_no", "broadcast_tv": "select_one yes_no",
    "sanitary_toilet": "select_one yes_no",
}  # fmt: skip
_PLAIN = 67
_COLUMNS = ("type", "name", "label", "required", "relevant", "constraint", "calculation", "choice_filter", "save_to")
_TOLD = {"integer": "7", "decimal": "7.5", "date": "2001-02-03", "text": "文字", "calculate": "14"}


def form_text() -> str:
    """The form as a sheet in text."""
    rows = [("select_one_from_file household.csv", "household", "户", "true()", "", "", "", "", "")]
    rows += [(kind, name, "问题", "", "", "", "", "", f"household#{name}") for name, kind in _KEPT.items()]
    rows += [_question(n) for n in range(_PLAIN)]
    lines = ["| survey |", f"| | {' | '.join(_COLUMNS)} |", *(f"| | {' | '.join(row)} |" for row in rows)]
    lines += ["| choices |", "| | list_name | name | label | kind |"]
    lines += [f"| | {name} | {code} | 选项 | a |" for name, codes in _LISTS.items() for code in codes]
    lines += ["| settings |", "| | form_id | version |", f"| | {FORM_ID} | 1 |", "| entities |"]
    lines += ["| | list_name | label | entity_id | update_if |"]
    lines += ["| | household | ${head_name} | ${household} | true() |"]
    return "\n".join([*lines, ""])


_LISTS = {"kinds": [f"k{n}" for n in range(8)], "grades": ["A", "B", "C", "D"], "yes_no": ["yes", "no"]}


def _question(n: int) -> tuple[str, ...]:
    relevant = f"${{q{n - 1}}} != ''" if n % 3 == 2 else ""
    kind, constraint, calculation, choice_filter = {
        0: ("integer", ". >= 0 and . <= 1000", "", ""),
        1: ("decimal", f". >= 0 and . <= ${{q{n - 1}}} + 100", "", ""),
        2: ("select_one kinds", "", "", "kind = 'a'"),
        3: ("select_one kinds", "", "", ""),
        4: ("text", "string-length(.) < 100", "", ""),
        5: ("date", ". <= today()", "", ""),
        6: ("select_multiple kinds", "", "", ""),
        7: ("text", "", "", ""),
        8: ("integer", ". >= 0", "", ""),
        9: ("calculate", "", f"${{q{n - 1}}} + ${{q{n - 9}}}", ""),
    }[n % 10]
    required = "true()" if n % 2 and kind != "calculate" else ""
    return (kind, f"q{n}", "问题", required, relevant, constraint, calculation, choice_filter, "")


def filled(household: str, instance_id: str, visit: int) -> str:
    """A complete instance; what differs from visit to visit are water, grade, farmland and woodland."""
    changed = {
        "water_shortage_days": str(30 + visit), "house_grade": "ABCD"[visit % 4],
        "farmland_mu": f"{visit % 9 + 4}.5", "woodland_mu": f"{visit % 7 + 2}.5",
    }  # fmt: skip
    kept = before(household) | changed
    nodes = [f"<{name}>{kept[name]}</{name}>" for name in _KEPT]
    nodes += [f"<q{n}>{_answer(_question(n)[0])}</q{n}>" for n in range(_PLAIN)]
    return (
        f'<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="{FORM_ID}" version="1">'
        f'<household>{household}</household>{"".join(nodes)}<meta><instanceID>{instance_id}</instanceID>'
        f'<entity dataset="household" id="{household}" update="1"><label>{kept["head_name"]}</label>'
        "</entity></meta></data>"
    )


def _answer(kind: str) -> str:
    return _TOLD.get(kind, "k3")


def new_instance_id() -> str:
    return f"uuid:{uuid.uuid4()}"
