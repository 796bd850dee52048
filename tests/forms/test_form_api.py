"""A form's way: an administrator uploads, publishes and retires it; phones hear of it and fetch it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from server.cli import main
from server.forms.tables import FormMedia, FormVersion
from tests.forms.samples import SHARED_FORMS, SMALL, VISIT
from tests.sync.office import add_person
from tests.world import Phone, World

CHANGED = SMALL.replace("户主", "当家人")


def _upload(phone: Phone, text: str | bytes, media: Mapping[str, bytes] | None = None, name: str = "form.md") -> Any:
    content = text.encode() if isinstance(text, str) else text
    files = [(io.BytesIO(item), file) for file, item in (media or {}).items()]
    return phone.client.post(
        "/api/v1/forms", data={"file": (io.BytesIO(content), name), "media": files}, headers=phone.headers
    )


def _step(phone: Phone, step: str, form: str = "small/1") -> Any:
    return phone.client.post(f"/api/v1/forms/{form}/{step}", headers=phone.headers)


def _offered(phone: Phone) -> set[str]:
    return {f"{form['form_id']}/{form['version']}" for form in phone.get("/forms").json}


def _errors(answer: Any) -> str:
    return " ".join(f"{error['where']} {error['why']} {error['fix']}" for error in answer.json["errors"])


def test_a_form_is_uploaded_published_and_retired(world: World) -> None:
    """A draft is nobody's business but the administrators'; a retired version is no longer offered but readable."""
    admin, li = world.phone("admin"), world.phone("li")
    added = _upload(admin, SMALL)
    assert added.status_code == 201 and added.json["state"] == "draft"
    assert added.json["names"] == {"zh": "小表", "en": "Small form"}
    assert "small/1" not in _offered(li) and li.get("/forms/small/1/xform").status_code == 404
    assert admin.get("/forms/small/1/xform").status_code == 200

    assert _step(admin, "publish").json["state"] == "published"
    assert "small/1" in _offered(li)
    form = next(form for form in li.get("/forms").json if form["form_id"] == "small")
    assert form["datasets"] == ["household", "member"] and form["hash"] == added.json["hash"]

    assert _step(admin, "retire").json["state"] == "retired"
    assert "small/1" not in _offered(li)
    assert li.get("/forms/small/1/xform").status_code == 200
    assert _step(admin, "publish").json["code"] == "form.state"


def test_phones_hear_of_a_published_and_of_a_retired_version(world: World) -> None:
    admin, li = world.phone("admin"), world.phone("li")
    seen = li.pull("forms")["next"]
    _upload(admin, SMALL)
    assert li.pull("forms", seen)["entries"] == []
    for step, state in (("publish", "published"), ("retire", "retired")):
        _step(admin, step)
        (entry,) = li.pull("forms", seen)["entries"]
        assert (entry["type"], entry["form_id"], entry["version"], entry["state"]) == ("form", "small", "1", state)
        seen = entry["n"]


def test_the_xform_is_served_as_it_was_hashed_and_not_sent_twice(world: World) -> None:
    admin = world.phone("admin")
    _upload(admin, SMALL)
    answer = admin.get("/forms/small/1/xform")
    assert answer.content_type.startswith("text/xml") and answer.headers["X-Content-Type-Options"] == "nosniff"
    again = admin.client.get(
        "/api/v1/forms/small/1/xform", headers={**admin.headers, "If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304 and not again.data


def test_sending_the_same_again_is_harmless_and_a_draft_may_change(world: World) -> None:
    admin = world.phone("admin")
    first = _upload(admin, SMALL, {"a.png": b"1"}).json
    assert _upload(admin, SMALL, {"a.png": b"1"}).json["hash"] == first["hash"]
    assert _upload(admin, CHANGED).json["hash"] != first["hash"]
    assert admin.get("/forms/small/1/media/a.png").status_code == 404, "the draft's old media are gone"
    assert _step(admin, "publish").json == _step(admin, "publish").json


def test_a_published_version_is_frozen(world: World) -> None:
    """Other questions or other media under the same version: refused, and what is published stays."""
    admin = world.phone("admin")
    published = _upload(admin, SMALL, {"a.png": b"1"}).json
    _step(admin, "publish")
    for answer in (
        _upload(admin, CHANGED, {"a.png": b"1"}),
        _upload(admin, SMALL, {"a.png": b"2"}),
        _upload(admin, SMALL),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "form.version_frozen")
    assert _upload(admin, SMALL, {"a.png": b"1"}).json["state"] == "published"
    assert admin.get("/forms/small/1/xform").headers["ETag"].strip('"') == published["hash"].removeprefix("md5:")
    assert admin.get("/forms/small/1/media/a.png").data == b"1"


def test_an_authors_mistake_comes_back_with_sheet_row_cause_and_cure(world: World) -> None:
    answer = _upload(world.phone("admin"), SMALL.replace("| image | front |", "| imagine | front |"))
    assert (answer.status_code, answer.json["code"]) == (422, "form.invalid")
    assert "survey row 6" in _errors(answer) and "imagine" in _errors(answer)


def test_a_form_that_contradicts_a_dataset_is_refused(world: World) -> None:
    answer = _upload(world.phone("admin"), SMALL.replace("household#head_name", "household#heads_name"))
    assert (answer.status_code, answer.json["code"]) == (422, "form.policy_conflict")
    assert "heads_name" in _errors(answer)


def test_only_administrators_bring_forms(world: World) -> None:
    for name in ("li", "zhang", "auditor"):
        phone = world.phone(name)
        assert _upload(phone, SMALL).status_code == 403
        assert _step(phone, "retire", "small_visit/1").status_code == 403
        assert phone.get("/forms?state=all").status_code == 403
    assert world.app.test_client().get("/api/v1/forms").status_code == 401


def test_who_reads_answers_of_an_area_gets_every_form_by_name(world: World) -> None:
    """Also the one that only others fill in, and the one that nobody fills in any more."""
    admin = world.phone("admin")
    known = {form["form_id"] for form in admin.get("/forms?state=all").json if form["state"] != "draft"}
    assert _step(admin, "retire", "small_visit/1").status_code == 200
    for name in ("admin", "zhang", "auditor"):
        assert {form["form_id"] for form in world.phone(name).get("/forms?state=known").json} == known
    assert "small_visit" in known
    add_person(world, "inspector", "inspector", None)
    assert world.phone("inspector").get("/forms?state=known").status_code == 403


@pytest.mark.parametrize(
    "path", ["/forms/nothing/1/xform", "/forms/small_visit/9/xform", "/forms/small_visit/1/media/x"]
)
def test_what_does_not_exist_is_not_found(world: World, path: str) -> None:
    answer = world.phone("li").get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "form.not_found")


def test_uploaded_media_are_never_shown_as_pages(world: World) -> None:
    """An SVG may hold scripts."""
    admin = world.phone("admin")
    _upload(admin, SMALL, {"a.svg": b"<svg onload='alert(1)'/>", "../../b.png": b"2"})
    answer = admin.get("/forms/small/1/media/a.svg")
    assert answer.data.startswith(b"<svg") and answer.headers["Content-Disposition"] == "attachment"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert admin.get("/forms/small/1/media/b.png").data == b"2", "a path in a name is dropped"


@pytest.mark.parametrize("count", [0, 2])
def test_an_upload_needs_one_workbook(world: World, count: int) -> None:
    admin = world.phone("admin")
    files = [(io.BytesIO(SMALL.encode()), "form.md") for _ in range(count)]
    answer = admin.client.post(
        "/api/v1/forms", data={"file": files}, headers=admin.headers, content_type="multipart/form-data"
    )
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")


def test_many_uploads_of_one_version_at_once_make_one_form(world: World) -> None:
    """Unique by the database: whoever comes second replaces the draft, nobody sees an error or a half."""
    phones = [world.phone("admin") for _ in range(6)]
    texts = [SMALL.replace("几人", f"几人{n}") for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda pair: _upload(*pair, {"a.png": b"1"}), zip(phones, texts, strict=True)))
    assert [answer.status_code for answer in answers] == [201] * 6
    hashes = {answer.json["hash"] for answer in answers}
    stored = world.look(lambda session: session.get(FormVersion, ("small", "1")).hash)
    files = world.look(lambda session: session.scalar(select(func.count()).select_from(FormMedia)))
    assert stored in hashes and files == 1


def test_datasets_are_told_with_their_policies(world: World) -> None:
    found = {dataset["name"]: dataset for dataset in world.phone("li").get("/datasets").json}
    assert found["member"]["parent"] == {"dataset": "household", "property": "household"}
    lon = next(prop for prop in found["household"]["properties"] if prop["name"] == "lon")
    assert (lon["merge"], lon["group"], lon["labels"]["zh"]) == ("most_precise", "location", "经度")
    assert found["household"]["region_source"] == "region" and found["household"]["resolvers"]


def test_the_command_publishes_a_folder_and_refuses_a_changed_one(world: World, tmp_path: Any) -> None:
    """Twice is harmless; changed under the same version is told, and nothing changes."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "form.md").write_text(SMALL, "utf-8")
    for _ in range(2):
        done = CliRunner().invoke(main.commands["form"], ["publish", str(folder)], obj=lambda: world.app)
        assert done.exit_code == 0 and "small 1" in done.output
    (folder / "form.md").write_text(CHANGED, "utf-8")
    refused = CliRunner().invoke(main.commands["form"], ["publish", str(folder)], obj=lambda: world.app)
    assert refused.exit_code == 1 and "small 1" in refused.output
    assert "small/1" in _offered(world.phone("li"))


def test_the_household_visit_is_published_from_its_folder(world: World) -> None:
    done = CliRunner().invoke(main.commands["form"], ["publish", str(VISIT)], obj=lambda: world.app)
    assert done.exit_code == 0, done.output
    assert any(name.startswith("household_visit/") for name in _offered(world.phone("li")))


@pytest.mark.parametrize(
    "name",
    ["all-question-types.xlsx", "ifrc-distribution-site-assessment-v1.xlsx", "socio-economic-survey-v20240515.xlsx"],
)
def test_published_forms_of_others_are_uploaded_and_published(world: World, name: str) -> None:
    path = SHARED_FORMS / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    admin = world.phone("admin")
    added = _upload(admin, path.read_bytes(), name=name)
    assert added.status_code == 201, added.json
    form = f"{added.json['form_id']}/{added.json['version']}"
    assert _step(admin, "publish", form).status_code == 200
    assert form in _offered(world.phone("li"))
