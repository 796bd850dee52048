"""Loads the demo county through the same doors as real work: region import, form publishing, registry writes, push.

Every id comes from the seed, so a load that was cut off goes on where it stopped.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.people import IMPORTER, add_importer, add_person, give_role, hash_password
from server.accounts.qualifications import Certificate, qualify
from server.accounts.tables import HelperOf, Person
from server.config import Settings
from server.demo import files
from server.demo.county import PASSWORD, County, Worker, build_county
from server.demo.findings import open_findings
from server.demo.homes import Household
from server.demo.inspection import inspect
from server.demo.seed import SEED, dice, new_id
from server.demo.submit import submit_works
from server.demo.words import COUNTY
from server.forms import versions
from server.forms.canonical import canonical
from server.forms.compile import CompiledForm, compile_form
from server.forms.dataset import Dataset
from server.forms.source import FormSource, read_source
from server.forms.tables import FormVersion
from server.geo.regions import import_regions
from server.registry.definitions import datasets
from server.registry.tables import Entity
from server.sync import policies
from server.sync.apply import apply_write
from server.sync.feeds import touch
from server.sync.news import of_forms, of_outcomes
from server.sync.record import Origin, Outcome, RecordWrite
from server.sync.rule_runs import run_rules
from server.sync.tables import ServerFact
from server.sync.vocabulary import sizes

BATCH = 25  # households in one transaction
FACT, DAY = "demo", "demo_day"
LOADING, COMPLETE = "loading", "complete"
_NAMES = uuid.UUID("6b0f9d0e-5c55-4d0e-9a37-6a1d3c0b7a11")

# What is being done, how much of how much.
Progress = Callable[[str, int, int], None]


def demo_state(session: Session) -> str | None:
    """None: no demo was ever begun here."""
    fact = session.get(ServerFact, FACT)
    return fact.value if fact else None


def has_people(session: Session) -> bool:
    return session.scalar(select(Person.id).limit(1)) is not None


def load_demo(settings: Settings, progress: Progress) -> County:
    """Fills the database with the county; safe to repeat after an interruption. Needs an app context."""
    county = build_county(db.transact(_begin))
    progress("regions", 0, len(county.areas))
    db.transact(lambda session: import_regions(session, files.table(county.areas), files.boundaries(county.areas)))
    importer = _importer()
    db.transact(lambda session: _add_workers(session, [importer, *county.workers]))
    db.transact(lambda session: policies.load(session, policies.read_policies(settings.forms / "policies")))
    forms = _publish_all(settings, progress)
    _load_households(settings, county, importer.id, progress)
    submit_works(settings, county, forms, progress)
    run_rules(settings.forms, COUNTY[0], db.today(), lambda done, total: progress("rules", done, total))
    open_findings(county)
    inspect(settings, county, forms)
    db.transact(lambda session: session.merge(ServerFact(name=FACT, value=COMPLETE)))
    return county


def _begin(session: Session) -> date:
    """The county's present: the day on which its load began, so that its last weeks are the last weeks."""
    session.merge(ServerFact(name=FACT, value=LOADING))
    fact = session.get(ServerFact, DAY) or ServerFact(name=DAY, value=db.today().isoformat())
    return date.fromisoformat(session.merge(fact).value)


def _importer() -> Worker:
    """The author of everything that was there before the first visit; nobody can sign in as it."""
    return Worker(new_id(dice("importer")), IMPORTER, "登记册导入", "", ())


def _add_workers(session: Session, workers: Sequence[Worker]) -> None:
    """One hash for all: the password is printed on the start page anyway."""
    password = hash_password(PASSWORD)
    there = set(session.scalars(select(Person.id)))
    for worker in workers:
        if worker.id in there:
            continue
        if worker.username == IMPORTER:
            add_importer(session, id=worker.id, display_name=worker.name)
            continue
        person = add_person(
            session, id=worker.id, username=worker.username, display_name=worker.name, password_hash=password
        )
        person.active = bool(worker.task)
        for role, region in worker.roles:
            give_role(session, worker.id, role, region)
        if worker.qualification:
            qualify(session, worker.id, _certificate(worker), None)


def _certificate(worker: Worker) -> Certificate:
    number, issuer = "虚建鉴2024-017", "虚县住房和城乡建设局"
    return Certificate(new_id(dice("certificate")), worker.qualification, number, issuer, date(2020, 1, 1), None)


def _publish_all(settings: Settings, progress: Progress) -> dict[str, FormVersion]:
    """Every form of this installation, by its id."""
    folders = sorted(path for path in (settings.forms / "forms").iterdir() if path.is_dir())
    published: dict[str, FormVersion] = {}
    for done, folder in enumerate(folders):
        progress("forms", done, len(folders))
        source = read_source(folder)
        form = compile_form(source.content, source.filename, source.media, datasets=datasets(settings.forms))
        published[folder.name] = db.transact(partial(_publish, form=form, source=source))
    return published


def _publish(session: Session, form: CompiledForm, source: FormSource) -> FormVersion:
    known = sizes(form.datasets)
    versions.add_draft(session, form, source, None, vocabulary=known)
    row = versions.publish(session, form.form_id, form.version, vocabulary=known)
    touch(session, of_forms(session, [row]))
    return row


def _load_households(settings: Settings, county: County, importer: str, progress: Progress) -> None:
    known = datasets(settings.forms)
    for done, batch in _batches(county.households):
        progress("households", done, len(county.households))
        db.transact(partial(_add_households, known=known, batch=batch, importer=importer))


def _batches(households: Sequence[Household]) -> Iterator[tuple[int, list[Household]]]:
    rest, done = iter(households), 0
    while batch := list(islice(rest, BATCH)):
        yield done, batch
        done += len(batch)


def _add_households(session: Session, known: dict[str, Dataset], batch: Sequence[Household], importer: str) -> None:
    there = set(session.scalars(select(Entity.id).where(Entity.id.in_([household.id for household in batch]))))
    outcomes: list[Outcome] = []
    for household in batch:
        if household.id not in there:
            outcomes += _add_household(session, known, household, importer)
    touch(session, of_outcomes(session, outcomes))


def _add_household(
    session: Session, known: dict[str, Dataset], household: Household, importer: str
) -> Iterator[Outcome]:
    op_id = str(uuid.uuid5(_NAMES, f"{SEED}:{household.id}"))
    origin = Origin(op_id, importer, f"import:{SEED}", None)
    yield apply_write(session, known["household"], origin, _write(known["household"], household.id, household.values))
    session.add(HelperOf(person_id=household.lead, household_id=household.id, position="lead"))
    session.add(HelperOf(person_id=household.deputy, household_id=household.id, position="deputy"))
    for member in household.members:
        values = {**member.values, "household": household.id}
        yield apply_write(session, known["member"], origin, _write(known["member"], member.id, values, household.id))


def _write(dataset: Dataset, record: str, values: dict[str, str], parent: str | None = None) -> RecordWrite:
    canonical_values = {name: canonical(value, dataset.properties[name].type) for name, value in values.items()}
    return RecordWrite(dataset.name, record, canonical_values, parent=parent)
