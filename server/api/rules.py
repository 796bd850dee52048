"""Cleaning rules: what they are, what they find in one household now, and what was found in an area."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, request
from flask_smorest import Blueprint
from marshmallow import fields, validate
from werkzeug.wrappers import Response as Answer

from server import db
from server.api.lists import Paging, definitions, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.forms.rule import Rule
from server.forms.rule_form import rule_form, shape_of
from server.registry.definitions import rules as known_rules
from server.registry.judging import bench, judge_now
from server.sync.rule_reading import READERS, FindingFilter, Known, list_findings, summarize, tell
from server.sync.scope import find_entity

blueprint = Blueprint("rules", __name__, description="Cleaning rules and what they find")
blueprint.before_request(refuse_nul)


class Asked(Paging):
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    rule = fields.String(load_default=None, validate=validate.Length(max=63))
    severity = fields.String(load_default=None, validate=validate.OneOf(["hard", "soft"]))
    household = fields.String(load_default=None, validate=validate.Length(max=36))
    state = fields.String(load_default="open", validate=validate.OneOf(["open", "closed", "all"]))


@blueprint.route("/rules")
@signed_in()
def rules() -> Answer:
    """All rules with their words, and what a phone needs to judge a household itself (tree, XForm, policies)."""
    settings, found = _settings(), known_rules(_settings().forms)
    shape = shape_of(found, definitions())
    with db.read() as session:
        policies = bench(session, settings.forms, db.today(), {}).policies.rows
    answer = jsonify(
        {
            "version": found.version,
            "groups": found.groups,
            "rules": [_rule(rule) for rule in found.rules],
            "shape": {"household": shape.household, "below": shape.below, "policies": shape.policies},
            "xform": rule_form(found, shape),
            "policies": {name: list(rows) for name, rows in policies.items()},
        }
    )
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


@blueprint.route("/entities/<entity_id>/rules")
@signed_in("cadre", *READERS)
def household_rules(entity_id: str) -> Response:
    """What the rules find in one household as it is now."""
    actor, settings = current_actor(), _settings()
    with db.read() as session:
        household = find_entity(session, actor, entity_id)
        if household is None or household.dataset != "household":
            raise Problem("record.not_found")
        judged = judge_now(session, settings.forms, entity_id, db.today())
        items = tell(session, actor, _known(), entity_id, judged)
    return jsonify({"version": known_rules(settings.forms).version, "day": db.today().isoformat(), "items": items})


@blueprint.route("/rule-findings")
@signed_in(*READERS)
@blueprint.arguments(Asked, location="query")
def findings(asked: dict[str, Any]) -> Response:
    """What the last runs found and is still so (`state=open`), or no longer (`closed`)."""
    limit, after = asked.pop("limit"), asked.pop("after")
    with db.read() as session:
        return page_answer(list_findings(session, current_actor(), _known(), FindingFilter(**asked), limit, after))


@blueprint.route("/rule-findings/summary")
@signed_in(*READERS)
@blueprint.arguments(Asked, location="query")
def summary(asked: dict[str, Any]) -> Response:
    """How many households each rule concerns, by village."""
    wanted = FindingFilter(asked["region"], asked["rule"], asked["severity"], asked["household"], asked["state"])
    with db.read() as session:
        return jsonify({"items": summarize(session, current_actor(), _known(), wanted), "next": None})


def _settings() -> Settings:
    settings: Settings = current_app.config["RUHU"]
    return settings


def _known() -> Known:
    return Known(known_rules(_settings().forms), definitions())


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "group": rule.group,
        "over": rule.over,
        "severity": rule.severity,
        "version": rule.version,
        "message": rule.message,
        "cure": rule.cure,
        "properties": rule.properties,
        "source": rule.source,
        "status": rule.status,
    }
