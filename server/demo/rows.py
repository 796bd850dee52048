"""The lists with which a phone opens a form: the household, what belongs to it, places and policies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.config import Settings
from server.demo.county import County
from server.demo.works import Work
from server.forms.dataset import Dataset
from server.forms.evaluation import FormPlan
from server.forms.policies import load_policies
from server.forms.policy_rows import policy_list
from server.registry.definitions import datasets
from server.registry.tables import Entity, EntityVersion

Row = dict[str, str]


class Shelf:
    """Lists by name, as they stand now. Policies and places do not change while the demo is loaded."""

    def __init__(self, settings: Settings, county: County) -> None:
        self.settings, self.county = settings, county
        self.known = datasets(settings.forms)

    @cached_property
    def fixed(self) -> Mapping[str, list[Row]]:
        """Policies, and the villages and groups of the county."""
        policies = load_policies(self.settings.forms / "policies")
        places = [
            {"name": area.code, "label": area.name_zh, "level": area.level, "parent": area.parent or ""}
            for area in self.county.areas
            if area.level in ("village", "group")
        ]
        return {**{f"policy_{name}": policy_list(policy) for name, policy in policies.items()}, "region": places}

    def lists_for(self, session: Session, plan: FormPlan, work: Work) -> dict[str, list[Row]]:
        """Every list that the form names."""
        return {name: self._list(session, name, work) for name in plan.files}

    def _list(self, session: Session, name: str, work: Work) -> list[Row]:
        if name in self.fixed:
            return self.fixed[name]
        dataset = self.known.get(name)
        if dataset is None:
            return []
        query = select(Entity).where(Entity.dataset == name, Entity.state == "active").order_by(Entity.id)
        if work.household is not None:
            query = query.where(Entity.root_id == work.household.id)
        else:
            query = query.where(Entity.region_code.startswith(work.village, autoescape=True))
        records = session.scalars(query).all()
        if not work.stale:
            return [_row(dataset, one, one.values, one.version) for one in records]
        # As it was imported, before any work of others came to this phone.
        first = [(one, session.get_one(EntityVersion, (one.id, 1))) for one in records]
        return [_row(dataset, one, was.values, 1) for one, was in first]


def _row(dataset: Dataset, entity: Entity, values: Mapping[str, str | None], version: int) -> Row:
    """The record with every column of its dataset."""
    above = {dataset.parent.property: entity.parent_id or ""} if dataset.parent else {}
    fixed = {"name": entity.id, "label": entity.label, "__version": str(version), "__trunkVersion": str(version)}
    return {**{name: values.get(name) or "" for name in dataset.properties}, **above, **fixed, "__branchId": ""}
