"""The cleaning rules over a region: kept once, closed when no longer true, resumed where they stopped."""

from __future__ import annotations

import threading
import uuid
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from server.cli import main
from server.config import ROOT
from server.errors import Problem
from server.registry.tables import Entity, RuleFinding, RuleRun
from server.sync import rule_runs
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.record import Origin, RecordWrite
from server.sync.rule_runs import RunOutcome, run_rules
from tests.world import COUNTY, QINGSHI, WANG, WANG_SON, WEST, ZHAO, World, add_policies

FORMS = ROOT / "form_definitions"
DAY = date(2026, 6, 30)
NUMBER = "990101198001150017"


@pytest.fixture
def world(world: World) -> World:
    world.run(add_policies)
    return world


def write(world: World, dataset: str, entity: str, base_version: int, **values: str | None) -> None:
    def work(session: Any) -> None:
        origin = Origin(str(uuid.uuid4()), world.people["import"], f"import:{uuid.uuid4()}", None)
        parent = WANG if dataset == "member" else None
        record = RecordWrite(dataset, entity, values, base_version=base_version, parent=parent)
        apply_write(session, datasets()[dataset], origin, record)

    world.run(work)


def run(world: World, region: str = COUNTY, **more: Any) -> RunOutcome:
    with world.app.app_context():
        return run_rules(FORMS, region, DAY, lambda done, total: None, **more)


def found(world: World, rule: str, *, open: bool = True) -> list[str]:
    wanted = select(RuleFinding.entity_id).where(RuleFinding.rule == rule, RuleFinding.closed_at.is_(None) == open)
    return sorted(world.look(lambda session: session.scalars(wanted).all()))


def test_what_is_found_is_kept_once_and_seen_again(world: World) -> None:
    first = run(world)
    assert (first.households, first.new, first.closed) == (2, first.findings, 0)
    assert found(world, "house_area_missing") == [WANG, ZHAO]
    assert found(world, "relation_missing") == [WANG_SON]
    again = run(world)
    assert (again.findings, again.new, again.closed) == (first.findings, 0, 0)


def test_a_finding_is_closed_when_it_is_no_longer_true_and_opens_anew(world: World) -> None:
    run(world)
    write(world, "household", WANG, 1, house_area="80")
    assert run(world).closed == 1
    assert found(world, "house_area_missing") == [ZHAO]
    assert found(world, "house_area_missing", open=False) == [WANG]
    write(world, "household", WANG, 2, house_area=None)
    assert run(world).new == 1
    assert found(world, "house_area_missing") == [WANG, ZHAO]


def test_only_the_region_and_what_lies_below_is_looked_at(world: World) -> None:
    assert run(world, WEST).households == 1
    assert found(world, "house_area_missing") == [ZHAO]
    assert run(world, QINGSHI).households == 1
    with pytest.raises(Problem, match=r"record\.not_found"):
        run(world, "990999000000")


def test_a_dry_run_counts_and_keeps_nothing(world: World) -> None:
    counted = run(world, dry=True)
    assert counted.findings > 0 and counted.by_rule["house_area_missing"] == 2
    assert world.look(lambda session: session.query(RuleFinding).count()) == 0
    assert world.look(lambda session: session.query(RuleRun).count()) == 0


def test_an_id_number_in_two_households_is_found_in_both(world: World) -> None:
    other = str(uuid.uuid4())
    write(world, "member", WANG_SON, 1, id_number=NUMBER)

    def add(session: Any) -> None:
        origin = Origin(str(uuid.uuid4()), world.people["import"], "import", None)
        values = {"household": ZHAO, "full_name": "赵二", "id_number": NUMBER.lower()}
        apply_write(session, datasets()["member"], origin, RecordWrite("member", other, values, parent=ZHAO))

    world.run(add)
    run(world)
    assert found(world, "id_number_twice") == sorted([WANG_SON, other])
    write(world, "member", WANG_SON, 2, member_state="left")
    run(world)
    assert found(world, "id_number_twice") == []


def test_a_stopped_run_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the first batch, it looks at the rest only; a third run begins anew."""
    monkeypatch.setattr(rule_runs, "BATCH", 1)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with world.app.app_context(), pytest.raises(KeyboardInterrupt):
        run_rules(FORMS, COUNTY, DAY, stop)
    assert found(world, "house_area_missing") == [WANG]
    rest = run(world)
    assert (rest.resumed_after, rest.households) == (1, 1)
    assert found(world, "house_area_missing") == [WANG, ZHAO]
    assert run(world).households == 2


def test_findings_of_rules_and_households_that_are_gone_are_closed(world: World) -> None:
    run(world)

    def change(session: Any) -> None:
        session.get_one(Entity, ZHAO).state = "archived"
        session.scalars(select(RuleFinding).where(RuleFinding.rule == "relation_missing")).one().rule = "old_rule"

    world.run(change)
    run(world)
    assert found(world, "old_rule") == [] and found(world, "old_rule", open=False) == [WANG_SON]
    assert found(world, "house_area_missing") == [WANG]


def test_two_runs_at_once_keep_each_finding_once(world: World) -> None:
    threads = [threading.Thread(target=run, args=(world,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pairs = world.look(
        lambda session: session.execute(
            select(RuleFinding.rule, RuleFinding.entity_id).where(RuleFinding.closed_at.is_(None))
        ).all()
    )
    assert pairs and len(pairs) == len(set(pairs))


def _ruhu(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setattr("server.cli.App", lambda: lambda: world.app)
    return CliRunner().invoke(main, words, obj=lambda: world.app)


def test_the_command_tells_what_it_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _ruhu(world, monkeypatch, "rules", "run", "--region", COUNTY)
    assert done.exit_code == 0, done.output
    assert "2  house_area_missing  没有登记住房面积。" in done.output and "2 households" in done.output
    assert _ruhu(world, monkeypatch, "rules", "run", "--region", COUNTY[:6]).exit_code == 0
    unknown = _ruhu(world, monkeypatch, "rules", "run", "--region", "000000000000")
    assert unknown.exit_code == 1 and "000000000000" in unknown.output


def test_definitions_are_checked_as_a_whole(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Ok for a good folder; a rule that names nothing, a policy with a gap and a broken form are all told."""
    for name in ("datasets", "policies", "rules", "forms/odd", "codes"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "datasets" / "household.yaml").write_text(
        "name: household\nlabels: {zh: 户, en: H}\nlabel_property: head\nproperties:\n"
        "  head: {type: text, labels: {zh: 户主, en: Head}, sensitivity: personal, merge: review}\n",
        "utf-8",
    )
    assert _ruhu(world, monkeypatch, "definitions", "check", str(tmp_path)).exit_code == 1  # the form's folder is empty
    (tmp_path / "forms" / "odd").rmdir()
    good = _ruhu(world, monkeypatch, "definitions", "check", str(tmp_path))
    assert (good.exit_code, good.output) == (0, "ok\n")
    (tmp_path / "rules" / "a.yaml").write_text(
        "group: a\nlabels: {zh: 甲, en: A}\nrules:\n  - {id: x, over: household, severity: soft, when: haed = '', "
        "message: {zh: 甲。, en: A.}, cure: {zh: 甲。, en: A.}, properties: [head], source: 甲, status: confirmed}\n",
        "utf-8",
    )
    bad = _ruhu(world, monkeypatch, "definitions", "check", str(tmp_path))
    assert bad.exit_code == 1 and "a.yaml line 4" in bad.output and "/household/haed" in bad.output
