"""A version's life: what it changes is told first, drafts may be opened, it starts on its day, old ones still send."""

from __future__ import annotations

import base64
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from server.cli import main
from server.db import now, today
from server.forms.tables import FormVersion
from server.registry.tables import Entity
from tests.forms.samples import SMALL
from tests.world import FORM, WANG, Phone, World

SECOND = SMALL.replace("| small | 1 |", "| small | 2 |").replace("| | measures | water |", "| | measures | housing |")


def _upload(phone: Phone, text: str) -> Any:
    files = {"file": (io.BytesIO(text.encode()), "form.md")}
    return phone.client.post("/api/v1/forms", data=files, headers=phone.headers)


def _publish(phone: Phone, form: str, starts_on: str | None = None) -> Any:
    return phone.post(f"/forms/{form}/publish", {"starts_on": starts_on})


def _listed(phone: Phone, query: str = "") -> dict[str, Any]:
    return {f"{form['form_id']}/{form['version']}": form for form in phone.get(f"/forms{query}").json}


def _collect(world: World, phone: Phone) -> str:
    """What ODK Collect is offered."""
    admin = world.phone("admin")
    token = admin.post(f"/users/{world.people['li']}/openrosa-tokens", {}).json["token"]
    answer = phone.client.get(f"/key/{token}/formList", headers={"X-OpenRosa-Version": "1.0"})
    return str(answer.text)


def test_what_changed_is_told_before_anybody_publishes(world: World) -> None:
    admin = world.phone("admin")
    assert _upload(admin, SMALL).json["changes"] == {
        "form_id": "small", "version": "1", "against": None, "breaking": 0, "items": [],
    }  # fmt: skip
    _publish(admin, "small/1")
    told = _upload(admin, SECOND).json["changes"]
    assert (told["against"], told["breaking"]) == ("1", 1)
    kinds = {item["kind"]: item for item in told["items"]}
    assert set(kinds) == {"choices_removed", "choices_added"}
    assert kinds["choices_removed"]["breaks"] == "records" and "water" in kinds["choices_removed"]["from"]
    assert "codes" in kinds["choices_removed"]["fix"]["en"] and kinds["choices_removed"]["why"]["zh"]
    assert admin.get("/forms/small/2/changes").json == told
    assert admin.get("/forms/small/2/changes?against=2").json["items"] == []
    assert admin.get("/forms/small/2/changes?against=9").status_code == 404
    assert world.phone("li").get("/forms/small/2/changes").status_code == 403


def test_a_draft_is_opened_by_its_author_and_by_those_who_were_named(world: World) -> None:
    """On their phones, before anybody else knows of it."""
    admin, zhang, li = (world.phone(name) for name in ("admin", "zhang", "li"))
    _upload(admin, SMALL)
    assert _listed(zhang, "?state=draft") == {}
    assert zhang.get("/forms/small/1").status_code == 404
    assert zhang.get("/forms/small/1/preview").status_code == 404
    named = admin.post("/forms/small/1/previewers", {"usernames": ["zhang"]})
    assert named.json["previewers"] == [world.people["zhang"]]
    assert _listed(zhang, "?state=draft")["small/1"]["state"] == "draft"
    assert zhang.get("/forms/small/1/xform").status_code == 200
    assert li.get("/forms/small/1/xform").status_code == 404 and _listed(li, "?state=draft") == {}
    shown = zhang.get("/forms/small/1/preview").json
    assert shown["path"] == "/#/preview/small/1" and shown["url"].endswith(shown["path"])
    assert base64.b64decode(shown["qr_png"]).startswith(b"\x89PNG")
    assert admin.post("/forms/small/1/previewers", {"usernames": ["zhang", "nobody"]}).status_code == 400
    assert li.post("/forms/small/1/previewers", {"usernames": ["li"]}).status_code == 403


def test_what_is_filled_in_a_preview_never_counts(world: World) -> None:
    """Sent by mistake it is set aside with its reason, and the record stays as it was."""
    admin = world.phone("admin")
    _upload(admin, FORM.replace("| small_visit | 1 |", "| small_visit | 2 |"))
    op = admin.visit(head_name="没有的人", form_version="2")
    op["instance_xml"] = op["instance_xml"].replace('version="1"', 'version="2"')
    (result,) = admin.send(op)
    assert (result["status"], result["code"]) == ("quarantined", "form.draft")
    assert world.look(lambda session: session.get(Entity, WANG).values["head_name"]) == "王大山"


def test_a_version_starts_on_its_day(world: World) -> None:
    """Frozen and sent to phones at once; offered for new work from the day on, to phones and to ODK Collect."""
    admin, li = world.phone("admin"), world.phone("li")
    _upload(admin, SMALL)
    _publish(admin, "small/1")
    _upload(admin, SECOND)
    day = (today() + timedelta(days=3)).isoformat()
    seen = li.pull("forms")["next"]
    published = _publish(admin, "small/2", day).json
    assert (published["state"], published["starts_on"]) == ("published", day)
    assert published["offered_from"] == f"{day}T00:00:00+08:00"
    assert _listed(li)["small/2"]["offered_from"] > _listed(li)["small/1"]["offered_from"]
    (entry,) = li.pull("forms", seen)["entries"]
    assert (entry["version"], entry["starts_on"], entry["offered_from"]) == ("2", day, published["offered_from"])
    assert 'small/1.xml' in _collect(world, li) and 'small/2.xml' not in _collect(world, li)
    assert _upload(admin, SECOND.replace("户主", "当家人")).json["code"] == "form.version_frozen"

    def let_the_day_come(session: Any) -> None:
        old, new = (session.get(FormVersion, ("small", version)) for version in ("1", "2"))
        new.starts_on, new.published_at = today(), now() - timedelta(days=2)
        old.published_at = now() - timedelta(days=9)

    world.run(let_the_day_come)
    assert 'small/2.xml' in _collect(world, li) and 'small/1.xml' not in _collect(world, li)


def test_a_day_may_be_changed_until_it_comes(world: World) -> None:
    admin = world.phone("admin")
    _upload(admin, SMALL)
    first, later = ((today() + timedelta(days=days)).isoformat() for days in (2, 9))
    assert _publish(admin, "small/1", first).json["starts_on"] == first
    assert _publish(admin, "small/1", later).json["starts_on"] == later
    assert _publish(admin, "small/1").json["starts_on"] == later, "no day given is no change"
    _upload(admin, SECOND)
    _publish(admin, "small/2")
    assert _publish(admin, "small/2", later).json["code"] == "form.state", "it has begun"


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", 7])
def test_a_day_that_is_none_is_refused(world: World, day: Any) -> None:
    admin = world.phone("admin")
    _upload(admin, SMALL)
    assert admin.post("/forms/small/1/publish", {"starts_on": day}).status_code in (400, 422)
    assert _listed(admin, "?state=draft")["small/1"]["state"] == "draft"


def test_a_phone_that_was_away_for_weeks_still_sends_the_old_version(world: World) -> None:
    """Three versions, the first retired: each submission is read by the form that it was filled with."""
    admin, li = world.phone("admin"), world.phone("li")
    two = FORM.replace("| small_visit | 1 |", "| small_visit | 2 |").replace("head_name", "chief", 1)
    two = two.replace("${head_name}", "${chief}").replace("household#head_name", "household#head_name")
    three = FORM.replace("| small_visit | 1 |", "| small_visit | 3 |").replace("water_days", "dry_days", 1)
    for text, version in ((two, "2"), (three, "3")):
        assert _upload(admin, text).status_code == 201
        assert _publish(admin, f"small_visit/{version}").status_code == 200
    assert admin.post("/forms/small_visit/1/retire", {}).json["state"] == "retired"

    def sent(version: str, old: str, new: str, base: int, **values: str) -> Any:
        op = li.visit(base_version=base, form_version=version, instance_id=f"uuid:{uuid.uuid4()}", **values)
        xml = op["instance_xml"].replace('version="1"', f'version="{version}"')
        op["instance_xml"] = xml.replace(f"<{old}>", f"<{new}>").replace(f"</{old}>", f"</{new}>")
        (result,) = li.send(op)
        return result["status"], world.look(lambda session: dict(session.get(Entity, WANG).values))

    status, values = sent("3", "water_days", "dry_days", 1, water_days="7")
    assert status == "applied" and values["water_shortage_days"] == "7"
    status, values = sent("2", "head_name", "chief", 2, head_name="王小山")
    assert status == "applied" and values["head_name"] == "王小山"
    status, values = sent("1", "x", "x", 3, water_days="9")
    assert status == "applied" and values["water_shortage_days"] == "9", "the retired version is understood"


def test_the_command_compares_two_workbooks(world: World, tmp_path: Any) -> None:
    for name, text in (("old.md", SMALL), ("new.md", SECOND)):
        (tmp_path / name).write_text(text, "utf-8")

    def run(old: str, new: str) -> Any:
        words = ["diff", str(tmp_path / old), str(tmp_path / new)]
        return CliRunner().invoke(main.commands["form"], words, obj=lambda: world.app)

    told = run("old.md", "new.md")
    assert told.exit_code == 2 and "! /data/measures" in told.output and "records" in told.output
    same = run("old.md", "old.md")
    assert same.exit_code == 0 and "0" in same.output


def test_the_command_publishes_for_a_day(world: World, tmp_path: Any) -> None:
    (tmp_path / "form.md").write_text(SMALL, "utf-8")
    day = (today() + timedelta(days=5)).isoformat()
    words = ["publish", str(tmp_path / "form.md"), "--starts-on", day]
    done = CliRunner().invoke(main.commands["form"], words, obj=lambda: world.app)
    assert done.exit_code == 0, done.output
    assert _listed(world.phone("li"))["small/1"]["starts_on"] == day
