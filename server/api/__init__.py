"""Everything that knows HTTP: one file a resource, all of them listed here."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from server.api import (
    areas,
    audit,
    auth,
    bodies,
    client,
    compression,
    conflicts,
    courier,
    devices,
    docs,
    enrolments,
    entities,
    errands,
    evidence,
    exports,
    feedback,
    findings,
    form_life,
    forms,
    health,
    households,
    imports,
    inspection_tasks,
    inspections,
    intake,
    maps,
    ogc,
    openrosa,
    openrosa_tokens,
    outcome,
    overview,
    people,
    photos,
    places,
    policies,
    policy_changes,
    qualifications,
    questions,
    regions,
    rules,
    set_aside,
    submissions,
    sync,
    tiles,
    uploads,
)

BASE = "/api/v1"
RESOURCES = (
    areas,
    audit,
    auth,
    conflicts,
    courier,
    devices,
    enrolments,
    entities,
    evidence,
    errands,
    exports,
    findings,
    feedback,
    form_life,
    forms,
    households,
    imports,
    inspection_tasks,
    inspections,
    intake,
    maps,
    ogc,
    openrosa_tokens,
    outcome,
    overview,
    people,
    photos,
    places,
    policies,
    policy_changes,
    qualifications,
    questions,
    regions,
    rules,
    set_aside,
    submissions,
    sync,
    tiles,
    uploads,
)


def register(app: Flask, api: Api) -> None:
    """Puts every resource at its address."""
    for resource in RESOURCES:
        api.register_blueprint(resource.blueprint, url_prefix=BASE)
    app.before_request(bodies.bound_json)
    compression.register(app)
    for plain in (client, docs, health, openrosa):
        app.register_blueprint(plain.blueprint)
