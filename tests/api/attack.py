"""The table of attacks on the area scope: for every address of the server what is asked there of another area.

An attack names ids of another township in the path, in a filter or in the body. `aims(app)` makes them from the
server's own list of addresses, so that a new one without an entry here is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

Ids = Mapping[str, str]

# Addresses without anything of an area in them, and why.
APART = {
    "client.": "the apps' own files, the same for everybody",
    "health.": "whether the server lives; of nobody",
    "docs.": "the description of the interface",
    "api-docs.": "the description of the interface",
    "maps.": "the ground of the map, the same for everybody",
    "auth.": "one's own password, token and key; who signs in is tried in accounts/test_sign_in.py",
    "openrosa.": "the token or password is the right, no id of an area is in the address; what comes is compared in "
    "test_nothing_of_another_area_changes_what_is_answered",
    "forms.": "forms are the whole server's",
    "form_life.": "forms are the whole server's",
    "policies.": "rules are the whole server's; whose area a table is of is tried in policies/test_policy_changes.py",
    "policy_changes.": "tried in policies/test_policy_changes.py: another area's is answered as the unknown",
    "ogc.landing": "names collections, no records",
    "ogc.described": "names collections, no records",
    "ogc.conformance": "names classes of a standard",
    "ogc.collections": "names collections, no records",
    "ogc.collection": "names a collection; its extent is compared in the second test",
    "rules.rules": "rules are the whole server's",
    "findings.course": "the course is the whole server's",
    "exports.codebook": "forms are the whole server's",
    "audit.head": "a number and a hash of all entries, for the keepers of the whole chain",
    "uploads.abilities": "what the protocol can do",
    "inspections.published": "seeds and hashes that are published to everybody",
    "people.invite_table": "people that do not exist yet; its regions are tried in accounts/test_people.py",
    "areas.import_file": "a file of areas; tried in accounts/test_areas_desk.py",
    "imports.columns": "only reads the file that is sent along",
    "sync.push_ops": "each kind of op is sent in test_ops_about_what_is_foreign_are_judged_as_about_the_unknown",
    "courier.carry": "each part is signed by its own phone; tried in sync/test_courier.py",
}  # fmt: skip

# What stands in a path, by the word before it (or by itself): a kind of id of two_areas.py.
IN_PATH = {
    "assignments": "assignment", "comparisons": "household", "conflicts": "conflict", "datum-doubts": "doubt",
    "drafts": "draft", "enrolments": "enrolment", "entities": "household", "evidence": "attachment",
    "exports": "export", "feedback": "feedback", "findings": "finding", "held": "held", "register": "import",
    "inspections": "inspection", "installs": "install", "loans": "loan", "people": "newcomer", "photos": "attachment",
    "quarantine": "quarantine", "questions": "question", "changes": "region_change", "submissions": "submission",
    "tasks": "task", "teams": "team", "uploads": "upload", "users": "newcomer", "qualifications": "qualification",
    "openrosa-tokens": "token_install", "sha256": "sha256",
}  # fmt: skip
FIXED = {"files": "front.jpg", "layer": "households"}
HOUSEHOLDS = {"people.households": "helper", "people.hand_on": "helper"}
# What shuts the door behind it comes last, so that the others are still tried on what is open.
LAST = ("inspections.close", "people.leave", "set_aside.dismiss_held", "set_aside.apply_held", "findings.step")

# What filters are called, and the kind of id that another area would put there; "" is nothing of an area.
IN_QUERY: dict[str, tuple[str, ...]] = {
    "region": ("region", "township"), "person": ("person", "desk"), "author": ("person",), "person_id": ("person",),
    "household": ("household",), "entity": ("household",), "parent": ("household",), "village": ("region",),
    "subject": ("household", "newcomer"), "instance_id": ("submission",), "q": ("label",),
    "scope": ("scope", "own_feed"), "bbox": ("bbox",), "near": ("near",), "within": ("within",),
    **dict.fromkeys(
        ("limit", "after", "state", "kind", "from", "to", "dataset", "concern", "slot", "at", "code", "drawn",
         "source", "overdue", "unclosed", "risen", "mine", "size", "against", "property", "differing", "below", "f",
         "datetime", "role", "active", "stage", "watermark", "geometry", "lon", "lat", "datum", "rule", "severity",
         "form_id", "status", "review", "has_photo", "findings", "photos", "last_day", "visited", "edges", "series",
         "area", "policy", "line", "order", "measures"), ()),
}  # fmt: skip

NEEDED = {
    "outcome.answered": {"form_id": "small_visit"},
    "overview.series": {"edges": "2026-11-01T00:00:00Z,2026-12-01T00:00:00Z"},
}
BESIDE = {"parent": {"dataset": "member"}}  # what a filter means nothing without
NAMES = {"people.show": {"q": ("username",)}, "devices.devices": {"q": ("username",)}}
A_DAY = "2026-12-01"
WHY = "核对"
_PLACE = {"lon": "108.1", "lat": "26.2", "accuracy_m": 5, "datum": "wgs84", "source": "manual_pin"}
_PLAN = {"design": "two_stage", "stratum": "township", "villages": 1, "households": 2, "reserves": 1}


def _new_plan(region: str, ids: Ids) -> dict[str, Any]:
    return {
        "id": ids["new"], "region": region, "name_zh": "抽查", "plan": _PLAN, "form_ids": ["blind"],
        "starts_on": A_DAY, "ends_on": "2026-12-09",
    }  # fmt: skip


Body = Callable[[Ids, Ids], Any]

# What is sent along, from (own ids, the other area's ids). No entry: nothing is.
BODIES: dict[str, Body] = {
    "conflicts.taken_back": lambda own, far: {"anew": True},
    "conflicts.preview": lambda own, far: {"choose": far["conflict_op"], "seen": [far["conflict_op"]]},
    "conflicts.resolve": lambda own, far: {
        "choose": far["conflict_op"], "reason": WHY, "seen": [far["conflict_op"]], "op_id": far["new"],
    },
    "evidence.verdict": lambda own, far: {"verdict": "confirmed", "id": far["new"]},
    "households.revealed": lambda own, far: {"properties": ["contact_phone"], "reason": WHY},
    "places.place": lambda own, far: {"place": _PLACE, "reason": WHY, "base_version": 1, "op_id": far["new"]},
    "places.word": lambda own, far: {"word": "explained", "note": WHY},
    "questions.close": lambda own, far: {"reason": WHY},
    "set_aside.dismiss": lambda own, far: {"reason": WHY},
    "set_aside.dismiss_held": lambda own, far: {"reason": WHY},
    "submissions.judged": lambda own, far: {"state": "approved"},
    "questions.ask": lambda own, far: {"id": far["new"], "text": "屋顶？"},
    "inspection_tasks.number": lambda own, far: {"reason": WHY},
    "inspection_tasks.give_up": lambda own, far: {"disposition": "moved_away", "reason": WHY},
    "inspection_tasks.substitute": lambda own, far: {"reason": WHY},
    "inspection_tasks.team": lambda own, far: {"name": "二组", "members": []},
    "inspection_tasks.send": lambda own, far: {"id": far["new"], "task_ids": [far["task"]], "person_id": own["person"]},
    "inspections.change": lambda own, far: _new_plan(own["township"], far) | {"id": far["inspection"]},
    "inspections.commit": lambda own, far: {"sha256": "0" * 64},
    "inspections.reveal": lambda own, far: {"secret": "12345678901234567890"},
    "inspections.draw": lambda own, far: {"seed": "12345678901234567890"},
    "findings.step": lambda own, far: {"id": far["new"], "step": "accept", "seen": 0},
    "findings.check": lambda own, far: {"person_id": own["person"]},
    "findings.look_at_similar": lambda own, far: {},
    "people.hand_on": lambda own, far: {"to": own["person"], "preview": True},
    "qualifications.add": lambda own, far: {
        "id": far["new"], "kind": "house_appraiser", "number": "1", "issued_by": "局", "valid_from": A_DAY,
    },
    "devices.household": lambda own, far: {"household_id": own["household"], "give": True},
    "devices.role": lambda own, far: {"role": "cadre", "region": own["region"], "give": True},
    "openrosa_tokens.add": lambda own, far: {"name": "Collect"},
}  # fmt: skip

# Attacks whose foreign id is in the body: the address with own ids, and the body.
More = Callable[[Ids, Ids], tuple[str, Any]]
IN_BODY: dict[str, list[More]] = {
    "errands.assign": [
        lambda own, far: ("/assignments", {**_ERRAND, "person_id": own["helper"], "entity_id": far["household"]}),
        lambda own, far: ("/assignments", {**_ERRAND, "person_id": far["person"], "entity_id": own["household"]}),
    ],
    "errands.lend": [
        lambda own, far: ("/loans", {**_LOAN, "person_id": own["inspector"], "household_id": far["household"]}),
        lambda own, far: ("/loans", {**_LOAN, "person_id": far["person"], "household_id": own["household"]}),
    ],
    "conflicts.preview_together": [
        lambda own, far: (
            "/conflicts/preview",
            {
                "decisions": [
                    {"conflict_id": far["conflict"], "choose": far["conflict_op"], "seen": [far["conflict_op"]]}
                ]
            },
        )
    ],
    "enrolments.add": [lambda own, far: ("/enrolments", {"person_id": far["newcomer"]})],
    "exports.ask": [
        lambda own, far: ("/exports", {"form_id": "small_visit", "region": far["region"]}),
        lambda own, far: ("/exports", {"kind": "map", "format": "geojson", "region": far["region"]}),
        lambda own, far: ("/exports", {"kind": "photos", "instances": [far["submission"]], "reason": WHY}),
        lambda own, far: ("/exports", {"kind": "inspection", "inspection": far["inspection"], "format": "xlsx"}),
    ],
    "findings.opened": [
        lambda own, far: ("/findings", {"source": {"kind": "hand"}, "household_id": far["household"], "text": WHY}),
        lambda own, far: ("/findings", {"source": {"kind": "hand"}, "region": far["region"], "text": WHY}),
        lambda own, far: ("/findings", {"source": {"kind": "photo", "id": far["attachment"]}, "text": WHY}),
        lambda own, far: ("/findings", {"source": {"kind": "rule", "id": far["rule_finding"]}, "text": WHY}),
    ],
    "inspections.plan": [lambda own, far: ("/inspections", _new_plan(far["township"], far))],
    "areas.make": [
        lambda own, far: ("/regions/changes", {**_CHANGE, "kind": "renamed", "region": far["region"], "name_zh": "新"}),
        lambda own, far: (
            "/regions/changes", {**_CHANGE, "kind": "moved", "region": own["region"], "parent": far["township"]}
        ),
    ],
    "people.invite": [
        lambda own, far: (
            "/people",
            {"username": "wu.yi", "display_name": "吴一", "roles": [{"role": "cadre", "region": far["region"]}]},
        ),
    ],
    "people.hand_on": [
        lambda own, far: (f"/people/{own['helper']}/hand-on", {"to": far["person"], "preview": True}),
        lambda own, far: (
            f"/people/{own['helper']}/hand-on",
            {"to": own["person"], "households": [far["household"]], "preview": True},
        ),
    ],
    "devices.household": [
        lambda own, far: (f"/users/{own['newcomer']}/households", {"household_id": far["household"], "give": True}),
        lambda own, far: (f"/users/{far['newcomer']}/households", {"household_id": own["household"], "give": True}),
    ],
    "devices.role": [
        lambda own, far: (f"/users/{own['newcomer']}/roles", {"role": "cadre", "region": far["region"], "give": True}),
    ],
    "photos.have": [lambda own, far: ("/blobs/have", {"sha256": [far["sha256"]]})],
    "photos.last": [lambda own, far: ("/photos/last", {"households": [{"id": far["household"]}]})],
    "imports.ask": [],
    "inspection_tasks.send": [
        lambda own, far: (
            f"/inspections/{own['inspection']}/tasks/send",
            {"id": far["new"], "task_ids": [far["task"]], "person_id": own["inspector"]},
        ),
        lambda own, far: (
            f"/inspections/{own['inspection']}/tasks/send",
            {"id": far["new"], "task_ids": [own["task"]], "person_id": far["person"]},
        ),
    ],
    "inspection_tasks.team": [
        lambda own, far: (
            f"/inspections/{own['inspection']}/teams/{own['team']}", {"name": "一组", "members": [far["person"]]}
        ),
    ],
    "questions.ask": [
        lambda own, far: (
            f"/submissions/{own['submission']}/questions",
            {"id": far["new"], "text": "哪一间？", "attachment_id": far["attachment"]},
        ),
    ],
    "questions.close": [],
    "sync.hello": [lambda own, far: ("/sync/hello", {"feeds": {far["scope"]: {"after": 0}}})],
    "sync.pull_feeds": [
        lambda own, far: ("/sync/pull", {"feeds": {far["scope"]: {"after": 0}}}),
        lambda own, far: ("/sync/pull", {"feeds": {far["own_feed"]: {"after": 0}}}),
    ],
    "uploads.create": [],
    "set_aside.apply": [
        lambda own, far: (f"/quarantine/{own['quarantine']}/apply", {"region": far["region"], "reason": WHY}),
    ],
}  # fmt: skip
_ERRAND = {"form_id": "small_visit", "reason": WHY}
_LOAN = {"form_id": "blind"}
_CHANGE = {"day": A_DAY, "reason": WHY, "preview": True}


@dataclass(frozen=True)
class Aim:
    """One attack: `ask(own, far)` gives (method, path below /api/v1, body)."""

    name: str
    ask: Callable[[Ids, Ids], tuple[str, str, Any]]


def apart(rule: Rule) -> bool:
    return any(rule.endpoint.startswith(name) for name in APART)


def aims(app: Flask) -> Iterator[Aim]:
    """Every attack of the table."""
    filters = _filters(app)
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: (one.endpoint in LAST, one.rule)):
        if apart(rule):
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PATCH", "DELETE"}):
            yield from _of_rule(rule, method, filters.get((method, plain(rule)), []))


def plain(rule: Rule) -> str:
    """As OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def _of_rule(rule: Rule, method: str, query: list[str]) -> Iterator[Aim]:
    name, below = f"{method} {rule.rule}", rule.rule.removeprefix("/api/v1")
    if rule.arguments:
        kind = HOUSEHOLDS.get(rule.endpoint, "newcomer")
        yield Aim(
            name,
            lambda own, far: (
                method, _filled(below, {**far, "newcomer": far[kind]}, own), _body(rule.endpoint, own, far)
            ),
        )  # fmt: skip
    for more in IN_BODY.get(rule.endpoint, []):
        yield Aim(f"{name} body", lambda own, far, more=more: (method, *more(own, far)))  # type: ignore[misc]
    for filter in query:
        for kind in {**IN_QUERY, **NAMES.get(rule.endpoint, {})}.get(filter, ()):
            yield Aim(f"{name} ?{filter}={kind}", _narrowed(rule.endpoint, below, filter, kind))


def without_entry(app: Flask) -> list[str]:
    """Addresses and filters that the table does not know yet."""
    filters = _filters(app)
    missing = [f"{rule} ?{one}" for rule, query in filters.items() for one in query if one not in IN_QUERY]
    for rule in app.url_map.iter_rules():
        named = re.findall(r"([\w-]+)/<(?:\w+:)?(\w+)>", rule.rule) if not apart(rule) else []
        missing += [
            f"{rule.rule} <{name}>"
            for word, name in named
            if not {word, name} & {*IN_PATH, *FIXED, "z", "x", "y", "collections", "items"}
        ]
        writes = {"POST", "PATCH", "DELETE"} & (rule.methods or set())
        if writes and not rule.arguments and not apart(rule) and rule.endpoint not in IN_BODY:
            missing.append(rule.rule)
    return missing


def _narrowed(endpoint: str, below: str, filter: str, kind: str) -> Callable[[Ids, Ids], tuple[str, str, Any]]:
    def ask(own: Ids, far: Ids) -> tuple[str, str, Any]:
        asked = {**NEEDED.get(endpoint, {}), **BESIDE.get(filter, {}), filter: far[kind]}
        return "GET", f"{_filled(below, own, own)}?{'&'.join(f'{name}={value}' for name, value in asked.items())}", None

    return ask


def _filled(below: str, ids: Ids, own: Ids) -> str:
    """The path with these ids in it."""

    def one(found: re.Match[str]) -> str:
        before, name = found[1], found[2]
        if name in FIXED or before in FIXED:
            return f"{before}/{FIXED.get(name) or FIXED[before]}"
        return f"{before}/{ids[IN_PATH[name if name in IN_PATH else before]]}"

    if below.startswith("/tiles/"):
        return f"/tiles/households/{ids['tile']}.mvt"
    if below.startswith("/ogc/"):
        return below.replace("<name>", "households").replace("<path:key>", ids["household"])
    if below.endswith("/files/<name>"):
        below = below.replace("<name>", "frame.csv")
    return re.sub(r"([\w-]+)/<(?:\w+:)?(\w+)>", one, below)


def _body(endpoint: str, own: Ids, far: Ids) -> Any:
    return BODIES[endpoint](own, far) if endpoint in BODIES else {}


def _filters(app: Flask) -> dict[tuple[str, str], list[str]]:
    """(method, path) → the names of what a query may say there."""
    described = app.test_client().get("/api/v1/openapi.json").json
    assert described
    return {
        (method.upper(), path): [one["name"] for one in said.get("parameters", []) if one.get("in") == "query"]
        for path, methods in described["paths"].items()
        for method, said in methods.items()
        if method != "parameters"
    }
