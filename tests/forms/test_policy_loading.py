"""Policies in the database: loading adds and never changes, and a changed policy reaches phones that have the form."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from server import db
from server.accounts import tokens
from server.accounts.tables import AuditEntry
from server.cli import main
from server.errors import Problem
from server.forms.policy_store import policy_rows
from server.sync.policies import LoadedPolicies, load, read_policies
from tests.forms.samples import SMALL
from tests.forms.test_policies import WATER
from tests.world import Phone, World

READING = SMALL.replace(
    "| | csv-external | member | | | | | | |",
    "| | csv-external | member | | | | | | |\n| | csv-external | policy_water | | | | | | |",
)
LATER = '\n  - {id: dry_2026, area: "62", from: 2026-01-01, status: confirmed, source: 丁, values: {good: 45}}\n'


def loaded(world: World, folder: Path, text: str) -> LoadedPolicies:
    folder.mkdir(exist_ok=True)
    (folder / "water.yaml").write_text(text, "utf-8")
    found: LoadedPolicies = world.run(lambda session: load(session, read_policies(folder)))
    return found


def publish(world: World, text: str = READING, form: str = "small/1") -> None:
    admin = world.phone("admin")
    files = {"file": (io.BytesIO(text.encode()), "form.md")}
    assert admin.client.post("/api/v1/forms", data=files, headers=admin.headers).status_code == 201
    assert admin.client.post(f"/api/v1/forms/{form}/publish", headers=admin.headers).status_code == 200


def policy_media(phone: Phone, form_id: str = "small") -> dict[str, str]:
    form = next(form for form in phone.get("/forms").json if form["form_id"] == form_id)
    return {one["name"]: one["hash"] for one in form["media"]}


def test_loading_again_is_harmless_and_news_for_nobody(world: World, tmp_path: Path) -> None:
    publish(world)
    first = loaded(world, tmp_path / "p", WATER)
    assert (first.policies, first.versions, len(first.new), first.forms) == (1, 4, 4, 1)
    head = world.phone("li").pull("forms")["head"]
    again = loaded(world, tmp_path / "p", WATER)
    assert (again.new, again.ended, again.forms) == ((), (), 0)
    assert world.phone("li").pull("forms")["head"] == head


def test_a_form_that_names_a_policy_gets_its_list_as_media(world: World, tmp_path: Path) -> None:
    """The hash is the md5 of exactly the bytes that are served; an unchanged file is 304."""
    loaded(world, tmp_path / "p", WATER)
    publish(world)
    li = world.phone("li")
    answer = li.get("/forms/small/1/media/policy_water.csv")
    assert answer.status_code == 200
    assert policy_media(li)["policy_water.csv"] == "md5:" + hashlib.md5(answer.data).hexdigest()
    assert answer.data.decode().startswith("name,label,area,valid_from,")
    tag = answer.headers["ETag"]
    path = "/api/v1/forms/small/1/media/policy_water.csv"
    assert li.client.get(path, headers={**li.headers, "If-None-Match": tag}).status_code == 304
    assert li.get("/forms/small/1/media/policy_soil.csv").status_code == 404


def test_a_changed_policy_reaches_phones_that_have_the_form(world: World, tmp_path: Path) -> None:
    """The version is the same; its entry comes again in the feed, with the new hash of the file."""
    loaded(world, tmp_path / "p", WATER)
    publish(world)
    li = world.phone("li")
    before, seen = policy_media(li), li.pull("forms")["next"]
    loaded(world, tmp_path / "p", WATER + LATER)
    (entry,) = li.pull("forms", seen)["entries"]
    assert (entry["form_id"], entry["version"], entry["state"]) == ("small", "1", "published")
    assert {one["name"]: one["hash"] for one in entry["media"]} == policy_media(li) != before
    assert "dry_2026" in li.get("/forms/small/1/media/policy_water.csv").text


def test_a_form_that_reads_a_policy_nobody_loaded_is_warned_about(world: World, tmp_path: Path) -> None:
    admin = world.phone("admin")

    def warned() -> str:
        files = {"file": (io.BytesIO(READING.encode()), "form.md")}
        answer = admin.client.post("/api/v1/forms", data=files, headers=admin.headers)
        return " ".join(answer.json["warnings"])

    assert "policy_water.csv" in warned()
    loaded(world, tmp_path / "p", WATER)
    assert "policy_water.csv" not in warned()


def test_a_limit_that_the_policy_does_not_have_is_warned_about(world: World, tmp_path: Path) -> None:
    """Misspelled, it would be empty, and the verdict another one."""
    loaded(world, tmp_path / "p", WATER)
    limit = "instance('policy_water')/root/item[rank = 1]/goood"
    rows = "| | integer | n_rows |"
    wrong = READING.replace(rows, f"| | calculate | limit | | | | {limit} | | |\n{rows}")
    admin = world.phone("admin")
    files = {"file": (io.BytesIO(wrong.encode()), "form.md")}
    (told,) = admin.client.post("/api/v1/forms", data=files, headers=admin.headers).json["warnings"]
    assert "“policy_water.csv” has no column “goood”" in told


def test_bars_that_contradict_are_refused_unless_they_were_loaded_before(world: World, tmp_path: Path) -> None:
    """A server that starts loads its policies: what it has already must not stop it."""
    mixed_up = WATER + LATER.replace("good: 45", "good: 10")
    ordered = mixed_up.replace("type: integer, labels", "type: integer, at_most: good, labels")
    with pytest.raises(Problem) as refused:
        loaded(world, tmp_path / "p", ordered)
    places = [fault.where for fault in refused.value.faults]
    assert places == ["water.yaml dry_2026", "water.yaml county_2022@2026-01-01"]
    loaded(world, tmp_path / "p", mixed_up)
    assert loaded(world, tmp_path / "p", ordered).versions == len(mixed_up.split("- {id:")) - 1


def test_forms_that_read_another_policy_hear_nothing(world: World, tmp_path: Path) -> None:
    publish(world, SMALL)
    seen = world.phone("li").pull("forms")["next"]
    assert loaded(world, tmp_path / "p", WATER).forms == 0
    assert world.phone("li").pull("forms", seen)["entries"] == []


def test_collect_finds_the_policy_in_the_manifest(world: World, tmp_path: Path) -> None:
    """OpenRosa compares the md5 of the file with that of the manifest: they belong to the same bytes."""
    loaded(world, tmp_path / "p", WATER)
    publish(world)
    key = world.run(
        lambda session: tokens.issue(session, world.people["li"], "openrosa", tokens.timedelta(days=1)).token
    )
    client, headers = world.app.test_client(), {"X-OpenRosa-Version": "1.0"}
    manifest = client.get(f"/key/{key}/forms/small/1/manifest", headers=headers).text
    file = client.get(f"/key/{key}/forms/small/1/media/policy_water.csv", headers=headers)
    assert file.status_code == 200
    assert "<filename>policy_water.csv</filename>" in manifest
    assert f"md5:{hashlib.md5(file.data).hexdigest()}" in manifest


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("values: {good: 60, days: 18}", "values: {good: 61, days: 18}"), "good"),
        (('id: national_2019, area: "", from: 2019-01-01', 'id: national_2019, area: "", from: 2019-02-01'), "from"),
        (('id: county_2022, area: "620100"', 'id: county_2022, area: "620200"'), "area"),
        (("until: 2025-01-01", "until: 2026-01-01"), "until"),
    ],
)
def test_what_a_loaded_version_says_never_changes(
    world: World, tmp_path: Path, change: tuple[str, str], what: str
) -> None:
    loaded(world, tmp_path / "p", WATER)
    with pytest.raises(Problem) as refused:
        loaded(world, tmp_path / "p", WATER.replace(*change, 1))
    assert refused.value.code == "policy.invalid"
    (fault,) = refused.value.faults
    assert f"its {what} can no longer change" in fault.why and "Write a new version" in fault.fix
    rows = world.look(lambda session: policy_rows(session, "water"))
    assert [row["good"] for row in rows if row["name"] == "national_2019"] == ["60"]


def test_an_open_version_may_get_its_end_and_a_better_source(world: World, tmp_path: Path) -> None:
    loaded(world, tmp_path / "p", WATER)
    ended = WATER.replace('area: "620100", from: 2022-01-01', 'area: "620100", from: 2022-01-01, until: 2023-01-01')
    done = loaded(world, tmp_path / "p", ended.replace("source: 丙", "source: 丙，第 3 号文件"))
    assert done.ended == ("water/county_2022",)
    (row,) = (one for one in world.look(lambda session: policy_rows(session, "water")) if one["area"] == "620100")
    assert row["valid_until"] == "2023-01-01"


def test_an_office_adds_a_version_of_its_own_from_another_folder(world: World, tmp_path: Path) -> None:
    """What was loaded stays, also when a later folder does not hold it."""
    loaded(world, tmp_path / "p", WATER)
    head = WATER.split("versions:", maxsplit=1)[0]
    own = '  - {id: own_2026, area: "990100", from: 2026-01-01, status: confirmed, source: 县, values: {good: 55}}\n'
    done = loaded(world, tmp_path / "office", f"{head}versions:\n{own}")
    assert done.new == ("water/own_2026",)
    rows = {row["name"]: row for row in world.look(lambda session: policy_rows(session, "water"))}
    assert (rows["own_2026"]["good"], rows["own_2026"]["days"]) == ("55", "15")
    assert "national_2019" in rows


def test_values_that_would_be_missing_refuse_the_load(world: World, tmp_path: Path) -> None:
    with pytest.raises(Problem) as refused:
        loaded(world, tmp_path / "p", WATER.replace("values: {good: 60, days: 18}", "values: {good: 60}"))
    assert "lacks “days”" in refused.value.faults[0].why
    assert world.look(lambda session: policy_rows(session, "water")) == ()


def test_a_load_is_in_the_audit_log(world: World, tmp_path: Path) -> None:
    loaded(world, tmp_path / "p", WATER)
    entries = world.look(lambda session: session.query(AuditEntry).filter_by(action="policy.loaded").all())
    assert [entry.subject for entry in entries] == ["water"]


def _ruhu(app: Flask, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setattr("server.cli.App", lambda: lambda: app)
    return CliRunner().invoke(main, words, obj=lambda: app)


def test_the_command_loads_and_names_every_mistake(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _ruhu(app, monkeypatch, "policies", "load").exit_code == 0
    with app.app_context(), db.read() as session:
        assert policy_rows(session, "income")
    (tmp_path / "water.yaml").write_text(WATER.replace("type: decimal", "type: money"), "utf-8")
    refused = _ruhu(app, monkeypatch, "policies", "load", str(tmp_path))
    assert refused.exit_code == 1 and "water.yaml line 6 values.good.type" in refused.output
