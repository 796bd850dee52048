"""Which test proves that a bug which others published does not live here.

TABLE: number of the bug → (what went wrong, where; the tests). A test is `file::name` below tests/ or `file::words` of
a Vitest file below client/src/. Numbers as in our list of published bugs.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UPLOADS, PHONE = "sync/test_published_upload_bugs.py", "lib/core/published-bugs.test.ts"
PUSH, MERGE, FEEDS = (f"sync/test_published_bugs_{part}.py" for part in ("push", "merge", "feeds"))

TABLE: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "rows that a poller never saw: Kinto/kinto, opensrp-server-web#980, electric#1469, #2311, Dotmim.Sync#117",
        (
            f"{FEEDS}::test_a_reader_never_passes_a_write_that_commits_late",
            "sync/test_concurrency.py::test_a_poller_misses_nothing_while_others_commit",
        ),
    ),
    2: (
        "acknowledged, then rolled back: Kinto/kinto#1620",
        (
            f"{PUSH}::test_what_a_batch_acknowledged_is_stored_although_a_neighbour_broke_the_database",
            f"{PUSH}::test_a_batch_whose_judging_cannot_commit_acknowledges_nothing",
        ),
    ),
    3: (
        "steps of an offline branch out of order or at one moment: central#705, #669, #808, #832, collect#6164",
        (
            f"{PUSH}::test_steps_of_an_offline_branch_end_alike_in_any_order",
            f"{PUSH}::test_steps_of_a_branch_that_arrive_at_one_moment_release_each_other",
        ),
    ),
    4: (
        "one form stored twice: kobotoolbox/kpi#5047",
        (f"{PUSH}::test_one_visit_sent_eight_times_at_one_moment_is_one_visit",),
    ),
    5: (
        "edited after half of it had arrived: collect#5317, enketo#1405",
        (f"{PUSH}::test_a_visit_edited_after_half_of_it_arrived_loses_neither_text",),
    ),
    6: (
        "two attachments with identical bytes: central-backend#299",
        (f"{UPLOADS}::test_central_backend_299_two_files_with_identical_bytes_in_one_submission_are_both_there",),
    ),
    7: (
        "an id that is taken blocks the phone for ever: QFieldCloud#154",
        (f"{PUSH}::test_a_record_made_under_an_id_that_is_taken_blocks_nobody",),
    ),
    8: ("NUL stops a batch for ever: QFieldCloud#327", (f"{PUSH}::test_a_nul_character_anywhere_stops_nothing",)),
    9: ("the phone thinks that it pushed: QField#3070", (f"{PHONE}::9: the phone thinks that it pushed",)),
    10: (
        "taken, failed later, gone: QFieldCloud#551, QField#4033",
        (
            f"{PHONE}::10: the change failed later",
            f"{PUSH}::test_an_op_that_fails_only_later_is_kept_whole_and_its_author_hears_of_it",
        ),
    ),
    11: (
        "two edits of one row, equal edits, deletion against edit: geodiff#146, #152, #248",
        (
            f"{MERGE}::test_two_edits_of_one_record_are_merged_field_by_field",
            f"{MERGE}::test_equal_edits_of_two_people_are_no_conflict",
            f"{MERGE}::test_a_cleared_value_against_a_changed_one_is_a_conflict_both_ways",
            f"{MERGE}::test_a_rejected_submission_that_later_work_built_on_waits_for_a_person",
        ),
    ),
    12: (
        "the place in the feed moved past data: pouchdb#1240, rxdb#5571, #6684, #8254",
        (f"{PHONE}::12: the checkpoint is ahead", f"{FEEDS}::test_a_page_stops_before_what_it_did_not_give"),
    ),
    13: (
        "the right digest with other bytes, the picture of another: pouchdb#3961, #3942, #8182",
        (
            f"{UPLOADS}::test_pouchdb_3961_3942_no_file_has_the_right_digest_and_other_bytes",
            f"{UPLOADS}::test_pouchdb_8182_photos_sent_side_by_side_are_never_exchanged",
        ),
    ),
    14: (
        "own rows come back as new ones: WatermelonDB#649",
        (f"{PHONE}::14: own pushed rows", f"{FEEDS}::test_ones_own_writes_come_back_as_what_they_are"),
    ),
    15: (
        "back in time, sent again and again: powersync.dart#253, #307, #308, powersync-service#201, powersync-js#1055",
        (
            f"{PHONE}::15: reads go back in time",
            f"{FEEDS}::test_what_a_reader_sees_never_goes_back_in_time",
            f"{PUSH}::test_a_batch_sent_again_and_again_is_applied_once",
        ),
    ),
    16: (
        "moved and denied records: cht-core#5701, #8186, #8303",
        (
            f"{PHONE}::16: moved, denied",
            f"{FEEDS}::test_a_moved_household_leaves_the_old_village_and_late_work_on_it_is_kept",
            f"{FEEDS}::test_what_is_denied_is_stored_byte_by_byte",
            f"{FEEDS}::test_a_scope_that_is_not_granted_harms_no_other",
        ),
    ),
    17: (
        "a merge that does not advance, a deletion that never converges: cr-sqlite#76, corrosion#352",
        (
            f"{MERGE}::test_after_a_merge_of_three_the_next_edit_has_seen_all_of_it",
            f"{MERGE}::test_what_two_people_took_away_stays_away_and_converges",
        ),
    ),
    18: (
        "complete after the first page: opensrp-client-core#817",
        (f"{PHONE}::18: completed after", f"{FEEDS}::test_the_first_page_of_many_says_that_there_is_more"),
    ),
    19: (
        "a stale offset wedges, the same file twice: opencloud-eu/desktop#971, tus-resumable-upload-protocol#115",
        (
            f"{UPLOADS}::test_opencloud_desktop_971_a_stale_offset_never_wedges_an_upload",
            f"{UPLOADS}::test_opencloud_desktop_971_at_the_last_piece_of_a_server_that_died",
            f"{UPLOADS}::test_tus_protocol_115_the_same_file_twice_shares_a_fingerprint_and_both_are_right",
            f"{UPLOADS}::test_tus_protocol_115_two_uploads_of_one_file_that_cross_end_as_one",
        ),
    ),
    20: (
        "an emptied feed is taken for silence: electric#4773",
        (f"{FEEDS}::test_a_feed_that_was_emptied_is_fetched_anew_and_never_taken_for_silence",),
    ),
    21: (
        "placeholders that must be unique: rotero#23",
        (
            f"{MERGE}::test_records_that_share_a_placeholder_do_not_collide",
            f"{MERGE}::test_a_number_given_twice_loses_neither_op",
        ),
    ),
    22: (
        "a second upload beside a running one: MerginMaps/server#464, #480, #610",
        (f"{PUSH}::test_two_uploads_of_one_phone_at_one_moment_both_succeed",),
    ),
}


@pytest.mark.parametrize("place", sorted({place for _, places in TABLE.values() for place in places}))
def test_each_test_of_the_table_is_there(place: str) -> None:
    """A test that is renamed or dropped leaves a hole in the list: this finds it."""
    file, _, name = place.partition("::")
    if file.endswith(".ts"):
        assert name in (ROOT / "client" / "src" / file).read_text()
    else:
        assert re.search(rf"^def {re.escape(name)}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)


def test_every_bug_of_the_list_has_a_test() -> None:
    assert set(TABLE) == set(range(1, 23))
