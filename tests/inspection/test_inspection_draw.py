"""Inspections from plan to sample: the frame is public before the seed, and there is one draw."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import uuid
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.inspection.frame_file import frame_from_bytes
from server.inspection.plan_file import plan_of
from server.inspection.sampling import draw
from server.inspection.tables import InspectionDraw
from tests.inspection.field_desk import SEED, county, drawn, filled, noted, planned, send, step, tasks
from tests.sync.racing import at_once
from tests.world import COUNTY, EAST, QINGSHI, WEST, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return county(build_world(app))


def file(world: World, inspection: Any, name: str, by: str = "admin") -> Any:
    return world.phone(by).get(f"/inspections/{inspection['id']}/files/{name}")


def test_planning_twice_with_one_id_plans_once_and_other_content_is_refused(world: World) -> None:
    first = planned(world)
    again = planned(world, id=first["id"])
    assert (again["id"], again["state"], again["made_at"]) == (first["id"], "planned", first["made_at"])
    body = {**again, "name_zh": "别的", "name_en": "", "plan": again["plan"]}
    answer = world.phone("admin").post("/inspections", body)
    assert (answer.status_code, answer.json["code"]) == (409, "inspection.other_content")
    changed = world.phone("admin").post(f"/inspections/{first['id']}/plan", {**body, "region": EAST})
    assert (changed.json["names"]["zh"], changed.json["region"]) == ("别的", EAST)


def test_the_hash_of_the_frame_is_out_before_there_is_a_seed(world: World) -> None:
    """What was frozen is what is drawn from, and nobody can change it in between."""
    inspection = planned(world)
    assert file(world, inspection, "frame.csv").status_code == 404
    frozen = step(world, inspection, "freeze").json
    content = file(world, inspection, "frame.csv").data
    assert hashlib.sha256(content).hexdigest() == frozen["frame"]["sha256"]
    assert content.decode().splitlines()[0] == "household_id,village,township"
    assert (frozen["frame"]["households"], frozen["frame"]["villages"], frozen["draw"]) == (15, 3, None)
    assert json.loads(file(world, inspection, "freeze.json").data)["frame_sha256"] == frozen["frame"]["sha256"]
    assert step(world, inspection, "freeze").json["frame"] == frozen["frame"]


def redrawn(world: World, inspection: Any, folder: Path) -> bool:
    """Whether the published verifier alone agrees, and disagrees once a byte of the frame is another."""
    for name in ("bundle.zip", "redraw.py"):
        (folder / name).write_bytes(file(world, inspection, name).data)
    command = [sys.executable, "-I", str(folder / "redraw.py")]
    good = subprocess.run([*command, str(folder / "bundle.zip")], capture_output=True, check=False)
    with zipfile.ZipFile(folder / "bundle.zip") as archive, zipfile.ZipFile(folder / "other.zip", "w") as other:
        for name in archive.namelist():
            content = archive.read(name)
            other.writestr(name, content.replace(b"990101", b"990109", 1) if name == "frame.csv" else content)
    bad = subprocess.run([*command, str(folder / "other.zip")], capture_output=True, check=False)
    assert good.returncode == 0, good.stdout.decode() + good.stderr.decode()
    return bad.returncode != 0


def test_anybody_draws_the_same_sample_from_the_published_files(world: World, tmp_path: Path) -> None:
    inspection = drawn(world)
    record = json.loads(file(world, inspection, "draw.json").data)
    frame = frame_from_bytes(file(world, inspection, "frame.csv").data)
    again = draw(frame, plan_of(record["plan"]), record["seed"]).as_json()
    assert {name: record[name] for name in again} == again
    assert sorted(one["household"]["id"] for one in tasks(world, inspection)) == sorted(
        one["household_id"] for one in record["households"]
    )
    assert redrawn(world, inspection, tmp_path)
    assert inspection["draw"]["main"] == 4 and inspection["draw"]["reserves"] == 4


def test_a_second_draw_is_refused_and_noted_and_the_same_seed_changes_nothing(world: World) -> None:
    inspection = drawn(world)
    assert step(world, inspection, "draw", seed=SEED).json["draw"] == inspection["draw"]
    answer = step(world, inspection, "draw", seed=SEED[::-1])
    assert (answer.status_code, answer.json["code"]) == (409, "inspection.drawn")
    [entry] = noted(world, "inspection.refused")
    assert (entry.subject, entry.detail) == (inspection["id"], {"code": "inspection.drawn", "why": ""})
    assert step(world, inspection, "freeze").status_code == 409


@pytest.mark.parametrize("seed", ["1234567890123456789", "不是数字不是数字不是数字不是数字", "", None])
def test_too_few_digits_draw_nothing(world: World, seed: str | None) -> None:
    inspection = planned(world)
    step(world, inspection, "freeze")
    answer = step(world, inspection, "draw", seed=seed)
    assert (answer.status_code // 100, answer.json["code"]) == (4, "draw.refused")
    assert world.phone("admin").get(f"/inspections/{inspection['id']}").json["state"] == "frozen"


def test_two_who_draw_at_once_make_one_draw(world: World) -> None:
    """Different dice at the same moment: the first stands, the second is refused."""
    inspection = planned(world)
    step(world, inspection, "freeze")
    seeds = [SEED, SEED[::-1], SEED[1:] + "7"]
    desks = [world.phone("admin") for _ in seeds]
    path = f"/inspections/{inspection['id']}/draw"
    pairs = zip(desks, seeds, strict=True)
    answers = at_once([partial(desk.post, path, {"seed": seed}) for desk, seed in pairs])
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    [won] = [one.json["draw"]["seed"] for one in answers if one.status_code == 200]
    assert world.look(lambda session: [row.seed for row in session.query(InspectionDraw)]) == [won]
    assert len(tasks(world, inspection)) == 4


def test_two_make_a_seed_that_neither_could_choose(world: World) -> None:
    inspection = planned(world, by="zhang", region=EAST, seed_way="reveal", plan={"design": "simple", "households": 3})
    step(world, inspection, "freeze")
    secrets = {"admin": "kept-by-admin-0001", "zhang": "kept-by-zhang-0002"}
    hashes = {name: hashlib.sha256(secret.encode()).hexdigest() for name, secret in secrets.items()}
    assert file(world, inspection, "freeze.json").status_code == 404
    step(world, inspection, "commit", sha256=hashes["admin"])
    early = step(world, inspection, "reveal", secret=secrets["admin"])
    assert (early.status_code, early.json["code"]) == (422, "inspection.seed")
    assert step(world, inspection, "commit", "zhang", sha256=hashes["admin"]).json["code"] == "inspection.seed"
    assert step(world, inspection, "commit", "zhang", sha256=hashes["zhang"]).status_code == 200
    published = json.loads(file(world, inspection, "freeze.json").data)
    assert {one["sha256"] for one in published["commitments"]} == set(hashes.values())
    assert step(world, inspection, "reveal", secret="something-else-1234").json["code"] == "inspection.seed"
    step(world, inspection, "reveal", secret=secrets["admin"])
    assert step(world, inspection, "draw").json["code"] == "draw.refused"
    step(world, inspection, "reveal", "zhang", secret=secrets["zhang"])
    done = step(world, inspection, "draw").json["draw"]
    assert done["seed"] == "-".join(sorted(secrets.values(), key=lambda one: hashlib.sha256(one.encode()).hexdigest()))


@pytest.mark.parametrize("weak", ["short", "a blank in it 0001", "十六个以上的汉字也不行因为程序要字节"])
def test_a_secret_that_can_be_guessed_is_refused_as_soon_as_it_can_be_known(world: World, weak: str) -> None:
    """A hash tells nothing of it: when it is revealed it is known, is not published, and the way out is said."""
    inspection = planned(world, by="zhang", region=EAST, seed_way="reveal", plan={"design": "simple", "households": 3})
    step(world, inspection, "freeze")
    for name, secret in (("admin", weak), ("zhang", "kept-by-zhang-0002")):
        step(world, inspection, "commit", name, sha256=hashlib.sha256(secret.encode()).hexdigest())
    refused = step(world, inspection, "reveal", secret=weak)
    assert (refused.status_code, refused.json["code"]) == (422, "inspection.seed")
    assert "16 to 200" in refused.json["errors"][0]["why"] and "plan another" in refused.json["errors"][0]["fix"]
    step(world, inspection, "reveal", "zhang", secret="kept-by-zhang-0002")
    assert step(world, inspection, "draw").json["code"] == "draw.refused"
    assert file(world, inspection, "draw.json").status_code == 404


def test_who_was_checked_lately_is_left_out_and_the_record_says_so(world: World) -> None:
    """A visit spares the household and, for a while, its village; what was left out is published with the hash."""
    earlier = drawn(world, region=EAST)
    task = tasks(world, earlier)[0]
    send(world, earlier, [task])
    phone = world.phone("inspector")
    phone.send(filled(phone, task["household"]["id"]))
    later = planned(world)
    seen = world.phone("admin").get(f"/inspections/{later['id']}/preview").json
    village = {"990101200000": 6, "990101201000": 4}[task["village"]]
    assert seen["spared"]["reasons"] == {"household_recent": 1, "village_recent": village - 1}
    assert seen["frame"]["households"] == 15 - village
    assert seen["spared"]["items"][0]["inspection"]["id"] == earlier["id"]
    assert [one["inspection"]["id"] for one in seen["overlaps"]] == [earlier["id"]]
    frozen = step(world, later, "freeze").json
    lines = file(world, later, "exclusions.csv").data.decode().splitlines()
    assert len(lines) == 1 + village and task["household"]["id"] not in file(world, later, "frame.csv").data.decode()
    record = json.loads(file(world, later, "freeze.json").data)
    assert record["exclusions_sha256"] == hashlib.sha256(file(world, later, "exclusions.csv").data).hexdigest()
    assert frozen["frame"]["exclusions"] == seen["spared"]["reasons"]


def test_an_earlier_result_is_shared_instead_of_a_second_visit(world: World, tmp_path: Path) -> None:
    """Nobody goes there again; the household stays in the frame, and the sample can still be drawn again."""
    earlier = drawn(world, region=QINGSHI, plan={"design": "census"})
    task = tasks(world, earlier)[0]
    send(world, earlier, [task])
    phone = world.phone("inspector")
    op = filled(phone, task["household"]["id"])
    phone.send(op)
    later = drawn(world, region=QINGSHI, plan={"design": "census"}, recent="share")
    shared = [one for one in tasks(world, later) if one["state"] == "shared"]
    assert [(one["household"]["id"], one["instance_id"]) for one in shared] == [
        (task["household"]["id"], op["instance_id"])
    ]
    answer = send(world, later, shared)
    assert (answer.status_code, answer.json["code"]) == (409, "inspection.task_over")
    assert "household_recent,shared" in file(world, later, "exclusions.csv").data.decode()
    assert redrawn(world, later, tmp_path)


def test_what_a_plan_goes_by_must_be_in_the_frame(world: World) -> None:
    body = {"design": "stratified", "stratum": "colour", "households": 3}
    with pytest.raises(AssertionError, match=r"plan\.invalid"):
        planned(world, plan=body)
    always = [{"column": "cadre_kin", "values": ["yes"]}]
    kin = planned(world, plan={"design": "simple", "households": 2, "always": always})
    step(world, kin, "freeze")
    assert file(world, kin, "frame.csv").data.decode().splitlines()[0] == "household_id,village,township,cadre_kin"


def test_an_inspection_elsewhere_is_unknown(world: World) -> None:
    """A township's supervisor neither sees nor steers what the county or another township plans."""
    whole, west = planned(world), planned(world, region=WEST, plan={"design": "census"})
    for inspection in (whole, west):
        desk = world.phone("zhang")
        assert desk.get(f"/inspections/{inspection['id']}").status_code == 404
        for name in ("freeze", "draw", "open", "close"):
            assert step(world, inspection, name, "zhang", seed=SEED).status_code == 404
        for name in ("preview", "tasks", "villages", "inspectors", "overlaps", "files/frame.csv"):
            assert desk.get(f"/inspections/{inspection['id']}/{name}").status_code == 404, name
    assert world.phone("zhang").get("/inspections").json["items"] == []
    body = {**planned(world, by="zhang", region=EAST), "region": WEST, "name_zh": "x", "id": str(uuid.uuid4())}
    assert world.phone("zhang").post("/inspections", body).status_code == 404
    audited = world.phone("auditor").get(f"/inspections?region={COUNTY}").json["items"]
    assert whole["id"] in {one["id"] for one in audited}
