"""People of an area: who is seen, invited, given roles, left, and whose households go on to whom."""

from __future__ import annotations

import io
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts.invite_file import UnreadableTable, read_invitations
from server.accounts.tables import AuditEntry, HelperOf, Install, Person, RoleGrant
from server.sync import rights
from tests.world import BAITA, COUNTY, EAST, LIUSHU, PASSWORD, QINGSHI, WANG, WEST, ZHAO, Phone, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    world = build_world(app)
    for name, role, region in (("east", "admin", EAST), ("west", "admin", WEST), ("second", "admin", COUNTY)):
        add(world, name, role, region)
    return world


def add(world: World, name: str, role: str | None = None, region: str | None = None) -> str:
    def work(session) -> str:
        id = str(uuid.uuid4())
        session.add(Person(id=id, username=name, display_name=name, password_hash="!"))
        session.flush()
        if role:
            rights.give_role(session, id, role, region)
        return id

    world.people[name] = world.run(work)
    return world.people[name]


def names(world: World, who: str, query: str = "") -> list[str]:
    answer = world.phone(who).get(f"/people{query}")
    assert answer.status_code == 200, answer.text
    return [row["username"] for row in answer.json["items"]]


def table(world: World, who: str, text: str, apply: bool = False):
    phone = world.phone(who)
    data = {"file": (io.BytesIO(text.encode()), "people.csv"), **({"apply": "1"} if apply else {})}
    return phone.client.post("/api/v1/people/table", data=data, headers=phone.headers)


def actions(world: World) -> list[str]:
    return world.look(lambda s: list(s.scalars(select(AuditEntry.action).order_by(AuditEntry.id))))


def test_each_sees_the_people_whose_whole_area_is_the_own(world: World) -> None:
    everybody = ["admin", "auditor", "bai", "east", "helper", "li", "second", "west", "zhang", "zhao"]
    assert names(world, "admin") == everybody
    assert names(world, "east") == names(world, "zhang") == ["bai", "east", "helper", "li", "zhang"]
    assert names(world, "west") == ["west", "zhao"]
    world.run(lambda s: rights.give_role(s, world.people["li"], "cadre", LIUSHU))
    assert "li" not in names(world, "east") and "li" not in names(world, "west") and "li" in names(world, "admin")


def test_the_list_is_narrowed_and_paged_within_the_area_only(world: World) -> None:
    assert names(world, "east", f"?region={QINGSHI}") == ["helper", "li"]
    assert names(world, "east", f"?region={WEST}") == names(world, "east", f"?region={LIUSHU}") == []
    assert names(world, "east", "?role=cadre") == ["bai", "li"] and names(world, "east", "?q=ZHAO") == []
    first = world.phone("east").get("/people?limit=2").json
    assert [row["username"] for row in first["items"]] == ["bai", "east"]
    assert names(world, "east", f"?limit=2&after={first['next']}") == ["helper", "li"]


@pytest.mark.parametrize("who", ["li", "auditor", "helper"])
def test_village_side_and_auditors_do_not_see_people_and_phones(world: World, who: str) -> None:
    for path in ("/people", "/devices", f"/people/{world.people['li']}"):
        assert world.phone(who).get(path).status_code == 403


def test_a_person_is_invited_with_roles_and_begins_with_a_code(world: World) -> None:
    body = {"username": "New.One", "display_name": "新来的", "roles": [{"role": "cadre", "region": QINGSHI}]}
    answer = world.phone("east").post("/people", body)
    assert answer.status_code == 201 and answer.json["username"] == "new.one"
    code = world.phone("east").post("/enrolments", {"person_id": answer.json["id"]}).json["code"]
    begun = world.app.test_client().post("/api/v1/auth/enrol", json={"code": code, "install_id": "install-new-one"})
    assert begun.status_code == 200, begun.text
    assert begun.json["user"]["roles"] == [{"role": "cadre", "region": QINGSHI}]
    assert {"user.invited", "user.role_given", "enrolment.issued"} <= set(actions(world))
    again = world.phone("east").post("/people", {**body, "display_name": "另一个人"})
    assert again.json["code"] == "user.invalid"


@pytest.mark.parametrize(
    ("who", "place", "code"),
    [
        ("east", {"role": "cadre", "region": LIUSHU}, "user.invalid"),
        ("east", {"role": "admin", "region": COUNTY}, "user.invalid"),
        ("east", {"role": "cadre", "region": "990199999999"}, "user.invalid"),
        ("east", {"role": "inspector", "region": None}, "user.invalid"),
        ("east", {"role": "cadre", "region": None}, "user.invalid"),
        ("zhang", {"role": "cadre", "region": QINGSHI}, "auth.forbidden"),
    ],
)
def test_nobody_invites_beyond_the_own_area_or_above_oneself(world: World, who: str, place: dict, code: str) -> None:
    """A foreign region and an unknown one are refused with the same words."""
    answer = world.phone(who).post("/people", {"username": "newone", "display_name": "新", "roles": [place]})
    assert answer.json["code"] == code
    if place["region"] in (LIUSHU, COUNTY, "990199999999"):
        assert answer.json["detail"] == "region.elsewhere"
    assert world.look(lambda s: s.scalar(select(Person).where(Person.username == "newone"))) is None


TABLE = f"""用户名,姓名,角色,区域
wu,吴一,村干部,{QINGSHI}
wu,吴一,cadre,{BAITA}
li,li,cadre,{QINGSHI}
bai,bai,supervisor,{EAST}
"""


def test_a_table_is_looked_over_row_by_row_and_then_applied_as_a_whole(world: World) -> None:
    seen = table(world, "east", TABLE)
    assert [row["state"] for row in seen.json["rows"]] == ["new", "new", "there", "added"]
    assert seen.json["applied"] is False and "wu" not in names(world, "east")
    done = table(world, "east", TABLE, apply=True)
    assert done.json["applied"] is True and set(done.json["people"]) == {"wu", "bai"}
    again = table(world, "east", TABLE, apply=True)
    assert {row["state"] for row in again.json["rows"]} == {"there"} and again.json["people"] == {}
    roles = world.look(
        lambda s: s.scalars(select(RoleGrant.region_code).where(RoleGrant.person_id == done.json["people"]["wu"])).all()
    )
    assert sorted(roles) == [QINGSHI, BAITA]


def test_one_bad_row_keeps_the_whole_table_out_and_every_problem_is_named(world: World) -> None:
    text = f"""username,name,role,region
wu,吴一,cadre,{QINGSHI}
zhao,zhao,cadre,{QINGSHI}
east,east,cadre,{QINGSHI}
Wu 2,,boss,{QINGSHI}
import,导入,cadre,{QINGSHI}
yu,于,inspector,
yu,于,cadre,{QINGSHI}
qi,齐,cadre,{LIUSHU}
wu,吴一,cadre,{QINGSHI}
"""
    answer = table(world, "east", text, apply=True)
    assert [row["problems"] for row in answer.json["rows"]] == [
        [],
        ["username.taken"],
        ["username.oneself"],
        ["username.shape", "name.length", "role.unknown"],
        ["username.reserved"],
        ["region.elsewhere"],
        ["role.inspects_only"],
        ["region.elsewhere"],
        ["row.twice"],
    ]
    assert answer.json["applied"] is False and "wu" not in names(world, "east")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file.columns"), (b"a,b\n1,2\n", "file.columns"), (b"username,name,role,region\n", "file.empty"),
        (b"PK\x03\x04rest", "file.workbook"), (b"\xff\xff\xff\x00", "file.encoding"), (b"x" * 600_000, "file.too_long"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_says_why(raw: bytes, code: str) -> None:
    with pytest.raises(UnreadableTable) as caught:
        read_invitations(raw)
    assert caught.value.code == code


def test_a_table_as_chinese_excel_writes_it_is_read() -> None:
    [row] = read_invitations("用户名,姓名,角色,区域\r\nwu,吴一,主管,990101000000\r\n".encode("gb18030"))
    assert (row.name, row.role, row.problems) == ("吴一", "supervisor", [])


def test_nobody_gives_oneself_a_role_leaves_by_the_own_hand_or_resets_the_own_password(world: World) -> None:
    phone, me = world.phone("admin"), world.people["admin"]
    given = phone.post(f"/users/{me}/roles", {"role": "auditor", "region": COUNTY, "give": True})
    assert (given.status_code, given.json["code"]) == (403, "user.not_oneself")
    taken = phone.post(f"/users/{me}/roles", {"role": "admin", "region": COUNTY, "give": False})
    assert taken.json["code"] == "user.not_oneself"
    for what in ("leave", "return", "password"):
        assert phone.post(f"/people/{me}/{what}", {}).json["code"] == "user.not_oneself"


@pytest.mark.parametrize("target", ["zhao", "admin", "west", "import", "nobody"])
def test_people_elsewhere_answer_exactly_as_unknown_ones(world: World, target: str) -> None:
    """In every call that names a person: foreign, above, nobody."""
    id = world.people.get(target, str(uuid.uuid4()))
    phone = world.phone("east")
    calls = [
        phone.get(f"/people/{id}"), phone.get(f"/users/{id}/installs"), phone.get(f"/enrolments?person_id={id}"),
        phone.post(f"/people/{id}/leave", {}), phone.post(f"/people/{id}/return", {}),
        phone.post(f"/people/{id}/password", {}), phone.post("/enrolments", {"person_id": id}),
        phone.post(f"/people/{id}/hand-on", {"to": world.people["li"], "preview": True}),
        phone.post(f"/people/{world.people['helper']}/hand-on", {"to": id, "preview": True}),
        phone.post(f"/users/{id}/roles", {"role": "cadre", "region": QINGSHI, "give": True}),
    ]  # fmt: skip
    assert {(answer.status_code, answer.json["code"]) for answer in calls} == {(404, "record.not_found")}
    assert phone.get(f"/people/{id}/households").json["items"] == []
    assert {answer.json.get("detail") for answer in calls} == {None}


def test_households_of_a_leaver_go_on_all_at_once_after_a_look(world: World) -> None:
    helper, li = world.people["helper"], world.people["li"]
    phone = world.phone("helper")
    phone.pull(f"user:{helper}")
    desk = world.phone("zhang")
    assert desk.post(f"/people/{helper}/leave", {}).status_code == 403
    seen = desk.post(f"/people/{helper}/hand-on", {"to": li, "preview": True}).json
    assert [(row["household_id"], row["position"]) for row in seen["items"]] == [(WANG, "lead")]
    assert helps(world, helper) == {WANG: "lead"}
    done = desk.post(f"/people/{helper}/hand-on", {"to": li, "preview": False})
    assert done.json["moved"] and helps(world, helper) == {} and helps(world, li) == {WANG: "lead"}
    assert {entry["type"] for entry in phone.pull(f"user:{helper}")["entries"]} <= {"eviction"}
    got = world.phone("li").pull(f"user:{li}")["entries"]
    assert WANG in {entry["id"] for entry in got if entry["type"] == "entity"}
    assert desk.post(f"/people/{helper}/hand-on", {"to": li, "preview": False}).status_code == 404


def helps(world: World, person: str) -> dict[str, str]:
    query = select(HelperOf.household_id, HelperOf.position).where(HelperOf.person_id == person)
    return world.look(lambda s: {row[0]: row[1] for row in s.execute(query)})


def test_a_deputy_who_takes_over_a_lead_becomes_lead(world: World) -> None:
    helper, li = world.people["helper"], world.people["li"]
    world.run(lambda s: rights.give_household(s, li, WANG, "deputy"))
    body = {"to": li, "preview": True}
    assert world.phone("admin").post(f"/people/{helper}/hand-on", body).json["items"][0]["already"] == "deputy"
    world.phone("admin").post(f"/people/{helper}/hand-on", {"to": li, "preview": False})
    assert helps(world, li) == {WANG: "lead"}


def test_only_households_of_the_own_area_are_seen_and_handed_on(world: World) -> None:
    """A helper of households in two townships: each supervisor hands on the own ones, the other's are not counted."""
    helper = world.people["helper"]
    world.run(lambda s: rights.give_household(s, helper, ZHAO, "deputy"))
    phone = world.phone("zhang")
    assert [row["household_id"] for row in phone.get(f"/people/{helper}/households").json["items"]] == [WANG]
    body = {"to": world.people["li"], "households": [ZHAO], "preview": True}
    assert phone.post(f"/people/{helper}/hand-on", body).status_code == 404
    assert phone.post(f"/people/{helper}/hand-on", {**body, "households": [str(uuid.uuid4())]}).status_code == 404
    phone.post(f"/people/{helper}/hand-on", {"to": world.people["li"], "preview": False})
    assert helps(world, helper) == {ZHAO: "deputy"}


def test_nobody_leaves_with_households_and_who_left_may_only_hand_over(world: World) -> None:
    helper = world.people["helper"]
    phone = world.phone("helper")
    phone.pull(f"user:{helper}")
    admin = world.phone("admin")
    assert admin.post(f"/people/{helper}/leave", {}).json["code"] == "user.has_households"
    op = phone.visit(water_days="35")
    admin.post(f"/people/{helper}/hand-on", {"to": None, "preview": False})
    assert admin.post(f"/people/{helper}/leave", {}).status_code == 204
    assert admin.post(f"/people/{helper}/leave", {}).status_code == 204
    assert phone.get("/me").json["code"] == "device.revoked"
    [kept] = phone.send(op)
    assert (kept["status"], kept["code"]) == ("quarantined", "device.revoked")
    sign_in = {"username": "helper", "password": PASSWORD, "install_id": "install-other-one"}
    assert world.app.test_client().post("/api/v1/auth/login", json=sign_in).status_code == 401
    assert admin.post(f"/people/{helper}/return", {}).status_code == 204
    assert phone.get("/me").json["code"] == "device.revoked"
    assert world.app.test_client().post("/api/v1/auth/login", json=sign_in).status_code == 200
    assert [a for a in actions(world) if a in ("user.left", "user.returned")] == ["user.left", "user.returned"]


def test_a_desk_of_somebody_who_left_is_signed_out(world: World) -> None:
    client = world.app.test_client()
    client.post("/api/v1/auth/login", json={"username": "zhang", "password": PASSWORD, "cookie": True})
    assert client.get("/api/v1/me").status_code == 200
    world.phone("admin").post(f"/people/{world.people['zhang']}/leave", {})
    assert client.get("/api/v1/me").status_code == 401


def test_a_new_password_is_shown_once_and_signs_out_everywhere(world: World) -> None:
    phone = world.phone("li")
    password = world.phone("east").post(f"/people/{world.people['li']}/password", {}).json["password"]
    assert phone.get("/me").status_code == 401
    body = {"username": "li", "password": password, "install_id": "install-li-new"}
    welcome = world.app.test_client().post("/api/v1/auth/login", json=body).json
    assert welcome["user"]["must_change_password"] is True, "somebody else knows it"
    own = {"old": password, "new": "a password of my own"}
    li = Phone(world.app.test_client(), welcome["token"], "install-li-new")
    assert li.post("/auth/password", own).status_code == 204
    assert li.get("/me").json["must_change_password"] is False
    entry = world.look(lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "user.password_reset")).one())
    assert entry.detail is None and password not in entry.subject


def test_phones_say_what_waits_in_them_and_what_came_since_is_taken_off(world: World) -> None:
    phone = world.phone("li")
    said = {"outbox": {"count": 2, "oldest": "2026-11-20T08:00:00Z"}, "device_time": "2026-11-21T09:00:00+08:00"}
    assert phone.post("/sync/hello", {"app_build": "b7", **said}).status_code == 200
    [row] = device_rows(world, "zhang", "li")
    assert row["outbox"]["count"] == 2 and row["device"]["app_build"] == "b7" and row["clock_ahead_s"] < -3600
    assert len(world.phone("zhang").get("/devices?state=waiting").json["items"]) == 1
    phone.send(phone.visit(water_days="35"))
    assert device_rows(world, "zhang", "li")[0]["outbox"]["count"] == 1
    for junk in ({"count": "many"}, {"count": -1, "oldest": "yesterday"}, {"count": True}, {"count": 2**70}):
        assert phone.post("/sync/hello", {"outbox": junk, "device_time": "9999-99"}).status_code == 200
    assert device_rows(world, "zhang", "li")[0]["outbox"] == {"count": None, "oldest": None}


def device_rows(world: World, who: str, of: str) -> list[dict]:
    items = world.phone(who).get("/devices").json["items"]
    return [row for row in items if row["person"]["username"] == of and row["said_at"]]


def test_phones_of_other_areas_are_neither_listed_nor_counted_nor_revoked(world: World) -> None:
    phones = {name: world.phone(name) for name in ("li", "zhao")}
    east = world.phone("east")
    listed = {row["install_id"] for row in east.get("/devices?limit=500").json["items"]}
    assert phones["li"].install_id in listed and phones["zhao"].install_id not in listed
    assert east.get(f"/devices?region={WEST}").json["items"] == east.get("/devices?q=zhao").json["items"] == []
    unknown = east.get("/devices?after=install-nobody")
    foreign = east.get(f"/devices?after={phones['zhao'].install_id}")
    assert unknown.status_code == foreign.status_code == 400 and unknown.json["errors"] == foreign.json["errors"]
    assert east.post(f"/installs/{phones['zhao'].install_id}/revoke", {}).status_code == 404
    assert east.post(f"/installs/{phones['li'].install_id}/revoke", {}).status_code == 200
    revoked = world.look(lambda s: s.get_one(Install, phones["zhao"].install_id).revoked_at)
    assert revoked is None and len(east.get("/devices?state=revoked").json["items"]) == 1


def test_inviting_again_with_the_same_id_invites_once(world: World) -> None:
    """An answer that was lost on the way does not make the name taken."""
    admin, id = world.phone("east"), str(uuid.uuid4())
    body = {"id": id, "username": "wu.yi", "display_name": "吴一", "roles": [{"role": "cadre", "region": QINGSHI}]}
    assert [admin.post("/people", body).json["id"] for _ in range(2)] == [id, id]
    other = {**body, "username": "wu.er"}
    assert admin.post("/people", other).json["code"] == "user.taken"
    assert admin.post("/people", {**body, "id": None}).json["code"] == "user.taken"
    assert actions(world).count("user.invited") == 1


def test_helpers_of_another_township_are_named_by_who_answers_for_both(world: World) -> None:
    """Refused as an unknown person is; who has no area yet, and who works here too, may be named."""
    body = {"household_id": WANG, "give": True}
    path = f"/users/{world.people['zhao']}/households"
    assert world.phone("zhang").post(path, body).status_code == 404
    assert world.phone("admin").post(path, body).status_code == 200
    assert world.phone("zhang").post(path, {**body, "position": "deputy"}).status_code == 200
    newcomer = add(world, "newcomer")
    assert world.phone("zhang").post(f"/users/{newcomer}/households", body).status_code == 200
