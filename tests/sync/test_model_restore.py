"""A backup in the middle of the work, restored later into the same database: what any phone still holds comes back."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from server import db
from server.reserve.backup import backup, tables
from server.reserve.restore import restore
from server.sync.tables import OpLog
from tests.sync.family import with_family
from tests.sync.hamlet import Work, make_hamlet
from tests.sync.model_laws import converged, lawful, quiesce
from tests.world import World

EXAMPLES = int(os.environ.get("RUHU_EXAMPLES", "8"))


@pytest.mark.parametrize("seed", range(max(3, EXAMPLES // 10)))
def test_what_phones_hold_survives_the_restore_of_an_older_backup(world: World, tmp_path: Path, seed: int) -> None:
    """I1, I2, I3, I4: phones fetch all feeds anew, and send again what the server does not have any more, once.

    Also what only one phone ever had: nobody else had pulled it, and it was answered as stored.
    """
    with_family(world)
    dice, hamlet = Random(seed), make_hamlet(world)
    phones = [hamlet.phone(name) for name in ("a", "a", "b", "helper", "boss")]
    boss = phones[-1]
    for phone in phones:
        phone.pull()
    for turn in range(2):
        for who in dice.choices(range(5), k=dice.randrange(10, 20)):
            Work(hamlet, phones[who]).some_of_a_day(dice)
        Work(hamlet, boss).decide(0, turn)
        boss.push()
        if not turn:
            with world.app.app_context():
                done = backup(world.app.config["RUHU"], tmp_path / "reserve", lambda *_: None)
    answered = {one.id for phone in phones for one in phone.sent if one.answer}
    with world.app.app_context():
        db.transact(_empty)
        restore(world.app.config["RUHU"], done.path, lambda *_: None)
    gone = world.look(lambda session: {id for id in answered if session.get(OpLog, id) is None})
    assert gone, "the backup is older than what phones were told"
    quiesce(phones)  # each hears that the server is an older one, and sends
    quiesce(phones)
    converged(hamlet, phones)
    world.look(lambda session: lawful(session, hamlet, phones))


def _empty(session: Session) -> None:
    """As if the database had been made anew, keys left where they were."""
    for table in reversed(tables()):
        session.execute(delete(table))
