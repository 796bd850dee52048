"""Mutants of what gives out: numbers, snapshots, scopes, views, evictions."""

from __future__ import annotations

from tests.mutations.mutant import mutant

FEEDS, PULL, NEWS = "server/sync/feeds.py", "server/sync/pull.py", "server/sync/news.py"
GUARDS, BUGS = "sync/test_concurrency_guards.py", "sync/test_published_bugs_feeds.py"
PG = "postgres"

GIVING = (
    mutant(
        "numbers are taken before the commit", FEEDS,
        "    send_rows(session, _TAKE_AND_RENEW, ",
        "    with session.get_bind().engine.begin() as own:\n        _TAKE_AND_RENEW.send(own, ",
        f"{BUGS}::test_a_reader_never_passes_a_write_that_commits_late", database=PG,
    ),
    mutant(
        "feeds are numbered in any order", FEEDS, "for scope in sorted(by_scope):", "for scope in by_scope:",
        f"{GUARDS}::test_writers_of_two_feeds_in_opposite_order_never_wait_in_a_circle", database=PG,
    ),
    mutant(
        "a pull sees many moments", "server/db.py", '"isolation_level": "REPEATABLE READ"',
        '"isolation_level": "READ COMMITTED"', f"{GUARDS}::test_a_pull_sees_one_moment", database=PG,
    ),
    mutant(
        "a scope that is not granted is served", PULL, "    if name not in plan.granted:", "    if False:",
        f"{BUGS}::test_a_scope_that_is_not_granted_harms_no_other",
        "sync/test_pull.py::test_foreign_and_unknown_scopes_are_gone_alike_and_the_others_are_served",
    ),
    mutant(
        "another view goes on at its place", PULL, "cursor.view != self.views[name]", "False",
        "sync/test_pull.py::test_a_cursor_of_another_view_or_beyond_the_head_must_refetch",
    ),
    mutant(
        "a cursor past the head goes on", PULL, "cursor.after > head.n", "False",
        f"{BUGS}::test_a_feed_that_was_emptied_is_fetched_anew_and_never_taken_for_silence",
    ),
    mutant(
        "whoever is left is told last", NEWS, "return gone + _records(session, records)",
        "return _records(session, records) + gone",
        "sync/test_guards.py::test_a_helper_keeps_a_household_that_moves",
    ),
    mutant(
        "a page says that it is the last", PULL, "return last, left <= 0 and", "return last, False and",
        f"{BUGS}::test_the_first_page_of_many_says_that_there_is_more",
    ),
)
