"""From a visit to its photos in the reviewers' queue: told to who reviews there, and to nobody else."""

from __future__ import annotations

from tests.evidence.test_judging import world  # noqa: F401
from tests.evidence.test_queue import items, queue, say  # noqa: F401
from tests.world import Phone, World


def looks(reader: Phone, instance_id: str) -> dict[str, str | None]:
    files = reader.get(f"/submissions/{instance_id}").json["attachments"]
    return {file["id"]: file["look"] for file in files}


def test_a_visit_tells_how_its_photos_stand_in_the_queue(queue: World) -> None:  # noqa: F811
    reader = queue.phone("zhang")
    photo = items(reader)[0]
    assert looks(reader, photo["instance_id"]) == {photo["id"]: "open"}
    say(reader, photo, "confirmed")
    assert looks(reader, photo["instance_id"]) == {photo["id"]: "done"}


def test_the_author_is_not_told_that_a_photo_is_looked_at(queue: World) -> None:  # noqa: F811
    photo = items(queue.phone("zhang"))[0]
    assert looks(queue.phone("li"), photo["instance_id"]) == {photo["id"]: None}
