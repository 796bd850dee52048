"""The definitions by which ops are read: datasets from their folder, form versions from the database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.datasets import load_datasets
from server.forms.evaluation import FormPlan
from server.forms.model import FormModel
from server.forms.tables import FormVersion


@cache
def _load(folder: Path) -> Mapping[str, Dataset]:
    return load_datasets(folder / "datasets")


def datasets() -> Mapping[str, Dataset]:
    """All datasets of this server."""
    return _load(current_app.config["RUHU"].forms)


def form_model(session: Session, form_id: str, version: str) -> FormModel | None:
    """How this version of the form reads its instances; drafts judge nothing."""
    kept = kept_model(form_id, version)
    if kept is not None:
        return kept
    row = session.execute(
        select(FormVersion.hash, FormVersion.state).where(
            FormVersion.form_id == form_id, FormVersion.version == version
        )
    ).first()
    if row is None or row.state == "draft":
        return None
    model = _models.get(row.hash) or model_of(session.get_one(FormVersion, (form_id, version)))
    _kept()[form_id, version] = model
    return model


def kept_model(form_id: str, version: str) -> FormModel | None:
    """The model of a version that was published when it was read here: such a one never changes any more."""
    return _kept().get((form_id, version))


def _kept() -> dict[tuple[str, str], FormModel]:
    kept: dict[tuple[str, str], FormModel] = current_app.extensions.setdefault("form_models", {})
    return kept


def why_unknown(session: Session, form_id: str, version: str) -> str:
    """The code of an op whose form version reads nothing: previewed but not published, or never heard of."""
    state = session.scalar(
        select(FormVersion.state).where(FormVersion.form_id == form_id, FormVersion.version == version)
    )
    return "form.draft" if state == "draft" else "form.unknown_version"


# By the id of their model: a model that was read once is kept for good.
_plans: dict[int, FormPlan] = {}


def form_plan(session: Session, model: FormModel) -> FormPlan:
    """How the form of this model is evaluated; read once per process. Raises FormInvalid."""
    if id(model) not in _plans:
        xform = select(FormVersion.xform).where(
            FormVersion.form_id == model.form_id, FormVersion.version == model.version
        )
        _plans[id(model)] = FormPlan.from_xform(session.scalars(xform).one())
    return _plans[id(model)]


_models: dict[str, FormModel] = {}


def model_of(form: FormVersion) -> FormModel:
    """The model of a stored form version; kept under the hash of its XForm."""
    if form.hash not in _models:
        _models[form.hash] = FormModel.from_xform(form.xform)
    return _models[form.hash]
