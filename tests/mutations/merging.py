"""Mutants of the merge: what an author has seen, what is equal, what was touched, what a decision closes."""

from __future__ import annotations

from tests.mutations.mutant import mutant

MERGE, CANONICAL = "server/sync/merge.py", "server/forms/canonical.py"
BUGS, PUSH = "sync/test_published_bugs_merge.py", "sync/test_push.py"

MERGING = (
    mutant(
        "all that was there at the base was seen", MERGE,
        "shown = at_base and (earlier.value == later.saw or policy.name in COMPOSING)", "shown = at_base",
        "sync/test_merge.py", "sync/test_guards.py::test_an_edit_closes_only_what_was_shown",
    ),
    mutant(
        "ones own earlier writes were not seen", MERGE, "    if not (shown or own):\n", "    if not shown:\n",
        f"{PUSH}::test_my_own_earlier_change_is_no_conflict_while_the_phone_is_offline",
    ),
    mutant(
        "the own order does not count", MERGE, "        and earlier.seq < later.seq\n", "",
        "sync/test_guards.py::test_an_op_that_overtook_its_predecessor_stays_the_later_one",
    ),
    mutant(
        "a correction has not seen what it corrects", MERGE, "later.corrects == earlier.op_id or earlier", "earlier",
        "sync/test_merge.py::test_a_correction_has_seen_what_it_corrects",
    ),
    mutant(
        "corrections in a circle replace each other", "server/sync/kinds/submission.py",
        "        _break_circle(session, case, submission.instance_id)\n", "", "sync/test_correction_circles.py",
    ),
    mutant(
        "a coarse fix takes the place of a pin", MERGE,
        "    return not policy.stands(earlier.value, later.value)\n", "    return True\n",
        "sync/test_places.py::test_a_coarse_fix_does_not_displace_a_pin_that_its_author_saw_and_a_sharp_one_does",
    ),
    mutant(
        "a coarse fix takes the place of a pin with those that the pin had beaten", MERGE,
        " if not key.policy.stands(old.value, write.value)}", "}",
        "sync/test_places.py::test_a_coarse_fix_does_not_displace_a_pin_that_its_author_saw_and_a_sharp_one_does",
    ),
    mutant(
        "everything on a form was touched", MERGE, "value != seen.get(name) and not (", "not (",
        "sync/test_merge.py::test_touched_means_other_than_seen_and_other_than_the_sent_base",
    ),
    mutant(
        "the sent base is not asked", MERGE, " and not (name in sent.base and value == sent.base[name])", "",
        f"{PUSH}::test_a_value_equal_to_the_sent_base_was_not_touched",
    ),
    mutant(
        "numbers are compared as they were typed", CANONICAL, "    return spell(text) if spell else text\n",
        "    return text\n", f"{PUSH}::test_two_people_who_write_the_same_agree",
    ),
    mutant(
        "texts are compared as they were typed", CANONICAL,
        'return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip() or None',
        "return text or None",
        f"{BUGS}::test_equal_edits_of_two_people_are_no_conflict", "forms/test_canonical.py",
    ),
    mutant(
        "the same op writes twice", MERGE, "if write.op_id in [known.op_id for known in key.writes]:", "if False:",
        "sync/test_merge.py::test_adding_again_changes_nothing",
    ),
    mutant(
        "what a late write was overtaken by is not looked for", MERGE, "write.closed(overtaken)", "write",
        "sync/test_merge.py::test_heads_do_not_depend_on_the_order_of_arrival",
    ),
    mutant(
        "a decision answers those who knew of it", MERGE, " or later.version <= earlier.base_version:", ":",
        "sync/test_merge.py::test_a_decision_answers_nobody_who_knew_of_it",
    ),
    mutant(
        "what was withdrawn leaves nothing behind", MERGE, "    return replace(write, closed_by=closer)\n",
        "    return write\n", "sync/test_review.py",
    ),
    mutant(
        "a base from the future is taken", "server/sync/grounds.py", "if base_version <= entity.version:", "if True:",
        "sync/test_guards.py::test_a_version_that_never_was_is_no_base",
    ),
)
