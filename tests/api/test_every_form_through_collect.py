"""Every form of the repository the way of ODK Collect: down with its lists, filled as its complete case says, applied.

The lists are those that the server gave, the filling is our evaluator's (which JavaRosa agrees with: tests/forms).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from server import db
from server.accounts import people
from server.accounts.qualifications import Certificate, qualify
from server.config import ROOT
from server.forms import versions
from server.forms.evaluation import Filling, FormPlan, read_list
from server.forms.evaluation.lists import List
from server.forms.policy_store import store_policies
from server.forms.source import read_source
from server.geo.tables import Region
from server.sync.apply import apply_write
from server.sync.record import Origin, RecordWrite
from server.sync.tables import OpLog, Submission
from tests.api.collecting import phone, rows
from tests.api.county import COUNTY, DATASETS, EAST, PASSWORD, QINGSHI, build, uid
from tests.collect import Collect
from tests.forms.case_files import Case, case_forms, read_cases
from tests.forms.our_engine import add_rows, plan_of
from tests.forms.samples import compiled, policies

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=timezone(timedelta(hours=8)))


def complete_case(form: str) -> Case:
    return next(case for case in read_cases(form) if case.complete and not case.violations)


@pytest.mark.parametrize("form", case_forms())
def test_a_form_comes_down_is_filled_and_applied_without_a_finding(app: Flask, form: str) -> None:
    case = complete_case(form)
    with app.app_context():
        db.transact(lambda session: _prepare(session, case))
    collect = phone(app, "anyone")
    collect.refresh()
    reply = collect.post(_filled(collect, case).xml().encode(), {})
    assert reply.status == 201, reply.body.decode()
    (submission,) = rows(app, Submission)
    (op,) = rows(app, OpLog, OpLog.op_id == submission.op_id)
    assert (op.status, op.code, op.detail) == ("applied", None, None)
    assert submission.findings == []


def _filled(collect: Collect, case: Case) -> Filling:
    """The case, filled on the lists that this phone got."""
    plan = plan_of(case.form)
    fill = Filling(plan, _lists(collect, case.form, plan), now=NOW, username="anyone")
    for path, value in case.answers:
        add_rows(fill, case.repeats)
        fill.answer(path, value)
    # Collect gets no personal columns that the form does not write: what they would have prefilled is asked.
    for one in fill.violations():
        fill.answer(one.path, case.lists["household"][0][one.path.rpartition("/")[2]])
    assert fill.violations() == []
    return fill


def _lists(collect: Collect, form: str, plan: FormPlan) -> dict[str, List]:
    media = collect.forms[form].media
    lists: dict[str, List] = {}
    for name, address in plan.files.items():
        filename = address.rpartition("/")[2]
        lists[name] = read_list(filename, media[filename]) if filename in media else _records(collect, name)
    return lists


def _records(collect: Collect, dataset: str) -> Sequence[Mapping[str, str]]:
    """A list of records as the app hands it to the form."""
    return [
        {"name": one.id, "label": one.label, "__version": str(one.version), "__branchId": one.branch_id,
         "__trunkVersion": str(one.trunk_version or ""), **one.properties}
        for one in collect.lists.get(dataset, {}).values()
    ]  # fmt: skip


def _prepare(session: Session, case: Case) -> None:
    """The county, the case's records in its regions, the policies, the form, and somebody who may do everything."""
    build(session)
    people.add_person(
        session, id=uid("anyone"), username="anyone", display_name="某人", password_hash=people.hash_password(PASSWORD)
    )
    people.add_person(session, id=uid("admin"), username="admin", display_name="admin", password_hash="-")
    people.give_role(session, uid("admin"), "admin", COUNTY)
    for role in ("cadre", "supervisor"):
        people.give_role(session, uid("anyone"), role, COUNTY)
    certificate = Certificate(uid("certificate"), "house_appraiser", "J-1", "县住建局", date(2020, 1, 1), None)
    qualify(session, uid("anyone"), certificate, None)
    store_policies(session, policies())
    for code in sorted({row["region"] for row in case.lists.get("household", ()) if row.get("region")}):
        path = f"/{COUNTY}/{EAST}/{QINGSHI}/{code}/"
        session.add(Region(code=code, parent_code=QINGSHI, level="group", path=path, name_zh="一组", name_en="Group 1"))
    session.flush()
    for dataset in sorted(case.lists, key=lambda name: name != "household"):
        for row in case.lists[dataset] if dataset in DATASETS else ():
            _record(session, case, dataset, row)
    source = read_source(ROOT / "form_definitions" / "forms" / case.form)
    form = compiled(case.form)
    versions.add_draft(session, form, source, None)
    versions.publish(session, form.form_id, form.version)


def _record(session: Session, case: Case, dataset: str, row: Mapping[str, str]) -> None:
    declared = DATASETS[dataset]
    values = {name: value for name, value in row.items() if name in declared.properties and value != ""}
    parent = row.get(declared.parent.property) if declared.parent else None
    household = case.lists["household"][0]
    write = RecordWrite(
        dataset, row["name"], values, parent=parent or (household["name"] if declared.parent else None),
        region=household.get("region"), label=row.get("label") or row["name"],
    )  # fmt: skip
    apply_write(session, declared, Origin(uid(f"import {row['name']}"), uid("admin"), "import", None), write)
